"""What comes from outside as JSON or TOML, decoded into a type or refused in one line that names the file and the key.

msgspec decodes and checks in one pass and says where a value does not fit; pydantic would do as well, but takes a
hundred times as long to import. What is decoded into `Any` is checked too: integers have 64 bits, floats are finite,
nothing is nested more than `DEEPEST` levels.
"""

import binascii
import csv
import math
import struct
import tomllib
import zlib
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast

import msgspec

from archwalk.data.files import read_file
from archwalk.errors import ArchwalkError, DataError

T = TypeVar("T")

DEEPEST = 100
"""Levels of lists and objects inside one another; what archwalk writes has a dozen."""

MOST_TEXT = 1 << 28
"""Bytes of a JSON or TOML file."""

Whole = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""An integer of a structure that NumPy can hold."""

WRONG_CONTENT = (
    ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError, AssertionError, EOFError,
    SyntaxError, struct.error, zlib.error, csv.Error, binascii.Error,
)  # fmt: skip
"""What code raises that takes content apart which is not as it should be; nesting that is too deep is among them."""

_LONGEST = 500
"""Characters of a reason."""

_BOM = b"\xef\xbb\xbf"


def read_text(path: Path, most: int = MOST_TEXT) -> str:
    """A text file: UTF-8 whatever the locale says, with a byte-order mark or without. Raises DataError."""
    return _text(read_file(path, most), str(path))


def read_json(path: Path, kind: type[T], what: str = "") -> T:
    """The JSON of a file as `kind`. Raises DataError with the file, the key and what would be right.

    `what` is what the file should be, say "a run folder's config".
    """
    return decode_json(read_file(path, MOST_TEXT), kind, str(path), what)


def read_toml(path: Path, kind: type[T], what: str = "") -> T:
    """The TOML of a file as `kind`; see `read_json`. Raises DataError."""
    return decode_toml(read_text(path), kind, str(path), what)


def decode_json(content: bytes | str, kind: type[T], source: str, what: str = "") -> T:
    """JSON text as `kind`; `source` is named in errors. Raises DataError."""
    text = content if isinstance(content, str) else content.removeprefix(_BOM)
    try:
        value: T = _decoder(cast(Hashable, kind)).decode(text)
    except msgspec.ValidationError as error:
        raise DataError(f"{source} is not {what or 'what it should be'}: {_plain(error)}") from error
    except (msgspec.DecodeError, UnicodeError) as error:
        raise DataError(f"{source} is damaged: {error}") from error
    except RecursionError as error:
        raise DataError(f"{source} is damaged: it is nested too deeply") from error
    _check(value, source)
    return value


@lru_cache(maxsize=128)
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    """Made once a kind, which takes longer than to decode a row."""
    return msgspec.json.Decoder(kind)


def decode_toml(content: str, kind: type[T], source: str, what: str = "") -> T:
    """TOML text as `kind`; `source` is named in errors. Raises DataError."""
    try:
        value = tomllib.loads(content)
    except ValueError as error:  # numbers of thousands of digits are one too
        raise DataError(f"{source} is not TOML: {error}") from error
    except RecursionError as error:
        raise DataError(f"{source} is damaged: it is nested too deeply") from error
    _check(value, source)
    return convert(value, kind, source, what)


def convert(value: Any, kind: type[T], source: str, what: str = "") -> T:
    """Plain values (of TOML, say) as `kind`; see `decode_json`. Raises DataError."""
    try:
        return msgspec.convert(value, type=kind)
    except msgspec.ValidationError as error:
        raise DataError(f"{source} is not {what or 'what it should be'}: {_plain(error)}") from error
    except RecursionError as error:
        raise DataError(f"{source} is damaged: it is nested too deeply") from error


@contextmanager
def reading(source: str, complaint: str) -> Iterator[None]:
    """Around code that takes content of a file apart: what does not fit there becomes one line, say "x.csv" and "is not
    an export", with the reason behind.

    For forms that are not JSON or TOML, and for states of objects, which no type describes. Raises DataError.
    """
    try:
        yield
    except ArchwalkError as error:
        if not isinstance(error, DataError) or source in str(error):
            raise
        raise DataError(f"{source} {complaint} ({error})") from error
    except WRONG_CONTENT as error:
        reason = f"it has no {error}" if isinstance(error, KeyError) else f"{type(error).__name__}: {error}"
        raise DataError(f"{source} {complaint} ({' '.join(reason.split())[:_LONGEST]})") from error


def _check(value: Any, source: str, key: str = "", depth: int = 0) -> None:
    """Raise DataError for what no array holds, in lists and dicts; structures say themselves what they hold."""
    if depth == 0 and _is_fine(value):
        return
    if isinstance(value, dict):
        inside = [(f"{key}.{name}" if key else str(name), part) for name, part in value.items()]
    elif isinstance(value, list):
        inside = [(f"{key}[{number}]", part) for number, part in enumerate(value)]
    else:
        if isinstance(value, int) and not -(2**63) <= value < 2**64:
            raise DataError(f"{source} has an integer of more than 64 bits at `{key}`")
        if isinstance(value, float) and not math.isfinite(value):
            raise DataError(f"{source} has {value} at `{key}`, where a number is needed")
        return
    if depth == DEEPEST:
        raise DataError(f"{source} is damaged: it is nested too deeply")
    for name, part in inside:
        _check(part, source, name, depth + 1)


def _text(content: bytes, source: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{source} is not text in UTF-8: byte {error.start} is wrong") from error


def encode_json(value: Any, indent: int | None = None) -> str:
    """Strict JSON: NaN and infinity become null."""
    content = msgspec.json.encode(value, enc_hook=_plain_value)
    return (msgspec.json.format(content, indent=indent) if indent else content).decode()


def to_plain(value: Any) -> Any:
    """What JSON holds of structures: dicts with texts as keys, lists, texts, numbers and None."""
    return msgspec.json.decode(msgspec.json.encode(value, enc_hook=_plain_value))


def _plain_value(value: Any) -> Any:
    """Numbers of NumPy, and kinds of text, as Python's own."""
    for kind in (str, float, int):
        if isinstance(value, kind):
            return kind(value)
    if hasattr(value, "item"):
        return value.item()
    raise NotImplementedError


def _plain(error: msgspec.ValidationError) -> str:
    """Msgspec's `$.strategies[...]` without its root."""
    return str(error).replace("`$.", "`").replace("at `$`", "at the top")


_FLOATS = frozenset({float})


def _is_fine(value: Any, depth: int = 0) -> bool:
    """Whether `_check` finds nothing, as it does nearly always: at a third of its price, since nothing is named."""
    kind = type(value)
    if kind is float:
        return bool(math.isfinite(value))
    if kind is int:
        return bool(-(2**63) <= value < 2**64)
    if kind is dict or kind is list:
        parts = value.values() if kind is dict else value
        if _FLOATS.issuperset(map(type, parts)):  # a curve
            return depth < DEEPEST and all(map(math.isfinite, parts))
        return depth < DEEPEST and all([_is_fine(part, depth + 1) for part in parts])  # noqa: C419 - a third faster
    return kind is str or kind is bool or value is None
