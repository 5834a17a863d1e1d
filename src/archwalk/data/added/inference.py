"""The space of a table whose columns are decisions: what their values are, in what order, and where they exist."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.data.added.columns import MISSING, Column, as_number
from archwalk.errors import UsageError
from archwalk.spaces.declared.decisions import MOST_VALUES, Decision, Value
from archwalk.spaces.declared.expressions import word

ABSENT = "absent"
"""The value of a categorical decision where rows have none and no other decision says why."""

_FEW = 0.1
"""Gaps are a value of their own if more than this share of the rows of the rarest value; else rows are wrong."""

_MOST_CODES = 6  # integers from 0 or 1 on that are taken for names of choices
_TRUE, _FALSE = {"true", "yes"}, {"false", "no"}


@dataclass(frozen=True)
class Decided:
    """A decision and its column, whose values are the decision's, in its order."""

    decision: Decision
    column: Column


def infer_decisions(columns: Sequence[Column]) -> list[Decided]:
    """The decisions of columns. Raises UsageError where a column has too many values."""
    found = [_decided(column) for column in columns]
    for place, one in enumerate(found):
        if one.column.gaps:
            rule = _reason(one, [other for other in found if other is not one])
            if rule is not None:
                found[place] = replace(one, decision=replace(one.decision, when=rule))
            elif one.column.gaps > _FEW * one.column.counts.min():
                found[place] = _with_absent(one)
    return found


def as_value(text: Any) -> Value | None:
    """A cell as a value of a decision: a number or a truth where it reads as one; None for lists and objects."""
    if isinstance(text, bool | int | float):
        return text
    if not isinstance(text, str):
        return None
    if text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    if re.fullmatch(r"[-+]?(0|[1-9]\d{0,14})", text):  # 010 is no number, but a name
        return int(text)
    if re.fullmatch(r"[-+]?((0|[1-9]\d*)?\.\d*|[1-9]\d*)([eE][-+]?\d+)?", text) and text != ".":
        return float(text)
    return text


def normalised(values: Sequence[Any], name: str) -> list[Value]:
    """Cells of one column as values of one kind: all numbers, all truths, or all strings."""
    read = [as_value(value) for value in values]
    if any(value is None for value in read):
        raise UsageError(f"the column {name!r} holds lists or objects, which are no values of a decision")
    if all(isinstance(value, bool) for value in read):
        return [bool(value) for value in read]
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in read):
        return [_whole(value) for value in read]  # type: ignore[arg-type]
    return [str(value) for value in values]


def _whole(value: float) -> int | float:
    return int(value) if float(value).is_integer() and abs(value) < 2**53 else float(value)


def _decided(column: Column) -> Decided:
    if len(column.values) > MOST_VALUES:
        raise UsageError(
            f"the column {column.name!r} has {len(column.values):,} different values, too many for a decision: "
            "name the columns of decisions, --decisions A,B,..., or declare their space, --space FILE"
        )
    raw = normalised(column.values, column.name)
    values = sorted(set(raw), key=lambda value: (isinstance(value, str), value))
    place = {value: i for i, value in enumerate(values)}
    index_V = np.array([place[value] for value in raw] + [MISSING], np.int32)
    ordered = Column(column.name, index_V[column.index_R], list(values))
    return Decided(Decision(column.name, _kind(values), tuple(values)), ordered)


def _kind(values: Sequence[Any]) -> str:
    """Numbers are in an order, unless they are 0, 1, 2, ... and few, and so may be names of choices."""
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return "categorical"
    whole = all(isinstance(value, int) for value in values)
    steps = np.diff(np.array(values, np.float64))
    even = len(values) > 1 and (steps == steps[0]).all()
    if whole and even and steps[0] == 1 and values[0] in (0, 1) and len(values) <= _MOST_CODES:
        return "categorical"
    return "integer" if whole and even else "ordinal"


def _reason(one: Decided, others: Sequence[Decided]) -> str | None:
    """The condition under which a decision has values: one of another decision's values, if that says it exactly."""
    there_R = one.column.index_R != MISSING
    for other in others:
        if other.column.gaps or not isinstance(other.decision.when, str | None):
            continue
        values, index_R = other.decision.values, other.column.index_R
        there_V = _counts(index_R[there_R], len(values)) > 0
        if not there_V.all() and not (there_V & (_counts(index_R[~there_R], len(values)) > 0)).any():
            return _condition(other.decision, there_V)
    return None


def _counts(index_R: NDArray[np.int32], size: int) -> NDArray[np.int64]:
    return np.bincount(index_R, minlength=size)


def _condition(decision: Decision, there_V: NDArray[np.bool_]) -> str:
    name, values = word(decision.name), decision.values
    numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    first = int(there_V.argmax())
    if numeric and there_V[first:].all():
        return f"{name} >= {values[first]!r}"
    shown = [repr(value) for value, there in zip(values, there_V, strict=True) if there]
    return f"{name} == {shown[0]}" if len(shown) == 1 else f"{name} in ({', '.join(shown)})"


def _with_absent(one: Decided) -> Decided:
    """Gaps as a value of their own."""
    values = (ABSENT, *(str(value) for value in one.decision.values))
    decision = Decision(one.decision.name, "categorical", values)
    return Decided(decision, Column(one.column.name, one.column.index_R + np.int32(1), list(values)))


def match_column(decision: Decision, column: Column) -> NDArray[np.int32]:
    """Of each of the column's values the index of the decision's value that it writes, `MISSING` for none.

    One more stands at the end, for rows without a value.
    """
    found = np.full(len(column.values) + 1, MISSING, np.int32)
    for place, cell in enumerate(column.values):
        found[place] = _index(decision, cell)
    return found


def _index(decision: Decision, cell: Any) -> int:
    read = as_value(cell)
    for place, value in enumerate(decision.values):
        if isinstance(value, bool):
            if read is value or (type(read) is int and read in (0, 1) and bool(read) is value):
                return place
        elif isinstance(value, str):
            if str(cell) == value:
                return place
        elif not isinstance(read, bool | None) and as_number(read) == float(value):
            return place
    folded = [str(value).strip().lower() for value in decision.values]
    text = str(cell).strip().lower()
    return folded.index(text) if folded.count(text) == 1 else MISSING
