"""Architectures that stand in several columns: lists that are taken apart, or parts that a space reads together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from archwalk.data.added.columns import MISSING, Column
from archwalk.data.added.metric_names import is_metric
from archwalk.data.added.roles import Asked
from archwalk.errors import InvalidArchitectureError
from archwalk.spaces.base import SearchSpace
from archwalk.spaces.foreign import plain

WHOLE = "architecture"
"""The column that is made of parts."""

_MOST_KINDS = 24
"""Different words or numbers in the lists of a column of decisions."""

_FORMS = (("matrix", "ops"),)
"""Names of parts that spaces read beside those that they write."""


def apart(columns: Mapping[str, Column], asked: Asked) -> dict[str, Column]:
    """The columns, with those that hold lists of choices taken apart: `ks` of [3, 5, 7] is `ks.1`, `ks.2` and `ks.3`.

    Only where there are several of them: one alone holds whole architectures.
    """
    if asked.architecture or asked.decisions:
        return dict(columns)
    lists = {name: read for name, column in columns.items() if (read := _choices(column)) is not None}
    if len(lists) < 2:
        return dict(columns)
    found: dict[str, Column] = {}
    for name, column in columns.items():
        if name not in lists:
            found[name] = column
            continue
        width = max(map(len, lists[name]))
        for place in range(width):
            known: dict[Any, int] = {}
            index_V = [
                known.setdefault(value[place], len(known)) if place < len(value) else MISSING
                for value in lists[name]
            ]
            index_R = np.array([*index_V, MISSING], np.int32)[column.index_R]
            found[name if width == 1 else f"{name}.{place + 1}"] = Column(name, index_R, list(known))
    return {name: Column(name, column.index_R, column.values) for name, column in found.items()}


def _choices(column: Column) -> list[list[Any]] | None:
    """The values of a column of lists of few kinds of words or whole numbers; None for any other column."""
    if is_metric(column.name) or not column.values:
        return None
    read = [_as_list(value) for value in column.values]
    kinds: set[Any] = set()
    for value in read:
        if value is None or not all(
            isinstance(one, str | int) and not isinstance(one, bool) for one in value
        ):
            return None
        kinds.update(value)
        if len(kinds) > _MOST_KINDS:
            return None
    return [value for value in read if value is not None]


def _as_list(value: Any) -> list[Any] | None:
    try:
        found = plain(value) if isinstance(value, str) else value
    except InvalidArchitectureError:
        return None
    return list(found) if isinstance(found, list | tuple) else None


def together(columns: Mapping[str, Column], space: SearchSpace) -> dict[str, Column]:
    """The columns, with one of whole architectures where the space reads several of them as one object: `matrix` and
    `ops`, say.
    """
    sample_L = space.sample(np.random.default_rng(0), 1)[0]
    written = space.describe(sample_L)
    by_name = {name.lower(): name for name in columns}
    for keys in (tuple(written), *_FORMS):
        parts = [by_name.get(key.lower()) for key in keys]
        if len(keys) < 2 or any(part is None for part in parts) or WHOLE in columns:
            continue
        named = [columns[str(part)] for part in parts]
        if any(column.gaps for column in named):
            continue
        rows = np.stack([column.index_R for column in named], axis=1)
        different, index_R = np.unique(rows, axis=0, return_inverse=True)
        values = [
            {key: column.values[at] for key, column, at in zip(keys, named, row, strict=True)}
            for row in different.tolist()
        ]
        if _reads(space, values[0]):
            rest = {name: column for name, column in columns.items() if name not in parts}
            return {
                WHOLE: Column(WHOLE, index_R.reshape(-1).astype(np.int32), [_plain(v) for v in values]),
                **rest,
            }
    return dict(columns)


def _plain(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: plain(part) for key, part in value.items()}


def _reads(space: SearchSpace, value: Mapping[str, Any]) -> bool:
    try:
        space.parse(_plain(value))
    except (InvalidArchitectureError, TypeError, ValueError, KeyError, IndexError, AttributeError):
        return False
    return True
