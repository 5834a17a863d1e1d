"""The network of a declared cell by its template."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from archwalk.spaces.declared.cells.building import CellTemplate
from archwalk.spaces.declared.cells.cell import Cell
from archwalk.spaces.declared.cells.describing import Edge
from archwalk.spaces.task import Task


class CellNetwork(nn.Module):
    """Stem, copies of a cell with weights of their own, head. `labels` and `edges` are those of `graph_of`."""

    def __init__(
        self, template: CellTemplate, cell: Cell, labels: list[int], edges: list[Edge], task: Task | None
    ) -> None:
        super().__init__()
        self.inputs = cell.inputs
        self.stem = template.row("stem", task)
        self.cells = nn.ModuleList(_Copy(template, cell, labels, edges, task) for _ in range(template.cells))
        self.between = nn.ModuleList(template.row("between", task) for _ in range(template.cells - 1))
        self.head = template.row("head", task)

    def forward(self, x: Tensor) -> Tensor:
        """Outputs of the head (B, ...) for inputs of the task (B, ...)."""
        states = [self.stem(x)] * self.inputs
        for k, cell in enumerate(self.cells):
            states = [*states[1:], cell(states)]
            if k < len(self.between):
                states = [self.between[k](state) for state in states]
        found: Tensor = self.head(states[-1])
        return found


class _Copy(nn.Module):
    """One copy of the cell: reads a list of tensors, one an input."""

    def __init__(
        self, template: CellTemplate, cell: Cell, labels: list[int], edges: list[Edge], task: Task | None
    ) -> None:
        super().__init__()
        self.inputs, self.edges = cell.inputs, [(u, v) for u, v, _ in edges]
        self.nodes, self.on_edges = len(labels), cell.on == "edges"
        kinds = [kind for *_, kind in edges] if self.on_edges else labels
        self.operations = nn.ModuleList(
            template.row(f"operations.{cell.operations[kind - 1]}", task) for kind in kinds
        )
        read = {u for u, _ in self.edges}
        nodes = range(cell.inputs, cell.inputs + self.nodes)
        self.ends = (
            [] if cell.limits.reached else [v for v in nodes if cell.output == "nodes" or v not in read]
        )

    def forward(self, states: list[Tensor]) -> Tensor:
        """What the output reads, summed up."""
        values = list(states)
        last = self.inputs + self.nodes + (0 if self.ends else 1)
        for v in range(self.inputs, last):
            read = [(e, u) for e, (u, w) in enumerate(self.edges) if w == v]
            parts = [self.operations[e](values[u]) if self.on_edges else values[u] for e, u in read]
            total = torch.stack(parts).sum(dim=0) if len(parts) > 1 else parts[0]
            inner = v < self.inputs + self.nodes
            values.append(self.operations[v - self.inputs](total) if inner and not self.on_edges else total)
        return torch.stack([values[v] for v in self.ends]).sum(dim=0) if self.ends else values[-1]
