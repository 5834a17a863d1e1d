"""Architectures that are written in one cell, taken apart into decisions: lists, objects, digits, words between signs.

`|conv~0|+|skip~0|conv~1|` has the parts conv, skip, conv (what never changes is left out), `64-31-2` the parts 31 and 2
or, where they are digits, 3, 1 and 2; "00120" five digits. A list that has not always the same length has its `length`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from sys import intern
from typing import Any

from archwalk.errors import InvalidArchitectureError, UsageError
from archwalk.spaces.foreign import plain

LENGTH = "length"
_MANY = 32
"""Different values from which on a part of a string is taken apart further."""

_MOST_LETTERS = 10
_MOST_PARTS = 250

Parts = dict[str, list[Any]]
"""Of each decision its values in all architectures, None where it does not exist."""


def explode(values: Sequence[Any], column: str) -> Parts:
    """Decisions of architectures, by name. Raises UsageError where they cannot be told."""
    read = [_read(value) for value in values]
    if all(isinstance(value, Mapping) for value in read):
        found = _columns([_leaves(value, "") for value in read])
    elif all(isinstance(value, list) for value in read):
        found = _with_length(_columns([_leaves(value, "") for value in read]))
    else:
        found = _strings([str(value) for value in values], column)
    found = _without_constants(_deeper(found, column))
    if not found:
        raise UsageError(f"all architectures of the column {column!r} are alike")
    if len(found) > _MOST_PARTS:
        raise UsageError(
            f"architectures of the column {column!r} have {len(found)} parts: declare a space, --space FILE"
        )
    return found


def _columns(rows: Sequence[Sequence[tuple[str, Any]]]) -> Parts:
    """Rows of names and values by their names."""
    found: Parts = {}
    for row, leaves in enumerate(rows):
        for name, value in leaves:
            column = found.get(name)
            if column is None:
                column = found[name] = [None] * len(rows)
            column[row] = value
    return found


def _deeper(found: Parts, column: str) -> Parts:
    """Parts that are strings of many kinds, taken apart in turn: `{"arch_str": "|conv~0|+|skip~0|conv~1|"}`."""
    for name in list(found):
        words = found[name]
        if not all(isinstance(word, str) for word in words) or len(set(words)) <= _MANY:
            continue
        del found[name]
        found |= {f"{name}.{key}": inner for key, inner in _strings(words, f"{column}.{name}").items()}
    return found


def _read(value: Any) -> Any:
    """A list or an object that a cell writes, as JSON or as Python does; else the cell."""
    try:
        return plain(value)
    except InvalidArchitectureError:
        return value


def _leaves(value: Any, prefix: str) -> list[tuple[str, Any]]:
    """Scalars within lists and objects, named by the way there: `edges.0.op`; places in lists count from 1."""
    if isinstance(value, Mapping):
        pairs = [(str(key), inner) for key, inner in value.items()]
    elif isinstance(value, list | tuple):
        pairs = [(str(place), inner) for place, inner in enumerate(value, start=1)]
    else:
        return [(prefix or "1", value)] if value is not None else []
    return [leaf for key, inner in pairs for leaf in _leaves(inner, f"{prefix}.{key}" if prefix else key)]


def _with_length(found: Parts, name: str = "") -> Parts:
    """Lists of different lengths say theirs."""
    if all(None not in column for column in found.values()):
        return found
    lengths = [sum(value is not None for value in row) for row in zip(*found.values(), strict=True)]
    return {f"{name} {LENGTH}".strip(): lengths} | found if len(set(lengths)) > 1 else found


def _strings(texts: Sequence[str], column: str) -> Parts:
    split = [[intern(word) for word in re.findall(r"[A-Za-z0-9_.]+", text)] for text in texts]
    if (
        len({tuple(re.findall(r"[^A-Za-z0-9_.]+", text)) for text in texts}) == 1
        or len({len(one) for one in split}) == 1
    ):
        found: Parts = {}
        for place, words in enumerate(zip(*split, strict=True), start=1):
            found |= _further(words, str(place), len(split[0]) == 1)
    else:
        found = _with_length(_columns([[(str(at), word) for at, word in enumerate(one, 1)] for one in split]))
    if len(found) <= 1 and len(set(texts)) > _MANY:
        raise UsageError(
            f"the column {column!r} does not show what its architectures are made of (say {texts[0][:40]!r}): declare "
            "their space and give the decisions in columns, or as JSON"
        )
    return found


def _further(words: Sequence[str], name: str, alone: bool = False) -> Parts:
    """One place of all strings; taken apart at underscores, then into digits, where it has many values, is `alone`, or
    where a number would not begin with 0.
    """
    kinds = set(words)
    padded = len({len(word) for word in kinds}) == 1 and any(word.startswith("0") for word in kinds)
    if len(words[0]) <= 1 or (len(kinds) <= _MANY and not alone and not padded):
        return {name: list(words)}
    split = {word: word.split("_") for word in kinds}
    if len(split[words[0]]) > 1 and len({len(one) for one in split.values()}) == 1:
        found: Parts = {}
        for at in range(len(split[words[0]])):
            found |= _further([split[word][at] for word in words], f"{name}.{at + 1}")
        return found
    if len({letter for word in kinds for letter in word}) <= _MOST_LETTERS:
        letters = [[(f"{name}.{at}", letter) for at, letter in enumerate(word, 1)] for word in words]
        return _with_length(_columns(letters), name)
    return {name: list(words)}


def _without_constants(found: Parts) -> Parts:
    """What differs between architectures, under short names."""
    kept = [name for name, column in found.items() if len({(type(value), value) for value in column}) > 1]
    short = {name: name for name in kept}
    if all(re.fullmatch(rf"[\d.]*( ?{LENGTH})?", name) for name in kept):
        lengths = [name for name in kept if name.endswith(LENGTH)]
        short = {name: f"part {n}" for n, name in enumerate((k for k in kept if k not in lengths), start=1)}
        short |= {name: LENGTH if len(lengths) == 1 else f"{LENGTH} {n}" for n, name in enumerate(lengths, 1)}
    return {short[name]: found[name] for name in kept}
