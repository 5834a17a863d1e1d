import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from archwalk.errors import InvalidArchitectureError
from archwalk.spaces.base import SearchSpace
from archwalk.spaces.nasbench201 import EDGES, OPERATIONS, NASBench201
from archwalk.spaces.nasbench201.network import CellNetwork
from archwalk.spaces.nasbench201.size import NASBench201Size
from archwalk.spaces.task import Task
from archwalk.testing.spaces import EnumerableSpaceConformance

SPACE = NASBench201()
MIXED = "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|none~0|nor_conv_3x3~1|skip_connect~2|"
EMPTY = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
LARGEST = EMPTY.replace("none", "nor_conv_3x3")


class TestNASBench201(EnumerableSpaceConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> SearchSpace:
        return SPACE


def strings_of(codes):
    return [SPACE.describe(code)["arch_str"] for code in codes]


def test_ids_are_the_operations_as_digits():
    assert EDGES == ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
    assert SPACE.parse(EMPTY) == 0
    assert SPACE.parse(EMPTY.replace("none~2", "skip_connect~2")) == 1
    assert (
        SPACE.parse(EMPTY.replace("avg_pool_3x3", "none").replace("|none~0|+", "|avg_pool_3x3~0|+", 1))
        == 4 * 5**5
    )
    assert SPACE.size == 15_625
    digits = [OPERATIONS.index(entry.split("~")[0]) for entry in MIXED.replace("+", "").split("|") if entry]
    assert SPACE.parse(MIXED) == int("".join(map(str, digits)), 5)


def test_string_and_object_are_read_alike():
    np.testing.assert_array_equal(SPACE.parse(MIXED), SPACE.parse({"arch_str": MIXED}))
    assert SPACE.describe(SPACE.parse(MIXED)) == {"arch_str": MIXED}


def test_cells_that_compute_the_same_keep_their_ids():
    """Each was trained, so each has its own figures."""
    one = SPACE.parse("|none~0|+|skip_connect~0|none~1|+|none~0|none~1|nor_conv_3x3~2|")
    other = SPACE.parse("|none~0|+|skip_connect~0|skip_connect~1|+|none~0|none~1|nor_conv_3x3~2|")
    assert one != other


@pytest.mark.parametrize(
    ("string", "message"),
    [
        (MIXED.replace("|+|", "|"), r"has the form \|op~0\|\+\|op~0\|op~1\|\+\|op~0\|op~1\|op~2\|, not "),
        (MIXED[1:], "has the form"),
        (MIXED.replace("skip_connect~2", "skip_connect~1"), "has the form"),
        (MIXED.replace("none~0", "none"), "has the form"),
        (MIXED + "\n", r"not '\|avg.*\\n'"),
        (MIXED.replace("skip_connect", "skip_conect"), "'skip_conect'; did you mean 'skip_connect'"),
        (MIXED.replace("none~0", "~0"), "unknown operation ''"),
    ],
)
def test_errors_say_what_is_wrong(string, message):
    for description in (string, {"arch_str": string}):
        with pytest.raises(InvalidArchitectureError, match=message):
            SPACE.parse(description)


def test_neighbours_differ_on_one_edge():
    code = SPACE.parse(MIXED)
    found = SPACE.neighbours(code[None])
    entries = MIXED.replace("+", "+ ").replace("|", "| ").split()
    expected = set()
    for i, entry in enumerate(entries):
        name, _, rest = entry.partition("~")
        for other in OPERATIONS:
            if rest and other != name:
                expected.add("".join([*entries[:i], f"{other}~{rest}", *entries[i + 1 :]]))
    assert set(strings_of(found.codes_EL)) == expected
    assert len(found.codes_EL) == len(expected) == 6 * 4


def test_graph_is_symmetric_and_connected():
    graph = SPACE.graph
    assert graph.edges == 15_625 * 24
    matrix = csr_matrix((np.ones(graph.edges, bool), graph.targets_E, graph.offsets), (SPACE.size,) * 2)
    assert (matrix != matrix.T).nnz == 0
    assert connected_components(matrix)[0] == 1


def test_features_are_the_operations():
    features = SPACE.features(SPACE.parse(MIXED)[None])[0].reshape(6, 5)
    names = ["avg_pool_3x3", "nor_conv_1x1", "skip_connect", "none", "nor_conv_3x3", "skip_connect"]
    assert [OPERATIONS[i] for i in features.argmax(axis=1)] == names
    assert (features.sum(axis=1) == 1).all()


def test_choices_out_of_range_are_refused():
    with pytest.raises(ValueError):
        SPACE.from_choices(np.array([[0, 0, 0, 0, 0, 5]], np.int32))


@pytest.mark.parametrize(
    ("string", "classes", "parameters"),
    [
        (EMPTY, 10, 73_306),
        (LARGEST, 10, 1_531_546),
        (EMPTY, 100, 79_156),
        (LARGEST, 100, 1_537_396),
        (EMPTY.replace("none", "skip_connect"), 10, 73_306),
        (EMPTY.replace("none", "avg_pool_3x3"), 120, 73_306 + 110 * 65),
        (
            EMPTY.replace("none~2", "nor_conv_1x1~2"),
            10,
            73_306 + 5 * sum(c * c + 2 * c for c in (16, 32, 64)),
        ),
    ],
)
def test_parameter_counts(string, classes, parameters):
    """The first four are the published extremes of CIFAR-10 and CIFAR-100 (in millions in the official file)."""
    with torch.device("meta"):
        network = SPACE.build(SPACE.parse(string), Task((3, 32, 32), classes))
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters


@pytest.mark.parametrize("string", [MIXED, EMPTY, LARGEST])
def test_forward_and_backward(string):
    network = SPACE.build(SPACE.parse(string), Task((1, 16, 16), 7), NASBench201Size(4, cells_per_stage=1))
    images = torch.randn(2, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    scores = network(images)
    assert scores.shape == (2, 7)
    scores.square().sum().backward()
    assert network.body(images).shape == (2, 16, 4, 4)
    if string != EMPTY:  # whose cells are zero, so that nothing before the last one learns
        assert all(parameter.grad is not None for parameter in network.parameters())


def test_cell_computes_its_graph():
    names = ["nor_conv_1x1", "skip_connect", "avg_pool_3x3", "none", "skip_connect", "nor_conv_3x3"]
    network = CellNetwork(names, size=NASBench201Size(4, stages=1, cells_per_stage=1)).eval()
    cell = network.body[2]
    x = torch.randn(2, 4, 6, 6, generator=torch.Generator().manual_seed(0))
    one = cell.layers[0](x)
    two = x + torch.nn.functional.avg_pool2d(one, 3, stride=1, padding=1, count_include_pad=False)
    torch.testing.assert_close(cell(x), one + cell.layers[4](two))


def test_drawing_leaves_out_edges_without_operation():
    drawing = SPACE.draw(SPACE.parse(MIXED))
    assert drawing.count("<rect") == 4 + 5
    assert drawing.count(">skip_connect<") == 2
    assert ">none<" not in drawing
    assert drawing.count("<path") == 2 * 2 * 5  # a line and a head for both edges of an operation


@pytest.mark.parametrize("pixels", [5, 14, 32])
def test_images_of_any_size_pass_through(pixels):
    """Half of an odd number is rounded alike on both paths of a reduction."""
    size = NASBench201Size(4, stages=3, cells_per_stage=1)
    network = CellNetwork(["skip_connect"] * len(EDGES), Task((1, pixels, pixels), 10), size).eval()
    assert network(torch.zeros(2, 1, pixels, pixels)).shape == (2, 10)
