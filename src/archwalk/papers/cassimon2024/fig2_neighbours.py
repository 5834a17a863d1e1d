"""figure 2: removing a vertex of a cell, and all its neighbours."""

from collections import Counter
from typing import Any

import numpy as np

from archwalk.papers.item import Answer, Item
from archwalk.papers.setup import Setup
from archwalk.spaces.nasbench101.cell import OPERATIONS
from archwalk.spaces.nasbench101.neighbours import EDIT_KINDS, REMOVE_VERTEX
from archwalk.spaces.nasbench101.space import NASBench101

EDGES = ((0, 1), (0, 2), (1, 2), (2, 3), (2, 4), (3, 4))
"""The paper's cell as its text has it: vertex 1 leads to vertex 2 alone. The paper's drawing is not in the text, nor
are the operations; these three are ours.
"""


def compute(setup: Setup, benchmark: str) -> Answer:
    """The cell, its neighbours by kind of edit, and those that removing vertex 2 gives."""
    space = NASBench101()
    matrix = np.zeros((5, 5), int)
    matrix[tuple(zip(*EDGES, strict=True))] = 1
    operations = ["input", *OPERATIONS, "output"]
    code_L = space.parse({"matrix": matrix.tolist(), "ops": operations})
    found = space.neighbours(code_L[None])
    counts = Counter(EDIT_KINDS[kind] for kind in found.kinds_E)
    removed_EL = found.codes_EL[found.kinds_E == REMOVE_VERTEX]
    three = [n for n in removed_EL if _loses(space, n, operations[2])]
    return Answer(
        {
            "space": space.name,
            "vertices": 5,
            "edges": [list(edge) for edge in EDGES],
            "operations": operations,
        },
        {
            "cell": _drawn(space, code_L),
            "neighbours": len(found.codes_EL),
            "by_kind": {kind: counts[kind] for kind in EDIT_KINDS},
            "without_vertex_2": [_drawn(space, n) for n in three],
            "neighbour_count": {
                "mean": float(space.graph.degrees.mean()),
                "median": float(np.median(space.graph.degrees)),
                "most": int(space.graph.degrees.max()),
            },
        },
    )


def _loses(space: NASBench101, code_L: Any, operation: str) -> bool:
    """Whether a neighbour with one vertex less lacks this operation (each stands once in the cell)."""
    return operation not in space.cell(code_L).operations


def _drawn(space: NASBench101, code_L: Any) -> dict[str, Any]:
    return {"description": space.describe(code_L), "svg": space.draw(code_L)}


ITEM = Item("fig2", "Figure 2", "Neighbours of a cell: a vertex removed", "neighbours", compute)
