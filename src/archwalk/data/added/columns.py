"""Tables of other people as columns: each cell is a number into the column's different values, so that a million rows
take little memory and every value is looked at once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

MISSING = -1

_NOTHING = {"", "na", "n/a", "nan", "#n/a", "#na", "<na>", "-nan", "1.#qnan"}
_NO_NUMBER = _NOTHING | {
    "none",
    "null",
    "nil",
    "-",
    "--",
    "?",
    "missing",
    "failed",
    "inf",
    "-inf",
    "infinity",
}


@dataclass(frozen=True)
class Column:
    """One column of R rows: `index_R` says which of `values` a row has, `MISSING` where it has none.

    Values are strings, numbers, booleans, or lists and objects as JSON has them.
    """

    name: str
    index_R: NDArray[np.int32]
    values: list[Any]

    def __len__(self) -> int:
        return len(self.index_R)

    @cached_property
    def numbers(self) -> NDArray[np.float64]:
        """What `values` are as numbers, NaN where they are none; of a list of numbers the mean."""
        return np.array([as_number(value) for value in self.values], np.float64)

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """How many rows have each value."""
        return np.bincount(self.index_R[self.index_R >= 0], minlength=len(self.values))

    @property
    def gaps(self) -> int:
        """Rows without a value."""
        return int((self.index_R == MISSING).sum())

    def number_R(self) -> NDArray[np.float64]:
        """The rows as numbers, NaN where they have none."""
        if not self.values:
            return np.full(len(self), np.nan)
        return np.where(self.index_R >= 0, self.numbers[self.index_R], np.nan)


@dataclass
class Collector:
    """Makes columns of rows as they come; `rows` are their numbers in the file, `faults` what is not read and why."""

    names: list[str]
    rows: list[int] = field(default_factory=list)
    faults: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._known: list[dict[Any, int]] = [{} for _ in self.names]
        self._values: list[list[Any]] = [[] for _ in self.names]
        self._parts: list[list[NDArray[np.int32]]] = [[] for _ in self.names]

    def add(self, cells: Iterable[Iterable[Any]]) -> None:
        """Many rows: of each column the cells."""
        for c, column in enumerate(cells):
            known, values = self._known[c], self._values[c]
            index = []
            for cell in column:
                key = _key(cell)
                at = known.get(key)
                if at is None:
                    value = _plain(cell)
                    if value is None:
                        at = MISSING
                    else:
                        at = len(values)
                        values.append(value)
                    known[key] = at
                index.append(at)
            self._parts[c].append(np.array(index, np.int32))

    def columns(self) -> Iterator[Column]:
        """What was collected."""
        for name, values, parts in zip(self.names, self._values, self._parts, strict=True):
            yield Column(name, np.concatenate(parts) if parts else np.empty(0, np.int32), values)


def as_number(value: Any) -> float:
    """A value as a number; NaN where it is none: 93.4, "93.4 %", "1,234.5", "93,4"; of a list of numbers the mean."""
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else math.nan
    if isinstance(value, list | tuple):
        known = [number for number in map(as_number, value) if not math.isnan(number)]
        return math.fsum(known) / len(known) if known else math.nan
    if not isinstance(value, str):
        return math.nan
    text = value.strip().removesuffix("%").strip()
    try:
        number = float(text)
    except ValueError:
        if re.fullmatch(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?", text):
            number = float(text.replace(",", ""))
        elif re.fullmatch(r"[-+]?\d+,\d+([eE][-+]?\d+)?", text):
            number = float(text.replace(",", "."))
        else:
            return math.nan
    return number if math.isfinite(number) else math.nan


def says_nothing(value: Any) -> bool:
    """Whether a value of a column of numbers stands for a missing one."""
    if isinstance(value, str):
        return value.strip().lower() in _NO_NUMBER
    return isinstance(value, float) and not math.isfinite(value)


def _key(cell: Any) -> Any:
    if isinstance(cell, bool):
        return ("bool", cell)
    if isinstance(cell, list | tuple | Mapping):
        return repr(cell)
    return cell


def _plain(cell: Any) -> Any:
    """A cell without white space around it; None for what says nothing."""
    if isinstance(cell, str):
        text = cell.strip()
        return None if text.lower() in _NOTHING else text
    if isinstance(cell, float) and math.isnan(cell):
        return None
    return cell
