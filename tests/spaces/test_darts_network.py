import ast
import json

import numpy as np
import pytest
import torch
from darts_genotypes import DARTS_V2

from archwalk.errors import UsageError
from archwalk.spaces.darts import DARTS
from archwalk.spaces.darts.code import canonical_codes
from archwalk.spaces.darts.operations import FactorizedReduce, drop_path, make_operation
from archwalk.spaces.darts.size import DARTSSize
from archwalk.spaces.task import Task

SPACE = DARTS()


def parameters(module):
    return sum(parameter.numel() for parameter in module.parameters())


def images(size, channels=3):
    return torch.randn(2, channels, size, size, generator=torch.Generator().manual_seed(0))


def test_parameter_count_of_darts_is_the_published_one():
    """train.py of quark0/darts logs "param size = 3.349342MB" for DARTS_V2: 20 layers, 36 channels, no head."""
    with torch.device("meta"):
        network = SPACE.build(SPACE.parse(DARTS_V2), size=DARTSSize(36, layers=20))
    assert parameters(network) == 3_349_342


def test_parameter_counts_of_nasbench301_are_the_published_ones(data_root):
    """NASLib's, which are of networks without affine parameters in the normalisations of the operations."""
    table = json.loads((data_root / "nasbench301/naslib/zc_nasbench301_725.json").read_text())["cifar10"]
    keys = list(table)[::40]
    edges = np.array([ast.literal_eval(key) for key in keys])
    for key, code in zip(keys, canonical_codes(edges[..., 0], edges[..., 1]), strict=True):
        with torch.device("meta"):
            network = SPACE.build(code)
        norms = [
            module
            for cell in network.cells
            for module in cell.operations.modules()
            if isinstance(module, torch.nn.BatchNorm2d)
        ]
        assert parameters(network) - sum(map(parameters, norms)) == round(1e6 * table[key]["params"]["score"])


def test_parameter_count_by_hand():
    """One normal cell of poolings after the stem, so that only stem, preprocessing and head have parameters."""
    pools = [["max_pool_3x3", state] for node in range(4) for state in (0, 1)]
    concat = [2, 3, 4, 5]
    code = SPACE.parse({"normal": pools, "normal_concat": concat, "reduce": pools, "reduce_concat": concat})
    network = SPACE.build(code, Task((1, 16, 16), 7), DARTSSize(4, layers=3))
    stem = 12 * 9 + 24
    first = 2 * (12 * 4 + 8)  # a normal cell
    second = (12 * 8 + 16) + (16 * 8 + 16)  # both others reduce
    third = (16 * 16 + 32) + (32 * 16 + 32)
    assert parameters(network) == stem + first + second + third + (64 + 1) * 7


@pytest.mark.parametrize("seed", range(4))
def test_forward_and_backward(seed):
    code = SPACE.sample(np.random.default_rng(seed), 1)[0]
    network = SPACE.build(code, Task((1, 16, 16), 6), DARTSSize(4, layers=5, drop_path=0.3))
    for size in (16, 13):
        scores = network(images(size, 1))
        assert scores.shape == (2, 6)
    scores.square().sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_resolution_halves_twice():
    network = SPACE.build(SPACE.parse(DARTS_V2), size=DARTSSize(4, layers=8))
    shapes = [tuple(output.shape[1:]) for output in network._outputs(images(32))]
    assert shapes == [(16, 32, 32)] * 2 + [(32, 16, 16)] * 3 + [(64, 8, 8)] * 3


