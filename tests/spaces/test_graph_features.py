"""Features of labelled graphs: the same for isomorphic ones, and counts against counting by hand."""

import itertools
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from archwalk.spaces.dags import Dags
from archwalk.spaces.darts import DARTS
from archwalk.spaces.graph_features import (
    Counts,
    Distances,
    Featuriser,
    GraphFeatures,
    compute_features,
    featuriser,
    squared_distances,
)
from archwalk.spaces.graph_kernels import PATH_COUNT
from archwalk.spaces.nasbench101.space import NASBench101
from archwalk.spaces.nasbench201 import NASBench201
from archwalk.spaces.nasbench_graph import NASBenchGraph
from archwalk.spaces.policy_cnn import ChoiceBlock, Convolution, Declaration, policy_space

MANY = policy_space(
    Declaration(
        "many-options",
        (4, 10, 10),
        Convolution(4, kernel=3),
        (ChoiceBlock((1,), tuple(range(1, 131))), ChoiceBlock((3,), (4, 8))),
        plane=4,
        hidden=8,
    )
)
"""More labels than eight bits count."""

OURS = {space.name: space for space in (NASBench101(5), NASBench201(), NASBenchGraph(), DARTS(), MANY)}


def as_written(space, dags):
    """A space that shows these graphs, whatever it is asked."""
    names = ("dag_operations", "dag_inputs", "dag_depth")
    return SimpleNamespace(**{name: getattr(space, name) for name in names}, dags=lambda codes_BL: dags)


def assert_same(one, other):
    np.testing.assert_array_equal(one.statistics_BG, other.statistics_BG)
    for a, b in zip(one.blocks, other.blocks, strict=True):
        for found, expected in zip(a.entries(), b.entries(), strict=True):
            np.testing.assert_array_equal(found, expected)


def orders(edges_VV):
    """Every order of the vertices in which all edges ascend."""
    for order in itertools.permutations(range(len(edges_VV))):
        if not np.tril(edges_VV[np.ix_(order, order)]).any():
            yield list(order)


def test_all_orders_of_a_cell_give_the_same(space5):
    rng = np.random.default_rng(0)
    for code_L in space5.sample(rng, 60):
        dags = space5.dags(code_L[None])
        labels_V, edges_VV = dags.labels_BCV[0, 0], dags.edges_BCVV[0, 0]
        written = list(orders(edges_VV))
        labels_OCV = np.stack([labels_V[order] for order in written])[:, None]
        edges_OCVV = np.stack([edges_VV[np.ix_(order, order)] for order in written])[:, None]
        found = compute_features(as_written(space5, Dags(labels_OCV, edges_OCVV)), None)
        alone = compute_features(space5, code_L[None])
        for k in range(len(written)):
            assert_same(found.rows(np.array([k])), alone)


@pytest.mark.parametrize("space", OURS.values(), ids=OURS)
def test_paths_and_neighbourhoods_are_counted(space):
    """Against a count in plain Python, and columns are one for each thing counted, in all architectures."""
    codes_BL = space.sample(np.random.default_rng(1), 40)
    dags, found = space.dags(codes_BL), compute_features(space, codes_BL)
    counted = [paths_by_hand, hoods_by_hand]
    for block, by_hand in zip(found.blocks, counted, strict=True):
        columns = {}
        for b in range(len(codes_BL)):
            wanted = Counter()
            for c, (labels_V, edges_VV) in enumerate(
                zip(dags.labels_BCV[b], dags.edges_BCVV[b], strict=True)
            ):
                wanted.update((c, *thing) for thing in by_hand(labels_V, edges_VV, len(space.dag_operations)))
            if by_hand is paths_by_hand:
                wanted = Counter({thing: min(n, PATH_COUNT) for thing, n in wanted.items()})
            row = block.rows(np.array([b]))
            _, columns_E, counts_E = row.entries()
            assert sorted(counts_E) == sorted(wanted.values())
            for column in columns_E:
                columns.setdefault(int(column), set()).add(b)
            assert len(columns_E) == len(wanted)
            for thing in wanted:
                columns.setdefault(thing, set()).add(b)
        by_column = Counter(frozenset(bs) for key, bs in columns.items() if isinstance(key, int))
        assert by_column == Counter(frozenset(bs) for key, bs in columns.items() if not isinstance(key, int))


def paths_by_hand(labels_V, edges_VV, operations):
    def walk(u, so_far):
        for v in np.flatnonzero(edges_VV[u]):
            if labels_V[v] == operations:
                yield so_far
            else:
                yield from walk(v, (*so_far, int(labels_V[v])))

    for source in np.flatnonzero(labels_V > operations):
        yield from walk(source, (int(labels_V[source]),))


def hoods_by_hand(labels_V, edges_VV, operations):
    for v in np.flatnonzero(labels_V >= 0):
        for way, others in (("reads", edges_VV[:, v]), ("feeds", edges_VV[v])):
            counts = Counter(labels_V[others].tolist())
            yield way, int(labels_V[v]), tuple(sorted((k, min(n, PATH_COUNT)) for k, n in counts.items()))


