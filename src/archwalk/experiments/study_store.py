"""Where a study keeps what was asked for and told: an SQLite file, a PostgreSQL database, or memory.

Whoever asks or tells does so in a transaction that excludes all others of the study, so that several processes, on
several machines with PostgreSQL, may work on one.
"""

from __future__ import annotations

import json
import math
import sqlite3
import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

import msgspec

from archwalk.data.decoding import convert, decode_json, reading
from archwalk.data.files import can_write, make_folder
from archwalk.errors import DataError, MissingExtraError, UsageError
from archwalk.secrets import hide_secrets

_BUSY_SECONDS = 60.0
_OPEN = ("number", "owner", "lease")
_TABLES = (
    "CREATE TABLE IF NOT EXISTS archwalk_studies (name TEXT PRIMARY KEY, about TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS archwalk_study_rows (study TEXT NOT NULL, number BIGINT NOT NULL, "
    "lane BIGINT NOT NULL, batch BIGINT NOT NULL, asked BIGINT NOT NULL, code TEXT NOT NULL, owner TEXT NOT NULL, "
    "lease DOUBLE PRECISION NOT NULL, change BIGINT NOT NULL, told BIGINT NOT NULL, reward DOUBLE PRECISION, "
    "report DOUBLE PRECISION, PRIMARY KEY (study, number))",
    "CREATE INDEX IF NOT EXISTS archwalk_study_changes ON archwalk_study_rows (study, change)",
    "CREATE INDEX IF NOT EXISTS archwalk_study_open ON archwalk_study_rows (study, told, number)",
)

Number = Annotated[int, msgspec.Meta(ge=0, le=2**62)]


@dataclass(frozen=True)
class Row:
    """An architecture that was asked for, and what was told of it."""

    number: Number
    """In the order of asking, over all lanes."""
    lane: Number
    batch: Number
    """The number of the first of those that were asked for with it."""
    asked: Annotated[int, msgspec.Meta(ge=1, le=10**8)]
    """How many the strategy was asked for then."""
    code: list[int]
    told: bool
    reward: float
    report: float


@dataclass(frozen=True)
class Open:
    """One that was asked for and not told, and who has it until when (seconds since 1970)."""

    number: int
    owner: str
    lease: float


class StudyStore:
    """One study. Every method but `exclusive` is called within it."""

    def __init__(self, place: str | Path | None, study: str, about: dict[str, Any]) -> None:
        """Raises UsageError where there is another study of that name, DataError where the place cannot be used."""
        self.place, self.study, self.about = place, study, about
        self._is_server = is_server(place)
        self.name = "memory" if place is None else hide_secrets(str(place))
        self._lock = threading.RLock()
        with self._plain_errors():
            self._connection: Any = self._connect()
        with self.exclusive():
            text = json.dumps(about, sort_keys=True)
            found = self._run("SELECT about FROM archwalk_studies WHERE name = ?", study)
            if not found:
                self._run("INSERT INTO archwalk_studies VALUES (?, ?)", study, text)
            elif found[0][0] != text:
                with self._reading():
                    differing = _differing(found[0][0], text)
                raise UsageError(f"{self.name} is another study: {differing}")

    @classmethod
    def existing(cls, place: str | Path, study: str) -> Self:
        """A study that is there. Raises UsageError where there is none of that name."""
        found = studies_in(place)
        if study not in found:
            known = f"it has {', '.join(sorted(found))}" if found else "it has none"
            raise UsageError(f"{hide_secrets(str(place))} has no study {study!r}; {known}")
        return cls(place, study, found[study])

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """A transaction that no other process is in; what is done in it happens as a whole or not at all."""
        with self._lock, self._plain_errors():
            self._connection.execute("BEGIN" if self._is_server else "BEGIN IMMEDIATE")
            try:
                if self._is_server:
                    lock = zlib.crc32(f"archwalk study {self.study}".encode())
                    self._connection.execute("SELECT pg_advisory_xact_lock(%s)", (lock,))
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise

    def changes(self, since: int) -> tuple[list[Row], int]:
        """Rows that were added or told after a change, in the order of asking, and the last change."""
        rows = self._run(
            "SELECT number, lane, batch, asked, code, told, reward, report, change FROM archwalk_study_rows "
            "WHERE study = ? AND change > ? ORDER BY number",
            self.study,
            since,
        )
        with self._reading():
            last = max((convert(row[-1], int, "its last column") for row in rows), default=since)
            return [_row(row) for row in rows], last

    def open(self) -> list[Open]:
        """What was not told yet, in the order of asking."""
        query = "SELECT number, owner, lease FROM archwalk_study_rows WHERE study = ? AND told = 0 ORDER BY number"
        rows = self._run(query, self.study)
        with self._reading():
            return [convert(dict(zip(_OPEN, row, strict=True)), Open, "a row") for row in rows]

    def add(self, lane: int, first: int, asked: int, codes: Sequence[list[int]], change: int) -> None:
        """Enter what a strategy was asked for; nobody has it yet."""
        for place, code in enumerate(codes):
            values = (
                self.study,
                first + place,
                lane,
                first,
                asked,
                json.dumps(code),
                "",
                0.0,
                change,
                0,
                None,
                None,
            )
            self._run(f"INSERT INTO archwalk_study_rows VALUES ({', '.join('?' * len(values))})", *values)

    def reserve(self, numbers: Sequence[int], owner: str, lease: float) -> None:
        """Somebody has them, until then."""
        for number in numbers:
            self._run(
                "UPDATE archwalk_study_rows SET owner = ?, lease = ? WHERE study = ? AND number = ?",
                owner, lease, self.study, number,
            )  # fmt: skip

    def tell(self, number: int, reward: float, report: float, change: int) -> None:
        """Enter what one is worth."""
        values = (None if math.isnan(value) else value for value in (reward, report))
        self._run(
            "UPDATE archwalk_study_rows SET told = 1, reward = ?, report = ?, change = ? "
            "WHERE study = ? AND number = ?",
            *values, change, self.study, number,
        )  # fmt: skip

    def release(self) -> None:
        """Nobody has any of them."""
        self._run("UPDATE archwalk_study_rows SET owner = '' WHERE study = ? AND told = 0", self.study)

    def _reading(self) -> AbstractContextManager[None]:
        """Around code that takes rows apart, which somebody may have damaged."""
        return reading(f"the study {self.name}", "is damaged")

    def _run(self, query: str, *values: object) -> list[Any]:
        cursor = self._connection.execute(query.replace("?", "%s") if self._is_server else query, values)
        return list(cursor.fetchall()) if cursor.description else []

    def _connect(self) -> Any:
        if self._is_server:
            return self._connect_server()
        if self.place is not None:
            make_folder(Path(self.place).absolute().parent)
        connection = sqlite3.connect(
            self.place or ":memory:", timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA journal_mode = wal")
        connection.execute("PRAGMA synchronous = normal")
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'told'").fetchone():
            raise DataError(
                f"the study {self.name} was made by an earlier version of archwalk; begin a new one"
            )
        for statement in _TABLES:
            connection.execute(statement)
        return connection

    def _connect_server(self) -> Any:
        try:
            import psycopg
        except ImportError as error:
            raise MissingExtraError("psycopg", "postgres") from error
        scheme, _, rest = str(self.place).partition("://")
        connection = psycopg.connect(
            f"{scheme.partition('+')[0]}://{rest}", autocommit=True, connect_timeout=10
        )
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (zlib.crc32(b"archwalk studies"),))
            for statement in _TABLES:
                connection.execute(statement)
        return connection

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        """One line in place of the driver's."""
        try:
            yield
        except (sqlite3.Error, UnicodeError) as error:
            raise DataError(f"the study {self.name} cannot be used: {error}") from error
        except Exception as error:
            if type(error).__module__.partition(".")[0] != "psycopg":
                raise
            reason = hide_secrets((str(error).strip().splitlines() or [type(error).__name__])[0])
            raise DataError(f"the study {self.name} cannot be used: {reason}") from error


