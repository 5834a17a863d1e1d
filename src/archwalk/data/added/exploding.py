"""Architectures that are written in one cell, taken apart into decisions: lists, objects, digits, words between signs.

`|conv~0|+|skip~0|conv~1|` has the parts conv, skip, conv (what never changes is left out), `64-31-2` the parts 31 and 2
or, where they are digits, 3, 1 and 2; "00120" five digits. A list that has not always the same length has its `length`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from archwalk.errors import InvalidArchitectureError, UsageError
from archwalk.spaces.foreign import plain

LENGTH = "length"
_MANY = 32
"""Different values from which on a part of a string is taken apart further."""

_MOST_LETTERS = 10
_MOST_PARTS = 250

Parts = dict[str, Any]


def explode(values: Sequence[Any], column: str) -> list[Parts]:
    """Of each architecture its decisions by name. Raises UsageError where that cannot be told."""
    read = [_read(value) for value in values]
    if all(isinstance(value, Mapping) for value in read):
        found = [dict(_leaves(value, "")) for value in read]
    elif all(isinstance(value, list) for value in read):
        found = _with_length([dict(_leaves(value, "")) for value in read])
    else:
        found = _strings([str(value) for value in values], column)
    found = _without_constants(_deeper(found, column))
    if not found or (not found[0] and not any(found)):
        raise UsageError(f"all architectures of the column {column!r} are alike")
    if max(map(len, found)) > _MOST_PARTS:
        raise UsageError(
            f"architectures of the column {column!r} have {max(map(len, found))} parts: declare a space, --space FILE"
        )
    return found


def _deeper(found: list[Parts], column: str) -> list[Parts]:
    """Parts that are strings of many kinds, taken apart in turn: `{"arch_str": "|conv~0|+|skip~0|conv~1|"}`."""
    for name in list(found[0]) if found else []:
        words = [parts.get(name) for parts in found]
        if len({str(word) for word in words}) <= _MANY or not all(isinstance(word, str) for word in words):
            continue
        inner = _strings([str(word) for word in words], f"{column}.{name}")
        for parts, deeper in zip(found, inner, strict=True):
            del parts[name]
            parts |= {f"{name}.{key}": value for key, value in deeper.items()}
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


def _with_length(found: list[Parts], name: str = "") -> list[Parts]:
    """Lists of different lengths say theirs."""
    if len({len(parts) for parts in found}) == 1:
        return found
    return [{f"{name} {LENGTH}".strip(): len(parts)} | parts for parts in found]


def _strings(texts: Sequence[str], column: str) -> list[Parts]:
    split = [re.findall(r"[A-Za-z0-9_.]+", text) for text in texts]
    if (
        len({tuple(re.findall(r"[^A-Za-z0-9_.]+", text)) for text in texts}) == 1
        or len({len(one) for one in split}) == 1
    ):
        width = len(split[0])
        columns = [
            _further([one[place] for one in split], str(place + 1), width == 1) for place in range(width)
        ]
        found = [
            {name: value for part in columns for name, value in part[row].items()}
            for row in range(len(texts))
        ]
    else:
        found = _with_length([{str(place): word for place, word in enumerate(one, start=1)} for one in split])
    if max(map(len, found)) == 1 and len(set(texts)) > _MANY:
        raise UsageError(
            f"the column {column!r} does not show what its architectures are made of (say {texts[0][:40]!r}): declare "
            "their space and give the decisions in columns, or as JSON"
        )
    return found


def _further(words: Sequence[str], name: str, alone: bool = False) -> list[Parts]:
    """One place of all strings; taken apart at underscores, then into digits, where it has many values, is `alone`, or
    where a number would not begin with 0.
    """
    padded = len({len(word) for word in words}) == 1 and any(word[0] == "0" for word in words)
    if len(words[0]) == 1 or (len(set(words)) <= _MANY and not alone and not padded):
        return [{name: word} for word in words]
    split = [word.split("_") for word in words]
    if len(split[0]) > 1 and len({len(one) for one in split}) == 1:
        columns = [_further([one[at] for one in split], f"{name}.{at + 1}") for at in range(len(split[0]))]
        return [
            {key: value for part in columns for key, value in part[row].items()} for row in range(len(words))
        ]
    if len({letter for word in words for letter in word}) <= _MOST_LETTERS:
        return _with_length(
            [{f"{name}.{at}": letter for at, letter in enumerate(word, 1)} for word in words], name
        )
    return [{name: word} for word in words]


def _without_constants(found: list[Parts]) -> list[Parts]:
    """What differs between architectures, under short names."""
    names = list(dict.fromkeys(name for parts in found for name in parts))
    kept = [name for name in names if len({repr(parts.get(name)) for parts in found}) > 1]
    short = {name: name for name in kept}
    if all(re.fullmatch(rf"[\d.]*( ?{LENGTH})?", name) for name in kept):
        lengths = [name for name in kept if name.endswith(LENGTH)]
        short = {name: f"part {n}" for n, name in enumerate((k for k in kept if k not in lengths), start=1)}
        short |= {name: LENGTH if len(lengths) == 1 else f"{LENGTH} {n}" for n, name in enumerate(lengths, 1)}
    return [{short[name]: parts[name] for name in kept if name in parts} for parts in found]
