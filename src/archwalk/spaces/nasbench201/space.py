"""The search space of NAS-Bench-201, which is also the topology space of NATS-Bench."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from archwalk.spaces.base import Codes, Features, NeighbourGraph, remake
from archwalk.spaces.dags import NO_VERTEX, Dags, keep_paths
from archwalk.spaces.drawing import draw_dag
from archwalk.spaces.mixed_base import MixedBaseSpace
from archwalk.spaces.nasbench201.cell import EDGES, NODES, OPERATIONS, read_cell, write_naslib, write_string
from archwalk.spaces.nasbench201.size import PUBLISHED, NASBench201Size
from archwalk.spaces.task import CIFAR10, Task

if TYPE_CHECKING:
    from archwalk.spaces.nasbench201.network import CellNetwork


class NASBench201(MixedBaseSpace):
    """The 15,625 cells of NAS-Bench-201: five operations on six edges.

    An id is the operations read as digits of base 5, the first edge of the published string first. Cells that
    compute the same (there are 6,466 that differ) keep ids of their own: each was trained, so each has its own
    figures in the table. The neighbours of a cell have another operation on one edge, 24 each. Starts are
    uniform. Source: Dong and Yang, NAS-Bench-201, ICLR 2020.
    """

    name = "nasbench201"
    edit_kinds = ("relabel",)
    choices = (len(OPERATIONS),) * len(EDGES)
    size = len(OPERATIONS) ** len(EDGES)
    numbering = "base-5-of-edges"
    """Which cell each id is; it stands in imported tables."""
    dag_operations = OPERATIONS[1:]
    dag_inputs = 1
    default_task, default_size = CIFAR10, PUBLISHED
    dag_depth = NODES - 1

    def __reduce__(self) -> tuple[Any, ...]:
        return remake, (type(self),)

    @cached_property
    def graph(self) -> NeighbourGraph:
        """The cells that differ on one edge: by edge, then by operation."""
        others = np.arange(1, len(OPERATIONS))
        digits_NE = self.to_choices(self._everyone)
        places_E = len(OPERATIONS) ** np.arange(len(EDGES))[::-1]
        changed_NEO = np.sort((digits_NE[:, :, None] + others) % len(OPERATIONS), axis=2)
        targets_NEO = self._everyone[:, :, None] + (changed_NEO - digits_NE[:, :, None]) * places_E[:, None]
        degree = len(EDGES) * len(others)
        offsets = np.arange(0, self.size * degree + 1, degree)
        return NeighbourGraph(
            offsets, targets_NEO.reshape(-1).astype(np.int32), np.zeros(self.size * degree, np.uint8)
        )

    @cached_property
    def feature_table(self) -> Features:
        """One-hot operations (6 x 5) of all cells, (size, 30).

        As operations on nodes (Cassimon et al. 2024, figure 1) all cells have the same adjacency matrix, which says
        nothing, so that only the labels of the six vertices are left.
        """
        one_hot = np.eye(len(OPERATIONS), dtype=np.uint8)
        return one_hot[self.to_choices(self._everyone)].reshape(self.size, -1)

    def parse(self, description: object) -> Codes:
        """The code (1,) of the published string or of {"arch_str": string}.

        Raises InvalidArchitectureError.
        """
        code: Codes = self.from_choices(np.array([read_cell(description)], np.int32))[0]
        return code

    def describe(self, code_L: Codes) -> dict[str, Any]:
        """The published string, {"arch_str": "|op~0|+|op~0|op~1|+|op~0|op~1|op~2|"}."""
        return {"arch_str": write_string(self.operations(code_L))}

    @property
    def foreign_forms(self) -> dict[str, Callable[[Codes], str]]:
        """NATS-Bench's string and NASLib's six numbers."""
        return {
            "nats": lambda code_L: write_string(self.operations(code_L)),
            "naslib": lambda code_L: write_naslib(self.operations(code_L)),
        }

    def operations(self, code_L: Codes) -> list[str]:
        """Names of the operations on `EDGES`."""
        return [OPERATIONS[operation] for operation in self.to_choices(code_L[None])[0]]

    def named_decisions(self, code_L: Codes) -> dict[str, str]:
        """The operation on each edge, by its ends: {"0→1": "nor_conv_3x3", ...}."""
        names = (f"{source}→{target}" for source, target in EDGES)
        return dict(zip(names, self.operations(code_L), strict=True))

    def dags(self, codes_BL: Codes) -> Dags:
        """Operations on vertices in the order of `EDGES`, between input and output; `none` takes a vertex out."""
        inside, output = len(self.dag_operations), len(EDGES) + 1
        labels_BV = np.full((len(codes_BL), output + 1), NO_VERTEX, np.int32)
        labels_BV[:, 0], labels_BV[:, output] = inside + 1, inside
        labels_BV[:, 1:output] = self.to_choices(codes_BL) - 1
        edges_VV = np.zeros((output + 1, output + 1), np.bool_)
        for v, (source, target) in enumerate(EDGES, start=1):
            edges_VV[0, v], edges_VV[v, output] = source == 0, target == NODES - 1
            for w, (next_source, _) in enumerate(EDGES, start=1):
                edges_VV[v, w] = target == next_source
        there_BV = labels_BV != NO_VERTEX
        edges_BVV = edges_VV & there_BV[:, :, None] & there_BV[:, None]
        keep_paths(labels_BV, edges_BVV, inside)
        return Dags(labels_BV[:, None], edges_BVV[:, None])

    def build(
        self, code_L: Codes, task: Task | None = None, size: NASBench201Size | None = None
    ) -> CellNetwork:
        """The network around the cell. Raises UsageError for a task without images."""
        from archwalk.spaces.nasbench201.network import CellNetwork

        task = self.default_task.check(task, "networks of nasbench201")
        return CellNetwork(self.operations(code_L), task, size or self.default_size)

    def draw(self, code_L: Codes) -> str:
        """The cell as SVG, operations on nodes (Cassimon et al. 2024, figure 1); edges with `none` are left out."""
        labels = ["input", *(f"sum {node}" for node in range(1, NODES - 1)), "output"]
        arrows = []
        for (source, target), operation in zip(EDGES, self.operations(code_L), strict=True):
            if operation != "none":
                arrows += [(source, len(labels)), (len(labels), target)]
                labels.append(operation.removeprefix("nor_"))
        return draw_dag(labels, arrows, title="NAS-Bench-201 cell")
