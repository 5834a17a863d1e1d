"""The database of experiments: rows that many processes may claim, fill and read at the same time."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    create_engine,
    delete,
    event,
    inspect,
    make_url,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.schema import CreateIndex, CreateTable

from archwalk.data.decoding import reading
from archwalk.data.files import cache_folder, make_folder
from archwalk.errors import DataError, MissingExtraError, UsageError
from archwalk.estimators.store.owner import is_dead, make_owner
from archwalk.estimators.store.records import Evaluation, Outcome, Problem, holds_on
from archwalk.estimators.store.tables import (
    ABOUT,
    CLAIMED,
    EVALUATIONS,
    FORM,
    METADATA,
    outcome_values,
    problem_values,
    read_evaluation,
    read_outcome,
)

LEASE_SECONDS = 120.0
"""A claim that was not renewed for so long is anybody's; that of a process that is seen to be dead is at once."""

_BUSY_SECONDS = 30.0
_CHUNK = 500
_LOCK = 0x6172_6368  # "arch": of PostgreSQL's advisory lock around making tables


def default_store_url() -> str:
    """`ARCHWALK_STORE`, a URL or a path; otherwise a file in the cache folder."""
    return os.environ.get("ARCHWALK_STORE") or str(cache_folder() / "store.sqlite")


def open_store(url: str | None = None, *, create: bool = True) -> "Store":
    """The store of a URL or of the path of an SQLite file; by default `default_store_url`.

    Raises DataError where it cannot be reached, written or is no store (with `create` it is made where there is
    none), UsageError for a URL that is none, MissingExtraError.
    """
    return Store(url or default_store_url(), create=create)


def store_name(url: str) -> str:
    """A URL or path for people, without a password. Raises UsageError."""
    return _shown(_parse(url))


