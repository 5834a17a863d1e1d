"""The rows of a table as architectures of a space; rows that are none are counted by reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.data.added.columns import MISSING, Column
from archwalk.data.added.inference import match_column
from archwalk.errors import InvalidArchitectureError
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.spaces.declared import Declaration, DeclaredSpace, NumberedSpace
from archwalk.spaces.declared.expressions import word

_EXAMPLES = 3


@dataclass
class Faults:
    """What is wrong with which rows, and what was done about it; rows by their numbers in the file."""

    unit: str
    found: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    def add(self, what: str, done: str, rows: Sequence[int] | NDArray[np.int64]) -> None:
        """Enter rows with the same fault."""
        if len(rows):
            self.found.setdefault((what, done), []).extend(np.asarray(rows).tolist())

    def lines(self) -> list[str]:
        """A line for people about each fault, with the first rows that have it."""
        return [
            f"{what}: {_counted(rows, self.unit)}; {done}"
            for (what, done), rows in sorted(self.found.items(), key=lambda item: -len(item[1]))
        ]

    def listed(self) -> list[tuple[int, str, str]]:
        """(row, what, done) of all, in the order of rows."""
        return sorted((row, what, done) for (what, done), rows in self.found.items() for row in rows)


def _counted(rows: Sequence[int], unit: str) -> str:
    first = sorted(set(rows))
    shown = ", ".join(f"{row:,}" for row in first[:_EXAMPLES])
    if len(first) == 1:
        return f"{unit} {shown}"
    return f"{len(first):,} {unit}s ({shown}{', ...' if len(first) > _EXAMPLES else ''})"


def read_architecture(space: SearchSpace, value: Any) -> Codes | None:
    """The code (L,) of a cell, as the space's `parse` takes it; None for none."""
    try:
        return space.parse(value)
    except (InvalidArchitectureError, TypeError, ValueError, KeyError, IndexError, AttributeError):
        return None


def codes_of_architectures(
    space: SearchSpace, column: Column, rows: NDArray[np.int64], faults: Faults
) -> Codes:
    """Codes (R, L) of a column of whole architectures; -1 for rows that have none, which are entered in `faults`."""
    found_VL = np.full((len(column.values) + 1, space.code_length), -1, np.int32)
    for place, value in enumerate(column.values):
        code_L = read_architecture(space, value)
        if code_L is not None:
            found_VL[place] = code_L
    codes_RL = found_VL[column.index_R]
    gap_R = column.index_R == MISSING
    faults.add("no architecture", "left out", rows[gap_R])
    invalid_R = (codes_RL[:, 0] < 0) & ~gap_R
    faults.add(f"no architecture of the space {space.name}", "left out", rows[invalid_R])
    return codes_RL


def codes_of_decisions(
    space: NumberedSpace | DeclaredSpace, columns: dict[str, Column], rows: NDArray[np.int64], faults: Faults
) -> Codes:
    """The same of columns of decisions, by their words as expressions write them."""
    declaration = space.declaration
    digits_RD, there_RD = _digits(declaration, columns, rows, faults)
    rules, wrong_R = declaration.rules, np.zeros(len(rows), np.bool_)
    given_RD = digits_RD >= 0
    settled_RD = np.where(given_RD, digits_RD, 0).astype(np.int32)
    exists_RD = rules.settle(settled_RD)
    for d, decision in enumerate(declaration.decisions):
        missing_R = exists_RD[:, d] & ~there_RD[:, d] & (len(decision.values) > 1)
        faults.add(f"no value of {decision.name!r}", "left out", rows[missing_R])
        invalid_R = exists_RD[:, d] & there_RD[:, d] & ~given_RD[:, d]
        faults.add(f"another value of {decision.name!r} than the space has", "left out", rows[invalid_R])
        idle_R = ~exists_RD[:, d] & there_RD[:, d]
        faults.add(
            f"a value of {decision.name!r}, which does not exist there",
            "taken without it",
            rows[idle_R & ~wrong_R],
        )
        wrong_R |= missing_R | invalid_R
    broken_R = ~rules.allowed(settled_RD, exists_RD) & ~wrong_R
    faults.add("constraints of the space are broken", "left out", rows[broken_R])
    codes_RL = settled_RD[:, declaration.free]
    if isinstance(space, NumberedSpace):
        codes_RL = space.from_choices(codes_RL)
    codes_RL[wrong_R | broken_R] = -1
    return codes_RL


def _digits(
    declaration: Declaration, columns: dict[str, Column], rows: NDArray[np.int64], faults: Faults
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Indices into values (R, D), -1 for none, and whether a row says anything of a decision."""
    shape = len(rows), len(declaration.decisions)
    digits_RD, there_RD = np.full(shape, -1, np.int32), np.zeros(shape, np.bool_)
    for d, decision in enumerate(declaration.decisions):
        column = columns.get(word(decision.name).lower())
        if column is None:
            if len(decision.values) == 1:
                digits_RD[:, d] = 0
            continue
        digits_RD[:, d] = match_column(decision, column)[column.index_R]
        there_RD[:, d] = column.index_R != MISSING
    return digits_RD, there_RD
