"""Decisions as numbers: for each architecture the place of its value among those that a decision takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archwalk.report.explorer.decisions import Value

_MOST = 20
"""Values of a decision; numbers beyond are put into bins of equally many, other values together into one."""
_BINS = 8


@dataclass(frozen=True)
class Levels:
    """Of one decision that is not the same everywhere: the place (U,) of each architecture's value, and how the values
    are called.
    """

    name: str
    at_U: NDArray[np.int64]
    values: Sequence[str]


def levels_of(names: Sequence[str], rows: Sequence[Sequence[Value]]) -> list[Levels]:
    """Those of decisions, in order; a row may be shorter than there are names. What has no value is a level too."""
    found = []
    for place, name in enumerate(names):
        column = [row[place] if place < len(row) else None for row in rows]
        if len(set(column)) > 1:
            found.append(_levels(name, column))
    return found


def _levels(name: str, column: list[Value]) -> Levels:
    known = sorted(
        {value for value in column if value is not None}, key=lambda value: (str(type(value)), value)
    )
    if len(known) > _MOST and all(isinstance(value, int | float) for value in known):
        return _binned(name, column)
    kept = {value: place for place, value in enumerate(known[:_MOST])}
    rest = len(kept)
    at_U = np.array([rest + (value is None) if value not in kept else kept[value] for value in column])
    places, at_U = np.unique(at_U, return_inverse=True)
    words = [*map(_word, kept), "others", "none"]
    names = [
        words[rest if place == rest else rest + 1] if place >= rest else words[place] for place in places
    ]
    return Levels(name, at_U, names)


def _binned(name: str, column: list[Value]) -> Levels:
    values_U = np.array([np.nan if value is None else float(value) for value in column])
    known = values_U[~np.isnan(values_U)]
    edges = np.unique(np.quantile(known, np.arange(1, _BINS) / _BINS))
    at_U = np.where(np.isnan(values_U), len(edges) + 1, np.searchsorted(edges, values_U, side="right"))
    words = [f"below {edges[0]:g}", *(f"from {edge:g}" for edge in edges), "none"]
    places, at_U = np.unique(at_U, return_inverse=True)
    return Levels(name, at_U, [words[place] for place in places])


def _word(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