class Store:
    """Every training, once: its row is claimed before, filled after. Pickled as its URL."""

    def __init__(self, url: str, *, create: bool = True) -> None:
        self.url = _parse(url)
        self.owner = make_owner()
        file = self.url.database if self.url.get_backend_name() == "sqlite" else None
        if file and not file.startswith("file:"):
            if not create and not Path(file).is_file():
                raise DataError(f"there is no store {file} yet; it is made by the first training")
            make_folder(Path(file).absolute().parent)
        with self._plain_errors():
            self.engine = _make_engine(self.url)
            self._prepare(create)

    def __reduce__(self) -> tuple[Any, ...]:
        return Store, (self.url.render_as_string(hide_password=False),)

    @property
    def name(self) -> str:
        """For people, without a password."""
        return _shown(self.url)

    def find(self, problem: Problem, architectures: Sequence[str]) -> dict[str, Outcome]:
        """The outcomes that are there, by architecture; not failures that are only those of another machine."""
        keys = {problem.key(architecture): architecture for architecture in architectures}
        wanted = list(keys)
        found: dict[str, Outcome] = {}
        with self._begin() as connection:
            for start in range(0, len(wanted), _CHUNK):
                part = wanted[start : start + _CHUNK]
                query = select(EVALUATIONS).where(
                    EVALUATIONS.c.key.in_(part), EVALUATIONS.c.status != CLAIMED
                )
                for row in connection.execute(query).mappings():
                    with self._reading(row):
                        outcome = read_outcome(row)
                    if holds_on(outcome, problem.machine):
                        found[keys[row["key"]]] = outcome
        return found

    def claim(self, problem: Problem, architecture: str) -> bool:
        """Whether it is now ours to train; not if it is trained, or somebody who is alive is at it.

        What failed on another machine for lack of time or memory is ours to try again.
        """
        lease = time.time() + LEASE_SECONDS
        values = problem_values(problem, architecture) | {
            "status": CLAIMED,
            "owner": self.owner,
            "lease": lease,
        }
        with self._begin() as connection:
            if _happened(connection, self._insert().values(values).on_conflict_do_nothing()):
                return True
        with self._begin() as connection:
            of_key = EVALUATIONS.c.key == values["key"]
            row = connection.execute(select(EVALUATIONS).where(of_key)).mappings().first()
        with self._reading(row):
            if row is None or not _is_free(row, problem.machine):
                return False
        seen = ("status", "owner", "lease", "finished")
        as_seen = [EVALUATIONS.c[column] == row[column] for column in seen]
        taking = (
            update(EVALUATIONS)
            .where(of_key, *as_seen)
            .values(status=CLAIMED, owner=self.owner, lease=lease, finished="")
        )
        with self._begin() as connection:
            return _happened(connection, taking)

    def renew(self, keys: Sequence[str]) -> None:
        """Keep our claims for longer."""
        self._change_claims(keys, update(EVALUATIONS).values(lease=time.time() + LEASE_SECONDS))

    def release(self, keys: Sequence[str]) -> None:
        """Give up claims of ours that came to nothing."""
        self._change_claims(keys, delete(EVALUATIONS))

    def finish(self, key: str, outcome: Outcome) -> None:
        """Enter what came of a claim; nothing happens if it was taken from us, since the row is then another's."""
        values = outcome_values(outcome, datetime.now(UTC).isoformat(timespec="seconds"))
        self._change_claims([key], update(EVALUATIONS).values(values))

    def evaluations(self, dataset: str | None = None, space: str | None = None) -> list[Evaluation]:
        """What was finished, in the order of finishing."""
        query = select(EVALUATIONS).where(EVALUATIONS.c.status != CLAIMED, *_filters(dataset, space))
        with self._begin() as connection:
            rows = (
                connection.execute(query.order_by(EVALUATIONS.c.finished, EVALUATIONS.c.key)).mappings().all()
            )
        found = []
        for row in rows:
            with self._reading(row):
                found.append(read_evaluation(row))
        return found

    def forget(self, statuses: Sequence[str], dataset: str | None = None, space: str | None = None) -> int:
        """Delete what ended with one of these `STATUSES`, so that it may be trained again. Returns how many."""
        of_these = EVALUATIONS.c.status.in_(set(statuses) - {CLAIMED})
        statement = delete(EVALUATIONS).where(of_these, *_filters(dataset, space))
        with self._begin() as connection:
            return len(connection.execute(statement.returning(EVALUATIONS.c.key)).all())

    def add(self, evaluations: Sequence[Evaluation]) -> int:
        """Enter what was trained elsewhere, all or nothing; what is there already stays. Returns how many are new."""
        added = 0
        with self._begin() as connection:
            for one in sorted(
                evaluations, key=lambda one: one.key
            ):  # in one order, or importers block each other
                values = problem_values(one.problem, one.architecture) | outcome_values(
                    one.outcome, one.finished
                )
                insert = self._insert().values(values)
                upsert = insert.on_conflict_do_update(
                    index_elements=["key"], set_=values, where=EVALUATIONS.c.status == CLAIMED
                )
                added += _happened(connection, upsert)
        return added

    def close(self) -> None:
        """Give back the connections."""
        self.engine.dispose()

    def _change_claims(self, keys: Sequence[str], statement: Any) -> None:
        if keys:
            ours = (EVALUATIONS.c.status == CLAIMED) & (EVALUATIONS.c.owner == self.owner)
            with self._begin() as connection:
                connection.execute(statement.where(EVALUATIONS.c.key.in_(list(keys)), ours))

    def _insert(self) -> Any:
        dialect = sqlite if self.url.get_backend_name() == "sqlite" else postgresql
        return dialect.insert(EVALUATIONS)

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        with self._plain_errors(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        """One line in place of the driver's pages."""
        try:
            yield
        except ImportError as error:
            raise MissingExtraError("psycopg", "postgres") from error
        except NoSuchModuleError as error:
            raise UsageError(f"the store is an SQLite file or a PostgreSQL URL, not {self.name}") from error
        except DBAPIError as error:
            reason = str(error.orig).strip().splitlines() or [type(error).__name__]
            raise DataError(f"the store {self.name} cannot be used: {reason[0]}") from error
        except SQLAlchemyError as error:
            raise DataError(f"the store {self.name} cannot be used: {str(error).splitlines()[0]}") from error

    def _reading(self, row: Any) -> AbstractContextManager[None]:
        """Around code that takes a row apart: what is damaged is one line that names the row."""
        key = str(row["key"])[:12] if row is not None else ""
        return reading(f"row {key} of the store {self.name}", "is not an evaluation")

    def _form(self) -> str | None:
        """Of the tables; None where there are none, or somebody is just making them."""
        if not inspect(self.engine).has_table(ABOUT.name):
            return None
        with self.engine.begin() as connection:
            return connection.execute(select(ABOUT.c.value).where(ABOUT.c.name == "form")).scalar()

    def _prepare(self, create: bool) -> None:
        """Make the tables where there are none. Raises DataError for a database of another form."""
        form = self._form()
        if form is None and create:
            _make_tables(self.engine)
            form = self._form()
        if form is None:
            raise DataError(f"{self.name} is not a store of archwalk")
        if form != FORM:
            raise DataError(
                f"the store {self.name} has form {form}, this archwalk reads form {FORM}; export it with the archwalk "
                "that made it and import it into a new one"
            )


def _is_free(row: Any, machine: str) -> bool:
    """Whether a row that is there may be claimed."""
    if row["status"] != CLAIMED:
        return not holds_on(read_outcome(row), machine)
    return row["lease"] <= time.time() or is_dead(row["owner"])


def _filters(dataset: str | None, space: str | None) -> list[ColumnElement[bool]]:
    columns = ((EVALUATIONS.c.dataset, dataset), (EVALUATIONS.c.space, space))
    return [column == value for column, value in columns if value is not None]


def _happened(connection: Connection, statement: Any) -> bool:
    """Whether a statement about one row wrote it; drivers do not all count rows."""
    return connection.execute(statement.returning(EVALUATIONS.c.key)).first() is not None


def _shown(url: URL) -> str:
    path = url.database if url.get_backend_name() == "sqlite" else None
    return path or url.render_as_string(hide_password=True)


def _parse(url: str) -> URL:
    if "://" not in url:
        return URL.create("sqlite", database=str(Path(url).expanduser()))
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise UsageError(
            f"the store {url!r} is neither a path nor a URL such as postgresql://user@host/name"
        ) from error
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise UsageError(f"the store is an SQLite file or a PostgreSQL URL, not {parsed.drivername}")
    return parsed


def _make_engine(url: URL) -> Engine:
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


def _make_tables(engine: Engine) -> None:
    """Several processes may do so at a time."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        for table in METADATA.sorted_tables:
            connection.execute(CreateTable(table, if_not_exists=True))
            for index in table.indexes:
                connection.execute(CreateIndex(index, if_not_exists=True))
        dialect = sqlite if engine.dialect.name == "sqlite" else postgresql
        connection.execute(dialect.insert(ABOUT).values(name="form", value=FORM).on_conflict_do_nothing())
