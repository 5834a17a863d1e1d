from itertools import product

import nsc_naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archwalk.errors import InvalidArchitectureError, UsageError
from archwalk.spaces.nsc import NSC, Chain, CodeTable
from archwalk.spaces.nsc.neighbours import EDIT_KINDS

MULTI, CHAIN4 = NSC(10), Chain()


def code(space, *vectors):
    return space.parse({"layers": [list(vector) for vector in vectors]})


@st.composite
def architectures(draw, depth=10, space=MULTI):
    """Layers (D, 4), written in any topological order."""
    n = draw(st.integers(1, depth))
    layers = np.zeros((space.table.depth, 4), np.int32)
    for i in range(n):
        layers[i, :2] = draw(st.sampled_from(space.table.labels))
        layers[i, 2] = draw(st.integers(0, i))
        if layers[i, 0] >= 5:
            layers[i, 3] = draw(st.integers(0, i))
    return layers


def shuffled(layers, rng):
    """The same layers numbered anew, merges turned round."""
    n = np.count_nonzero(layers[:, 0])
    place = np.concatenate([[0], 1 + rng.permutation(n)])
    other = np.zeros_like(layers)
    for i in range(n):
        number, kernel, first, second = layers[i]
        reads = [place[first], place[second] if number >= 5 else 0]
        if number >= 5 and rng.random() < 0.5:
            reads.reverse()
        other[place[i + 1] - 1] = number, kernel, *reads
    return other


@settings(max_examples=150, deadline=None, derandomize=True)
@given(architectures(), st.integers(0, 2**32 - 1))
def test_a_renumbered_architecture_is_the_same(layers, seed):
    codes = MULTI.from_layers(np.stack([layers, shuffled(layers, np.random.default_rng(seed))]))
    np.testing.assert_array_equal(codes[0], codes[1])
    np.testing.assert_array_equal(MULTI.from_layers(MULTI.layers(codes)), codes)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(architectures(depth=5))
def test_the_canonical_form_is_the_smallest_order_of_all(layers):
    found = nsc_naive.listed(MULTI.layers(MULTI.from_layers(layers[None]))[0])
    assert tuple(found) == nsc_naive.canonical(nsc_naive.listed(layers))


@settings(max_examples=50, deadline=None, derandomize=True)
@given(architectures(), st.integers(0, 2**32 - 1))
def test_rewritten_features_are_those_of_the_same_architecture(layers, seed):
    code_L = MULTI.from_layers(layers[None])
    bits = MULTI.rewritten_features(code_L, np.random.default_rng(seed)).reshape(10, 36)
    rows = [np.flatnonzero(row) - [0, 8, 19, 30] for row in bits]
    written = [[number, kernel, first, second] for number, first, second, kernel in rows if number]
    padded = np.array([*written, *[[0] * 4] * (10 - len(written))], np.int32)
    np.testing.assert_array_equal(MULTI.from_layers(padded[None]), code_L)


def test_rewritten_features_differ():
    code_L = code(MULTI, [1, 1, 3, 0, 0], [2, 1, 5, 0, 0], [3, 5, 0, 1, 2])
    many = MULTI.rewritten_features(np.repeat(code_L[None], 100, axis=0), np.random.default_rng(0))
    assert len(np.unique(many, axis=0)) == 4, "two orders of the layers, two of the sum"


def test_a_dag_by_hand():
    """A convolution and a pool that are added, and a leaf beside."""
    layers = [1, 1, 3, 0, 0], [2, 2, 2, 1, 0], [3, 5, 0, 2, 1], [4, 3, 3, 0, 0]
    found = NSC(5).dags(code(NSC(5), *layers)[None])
    conv, pool, mean, add, nothing = 1, 3, 6, 7, -1
    assert found.labels_BCV[0, 0].tolist() == [10, conv, mean, pool, add, nothing, 9]
    edges = list(zip(*(axis.tolist() for axis in found.edges_BCVV[0, 0].nonzero()), strict=True))
    assert edges == [(0, 1), (0, 2), (1, 3), (1, 4), (2, 6), (3, 4), (4, 6)]
    assert Chain(2).dags(np.array([[7]], np.int32)).labels_BCV[0, 0].tolist() == [8, 0, 0, 7]


@pytest.mark.parametrize("twins", [True, False])
def test_layers_that_tie(twins):
    """Sixteen equal layers, and eight times two in a row: 16! and 8! orders, most of them never looked at."""
    space = NSC(16)
    layers = np.zeros((16, 4), np.int32)
    layers[:, :2] = 1, 3
    if not twins:
        layers[8:, 2] = np.arange(1, 9)
    np.testing.assert_array_equal(space.from_layers(layers[None])[0].reshape(16, 4), layers)