def test_statistics_of_a_known_cell(space5):
    """Input to both operations, one of which feeds the other as well as the output; and the input the output."""
    description = {
        "matrix": [[0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]],
        "ops": ["input", "conv3x3-bn-relu", "maxpool3x3", "output"],
    }
    found = compute_features(space5, space5.parse(description)[None])
    counts, most = [1, 0, 1], [1, 0, 1]
    vertices, edges, read_by_output, longest, shortest, paths, fed, skip = 4, 6, 3, 2, 0, 4, 3, 1
    expected = [*counts, *most, vertices, edges, read_by_output, longest, shortest, paths, fed, skip]
    assert found.statistics_BG.tolist() == [expected]


@pytest.mark.parametrize("space", OURS.values(), ids=OURS)
def test_distances_are_those_of_the_features(space):
    featurise = Featuriser(space)
    rng = np.random.default_rng(2)
    one, other = featurise(space.sample(rng, 30)), featurise(space.sample(rng, 20))
    found_SNE = squared_distances(one, other)
    parts = [(one.statistics_BG, other.statistics_BG)]
    if space.name != "darts":  # its columns are too many to write out
        parts += [(a.dense(), b.dense()) for a, b in zip(one.blocks, other.blocks, strict=True)]
    for found_NE, (a_NF, b_EF) in zip(found_SNE, parts, strict=False):
        expected_NE = np.square(a_NF[:, None] - b_EF).sum(axis=2)
        np.testing.assert_allclose(found_NE, expected_NE, rtol=1e-4, atol=1e-3)
    own_SNN = squared_distances(one, one)
    np.testing.assert_allclose(own_SNN, own_SNN.swapaxes(1, 2), atol=1e-3)
    assert np.abs(own_SNN[:, range(30), range(30)]).max() < 1e-3


@pytest.mark.parametrize("counts", [(1, 2), (255, 255)])
def test_weighted_sums_of_distances(counts):
    """Also of counts whose products need more than sixteen bits; a block without weight does not count."""
    rng = np.random.default_rng(3)
    few, many = rng.integers(0, counts[0] + 1, (2, 7, 9)), rng.integers(0, counts[1] + 1, (2, 7, 30))
    one, other = (
        GraphFeatures(rng.normal(size=(7, 4)).astype(np.float32), (counts_of(a), counts_of(b)))
        for a, b in zip(few, many, strict=True)
    )
    squared_SNE = squared_distances(one, other)
    expected_NE = np.square(many[0][:, None] - many[1]).sum(axis=2)
    np.testing.assert_array_equal(squared_SNE[2], expected_NE)
    for weights_S in (np.array([0.5, 2.0, 0.01]), np.array([0.0, 1.0, 0.0]), np.array([3.0, 0.0, 0.0])):
        found_NE = Distances(other, weights_S)(one)
        np.testing.assert_allclose(
            found_NE, np.einsum("s,sne->ne", weights_S, squared_SNE), rtol=1e-5, atol=1e-5
        )


def counts_of(dense_BF):
    """Rows in falling order, so that entries do not lie as rows do."""
    rows_E, columns_E = np.nonzero(dense_BF[::-1])
    starts_B, stops_B = (
        np.searchsorted(rows_E, np.arange(len(dense_BF)), side)[::-1] for side in ("left", "right")
    )
    counts_E = dense_BF[::-1][rows_E, columns_E]
    return Counts(columns_E.astype(np.int32), counts_E.astype(np.uint8), starts_B, stops_B, dense_BF.shape[1])


def test_the_table_is_what_is_computed(space5):
    featurise = featuriser(space5)
    assert featuriser(space5) is featurise
    codes_BL = np.arange(0, space5.size, 17, dtype=np.int32)[:, None]
    looked_up, computed = featurise(codes_BL), compute_features(space5, codes_BL)
    for table, block in zip(looked_up.blocks, computed.blocks, strict=True):
        np.testing.assert_array_equal(table.entries()[2], block.entries()[2])
        assert table.width <= block.width
    np.testing.assert_allclose(
        squared_distances(looked_up, looked_up)[1:], squared_distances(computed, computed)[1:]
    )
    everything = featurise(np.arange(space5.size, dtype=np.int32)[:, None]).statistics_BG
    np.testing.assert_allclose(everything.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(everything.std(axis=0), 1, atol=1e-3)


def test_a_space_without_graphs_shows_its_features(space4):
    names = ("features", "sample", "feature_count")
    plain = SimpleNamespace(**{name: getattr(space4, name) for name in names})
    codes_BL = np.arange(20, dtype=np.int32)[:, None]
    found = compute_features(plain, codes_BL)
    assert found.statistics_BG.shape == (20, 0)
    np.testing.assert_array_equal(found.blocks[0].dense(), space4.features(codes_BL))
    assert len(Featuriser(plain).units_S) == 2


def test_a_space_of_one_architecture():
    one = NASBench101(max_vertices=2)
    assert np.isfinite(Featuriser(one).units_S).all()
