"""What comes from outside as JSON, decoded into a type or refused in one line that names the file and the key.

msgspec decodes and checks in one pass and says where a value does not fit; pydantic would do as well, but takes a
hundred times as long to import.
"""

from pathlib import Path
from typing import Any, TypeVar

import msgspec

from archwalk.errors import DataError

T = TypeVar("T")


def read_json(path: Path, kind: type[T], what: str = "") -> T:
    """The JSON of a file as `kind`. Raises DataError with the file, the key and what would be right.

    `what` is what the file should be, say "a run folder's config".
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    return decode_json(content, kind, str(path), what)


def decode_json(content: bytes | str, kind: type[T], source: str, what: str = "") -> T:
    """JSON text as `kind`; `source` is named in errors. Raises DataError."""
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as error:
        raise DataError(f"{source} is not {what or 'what it should be'}: {_plain(error)}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{source} is damaged: {error}") from error
    except RecursionError as error:
        raise DataError(f"{source} is damaged: it is nested too deeply") from error


def convert(value: Any, kind: type[T], source: str, what: str = "") -> T:
    """Plain values (of TOML, say) as `kind`; see `decode_json`. Raises DataError."""
    try:
        return msgspec.convert(value, type=kind)
    except msgspec.ValidationError as error:
        raise DataError(f"{source} is not {what or 'what it should be'}: {_plain(error)}") from error
    except RecursionError as error:
        raise DataError(f"{source} is damaged: it is nested too deeply") from error


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