def is_server(place: str | Path | None) -> bool:
    """Whether a place is the URL of a PostgreSQL server, and no file."""
    return isinstance(place, str) and place.partition("://")[0].startswith("postgres")


def studies_in(place: str | Path) -> dict[str, dict[str, Any]]:
    """What the studies in a file or on a server are about, by name; nothing is made where there is none."""
    if is_server(place):
        rows = _studies_on_server(str(place))
    else:
        try:
            path = Path(place).absolute()
            mode = "rw" if can_write(path) else "ro"  # who may not write leaves SQLite's files beside it
            with closing(sqlite3.connect(f"{path.as_uri()}?mode={mode}", uri=True)) as connection:
                has = connection.execute(
                    "SELECT 1 FROM sqlite_master WHERE name = 'archwalk_studies'"
                ).fetchone()
                rows = (
                    connection.execute("SELECT name, about FROM archwalk_studies").fetchall() if has else []
                )
        except (sqlite3.Error, UnicodeError) as error:
            raise DataError(f"{place} cannot be read: {error}") from error
    with reading(f"the studies in {hide_secrets(str(place))}", "are damaged"):
        return {
            convert(name, str, "a name"): decode_json(text, dict[str, Any], "what it is about")
            for name, text in rows
        }


def _studies_on_server(url: str) -> list[Any]:
    try:
        import psycopg
    except ImportError as error:
        raise MissingExtraError("psycopg", "postgres") from error
    scheme, _, rest = url.partition("://")
    try:
        with psycopg.connect(f"{scheme.partition('+')[0]}://{rest}", connect_timeout=10) as connection:
            if not connection.execute("SELECT to_regclass('archwalk_studies')").fetchone()[0]:  # type: ignore[index]
                return []
            return connection.execute("SELECT name, about FROM archwalk_studies").fetchall()
    except psycopg.Error as error:
        reason = hide_secrets((str(error).strip().splitlines() or [type(error).__name__])[0])
        raise DataError(f"{hide_secrets(url)} cannot be read: {reason}") from error


def _row(values: Sequence[Any]) -> Row:
    number, lane, batch, asked, code, told, reward, report, _ = values
    plain = {
        "number": number, "lane": lane, "batch": batch, "asked": asked, "told": bool(told),
        "code": decode_json(code, list[int], "its code"), "reward": math.nan if reward is None else reward,
        "report": math.nan if report is None else report,
    }  # fmt: skip
    return convert(plain, Row, "a row")


def _differing(before: str, about: str) -> str:
    old, new = (decode_json(text, dict[str, Any], "what it is about") for text in (before, about))
    parts = (
        f"{key} {old.get(key)!r} there, {new.get(key)!r} here" for key in new if old.get(key) != new.get(key)
    )
    return "; ".join(parts)
