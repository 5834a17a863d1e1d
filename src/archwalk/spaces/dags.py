"""Architectures as labelled graphs, for what compares graphs or follows their paths: operations are on vertices.

Only spaces that can show them do: this is beside `SearchSpace`, not part of it.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import UsageError
from archwalk.spaces.base import Codes

NO_VERTEX = -1


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


def require_dags(space: object, wanted_by: str) -> DagSpace:
    """The space, if it shows graphs. Raises UsageError with the spaces that do."""
    if not isinstance(space, DagSpace):
        name = getattr(space, "name", type(space).__name__)
        raise UsageError(
            f"{wanted_by} compares architectures as graphs, which the space {name} does not show (`dags`); "
            "nasbench101, nasbench201, nasbench_graph, darts, nsc, chain and the numbered policy-cnn do"
        )
    return space


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
