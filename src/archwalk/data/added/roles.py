"""What each column of a table is, decisions or architectures, metrics, seeds, epochs: told, or by name and content."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from archwalk.data.added.columns import Column, as_number, says_nothing
from archwalk.data.added.json_forms import ARCHITECTURE_NAMES
from archwalk.data.added.metric_names import is_fidelity, is_identity, is_metric, is_seed, is_task, words
from archwalk.errors import UsageError, unknown
from archwalk.spaces.base import SearchSpace
from archwalk.spaces.declared.expressions import word

_FEW = 24
"""Different numbers up to which a column without a telling name is a decision."""


@dataclass(frozen=True)
class Asked:
    """What a user says of columns; the rest is inferred. `higher` says of metrics whether higher is better."""

    architecture: str | None = None
    decisions: tuple[str, ...] = ()
    reward: str | None = None
    report: str | None = None
    seed: str | None = None
    fidelity: str | None = None
    higher: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True)
class Roles:
    """The columns of a table by what they are. `left_out` are those that are nothing, with the reason."""

    architecture: str | None
    decisions: tuple[str, ...]
    metrics: tuple[str, ...]
    seed: str | None
    fidelity: str | None
    task: str | None
    left_out: Mapping[str, str]


def find_column(name: str, columns: Mapping[str, Column]) -> str:
    """The column of a name, whatever its capitals and signs. Raises UsageError with the nearest one."""
    if name in columns:
        return name
    alike = [known for known in columns if word(known).lower() == word(name).lower()]
    if len(alike) == 1:
        return alike[0]
    raise unknown("column", name, columns)


def find_roles(columns: Mapping[str, Column], space: SearchSpace | None, asked: Asked) -> Roles:
    """Raises UsageError where the columns do not say enough, with what to say."""

    def told(name: str | None) -> str | None:
        return None if name is None else find_column(name, columns)

    metrics = [name for one in (asked.reward, asked.report, *asked.higher) if (name := told(one))]
    architecture, seed, fidelity = told(asked.architecture), told(asked.seed), told(asked.fidelity)
    decisions = tuple(find_column(name, columns) for name in asked.decisions)
    left_out: dict[str, str] = {}
    task, free = None, []
    for name, column in columns.items():
        if name in (architecture, seed, fidelity, *decisions, *metrics):
            continue
        if not len(column.values):
            left_out[name] = "it is empty"
        elif seed is None and is_seed(name) and _is_whole(column):
            seed = name
        elif fidelity is None and is_fidelity(name) and _is_whole(column):
            fidelity = name
        elif task is None and is_task(name) and not _is_numeric(column) and len(column.values) <= _FEW:
            task = name
        else:
            free.append(name)
    if architecture is None and not decisions:
        by_name = _decisions_by_space(columns, space)
        decisions = tuple(name for name in by_name if name in free)
        if not decisions:
            architecture = _architecture(columns, free, space)
    for name in free:
        if name in (architecture, *decisions):
            continue
        column = columns[name]
        if is_metric(name) and _is_numeric(column):
            metrics.append(name)
        elif len(column.values) == 1:
            left_out[name] = "it has one value"
        elif is_identity(name) or _counts_rows(column):
            left_out[name] = "it names rows"
        elif architecture is None and not _given(space, asked) and _is_decision(column):
            decisions = (*decisions, name)
        elif _is_numeric(column):
            metrics.append(name)
        else:
            left_out[name] = "it is no number, and architectures stand elsewhere"
    if architecture is None and not _given(space, asked):
        followed = _following(columns, decisions)
        decisions = tuple(name for name in decisions if name not in followed)
        metrics += followed
    if architecture is None and not decisions:
        raise UsageError(
            "no column shows the architectures: name one, --architecture COLUMN, or their decisions, --decisions A,B"
        )
    if not metrics:
        raise UsageError("no column holds numbers to search for: name one, --reward COLUMN")
    order = {name: place for place, name in enumerate(columns)}
    ordered = tuple(sorted(dict.fromkeys(metrics), key=order.__getitem__))
    for name in ordered:
        if not _is_numeric(columns[name], least=1e-9):
            example = f", but for example {columns[name].values[0]!r}" if columns[name].values else ""
            raise UsageError(f"the column {name!r} holds no numbers{example}")
    return Roles(architecture, decisions, ordered, seed, fidelity, task, left_out)


def _following(columns: Mapping[str, Column], decisions: Sequence[str]) -> list[str]:
    """The columns of numbers that follow from the other decisions, which stand for every combination of their values:
    they are metrics of few values.
    """
    numeric = [
        name for name in decisions if _is_numeric(columns[name], least=1.0) and len(columns[name].values) > 2
    ]
    for name in numeric:
        others = [columns[other] for other in decisions if other != name]
        if len(others) < 2 or any(column.gaps for column in others):
            continue
        if math.prod(len(column.values) for column in others) > len(columns[name]):
            continue
        rows = np.stack([column.index_R for column in [*others, columns[name]]], axis=1)
        combinations = len(np.unique(rows[:, :-1], axis=0))
        is_grid = combinations == math.prod(len(column.values) for column in others)
        if is_grid and combinations == len(np.unique(rows, axis=0)):
            return [name, *_following(columns, [other for other in decisions if other != name])]
    return []


def _given(space: SearchSpace | None, asked: Asked) -> bool:
    """Whether the decisions are told already."""
    return space is not None or bool(asked.decisions)


def _decisions_by_space(columns: Mapping[str, Column], space: SearchSpace | None) -> list[str]:
    """The columns that are named as a declared space's decisions are; none where one is missing that always exists."""
    declaration = getattr(space, "declaration", None)
    decisions = getattr(declaration, "decisions", ())
    by_word = {word(name).lower(): name for name in columns}
    found = [by_word[key] for one in decisions if (key := word(one.name).lower()) in by_word]
    needed = [one for one in decisions if one.when is None and len(one.values) > 1]
    return found if all(word(one.name).lower() in by_word for one in needed) else []