def test_same_and_different_architectures():
    parallel = code(MULTI, [1, 1, 3, 0, 0], [2, 2, 2, 0, 0], [3, 5, 0, 1, 2])
    np.testing.assert_array_equal(
        parallel, code(MULTI, [1, 2, 2, 0, 0], [2, 1, 3, 0, 0], [3, 5, 0, 1, 2], [4, 7, 0, 0, 0])
    )
    others = [
        code(MULTI, [1, 1, 3, 0, 0], [2, 2, 2, 0, 0], [3, 6, 0, 1, 2]),
        code(MULTI, [1, 1, 3, 0, 0], [2, 2, 2, 0, 0], [3, 5, 0, 1, 1]),
        code(MULTI, [1, 1, 3, 0, 0], [2, 2, 2, 0, 0]),
        code(MULTI, [1, 1, 3, 0, 0], [2, 2, 2, 0, 0], [3, 2, 2, 0, 0], [4, 5, 0, 1, 2]),
    ]
    assert len(np.unique([parallel, *others], axis=0)) == 5


def test_what_is_no_chain_is_branched():
    codes = [
        code(MULTI, [1, 1, 3, 0, 0], [2, 2, 2, 1, 0]),
        code(MULTI, [1, 1, 3, 0, 0], [2, 2, 2, 0, 0]),
        code(MULTI, [1, 1, 3, 0, 0], [2, 5, 0, 1, 1]),
        code(MULTI, [1, 2, 3, 0, 0]),
    ]
    assert MULTI.branched(np.stack(codes)).tolist() == [False, True, True, False]


@pytest.mark.parametrize(("kind", "width"), [("chain", 25), ("multi-branch", 36)])
def test_encoded_rows_are_as_wide_as_in_the_paper(kind, width):
    """Section 4.2.1 with d = 10 and k = 5."""
    space = NSC(10, kind)
    assert space.table.row_width == width
    assert space.feature_count == 10 * width


def test_the_encoding_by_hand():
    """Figure 5: d = 4; a type (8), predecessors (d + 1 each), a kernel (k + 1); right-aligned."""
    space = NSC(4)
    layers = space.layers(code(space, [1, 1, 3, 0, 0], [2, 2, 2, 0, 0], [3, 5, 0, 1, 2])[None])
    rows = space.encode(layers)[0]
    assert rows.shape == (4, 2 * 4 + 5 + 11)
    expected = [(0, 0, 0, 0), (1, 0, 0, 3), (2, 0, 0, 2), (5, 2, 1, 0)]
    for row, (number, first, second, kernel) in zip(rows, expected, strict=True):
        assert np.flatnonzero(row).tolist() == [number, 8 + first, 13 + second, 18 + kernel]
    np.testing.assert_array_equal(
        space.vectors(layers.reshape(1, -1))[0],
        [[0, 0, 0, 0, 0], [1, 1, 3, 0, 0], [2, 2, 2, 0, 0], [3, 5, 0, 2, 1]],
    )


@settings(max_examples=50, deadline=None, derandomize=True)
@given(architectures(depth=10))
def test_the_encoding_says_what_the_vectors_say(layers):
    vectors = MULTI.vectors(layers.reshape(1, -1))[0]
    rows = MULTI.encode(layers[None])[0]
    for vector, row in zip(vectors, rows, strict=True):
        _, number, kernel, first, second = vector
        assert np.flatnonzero(row).tolist() == [number, 8 + first, 19 + second, 30 + kernel]
    there = np.flatnonzero(vectors[:, 0])
    assert vectors[there, 0].tolist() == list(range(1, len(there) + 1))
    assert there[-1] == 9, "the last layer is in the last row"


def test_there_are_2800_chains_of_up_to_four_layers():
    assert CHAIN4.size == 7 + 49 + 343 + 2401 == 2800
    labels = CHAIN4.table.labels
    assert labels == ((1, 1), (1, 3), (1, 5), (2, 2), (2, 3), (3, 2), (3, 3))
    expected = [chain for n in range(1, 5) for chain in product(labels, repeat=n)]
    layers = CHAIN4.layers(np.arange(2800, dtype=np.int32)[:, None])
    assert [tuple(label for label, _ in nsc_naive.listed(one)) for one in layers] == expected
    np.testing.assert_array_equal(CHAIN4.from_layers(layers)[:, 0], np.arange(2800))


def test_ids_of_chains_are_those_of_shorter_spaces():
    ids = np.arange(399, dtype=np.int32)[:, None]
    np.testing.assert_array_equal(Chain(3).layers(ids), CHAIN4.layers(ids)[:, :3])
    assert Chain(3).size == 399


def test_starts_have_every_depth_alike():
    weights = CHAIN4.start_weights
    assert [weights[a:b].sum() for a, b in ((0, 7), (7, 56), (56, 399), (399, 2800))] == pytest.approx(
        [0.25] * 4
    )


