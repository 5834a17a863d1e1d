"""OTMANN against a linear programme of the whole transport, and the properties of a distance."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment, linprog

from archwalk.spaces.darts import DARTS
from archwalk.spaces.nasbench101.space import NASBench101
from archwalk.spaces.nasbench201 import NASBench201
from archwalk.spaces.nasbench_graph import NASBenchGraph
from archwalk.spaces.otmann import Otmann, _assign_few, _assign_many, kind_of, mismatch_costs

COSTS = (0.1, 0.8)
SPACES = (NASBench101(), NASBench201(), NASBenchGraph(), DARTS())


@pytest.fixture(params=SPACES, ids=lambda space: space.name)
def space(request):
    return request.param


def transported(labels_V, positions_VD, other_labels, other_positions, mismatch, weight):
    """Section 3: masses with a vertex of no kind on each side, which takes what is left unmatched at cost 1."""
    operations = len(mismatch)
    these, those = np.flatnonzero(labels_V >= 0), np.flatnonzero(other_labels >= 0)

    def masses(labels):
        inside = labels < operations
        return np.where(inside, 1.0, 0.1 * inside.sum())

    supply, demand = masses(labels_V[these]), masses(other_labels[those])
    costs = np.full((len(these) + 1, len(those) + 1), 1.0)
    costs[-1, -1] = 0
    for i, u in enumerate(these):
        for j, v in enumerate(those):
            a, b = labels_V[u], other_labels[v]
            label = mismatch[a, b] if max(a, b) < operations else (0.0 if a == b else 1e4)
            costs[i, j] = label + weight * np.abs(positions_VD[u] - other_positions[v]).mean()
    supply, demand = np.append(supply, demand.sum()), np.append(demand, supply.sum())
    rows = [np.eye(len(supply))[i][:, None] * np.ones(len(demand)) for i in range(len(supply))]
    columns = [np.ones((len(supply), 1)) * np.eye(len(demand))[j] for j in range(len(demand))]
    constraints = np.array([matrix.ravel() for matrix in rows + columns])
    found = linprog(costs.ravel(), A_eq=constraints, b_eq=np.concatenate([supply, demand]))
    return found.fun, supply[:-1].sum() + demand[:-1].sum()


def test_it_is_the_cheapest_transport(space):
    otmann = Otmann(space, COSTS)
    codes_BL = space.sample(np.random.default_rng(0), 10)
    positions = otmann.positions(codes_BL)
    found = otmann.distances(positions[:5], positions[5:])
    for m in range(5):
        for s, weight in enumerate(COSTS):
            cells = [
                transported(
                    positions.labels_BCV[m, c], positions.positions_BCVD[m, c],
                    positions.labels_BCV[5 + m, c], positions.positions_BCVD[5 + m, c], otmann.mismatch, weight,
                )
                for c in range(positions.labels_BCV.shape[1])
            ]  # fmt: skip
            cost, mass = (sum(column) for column in zip(*cells, strict=True))
            assert found[0, s, m, m] == pytest.approx(cost, abs=1e-6)
            assert found[1, s, m, m] == pytest.approx(cost / mass if mass else 0, abs=1e-6)


@pytest.mark.parametrize(
    "shape", [(1, 1), (3, 3), (6, 6), (4, 6), (9, 5), (7, 7), (0, 7), (3, 0), (12, 12), (20, 17)]
)
def test_both_ways_to_assign_find_the_least(shape):
    """Of rows and columns the fewer are matched, unless a pair costs more than what leaving both does: 2."""
    rng = np.random.default_rng(1)
    for _ in range(20):
        costs = rng.uniform(0, 3, shape)
        costs[rng.random(shape) < 0.3] = 2  # of another kind
        capped = np.minimum(costs, 2)
        expected = capped[linear_sum_assignment(capped)].sum() + abs(shape[0] - shape[1])
        assert _assign_many(costs, *shape) == pytest.approx(expected)
        if shape[1] <= 7:
            assert _assign_few(costs, *shape, np.empty(1 << shape[1])) == pytest.approx(expected)


def test_it_is_symmetric_and_zero_for_the_same(space):
    otmann = Otmann(space, COSTS)
    positions = otmann.positions(space.sample(np.random.default_rng(1), 40))
    distances = otmann.distances(positions, positions)
    assert (distances >= 0).all()
    np.testing.assert_allclose(distances, distances.swapaxes(2, 3), atol=1e-9)
    np.testing.assert_allclose(distances[..., np.arange(40), np.arange(40)], 0, atol=1e-12)


def test_isomorphic_cells_are_the_same_and_others_mostly_not(space5):
    otmann = Otmann(space5, COSTS)
    ids = np.random.default_rng(2).choice(space5.size, 300, replace=False).astype(np.int32)
    positions = otmann.positions(ids[:, None])
    distances = otmann.distances(positions, positions)[0, 0]
    same = distances[~np.eye(300, dtype=bool)] < 1e-9
    assert same.mean() < 0.001


def test_positions_of_a_chain_and_of_a_skip(space4):
    """conv3x3, maxpool in a row, the input wired to the output as well."""
    ops = ["input", "conv3x3-bn-relu", "maxpool3x3", "output"]
    code = space4.parse({"matrix": [[0, 1, 0, 1], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]], "ops": ops})
    positions = Otmann(space4, COSTS).positions(code[None]).positions_BCVD[0, 0]
    every, conv, pool = positions[:, :3], positions[:, 3:6], positions[:, 6:9]
    np.testing.assert_array_equal(every, [[0, 0, 0], [1, 1, 1], [2, 2, 2], [1, 3, 2]])
    np.testing.assert_array_equal(conv[3], [0, 1, 0.5])
    np.testing.assert_array_equal(pool[:, 1], [0, 0, 1, 1])
    to_output = positions[:, 9:12]
    np.testing.assert_array_equal(to_output, [[1, 3, 2], [3, 3, 3], [2, 2, 2], [1, 1, 1]])


def test_mismatches_are_the_code_s():
    costs = mismatch_costs(("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"))
    assert costs[0, 1] == pytest.approx(0.2)
    assert costs[0, 2] == 2
    darts = mismatch_costs(DARTS.dag_operations)
    assert darts[0, 1] == 0.5
    assert darts[3, 4] == pytest.approx(0.2)
    assert darts[3, 5] == pytest.approx(0.1)
    np.testing.assert_array_equal(darts, darts.T)
    assert {kind_of(name) for name in NASBenchGraph().dag_operations} == {"graph", "fc", "skip"}
