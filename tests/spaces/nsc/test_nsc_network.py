import numpy as np
import pytest
import torch
from nsc_naive import listed
from torch.nn import functional

from archwalk.errors import InvalidArchitectureError, UsageError
from archwalk.spaces.networks import make_size
from archwalk.spaces.nsc import NSC, Chain, NSCSize
from archwalk.spaces.nsc.measuring import measure_all
from archwalk.spaces.nsc.network import Add, Concatenate
from archwalk.spaces.task import Task

SMALL = Task((2, 9, 8), 3), NSCSize(filters=4, dense=6)
MULTI = NSC(10)


def code(*vectors, space=MULTI):
    return space.parse({"layers": [list(vector) for vector in vectors]})


def padded(x, shape):
    """Zeros around (B, C, H, W), element by element."""
    out = torch.zeros(len(x), *shape)
    c, h, w = ((wanted - size) // 2 for wanted, size in zip(shape, x.shape[1:], strict=True))
    out[:, c : c + x.shape[1], h : h + x.shape[2], w : w + x.shape[3]] = x
    return out


def naive(network, layers, images):
    """The scores by the rules of Gomez Robles and Vanschoren 2019, section 4.1.1, from the network's own weights."""
    maps, read = [images], set()
    for layer, ((number, kernel), inputs) in zip(network.layers, listed(layers), strict=True):
        read |= set(inputs)
        x = [maps[u] for u in inputs]
        if number == 1:
            y = functional.conv2d(x[0].clamp(min=0), layer[1].weight, padding=kernel // 2)
            norm = layer[2]
            mean, spread = norm.running_mean[:, None, None], (norm.running_var + norm.eps)[:, None, None]
            y = (y - mean) / spread.sqrt() * norm.weight[:, None, None] + norm.bias[:, None, None]
        elif number in (2, 3):
            windows = x[0].unfold(2, kernel, kernel).unfold(3, kernel, kernel)
            y = windows.amax((4, 5)) if number == 2 else windows.mean((4, 5))
        else:
            (c, h, w), (c2, h2, w2) = x[0].shape[1:], x[1].shape[1:]
            h, w = max(h, h2), max(w, w2)
            if number == 5:
                y = padded(x[0], (max(c, c2), h, w)) + padded(x[1], (max(c, c2), h, w))
            else:
                y = torch.cat([padded(x[0], (c, h, w)), padded(x[1], (c2, h, w))], 1)
        maps.append(y)
    leaves = [maps[i] for i in range(1, len(maps)) if i not in read]
    h, w = (max(leaf.shape[axis] for leaf in leaves) for axis in (2, 3))
    flat = torch.cat([padded(leaf, (leaf.shape[1], h, w)) for leaf in leaves], 1).flatten(1)
    _, dense, _, _, last = network.head
    return (flat @ dense.weight.T + dense.bias).clamp(min=0) @ last.weight.T + last.bias


@pytest.mark.parametrize("space", [MULTI, NSC(6, "chain"), Chain()], ids=["multi", "long", "chain"])
def test_networks_are_the_naive_ones(space):
    torch.manual_seed(0)
    codes = space.sample(np.random.default_rng(0), 60)
    built = 0
    for code_L in codes:
        try:
            network = space.build(code_L, *SMALL).eval()
        except InvalidArchitectureError:
            continue
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean.normal_()
                module.running_var.uniform_(0.5, 2)
        images = torch.randn(2, 2, 9, 8)
        with torch.no_grad():
            scores = network(images)
            torch.testing.assert_close(
                scores, naive(network, space.layers(code_L[None])[0], images), atol=1e-4, rtol=1e-4
            )
        size = space.measure(code_L, *SMALL)
        assert scores.shape == (2, 3)
        assert size.parameters == sum(p.numel() for p in network.parameters())
        assert size.features == network.head[1].in_features
        built += 1
    assert built > 20


def test_sizes_are_those_of_the_maps():
    layers = [1, 1, 3, 0, 0], [2, 2, 2, 0, 0], [3, 6, 0, 1, 2], [4, 5, 0, 3, 0]
    size = MULTI.measure(code(*layers), *SMALL)
    assert size.shapes == [(4, 9, 8), (2, 4, 4), (6, 9, 8), (6, 9, 8)]
    assert size.features == 6 * 9 * 8
    assert size.activations == 4 * 72 + 2 * 16 + 2 * 6 * 72 + 432 + 6 + 3
    assert size.multiplications == 2 * 4 * 9 * 72 + 432 * 6 + 6 * 3


def test_figure_4_pads_and_concatenates_leaves():
    """A pool and a convolution added, a leaf of another size beside: both are leaves of the prediction."""
    network = MULTI.build(
        code([1, 1, 3, 0, 0], [2, 2, 2, 1, 0], [3, 5, 0, 2, 1], [4, 3, 3, 1, 0]), *SMALL
    ).eval()
    assert len(network.leaves) == 2
    assert network.head[1].in_features == (4 + 4) * 9 * 8


def test_odd_padding_goes_right_and_below():
    wide, small = torch.zeros(1, 1, 4, 4), torch.ones(1, 1, 1, 2)
    assert Add()(wide, small)[0, 0].nonzero().tolist() == [[1, 1], [1, 2]]
    assert Add()(torch.zeros(1, 4, 1, 1), torch.ones(1, 1, 1, 1)).flatten().tolist() == [0, 1, 0, 0]
    both = Concatenate()(small, wide)
    assert both.shape == (1, 2, 4, 4)
    assert both[0, 0].nonzero().tolist() == [[1, 1], [1, 2]]


def test_one_unpooled_convolution_of_the_paper_has_231_million_dense_weights():
    conv = code([1, 1, 3, 0, 0])
    size = MULTI.measure(conv, Task((3, 84, 84), 47))
    assert size.shapes == [(32, 84, 84)]
    dense = 84 * 84 * 32 * 1024
    assert dense == 231_211_008
    assert size.parameters == 3 * 9 * 32 + 2 * 32 + dense + 1024 + 1025 * 47


def test_too_many_weights_are_refused_before_they_are_allocated():
    huge = Task((3, 100_000, 100_000), 10)
    with pytest.raises(InvalidArchitectureError, match="weights, more than max_parameters = 250,000,000"):
        MULTI.build(code([1, 1, 3, 0, 0]), huge)
    with pytest.raises(InvalidArchitectureError, match="more than max_parameters = 10"):
        MULTI.build(code([1, 1, 3, 0, 0]), SMALL[0], NSCSize(max_parameters=10))


@pytest.mark.parametrize("kernel", [2, 3])
def test_a_pool_of_a_smaller_image_is_invalid(kernel):
    space = NSC(10, "chain")
    depth = 7 if kernel == 2 else 5  # 84 42 21 10 5 2 1; 84 28 9 3 1
    pools = [[i, 2, kernel, i - 1, 0] for i in range(1, depth + 1)]
    space.measure(code(*pools[:-1], space=space), size=NSCSize(max_parameters=None))
    with pytest.raises(
        InvalidArchitectureError, match=f"layer {depth}, max-pooling {kernel}, is larger than the 1 x 1"
    ):
        space.build(code(*pools, space=space))


def test_the_prediction_module_is_the_paper_s():
    head = MULTI.build(code([1, 2, 3, 0, 0], [2, 2, 3, 1, 0], [3, 2, 3, 2, 0])).head
    assert [type(layer).__name__ for layer in head] == ["Flatten", "Linear", "ReLU", "Dropout", "Linear"]
    assert (head[1].in_features, head[1].out_features, head[3].p) == (3 * 3 * 3, 1024, 0.4)


def test_a_convolution_is_pre_activation():
    network = MULTI.build(code([1, 1, 5, 0, 0]), *SMALL)
    assert [type(layer).__name__ for layer in network.layers[0]] == ["ReLU", "Conv2d", "BatchNorm2d"]
    assert network.layers[0][1].weight.shape == (4, 2, 5, 5)


def test_filters_double_in_experiment_2():
    """Section 6.1: 2^(4 + i) filters, 32, 64, 128, whatever lies between."""
    space = NSC(10, "chain")
    chain = code([1, 1, 3, 0, 0], [2, 2, 2, 1, 0], [3, 1, 3, 2, 0], [4, 1, 1, 3, 0], space=space)
    size = space.measure(chain, size=NSCSize(doubling=True, max_parameters=None))
    assert [channels for channels, _, _ in size.shapes] == [32, 32, 64, 128]
    network = space.build(chain, SMALL[0], NSCSize(filters=8, dense=6, doubling=True))
    assert [layer[1].out_channels for layer in network.layers if isinstance(layer, torch.nn.Sequential)] == [
        8,
        16,
        32,
    ]


def test_sizes_of_a_batch_are_those_of_its_rows():
    codes = MULTI.sample(np.random.default_rng(1), 100)
    sizes = measure_all(MULTI.layers(codes), MULTI.default_task, MULTI.default_size)
    fits_B = sizes.fits_B(MULTI.default_size)
    assert 0 < fits_B.sum() < 100
    for b, code_L in enumerate(codes):
        try:
            assert MULTI.measure(code_L).parameters == sizes.parameters_B[b]
            assert fits_B[b]
        except InvalidArchitectureError:
            assert not fits_B[b]


def test_no_layers_are_no_network():
    nothing = MULTI.from_layers(np.zeros((1, 10, 4), np.int32))[0]
    assert (nothing == -1).all()
    with pytest.raises(InvalidArchitectureError, match="without layers"):
        MULTI.build(nothing)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"filter": 3}, "did you mean 'filters'"),
        ({"filters": 0}, "filters of networks of layers must be a whole number of at least 1, not 0"),
        ({"dense": 10.5}, "dense of networks of nsc: Expected `int`, got `float`"),
        ({"filters": 10**23}, "filters of networks of (layers|nsc)"),
        ({"max_parameters": 0}, "max_parameters of networks of layers must be a whole number"),
        ({"dropout": 1.0}, r"below 1, not 1\.0"),
    ],
)
def test_settings_that_make_no_sense(settings, message):
    with pytest.raises(UsageError, match=message):
        make_size(MULTI, settings)


def test_images_have_three_dimensions():
    with pytest.raises(UsageError, match="networks of nsc read images, of a shape such as 3,84,84, not"):
        MULTI.build(code([1, 2, 2, 0, 0]), Task((84, 84), 10))
