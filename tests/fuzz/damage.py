# ruff: noqa: E501 (tables of samples)
"""How content is damaged: bytes anywhere, values where a format is known, files that are no files."""

import json
import os
import random
import re
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

NASTY = [
    None, -1, 0, 2**63, 10**30, 1.5, 1e308, True, "", "x", "\x00", "é" * 50, [], {}, [[]], [None], {"a": []},
]  # fmt: skip
WORDS = [b"1e999", b"NaN", b"-Infinity", b"9" * 5_000, b"[" * 3_000, b'{"a":' * 3_000, b"null", b"-1", b'""', b"\xff\xfe",
         b"\xef\xbb\xbf", b"\x00", b"'", b'"', b"\n", b"inf", b"99999999999999999999"]  # fmt: skip
TOML = ["-1", "0", "nan", "inf", "-inf", "1e308", '""', '"x"', "[]", "[[]]", "{}", "true", "9223372036854775808", "9" * 5_000,
        "[" * 3_000, "1979-05-27", '"""', "[1, 'a']", "{ a = { b = 1 } }"]  # fmt: skip

_SQLITE = b"SQLite format 3"


def damage(path: Path, rng: random.Random) -> None:
    """Damage a file in its place: its content, or what it is."""
    content = path.read_bytes()
    how = rng.random()
    if how < 0.9:
        path.write_bytes(mutate(content, rng))
        return
    path.unlink()
    if how < 0.92:
        path.touch()
    elif how < 0.94:
        path.mkdir()
    elif how < 0.96:
        os.mkfifo(path)
    elif how < 0.98:
        path.symlink_to(path.name)


def mutate(content: bytes, rng: random.Random) -> bytes:
    """Other content: a value replaced where the format is known, or bytes and words changed, left out, put twice."""
    if rng.random() < 0.6:
        for of_format in (_json, _safetensors, _sqlite, _lines):
            if (found := of_format(content, rng)) is not None:
                return found
    return _bytes(content, rng)


def replace(value: Any, rng: random.Random) -> Any:
    """A plain value in which one is replaced or left out."""
    if rng.random() < 0.25 or not isinstance(value, dict | list) or not value:
        return rng.choice(NASTY)
    key = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
    copy = value.copy()
    if rng.random() < 0.2:
        del copy[key]
    else:
        copy[key] = replace(value[key], rng)
    return copy


def _bytes(content: bytes, rng: random.Random) -> bytes:
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        at = rng.randrange(len(content) + 1)
        end = min(len(content), at + rng.choice((1, 1, 2, 4, 16, 200)))
        how = rng.randrange(7)
        if how == 0:
            content = content[:at]
        elif how == 1:
            content = content[:at] + content[end:]
        elif how == 2:
            content = content[:end] + content[at:]
        elif how == 3:
            content = content[:at] + rng.choice(WORDS) + content[end:]
        elif how == 4:
            content = content[:at] + rng.randbytes(end - at) + content[end:]
        elif how == 5 and at < len(content):
            content = content[:at] + bytes([content[at] ^ 1 << rng.randrange(8)]) + content[at + 1 :]
        else:
            content = content[:at] + bytes([rng.choice((0, 127, 255))]) * (end - at) + content[end:]
    return content


def _json(content: bytes, rng: random.Random) -> bytes | None:
    if content[:1] not in (b"{", b"["):
        return None
    try:
        return json.dumps(replace(json.loads(content), rng)).encode()
    except ValueError:
        return None


def _safetensors(content: bytes, rng: random.Random) -> bytes | None:
    length = int.from_bytes(content[:8], "little")
    if not 0 < length < len(content) or content[8:9] != b"{":
        return None
    head = json.dumps(replace(json.loads(content[8 : 8 + length]), rng)).encode()
    return len(head).to_bytes(8, "little") + head + content[8 + length :]


def _sqlite(content: bytes, rng: random.Random) -> bytes | None:
    """A value of a row replaced, or a column or a table gone."""
    if not content.startswith(_SQLITE):
        return None
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "x"
        file.write_bytes(content)
        connection = sqlite3.connect(file, isolation_level=None)
        run = connection.execute
        tables = [name for (name,) in run("SELECT name FROM sqlite_master WHERE type = 'table'")]
        table = rng.choice(tables)
        column = rng.choice([row[1] for row in run(f"PRAGMA table_info({table})")])
        value = rng.choice(
            [one for one in NASTY if isinstance(one, str | float | None)] + [-1, b"\xff", b"{]"]
        )
        how = rng.random()
        if how < 0.8:
            order = f"UPDATE {table} SET {column} = ?"
        else:
            order = (
                f"DROP TABLE {table}" if how < 0.9 else f"ALTER TABLE {table} RENAME COLUMN {column} TO other"
            )
        try:
            run(order, (value,) if how < 0.8 else ())
        except sqlite3.Error:  # a constraint
            return None
        finally:
            connection.close()
        return file.read_bytes()


def _lines(content: bytes, rng: random.Random) -> bytes | None:
    """Of TOML a value replaced, of CSV a cell."""
    try:
        lines = content.decode().split("\n")
    except UnicodeDecodeError:
        return None
    settings = [n for n, line in enumerate(lines) if re.match(r"\s*[\w.]+ = ", line)]
    cells = [n for n, line in enumerate(lines) if line.count(",") > 1]
    if settings:
        n = rng.choice(settings)
        lines[n] = lines[n].partition("=")[0] + "= " + rng.choice(TOML)
    elif cells:
        n = rng.choice(cells)
        row = lines[n].split(",")
        row[rng.randrange(len(row))] = rng.choice(
            ["", "nan", "inf", "-1", "1e999", "9" * 400, "x", '"', "\x00", "a;b"]
        )
        lines[n] = ",".join(row)
    else:
        return None
    return "\n".join(lines).encode()
