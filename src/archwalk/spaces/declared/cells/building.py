"""Networks of declared cells, by a template of layers: a stem, copies of the cell in a row, a head.

    [build]
    width = 16                       # any number of your own may be named in layers
    cells = 3                        # copies of the cell
    stem = ["Conv2d(channels, width, 3, padding=1)", "BatchNorm2d(width)"]
    between = ["MaxPool2d(2)"]       # after each copy but the last
    head = ["AdaptiveAvgPool2d(1)", "Flatten()", "Linear(width, outputs)"]
    [build.operations]
    conv3x3 = ["Conv2d(width, width, 3, padding=1)", "BatchNorm2d(width)", "ReLU()"]
    skip = []                        # passes on what it reads

A vertex that reads several sums them up, so every operation keeps shapes as they are. With several inputs a cell reads
the outputs of as many copies before it, the nearest last. `inputs`, `channels` and `outputs` are numbers of the task.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from archwalk.errors import UsageError, unknown
from archwalk.spaces.declared.building import Entry, Layer, columns_of, compile_template, task_words
from archwalk.spaces.declared.cells.cell import Cell
from archwalk.spaces.declared.decisions import Decision
from archwalk.spaces.task import Task

if TYPE_CHECKING:
    from torch import nn

ROWS = ("stem", "between", "head")
MOST_CELLS = 1_000

Row = tuple[Entry, ...]


@dataclass(frozen=True)
class CellTemplate:
    """Layers of the stem, between cells, of the head, and of each operation; numbers that they name."""

    operations: tuple[tuple[str, Row], ...]
    stem: Row
    head: Row
    between: Row = ()
    cells: int = 1
    numbers: tuple[tuple[str, float], ...] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return CellTemplate, (self.operations, self.stem, self.head, self.between, self.cells, self.numbers)

    @classmethod
    def of(cls, declared: Mapping[str, Any], cell: Cell) -> CellTemplate:
        """Read the table [build]. Raises UsageError."""
        for key in ("operations", "stem", "head"):
            if key not in declared:
                raise UsageError(
                    f'build of a cell needs {key}: lists of layers, as in stem = ["Linear(inputs, 16)"]'
                )
        operations = declared["operations"]
        if not isinstance(operations, Mapping):
            raise UsageError('operations of build are a table, such as conv = ["Conv2d(8, 8, 3, padding=1)"]')
        for name in operations:
            if name not in cell.operations:
                raise unknown("operation of the cell", str(name), cell.operations)
        missing = [name for name in cell.operations if name not in operations]
        if missing:
            raise UsageError(f"build has no layers for the operation {missing[0]!r}")
        cells = declared.get("cells", 1)
        if type(cells) is not int or not 1 <= cells <= MOST_CELLS:
            raise UsageError(f"cells of build are a number from 1 to {MOST_CELLS:,}, not {cells!r}")
        numbers = {key: value for key, value in declared.items() if key not in ("operations", "cells", *ROWS)}
        for key, value in numbers.items():
            if not isinstance(value, int | float) or isinstance(value, bool):
                raise UsageError(
                    f"build has a number {key!r} or a row of layers {', '.join(ROWS)}, not {value!r}"
                )
        rows = {key: _row(key, declared.get(key, [])) for key in ROWS}
        read = tuple((name, _row(name, operations[name])) for name in cell.operations)
        template = cls(read, rows["stem"], rows["head"], rows["between"], cells, tuple(numbers.items()))
        template.layers  # noqa: B018 - or it says what makes no sense
        return template

    @cached_property
    def layers(self) -> dict[str, list[Layer]]:
        """All rows, compiled."""
        rows = {"stem": self.stem, "between": self.between, "head": self.head}
        rows |= {f"operations.{name}": row for name, row in self.operations}
        return {name: compile_template(row, self._constants) if row else [] for name, row in rows.items()}

    @cached_property
    def _constants(self) -> tuple[Decision, ...]:
        return tuple(Decision(name, "categorical", (value,)) for name, value in self.numbers)

    def as_dict(self) -> dict[str, Any]:
        """What `of` reads."""
        rows = {"stem": self.stem, "between": self.between, "head": self.head}
        plain = {name: [entry.as_dict() for entry in row] for name, row in rows.items()}
        operations = {name: [entry.as_dict() for entry in row] for name, row in self.operations}
        return {**dict(self.numbers), "cells": self.cells, **plain, "operations": operations}

    def row(self, name: str, task: Task | None) -> nn.Module:
        """The modules of a row, one after the other."""
        from torch import nn

        numbers = dict(self.numbers)
        columns, words = columns_of(numbers, self._constants), {**task_words(task), **numbers}
        return nn.Sequential(
            *(module for layer in self.layers[name] for module in layer.make(words, columns))
        )


def _row(name: str, declared: object) -> Row:
    if isinstance(declared, str):
        declared = [declared]
    if not isinstance(declared, list):
        raise UsageError(f'{name} of build is a list of layers, such as ["ReLU()"], not {declared!r}')
    return tuple(Entry.of({"layer": entry} if isinstance(entry, str) else entry) for entry in declared)
