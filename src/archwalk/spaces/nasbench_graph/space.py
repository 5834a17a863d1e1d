"""The search space of NAS-Bench-Graph."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import InvalidArchitectureError, UsageError, unknown
from archwalk.spaces.base import Codes, EnumerableSpace, Features, NeighbourGraph, remake, require_keys
from archwalk.spaces.dags import Dags
from archwalk.spaces.drawing import draw_dag
from archwalk.spaces.foreign import plain
from archwalk.spaces.nasbench_graph.canonical import (
    NODES,
    OPERATIONS,
    Architectures,
    enumerate_architectures,
)
from archwalk.spaces.nasbench_graph.neighbourhood import EDIT_KINDS, build_graph
from archwalk.spaces.nasbench_graph.size import NASBenchGraphSize, nodes
from archwalk.spaces.task import Task

if TYPE_CHECKING:
    from archwalk.spaces.nasbench_graph.network import GraphNetwork

PROTEINS_OPERATIONS = ("gcn", "sage", "arma", "fc", "skip")
"""The operations measured on the data set `proteins`."""


class NASBenchGraph(EnumerableSpace):
    """Graph neural networks of four nodes, each one operation on the output of an earlier one.

    26,206 architectures over all nine operations; 2,021 over `PROTEINS_OPERATIONS`. Ids ascend with the
    published number (`hashes`), which is the same in both. Starts are drawn uniformly over architectures.
    Raises UsageError if `operations` name no network. Source: Qin et al., NAS-Bench-Graph, NeurIPS 2022.
    """

    name = "nas-bench-graph"
    edit_kinds = EDIT_KINDS
    default_task, default_size = nodes(1433, 7), NASBenchGraphSize()
    dag_operations = OPERATIONS
    dag_inputs = 1
    dag_depth = NODES

    def __init__(self, operations: Iterable[str] = OPERATIONS) -> None:
        chosen = set(operations)
        for operation in sorted(chosen - set(OPERATIONS)):
            raise unknown("operation", operation, OPERATIONS)
        if not chosen - {"skip"}:
            raise UsageError(f"operations must hold one that is not skip, say {OPERATIONS[1]!r}")
        self.operations = tuple(operation for operation in OPERATIONS if operation in chosen)
        self.parameters = {"operations": list(self.operations)}
        self.choices = (*range(2, NODES + 1), *NODES * (len(self.operations),))

    def __reduce__(self) -> tuple[Any, ...]:
        return remake, (type(self), self.operations)

    @property
    def size(self) -> int:
        """Number of architectures."""
        return len(self.hashes)

    @property
    def hashes(self) -> NDArray[np.int64]:
        """Published number (size,) of each architecture, ascending: the key of the published tables."""
        return self._all.hashes

    @cached_property
    def graph(self) -> NeighbourGraph:
        """All neighbours of all architectures; see `neighbourhood` for the edits."""
        return build_graph(self._all)

    @cached_property
    def feature_table(self) -> Features:
        """One-hot parents (1 + 2 + 3 + 4) and operations (4 x 9) of the canonical string, (size, 46).

        The layout is that of all nine operations, so that a network trained on one variant fits the other.
        """
        links = [self._all.links[:, i, None] == np.arange(i + 1) for i in range(NODES)]
        ops = self._all.operations[:, :, None] == np.arange(len(OPERATIONS))
        return np.concatenate([*links, ops.reshape(self.size, -1)], axis=1).astype(np.uint8)

    @cached_property
    def start_weights(self) -> NDArray[np.float64]:
        """Uniform over architectures (not over strings)."""
        return np.full(self.size, 1 / self.size)

    def to_choices(self, codes_BL: Codes) -> NDArray[np.int32]:
        """Canonical strings (B, 7): parents of nodes 2, 3, 4, then positions in `operations`."""
        ids = codes_BL[:, 0]
        return np.concatenate([self._all.links[ids, 1:], self._all.labels[ids]], axis=1).astype(np.int32)

    def from_choices(self, choices_BC: NDArray[np.int32]) -> Codes:
        """Codes (B, 1) of strings; -1 for four skips. Raises ValueError if a choice is out of its range."""
        strings = np.ravel_multi_index(tuple(choices_BC.T), self.choices)
        codes_BL: Codes = self._all.ids.reshape(-1)[strings][:, None]
        return codes_BL

    def parse(self, description: object) -> Codes:
        """The code (1,) of {"link": [0, 0, 1, 2], "ops": ["gcn", ...]}, in any numbering of the nodes.

        Node i + 1 reads the input (link 0) or node `link[i]` <= i. The package's `Arch` is read too, and a pair of
        both lists. Raises InvalidArchitectureError.
        """
        found = plain(description)
        if isinstance(found, list) and len(found) == 2 and all(isinstance(part, list) for part in found):
            found = {"link": found[0], "ops": found[1]}
        fields = require_keys(found, "link", "ops")
        link = _read_link(fields["link"])
        labels = self._read_ops(fields["ops"])
        code: Codes = self.from_choices(np.array([link[1:] + labels], np.int32))[0]
        if code[0] < 0:
            raise InvalidArchitectureError('"ops" are all skip, which is no network; name another operation')
        return code

    def describe(self, code_L: Codes) -> dict[str, Any]:
        """The canonical string as JSON: {"link": [...], "ops": [...]}."""
        link, ops = self._string(code_L)
        return {"link": link, "ops": ops}

    def build(
        self, code_L: Codes, task: Task | None = None, size: NASBenchGraphSize | None = None
    ) -> GraphNetwork:
        """A node classifier, `forward(x, edge_index)`; by default for the features and classes of Cora.

        `build(code_L, *PUBLISHED["cora"])` is the network that was measured. Raises UsageError for other tasks,
        MissingExtraError without torch-geometric.
        """
        from archwalk.spaces.nasbench_graph.network import GraphNetwork

        task = self.default_task.check(task, "networks of nas-bench-graph")
        return GraphNetwork(*self._string(code_L), task, size or self.default_size)

    def dags(self, codes_BL: Codes) -> Dags:
        """The canonical strings between the input and the read-out of the leaves (see `Dags`)."""
        ids, output = codes_BL[:, 0], NODES + 1
        labels_BV = np.empty((len(ids), output + 1), np.int32)
        labels_BV[:, 0], labels_BV[:, output] = len(OPERATIONS) + 1, len(OPERATIONS)
        labels_BV[:, 1:output] = self._all.operations[ids]
        edges_BVV = np.zeros((len(ids), output + 1, output + 1), np.bool_)
        rows = np.arange(len(ids))
        for node, parent_B in enumerate(self._all.links[ids].T, start=1):
            edges_BVV[rows, parent_B, node] = True
        edges_BVV[:, 1:output, output] = ~edges_BVV[:, 1:output].any(axis=2)
        return Dags(labels_BV[:, None], edges_BVV[:, None])

    def draw(self, code_L: Codes) -> str:
        """SVG of the canonical string, with the read-out of the leaves as output."""
        link, ops = self._string(code_L)
        leaves = [node for node in range(1, NODES + 1) if node not in link]
        edges = [(parent, i + 1) for i, parent in enumerate(link)] + [(leaf, NODES + 1) for leaf in leaves]
        number = self.hashes[code_L[0]]
        return draw_dag(["input", *ops, "output"], edges, title=f"NAS-Bench-Graph architecture {number}")

    @cached_property
    def _all(self) -> Architectures:
        return enumerate_architectures(self.operations)

    def _string(self, code_L: Codes) -> tuple[list[int], list[str]]:
        architecture = int(code_L[0])
        return self._all.links[architecture].tolist(), [
            OPERATIONS[operation] for operation in self._all.operations[architecture]
        ]

    def _read_ops(self, ops: object) -> list[int]:
        if not isinstance(ops, list) or len(ops) != NODES or not all(isinstance(op, str) for op in ops):
            raise InvalidArchitectureError(f'"ops" must be a list of {NODES} names of operations')
        for op in ops:
            if op not in self.operations:
                raise InvalidArchitectureError(str(unknown("operation", op, self.operations)))
        return [self.operations.index(op) for op in ops]


def _read_link(link: object) -> list[int]:
    if not isinstance(link, list) or len(link) != NODES:
        raise InvalidArchitectureError(f'"link" must be a list of {NODES} integers')
    for i, parent in enumerate(link):
        if type(parent) is not int or not 0 <= parent <= i:
            right = "0 (the input)" if i == 0 else f"an integer from 0 (the input) to {i} (node {i})"
            raise InvalidArchitectureError(f'"link"[{i}] must be {right}, not {parent!r}')
    return link
