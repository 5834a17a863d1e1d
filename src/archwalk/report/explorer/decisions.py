"""The decisions that an architecture is made of, by names that a reader understands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from archwalk.spaces.base import Codes, SearchSpace
from archwalk.spaces.capabilities import DecisiveSpace

Value = str | int | float | bool | None

MOST_NAMES = 400
"""Decisions of a page; those beyond are left out."""
_LONGEST = 60


def decisive(space: SearchSpace | None) -> DecisiveSpace | None:
    """The space as one that names decisions; None where it does not."""
    if space is None:
        return None
    return space if isinstance(space, DecisiveSpace) else None


def decisions_of(
    description: Any, space: DecisiveSpace | None = None, code_L: Codes | None = None
) -> dict[str, Value]:
    """As the space names them, or else every value of the description, named by where it stands: `ops.1`."""
    if space is not None and code_L is not None:
        return dict(space.named_decisions(code_L))
    return dict(_leaves(description, ""))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Value]]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _leaves(part, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for place, part in enumerate(value):
            yield from _leaves(part, f"{path}.{place}" if path else str(place))
    elif isinstance(value, str):
        yield path, value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"
    elif value is None or isinstance(value, bool | int | float):
        yield path, value
