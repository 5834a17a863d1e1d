"""Architectures as labelled graphs, for what compares graphs or follows their paths: operations are on vertices.

Only spaces that can show them do: this is beside `SearchSpace`, not part of it.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from archwalk.spaces.base import Codes

NO_VERTEX = -1

Graph = tuple[list[str], list[tuple[int, int]]]
"""Labels of vertices, and pairs (from, to) of them."""


@dataclass(frozen=True)
class Dags:
    """C graphs (cells) for each architecture of a batch, of up to V vertices, all of them on paths from inputs to
    the output.

    `labels_BCV` are the vertices' operations; the output is numbered after the last of them, then come the inputs;
    `NO_VERTEX` where there is none. `edges_BCVV[b, c, u, v]` says that u feeds v; every edge ascends.
    """

    labels_BCV: NDArray[np.int32]
    edges_BCVV: NDArray[np.bool_]


@runtime_checkable
class DagSpace(Protocol):
    """What a space has that can show its architectures as graphs."""

    @property
    def dag_operations(self) -> tuple[str, ...]:
        """The operations, in the order of their labels."""

    @property
    def dag_inputs(self) -> int:
        """How many inputs a graph has."""

    @property
    def dag_depth(self) -> int:
        """The most operations on a path."""

    def dags(self, codes_BL: Codes) -> Dags:
        """The graphs of codes (B, L)."""


def labelled_graphs(space: DagSpace, code_L: Codes) -> list[Graph]:
    """The graphs of an architecture with the names of its operations; what lies on no path is left out."""
    dags = space.dags(code_L[None])
    one = space.dag_inputs == 1
    inputs = ["input"] if one else [f"input {i}" for i in range(1, space.dag_inputs + 1)]
    words, found = [*space.dag_operations, "output", *inputs], []
    for labels_V, edges_VV in zip(dags.labels_BCV[0], dags.edges_BCVV[0], strict=True):
        there = np.flatnonzero(labels_V != NO_VERTEX)
        place = {int(v): i for i, v in enumerate(there)}
        edges = [(place[int(u)], place[int(v)]) for u, v in np.argwhere(edges_VV)]
        found.append(([words[label] for label in labels_V[there]], edges))
    return found


def keep_paths(labels_GV: NDArray[np.int32], edges_GVV: NDArray[np.bool_], operations: int) -> None:
    """Take the vertices off that lie on no path from an input to the output, and their edges, in place."""
    vertices = labels_GV.shape[1]
    reached_GV, reaching_GV = labels_GV > operations, labels_GV == operations
    for v in range(vertices):
        reached_GV[:, v] |= (edges_GVV[:, :, v] & reached_GV).any(axis=1)
    for v in range(vertices - 1, -1, -1):
        reaching_GV[:, v] |= (edges_GVV[:, v] & reaching_GV).any(axis=1)
    kept_GV = (reached_GV & reaching_GV) | (labels_GV >= operations)  # an input may be read by nobody
    labels_GV[~kept_GV] = NO_VERTEX
    edges_GVV &= kept_GV[:, :, None] & kept_GV[:, None]
