"""Settings of strategies and agents: fields of a dataclass, from text, TOML or Python, each as its type or refused."""

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from archwalk.errors import UsageError, unknown
from archwalk.experiments.presets import Preset

S = TypeVar("S")
Changes = Mapping[str, Any] | Sequence[str]
"""Settings by name, as text or of their own type, or as KEY=VALUE."""

_LARGEST = 2**63
_log = logging.getLogger(__name__)


def make_settings(cls: type[S], preset: Preset | None = None, changes: Changes = ()) -> S:
    """Settings of a dataclass: its defaults, then the preset's, then `changes`.

    What is counted in steps is scaled with the length of a training (`length`, `scaled` of the class) where only that
    was changed and the training would be too short otherwise; a note says so, and one says what would never happen.
    Raises UsageError for an unknown name or a value of another kind, with what would be right.
    """
    typed, base = _as_mapping(changes), preset.settings if preset else {}
    hints = get_type_hints(cls)
    names = [field.name for field in fields(cls) if field.init]  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    for source, items in ((f"the preset {preset.name}: " if preset else "", base), ("", typed)):
        for name, value in items.items():
            if name not in names:
                raise UsageError(f"{source}{unknown('setting', name, names)}")
            try:
                values[name] = read_value(name, value, hints[name])
            except UsageError as error:
                raise UsageError(f"{source}{error}") from None
    made, why = _made(cls, values)
    if not why:
        assert made is not None
        return made
    scaled = _scaled(cls, base, values, typed)
    better, still = _made(cls, values | scaled) if scaled else (None, why)
    if better is not None and not still:
        length: str = cls.length  # type: ignore[attr-defined]
        changed = ", ".join(f"{name} {value}" for name, value in scaled.items())
        _log.warning("archwalk: scaled to %s %s: %s", f"{values[length]:,}", length, changed)
        return better
    if made is None:
        raise UsageError(why)
    _log.warning("archwalk: %s", why)
    return made


def _made(cls: type[S], values: Mapping[str, Any]) -> tuple[S | None, str]:
    """Settings, where they can be, and what is wrong with them: an error, or what would never happen."""
    try:
        made = cls(**values)
    except UsageError as error:
        return None, str(error)
    return made, made.unused() if hasattr(made, "unused") else ""


def _as_mapping(changes: Changes) -> dict[str, Any]:
    if isinstance(changes, Mapping):
        return dict(changes)
    found = {}
    for assignment in changes:
        name, separator, text = assignment.partition("=")
        if not separator:
            raise UsageError(f"--set takes KEY=VALUE, not {assignment!r}")
        found[name] = text
    return found


def _scaled(
    cls: type[Any], base: Mapping[str, Any], values: Mapping[str, Any], typed: Mapping[str, Any]
) -> dict[str, int]:
    """What is counted in steps, for a training that was asked to be shorter; nothing where it was not."""
    length: str = getattr(cls, "length", "")
    if length not in typed:
        return {}
    usual: dict[str, Any] = {field.name: field.default for field in fields(cls)} | dict(base)
    share = values[length] / usual[length]
    if not 0 < share < 1:
        return {}
    wanted = [name for name in getattr(cls, "scaled", ()) if name not in typed]
    return {name: max(1, round(share * usual[name])) for name in wanted}


def describe_settings(settings: Any) -> dict[str, Any]:
    """Settings as JSON has them."""
    described: dict[str, Any] = msgspec.to_builtins(settings, str_keys=True)
    return described


def read_value(name: str, value: Any, kind: Any) -> Any:
    """A value as its type: `value` is text, as a person types it, or plain already, as in TOML.

    Text may be a number (1e5 and 1_000 are whole ones), true or false, none, words with commas between, or JSON. Raises
    UsageError for what is not of the type, is not finite, or is beyond the 64 bits of an integer.
    """
    text = isinstance(value, str)
    for reading in _readings(value) if text else [value]:
        try:
            found = msgspec.convert(reading, kind, strict=not text)
        except (msgspec.ValidationError, OverflowError, UnicodeError):
            continue
        if not _in_range(found):
            raise UsageError(f"{name} is out of range: {_short(value)}")
        return found
    raise UsageError(f"{name} takes {_wanted(kind)}, not {_short(value)}")


def _readings(text: str) -> Iterator[Any]:
    """What a text may mean, the more particular first."""
    if text.strip().lower() == "none":
        yield None
    number = _number(text)
    if number is not None:
        if float(number).is_integer():
            yield int(number)
        yield float(number)
    yield text
    if text.lstrip()[:1] in ("[", "{"):
        try:
            yield msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            return
    parts = [part.strip() for part in text.strip("()[] ").split(",") if part.strip()]
    yield [part if (number := _number(part)) is None else number for part in parts]
    yield parts


def _number(text: str) -> int | float | None:
    """The number that a text is, whole where it is one; None where it is none."""
    try:
        number = float(text)
    except ValueError:
        return None
    if not math.isfinite(number) or abs(number) >= _LARGEST or not number.is_integer():
        return number
    try:
        return int(text)
    except ValueError:  # 1e5
        return int(number)


def _in_range(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):
        return abs(value) < _LARGEST
    if isinstance(value, Mapping):
        return all(map(_in_range, value.values()))
    if isinstance(value, list | tuple | set | frozenset):
        return all(map(_in_range, value))
    return True


_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "text", NoneType: "none"}


def _wanted(kind: Any) -> str:
    """What a type takes, in words."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return " or ".join(map(_wanted, parts))
    if origin is Literal:
        return " or ".join(f'"{word}"' if isinstance(word, str) else str(word) for word in parts)
    if origin in (tuple, list, set, frozenset):
        kinds = list(dict.fromkeys(_wanted(part) for part in parts if part is not Ellipsis))
        return f"{' and '.join(kinds)} several times, with commas between"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return " or ".join(str(one.value) for one in kind)
    return _NAMES.get(kind, getattr(kind, "__name__", str(kind)))


def _short(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:40]}... ({len(text)} characters)"