@settings(max_examples=12, deadline=None, derandomize=True)
@given(architectures(depth=4, space=NSC(5)))
def test_neighbours_are_those_of_the_naive_edits(layers):
    space = NSC(5)
    code_L = space.from_layers(layers[None])[0]
    found = space.neighbours(code_L[None])
    expected = nsc_naive.neighbours(nsc_naive.listed(space.layers(code_L)[0]), 5)
    for kind, name in enumerate(EDIT_KINDS):
        rows = space.layers(found.codes_EL[found.kinds_E == kind])
        assert {tuple(nsc_naive.listed(row)) for row in rows} == expected[name]


def test_neighbours_of_chains_by_hand():
    """Of conv 3: six other layers; before and behind it one of seven, of which conv 3 twice gives the same chain."""
    found = CHAIN4.neighbours(code(CHAIN4, [1, 1, 3, 0, 0])[None])
    assert np.bincount(found.kinds_E).tolist() == [6, 13]
    full = CHAIN4.neighbours(code(CHAIN4, *([i, 2, 2, i - 1, 0] for i in range(1, 5)))[None])
    assert np.bincount(full.kinds_E, minlength=3).tolist() == [24, 0, 1]


@pytest.mark.parametrize("depth", [1, 2])
def test_strings_reach_every_small_graph(depth):
    space = NSC(depth)
    strings = np.array(list(product(*map(range, space.choices))), np.int32)
    codes = np.unique(space.from_choices(strings), axis=0)
    firsts = [[(label, (0,) * (1 + (label[0] > 4)))] for label in space.table.labels]
    graphs = {nsc_naive.canonical(one) for one in firsts}
    if depth == 2:
        for one, label in product(firsts, space.table.labels):
            for reads in product((0, 1), repeat=1 + (label[0] > 4)):
                graphs.add(nsc_naive.canonical([*one, (label, reads)]))
    assert {tuple(nsc_naive.listed(row)) for row in space.layers(codes)} == graphs


def test_one_architecture_in_several_ways():
    short = {"layers": [{"type": "convolution", "kernel_size": 3}, {"type": "avg-pooling", "kernel_size": 2}]}
    vectors = {"layers": [[1, 1, 3, 0, 0], [2, 3, 2, 1, 0], [3, 7, 0, 0, 0]]}
    for space in (MULTI, CHAIN4, NSC(10, "chain")):
        np.testing.assert_array_equal(space.parse(short), space.parse(vectors))
    assert CHAIN4.describe(CHAIN4.parse(vectors)) == short
    assert MULTI.describe(MULTI.parse(short))["layers"][1]["predecessors"] == [1]


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([], '"layers" must be 1 to 4 layers, not 0'),
        ([{"type": "convolution", "kernel_size": 3}] * 5, "1 to 4 layers, not 5"),
        ([{"type": "convolutoin", "kernel_size": 3}], "did you mean 'convolution'"),
        ([{"type": "convolution", "kernel_size": 2}], "the layers are: convolution 1, convolution 3"),
        ([{"type": "convolution"}], "kernel size 0"),
        ([{"type": "max-pooling", "kernel_size": 2, "predecessors": [1]}], "or an earlier layer, not 1"),
        ([[1, 1, 3, 0, 0], [2, 1, 3, 0, 0]], "in a chain layer 2 reads 1, not 0"),
        ([[1, 5, 0, 0, 0]], "layer 1 is addition"),
        ([[2, 1, 3, 0, 0]], "layer 1 must be"),
        ([[1, 7, 0, 0, 0], [2, 1, 3, 1, 0]], "only be the last"),
        ([[1, 7, 0, 0, 0]], "not 0"),
        ([3], "layer 1 must be an object"),
        ([{"type": ["convolution"], "kernel_size": 3}], "unknown type of layer 1"),
        ([{"type": "convolution", "kernel_size": [3]}], r"kernel size \[3\]"),
        ([[1, 1, 10**30, 0, 0]], "more than 64 bits"),
        ([{"type": "convolution", "kernel_size": 3, "predecessors": 0}], 'needs "predecessors", a list of 1'),
    ],
)
def test_what_is_no_chain_is_refused_in_one_line(layers, message):
    with pytest.raises(InvalidArchitectureError, match=message) as caught:
        CHAIN4.parse({"layers": layers})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"depth": 0}, "must be 1 to 16, not 0"),
        ({"kind": "tree"}, 'must be "chain" or "multi-branch", not \'tree\''),
        ({"kernels": (("pooling", (2,)),)}, "unknown type of layer 'pooling'"),
        ({"kernels": (("convolution", (2,)),)}, "kernels are odd"),
        ({"kernels": (("max-pooling", ()),)}, "needs kernel sizes"),
        ({"kernels": (("max-pooling", (2, 2)),)}, "each once"),
        ({"merges": ("sum",)}, "unknown type of layer 'sum'"),
    ],
)
def test_a_table_that_makes_no_sense(settings, message):
    with pytest.raises(UsageError, match=message):
        CodeTable(**settings)


def test_too_deep_chains_are_not_numbered():
    with pytest.raises(UsageError, match="up to 6 layers, not 7"):
        Chain(7)
