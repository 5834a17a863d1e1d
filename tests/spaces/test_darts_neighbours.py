from itertools import product

import numpy as np
import pytest

from archwalk.jit import make_streams
from archwalk.spaces.darts import DARTS, OPERATIONS

SPACE = DARTS()
PAIRS = 60 * 60


def neighbours_of_cell(edges):
    """Cells one edit away by the rule's words, as sorted tuples of (input, operation); and the edit."""
    found = {}
    for i, (state, operation) in enumerate(edges):
        used = {edges[i][0], edges[i ^ 1][0]}
        changes = [("relabel", (state, other)) for other in range(len(OPERATIONS)) if other != operation]
        changes += [("rewire", (other, operation)) for other in range(2 + i // 2) if other not in used]
        for kind, edge in changes:
            cell = [*edges[:i], edge, *edges[i + 1 :]]
            key = tuple(edge for node in range(0, 8, 2) for edge in sorted(cell[node : node + 2]))
            assert key not in found, "two edits give one cell"
            found[key] = kind
    return found


def cells_of(code):
    return [[tuple(edge) for edge in cell] for cell in code.reshape(2, 8, 2).tolist()]


def test_neighbours_follow_the_rule():
    codes = SPACE.sample(np.random.default_rng(0), 20)
    found = SPACE.neighbours(codes)
    for b, code in enumerate(codes):
        normal, reduce = map(neighbours_of_cell, cells_of(code))
        assert len(normal) == len(reduce) == 8 * 6 + 0 + 2 + 4 + 6
        edges = slice(found.offsets[b], found.offsets[b + 1])
        rows = {}
        for neighbour, kind in zip(found.codes_EL[edges], found.kinds_E[edges], strict=True):
            cells = tuple(map(tuple, cells_of(neighbour)))
            rows[cells] = SPACE.edit_kinds[kind]
        assert rows == {(n, r): f"{normal[n]}+{reduce[r]}" for n, r in product(normal, reduce)}


def test_both_cells_change():
    code = SPACE.sample(np.random.default_rng(1), 1)
    cells = SPACE.neighbours(code).codes_EL.reshape(-1, 2, 16)
    assert (cells != code.reshape(2, 16)).any(axis=2).all()


def test_neighbours_are_mutual():
    code = SPACE.sample(np.random.default_rng(2), 1)
    there = SPACE.neighbours(code).codes_EL[::100]
    back = SPACE.neighbours(there).codes_EL.reshape(len(there), PAIRS, -1)
    assert (back == code[0]).all(axis=2).any(axis=1).all()


@pytest.mark.parametrize("limit", [PAIRS - 1, PAIRS, PAIRS + 5])
def test_limit_near_all(limit):
    codes = SPACE.sample(np.random.default_rng(3), 2)
    streams_B = make_streams(np.random.default_rng(4), 2)
    codes_BNL, count_B = SPACE.sample_neighbours(codes, limit, streams_B)
    everyone = SPACE.neighbours(codes).codes_EL.reshape(2, PAIRS, -1)
    assert (count_B == min(limit, PAIRS)).all()
    for b, count in enumerate(count_B):
        drawn = set(map(tuple, codes_BNL[b, :count].tolist()))
        assert len(drawn) == count
        assert drawn <= set(map(tuple, everyone[b].tolist()))
    assert (codes_BNL[:, PAIRS:] == -1).all()


def test_first_drawn_are_a_sample_too():
    """A longer list begins with the shorter one, so that any number of them can be taken."""
    codes = SPACE.sample(np.random.default_rng(5), 8)
    streams_B = make_streams(np.random.default_rng(6), 8)
    few, _ = SPACE.sample_neighbours(codes, 5, streams_B.copy())
    many, _ = SPACE.sample_neighbours(codes, 50, streams_B)
    np.testing.assert_array_equal(many[:, :5], few)


def test_codes_need_not_be_contiguous():
    codes = SPACE.sample(np.random.default_rng(7), 6)
    streams_B = make_streams(np.random.default_rng(8), 3)
    apart, _ = SPACE.sample_neighbours(codes[::2], 4, streams_B.copy())
    together, _ = SPACE.sample_neighbours(codes[::2].copy(), 4, streams_B)
    np.testing.assert_array_equal(apart, together)
    np.testing.assert_array_equal(SPACE.features(codes[::2]), SPACE.features(codes)[::2])
