import numpy as np
import pytest

from archwalk.spaces.nasbench101.cell import Cell


def read(features, max_vertices):
    """The cell that features describe."""
    pairs = max_vertices * (max_vertices - 1) // 2
    slots = features[pairs:].reshape(max_vertices, 5)
    last = int(np.flatnonzero(slots[:, 1])[0])
    matrix = np.zeros((last + 1, last + 1), np.int8)
    for v in range(last + 1):
        for u in range(v):
            matrix[u, v] = features[v * (v - 1) // 2 + u]
    labels = [-1, *(int(np.flatnonzero(slots[v])[0]) - 2 for v in range(1, last)), -2]
    return Cell(matrix, tuple(labels))


def test_rewritten_features_are_of_the_same_cell(space5):
    codes_BL = np.arange(space5.size, dtype=np.int32)[:, None]
    rewritten = space5.rewritten_features(codes_BL, np.random.default_rng(0))
    assert rewritten.max() == 1
    for features, code_L in zip(rewritten, codes_BL, strict=True):
        assert space5.code_of(read(features, 5)) == code_L
    assert 0.05 < (rewritten != space5.features(codes_BL)).any(axis=1).mean() < 0.5


@pytest.mark.parametrize(
    ("edges", "ways"), [("01 14 02 24 03 34", 6), ("01 12 23 34", 1), ("01 12 24 03 34", 3)]
)
def test_every_topological_order_is_drawn(space5, edges, ways):
    """Three vertices side by side, in a row, two in a row beside one: with different operations."""
    matrix = np.zeros((5, 5), np.int8)
    for u, v in edges.split():
        matrix[int(u), int(v)] = 1
    code_L = space5.code_of(Cell(matrix, (-1, 0, 1, 2, -2)))
    rewritten = space5.rewritten_features(np.repeat(code_L[None], 300, 0), np.random.default_rng(0))
    assert len(np.unique(rewritten, axis=0)) == ways