def test_cell_computes_its_graph():
    network = SPACE.build(SPACE.parse(DARTS_V2), size=DARTSSize(4, layers=3)).eval()
    cell = network.cells[0]
    x = torch.randn(2, 12, 6, 6, generator=torch.Generator().manual_seed(0))
    y = torch.randn(2, 12, 6, 6, generator=torch.Generator().manual_seed(1))
    s0, s1 = cell.preprocess[0](x), cell.preprocess[1](y)
    op = cell.operations
    s2 = op[0](s0) + op[1](s1)
    s3 = op[2](s0) + op[3](s1)
    s4 = s0 + op[5](s1)  # a skip_connect
    s5 = s0 + op[7](s2)
    torch.testing.assert_close(cell(x, y, 0.0), torch.cat([s2, s3, s4, s5], dim=1))


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("max_pool_3x3", 0),
        ("avg_pool_3x3", 0),
        ("sep_conv_3x3", 2 * (8 * 9 + 64 + 16)),
        ("sep_conv_5x5", 2 * (8 * 25 + 64 + 16)),
        ("dil_conv_3x3", 8 * 9 + 64 + 16),
        ("dil_conv_5x5", 8 * 25 + 64 + 16),
        ("skip_connect", None),
    ],
)
def test_operations(name, count, stride):
    operation = make_operation(name, 8, stride)
    assert parameters(operation) == ((0 if stride == 1 else 64 + 16) if count is None else count)
    for size in (8, 7):
        assert operation(images(size, 8)).shape == (2, 8, -(-size // stride), -(-size // stride))


@pytest.mark.parametrize(("name", "reach"), [("dil_conv_3x3", 2), ("dil_conv_5x5", 4), ("sep_conv_5x5", 4)])
def test_how_far_an_operation_sees(name, reach):
    operation = make_operation(name, 1, 1).eval()
    for parameter in operation.parameters():
        torch.nn.init.ones_(parameter)
    point = torch.zeros(1, 1, 21, 21)
    point[0, 0, 10, 10] = 1
    seen = (operation(point) != operation(torch.zeros_like(point)))[0, 0].nonzero()
    assert (seen.min().item(), seen.max().item()) == (10 - reach, 10 + reach)


def test_factorized_reduce_sees_two_pixels_of_four():
    reduce = FactorizedReduce(1, 2)
    torch.nn.init.ones_(reduce.even.weight)
    torch.nn.init.ones_(reduce.odd.weight)
    reduce.norm = torch.nn.Identity()
    x = torch.arange(16.0).reshape(1, 1, 4, 4)
    assert reduce(x)[0, 0].tolist() == [[0, 2], [8, 10]]
    assert reduce(x)[0, 1].tolist() == [[5, 7], [13, 15]]


def test_drop_path_keeps_the_mean():
    torch.manual_seed(0)
    dropped = drop_path(torch.ones(10_000, 1, 2, 2), 0.25)
    assert dropped.unique().tolist() == [0, pytest.approx(4 / 3)]
    assert (dropped == dropped[:, :, :1, :1]).all(), "an image is dropped as a whole"
    assert dropped.mean().item() == pytest.approx(1, abs=0.03)


def test_drop_path_only_in_training():
    network = SPACE.build(SPACE.parse(DARTS_V2), size=DARTSSize(4, layers=3, drop_path=0.5))
    assert not torch.equal(network(images(8)), network(images(8)))
    network.eval()
    torch.testing.assert_close(network(images(8)), network(images(8)), rtol=0, atol=0)


def test_auxiliary_head():
    network = SPACE.build(SPACE.parse(DARTS_V2), Task((3, 32, 32), 6), DARTSSize(4, auxiliary=True))
    assert [scores.shape for scores in network.forward_with_auxiliary(images(32))] == [(2, 6)] * 2
    assert network(images(32)).shape == (2, 6)
    plain = SPACE.build(SPACE.parse(DARTS_V2), Task((3, 32, 32), 6), DARTSSize(4))
    head = 64 * 128 + 2 * 128 + 128 * 768 * 4 + 2 * 768 + 769 * 6
    assert parameters(network) - parameters(plain) == head
    with pytest.raises(UsageError, match="auxiliary=True"):
        plain.forward_with_auxiliary(images(32))


@pytest.mark.parametrize("settings", [{"channels": 5}, {"channels": 0}, {"layers": 0}])
def test_impossible_sizes_are_refused(settings):
    with pytest.raises(UsageError, match=r"must be (even|a whole number)"):
        DARTSSize(**settings)
