"""Neighbours of DARTS architectures: both cells are edited at once (Cassimon et al. 2024, section 3.2.1).

The edits of a cell, always 60: `relabel` gives one edge another operation (8 x 6), `rewire` another input, an earlier
state that the node does not read yet (0 + 2 + 4 + 6). The result is sorted into canonical form; no two edits give the
same cell. A neighbour is a pair of an edit of the normal cell and one of the reduction cell, 3,600 in all. Cassimon
et al. 2024 counts "around 70" edits: 68 are found if an edge may also take the input of its node's other edge, which
the two sources of a node then would not allow.
"""

import numpy as np
from numpy.typing import NDArray

from archwalk.jit import kernel, random_below
from archwalk.spaces.darts.code import CELL_LENGTH, CODE_LENGTH, EDGES, NODES, OPERATIONS

CELL_EDITS = ("relabel", "rewire")
EDIT_KINDS = tuple(f"{normal}+{reduce}" for normal in CELL_EDITS for reduce in CELL_EDITS)
"""The edit of the normal cell, then that of the reduction cell."""

_OTHER_OPERATIONS = len(OPERATIONS) - 1
_RELABELS = EDGES * _OTHER_OPERATIONS
_REWIRES = np.array(
    [(edge, free) for node in range(NODES) for edge in (2 * node, 2 * node + 1) for free in range(node)]
)
"""The edge of each rewiring, and which of the states that its node does not read it takes."""

EDITS = _RELABELS + len(_REWIRES)
"""Edits of a cell; those below `_RELABELS` relabel."""

PAIRS = EDITS**2


@kernel
def _edit_cell(code, at, edit):  # type: ignore[no-untyped-def]
    """Make one of the `EDITS` in the cell that begins at `at` in a code (32,)."""
    if edit < _RELABELS:
        place = at + 2 * (edit // _OTHER_OPERATIONS) + 1
        other = edit % _OTHER_OPERATIONS
        code[place] = other + (other >= code[place])
        return
    edge, state = _REWIRES[edit - _RELABELS, 0], _REWIRES[edit - _RELABELS, 1]
    low = at + 2 * (edge - edge % 2)  # where the node's edge with the lower input is
    state += state >= code[low]
    state += state >= code[low + 2]
    code[at + 2 * edge] = state
    if code[low] > code[low + 2]:
        code[low], code[low + 2] = code[low + 2], code[low]
        code[low + 1], code[low + 3] = code[low + 3], code[low + 1]


@kernel
def _write_neighbour(code, pair, out):  # type: ignore[no-untyped-def]
    """Write to `out` (32,) the code (32,) after one of the `PAIRS` of edits."""
    for i in range(CODE_LENGTH):
        out[i] = code[i]
    _edit_cell(out, 0, pair // EDITS)
    _edit_cell(out, CELL_LENGTH, pair % EDITS)


@kernel
def fill_neighbours(codes_BL, pairs, codes_BNL):  # type: ignore[no-untyped-def]
    """Write to `codes_BNL` (B, 3600, 32) all neighbours of each row, in the order of `pairs`."""
    for b in range(len(codes_BL)):
        for j in range(len(pairs)):
            _write_neighbour(codes_BL[b], pairs[j], codes_BNL[b, j])


@kernel
def sample_pairs(codes_BL, count, streams_B, codes_BNL):  # type: ignore[no-untyped-def]
    """Write to the start of `codes_BNL` (B, N, 32) `count` <= 3600 distinct neighbours, drawn uniformly.

    Fisher-Yates only as far as needed; undone after each row, so that a row takes `count` steps, not 3,600.
    """
    pairs, picks = np.arange(PAIRS), np.empty(count, np.int64)
    for b in range(len(codes_BL)):
        for j in range(count):
            picks[j] = j + random_below(streams_B, b, PAIRS - j)
            pairs[j], pairs[picks[j]] = pairs[picks[j]], pairs[j]
            _write_neighbour(codes_BL[b], pairs[j], codes_BNL[b, j])
        for j in range(count - 1, -1, -1):
            pairs[j], pairs[picks[j]] = pairs[picks[j]], pairs[j]


def pairs_by_kind() -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """All pairs of edits grouped by kind, (3600,), and the kind of each, an index into `EDIT_KINDS`."""
    normal, reduce = np.divmod(np.arange(PAIRS), EDITS)
    kinds = 2 * (normal >= _RELABELS) + (reduce >= _RELABELS)
    order = np.argsort(kinds, kind="stable")
    return order, kinds[order].astype(np.uint8)
