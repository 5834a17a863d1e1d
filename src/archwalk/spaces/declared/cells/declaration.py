"""A space of cells as it is declared: the cell, and perhaps how to build a network."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from archwalk.errors import UsageError
from archwalk.spaces.base import Codes
from archwalk.spaces.declared.building import Builder, call_builder
from archwalk.spaces.declared.cells.building import CellTemplate
from archwalk.spaces.declared.cells.cell import Cell
from archwalk.spaces.declared.cells.describing import describe_cell, graph_of
from archwalk.spaces.declared.cells.strings import Strings
from archwalk.spaces.task import Task

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class CellDeclaration:
    """A cell by declaration. `build` is a function of a description, where to import it from ("module:function",
    "file.py:function"), or a template.
    """

    name: str
    cell: Cell
    build: Builder | str | CellTemplate | None = None

    @property
    def strings(self) -> int:
        """How many strings of decisions there are, those of no cell or of the same one among them."""
        return prod(Strings(self.cell.limits).choices)

    def make_network(self, code_L: Codes, task: Task | None) -> torch.nn.Module:
        """The network of a cell for a task. Raises UsageError, ArchwalkError (see `call_builder`)."""
        if isinstance(self.build, CellTemplate):
            from archwalk.spaces.declared.cells.network import CellNetwork

            return CellNetwork(self.build, self.cell, *graph_of(self.cell, code_L), task)
        return call_builder(self.name, self.build, describe_cell(self.cell, code_L), task)

    def as_dict(self) -> dict[str, Any]:
        """For JSON, as `read_declaration` takes it. Raises UsageError where it holds a Python function."""
        found: dict[str, Any] = {"name": self.name, "cell": self.cell.as_dict()}
        if isinstance(self.build, CellTemplate):
            return found | {"build": self.build.as_dict()}
        if self.build is not None and not isinstance(self.build, str):
            raise UsageError(
                f"build of {self.name!r} is a Python function; write where it is, module:function"
            )
        return found | ({"build": self.build} if self.build else {})