def _architecture(
    columns: Mapping[str, Column], free: Sequence[str], space: SearchSpace | None
) -> str | None:
    """The column that holds whole architectures: the one that the space reads, or by its name or its content."""
    if space is not None:
        shares = {name: _readable(columns[name], space) for name in free}
        best = max(shares, key=lambda name: shares[name], default=None)
        if best is None or not shares[best]:
            raise UsageError(
                f"no column holds architectures that the space {space.name} reads, nor are there its decisions; name "
                "the column, --architecture COLUMN"
            )
        return best
    named = [
        name for name in free if "".join(words(name)) in {n.replace("_", "") for n in ARCHITECTURE_NAMES}
    ]
    if named:
        return named[0]
    shaped = [name for name in free if _has_structure(columns[name])]
    if len(shaped) > 1:
        raise UsageError(
            f"which column holds the architectures? say --architecture with one of {', '.join(shaped)}"
        )
    return shaped[0] if shaped else None


def _readable(column: Column, space: SearchSpace) -> float:
    """The share of some values that a space reads."""
    from archwalk.data.added.rows import read_architecture

    some = column.values[:: max(1, len(column.values) // 20)][:20]
    read = [read_architecture(space, value) for value in some]
    return sum(code is not None for code in read) / max(1, len(some))


def _has_structure(column: Column) -> bool:
    """Whether a column holds lists, objects, or long strings that mostly differ: those of architectures."""
    some = column.values[:50]
    if any(
        isinstance(value, dict) or (isinstance(value, list) and np.isnan(as_number(value))) for value in some
    ):
        return True
    if not all(isinstance(value, str) for value in some) or len(column.values) <= _FEW:
        return False
    return not is_identity(column.name) and all(np.isnan(as_number(value)) for value in some)


def _is_numeric(column: Column, least: float = 0.5) -> bool:
    """Whether most rows that say something are numbers (or lists of them)."""
    if not column.values or all(isinstance(value, bool) for value in column.values):
        return False
    no_number_V = np.isnan(column.numbers)
    words_V = [v for v in np.flatnonzero(no_number_V) if not says_nothing(column.values[v])]
    numbers, others = column.counts[~no_number_V].sum(), column.counts[words_V].sum() if words_V else 0
    return bool(numbers > 0 and numbers / (numbers + others) >= least)


def _counts_rows(column: Column) -> bool:
    """Whether a column is the numbers of the rows, in whatever order: 0, 1, 2, ... or from 1 on."""
    numbers = column.numbers
    if len(numbers) != len(column) or not len(numbers) or column.gaps or np.isnan(numbers).any():
        return False
    first = numbers.min()
    return bool(first in (0, 1) and (np.sort(numbers) == first + np.arange(len(numbers))).all())


def _is_whole(column: Column) -> bool:
    numbers = column.numbers
    return bool(_is_numeric(column) and (numbers[~np.isnan(numbers)] % 1 == 0).all())


def _is_decision(column: Column) -> bool:
    """Whether a column without a telling name has few values, each of them often."""
    if any(isinstance(value, list | dict) for value in column.values):
        return False
    if not _is_numeric(column):
        return len(column.values) <= max(_FEW, len(column) // 4)
    return len(column.values) <= _FEW and 2 * len(column.values) <= max(4, len(column))
