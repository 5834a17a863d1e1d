import ast
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from archwalk.spaces.nasbench101.cell import read_cell
from archwalk.spaces.nasbench101.network import CellNetwork, parameter_count, vertex_channels
from archwalk.spaces.nasbench101.size import NASBench101Size
from archwalk.spaces.task import Task

C3, C1, POOL = "conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"


def cell(edges, *operations):
    matrix = np.zeros((len(operations) + 2,) * 2, np.int8)
    for edge in edges.split():
        matrix[int(edge[0]), int(edge[1])] = 1
    return matrix, ("input", *operations, "output")


CELLS = {
    "empty": cell("01"),
    "chain": cell("01 12", C3),
    "chain-skip": cell("01 12 02", POOL),
    "diamond": cell("01 02 13 23 03", C3, C1),
    "truncated": cell("01 12 13 23", C3, C1),
    "nine-edges": cell("01 02 03 06 14 24 34 45 56", C3, C3, C3, C1, POOL),
    "wide": cell("01 02 03 04 45 16 26 36 56", C3, C3, POOL, C1, C1),
}


@pytest.mark.parametrize(
    ("edges", "vertices", "channels"),
    [
        ("01 12 23", 4, [8, 16, 16, 16]),  # a chain keeps the width
        ("01 02 13 23", 4, [8, 8, 8, 16]),  # the output is split
        ("01 02 13 23 03", 4, [8, 8, 8, 16]),  # the input does not share in it
        ("01 02 03 14 24 34", 5, [8, 6, 5, 5, 16]),  # the first has the remainder
        ("01 02 13 14 23 34 35 45", 6, [8, 8, 8, 8, 8, 16]),
        ("01", 2, [8, 16]),
    ],
)
def test_vertex_channels(edges, vertices, channels):
    matrix, _ = cell(edges, *[C3] * (vertices - 2))
    assert vertex_channels(matrix, 8, 16) == channels


def test_vertex_is_as_wide_as_the_widest_that_it_feeds():
    matrix, _ = cell("01 12 13 24 34", C3, C3, C3)
    assert vertex_channels(matrix, 8, 9) == [8, 5, 5, 4, 9]


@pytest.mark.parametrize("name", CELLS)
def test_count_equals_the_built_network(name):
    matrix, operations = CELLS[name]
    task, size = Task((1, 8, 8), 7), NASBench101Size(12, stacks=2, cells_per_stack=2)
    network = CellNetwork(matrix, operations, task, size)
    built = sum(parameter.numel() for parameter in network.parameters())
    assert parameter_count(matrix, operations, task, size) == built


@pytest.mark.parametrize("name", CELLS)
def test_forward_and_backward(name):
    network = CellNetwork(*CELLS[name], Task((3, 16, 16), 5), NASBench101Size(8, cells_per_stack=1))
    images = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    scores = network(images)
    assert scores.shape == (2, 5)
    scores.sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())
    assert network.body(images).shape == (2, 32, 4, 4)


def test_cell_computes_its_graph():
    """Vertex 1 has 3 channels, vertex 2 the first 2 of them; the output is both, plus the projected input."""
    matrix, operations = cell("01 12 13 23 03", POOL, C1)
    network = CellNetwork(matrix, operations, size=NASBench101Size(5, stacks=1, cells_per_stack=1)).eval()
    block = network.body[1]
    x = torch.rand(1, 5, 4, 4, generator=torch.Generator().manual_seed(0))
    one = torch.nn.functional.max_pool2d(block.projections["1"](x), 3, stride=1, padding=1)
    two = block.operations[1](one[:, :2])
    assert (one.shape[1], two.shape[1]) == (3, 2)
    torch.testing.assert_close(block(x), torch.cat([one, two], dim=1) + block.projections["3"](x))


def test_published_constants():
    network = CellNetwork(*CELLS["chain"], size=NASBench101Size(64, stacks=1))
    conv, norm, _ = network.body[0]
    assert (norm.eps, norm.momentum) == (1e-5, 0.003)
    assert conv.bias is None
    assert conv.weight.std().item() == pytest.approx((1 / 27) ** 0.5, rel=0.05)


def test_parameter_counts_are_the_published_ones():
    """500 cells of the published table: 49 adjacency bits, 7 operations, padded after the output."""
    folder = os.environ.get("ARCHWALK_DATA")
    if not folder:
        pytest.skip("ARCHWALK_DATA is not set")
    path = Path(folder) / "nasbench101" / "naslib_zc_nasbench101_500.json"
    names = ["input", "output", POOL, C1, C3]
    table = json.loads(path.read_text())["nasbench101"]["cifar10"]
    assert len(table) == 500
    for key, figures in table.items():
        *bits, a, b, c, d, e, f, g = ast.literal_eval(key)
        operations = [names[i] for i in (a, b, c, d, e, f, g)]
        vertices = operations.index("output") + 1
        matrix = np.reshape(bits, (7, 7))[:vertices, :vertices]
        pruned = read_cell({"matrix": matrix.tolist(), "ops": operations[:vertices]}, 7, 9)
        assert parameter_count(pruned.matrix, pruned.operations) == round(figures["params"] * 1e6)
