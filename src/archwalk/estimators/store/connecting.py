"""Servers and files: connections to them, what they are called, and patience while they are away."""

import atexit
import logging
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import URL, Engine, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.schema import CreateIndex, CreateTable

from archwalk.data.files import user_path
from archwalk.errors import UsageError
from archwalk.estimators.store.tables import ABOUT, FORM, METADATA
from archwalk.secrets import hide_secrets

T = TypeVar("T")

_log = logging.getLogger(__name__)

PATIENCE_SECONDS = 300.0
"""How long a server that has answered before is waited for, when it is away: a restart takes a minute."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_BUSY_SECONDS = 30.0
_AWAY_STATES = ("08", "57P01", "57P02", "57P03")
"""Of PostgreSQL: the connection broke, it is shut down, it crashed, it cannot be connected to now."""
_RESTARTING = ("is starting up", "is shutting down", "closed the connection unexpectedly", "in recovery mode")
"""What a server, or the driver of it, says to who connects just then; no state comes with it."""
_LOCK = 0x6172_6368  # "arch": of PostgreSQL's advisory lock around making tables


def shown_url(url: URL) -> str:
    """For people, without a password."""
    path = url.database if url.get_backend_name() == "sqlite" else None
    return path or hide_secrets(url.render_as_string(hide_password=True))


def parse_url(url: str) -> URL:
    """A URL, or the path of an SQLite file, as a URL. Raises UsageError."""
    if "://" not in url:
        return URL.create("sqlite", database=str(user_path(url)))
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:  # a port that is no number
        raise UsageError(
            f"the store {hide_secrets(url)!r} is neither a path nor a URL such as postgresql://user@host/name"
        ) from error
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise UsageError(f"the store is an SQLite file or a PostgreSQL URL, not {parsed.drivername}")
    return parsed


def read_only_url(url: URL) -> URL:
    """That of an SQLite file which cannot be written, nor the files that SQLite keeps beside it."""
    file = Path(str(url.database)).absolute()
    log = Path(f"{file}-wal")
    if (
        log.is_file() and log.stat().st_size
    ):  # its rows are in the database's own file once somebody may write there
        folder = Path(tempfile.mkdtemp(prefix="archwalk-store-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        return url.set(database=str(shutil.copy(log, folder) and shutil.copy(file, folder)))
    return URL.create("sqlite", database=f"file:{quote(str(file))}", query={"immutable": "1", "uri": "true"})


def make_engine(url: URL) -> Engine:
    """What gives connections, each tried before it is used."""
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 10})
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _: Any) -> None:
        _write_ahead(connection)

    return engine


def _write_ahead(connection: Any) -> None:
    """SQLite's write-ahead log: readers and one writer do not wait for each other. Kept in the file once set."""
    patience = time.monotonic() + _BUSY_SECONDS
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("PRAGMA journal_mode = wal")
            break
        except connection.OperationalError as error:  # SQLite does not wait for this lock by itself
            if "locked" not in str(error) or time.monotonic() > patience:
                raise
            time.sleep(0.01)
    connection.execute("PRAGMA synchronous = normal")


def make_tables(engine: Engine) -> None:
    """Make the tables; several processes may do so at a time."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        for table in METADATA.sorted_tables:
            connection.execute(CreateTable(table, if_not_exists=True))
            for index in table.indexes:
                connection.execute(CreateIndex(index, if_not_exists=True))
        dialect = sqlite if engine.dialect.name == "sqlite" else postgresql
        connection.execute(dialect.insert(ABOUT).values(name="form", value=FORM).on_conflict_do_nothing())


def wait_for(attempt: Callable[[], T], patience: float, name: str) -> T:
    """What `attempt` gives, tried again for so many seconds where the server is away; `name` is for people. A server
    that says that it starts or ends has answered, and is waited for as long as one that did so before.
    """
    began, pause = time.monotonic(), _FIRST_PAUSE
    while True:
        try:
            return attempt()
        except DBAPIError as error:
            left = began + max(patience, _patience_with(error)) - time.monotonic()
            if left <= 0 or not is_away(error):
                raise
            if pause == _FIRST_PAUSE:
                _log.warning("archwalk: the store %s is away; it is tried again for %d s", name, left)
        time.sleep(min(pause, left))
        pause = min(2 * pause, _LONGEST_PAUSE)


def _patience_with(error: DBAPIError) -> float:
    """For how long whoever was never answered waits after such a first answer."""
    return PATIENCE_SECONDS if any(words in str(error.orig) for words in _RESTARTING) else 0.0


def is_away(error: DBAPIError) -> bool:
    """Whether a server could not be reached, or broke off: not what it answers, a wrong password say."""
    if isinstance(error.orig, sqlite3.Error):
        return False
    state = getattr(error.orig, "sqlstate", None)
    broke_off = isinstance(error, OperationalError | InterfaceError) and state is None
    return error.connection_invalidated or broke_off or str(state).startswith(_AWAY_STATES)
