"""The database of experiments: rows that many processes may claim, fill and read at the same time."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    delete,
    func,
    inspect,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import (
    DBAPIError,
    NoSuchModuleError,
    SQLAlchemyError,
)

from archwalk.data.decoding import reading
from archwalk.data.files import cache_folder, can_write, make_folder, require_can_make
from archwalk.errors import DataError, MissingExtraError, UsageError
from archwalk.estimators.store.connecting import (
    PATIENCE_SECONDS,
    make_engine,
    make_tables,
    parse_url,
    read_only_url,
    shown_url,
    wait_for,
)
from archwalk.estimators.store.incoming import NAMES, Incoming
from archwalk.estimators.store.owner import is_dead, make_owner
from archwalk.estimators.store.records import Evaluation, Outcome, Problem, holds_on
from archwalk.estimators.store.tables import (
    ABOUT,
    CLAIMED,
    EVALUATIONS,
    FORM,
    outcome_values,
    problem_values,
    read_evaluation,
    read_outcome,
)
from archwalk.secrets import hide_secrets

T = TypeVar("T")

_log = logging.getLogger(__name__)

LEASE_SECONDS = 120.0
"""A claim that was not renewed for so long is anybody's; that of a process that is seen to be dead is at once."""

_CHUNK = 500
_AT_ONCE = 1000  # rows in memory, of those that are gone through


def default_store_url() -> str:
    """`ARCHWALK_STORE`, a URL or a path; otherwise a file in the cache folder."""
    return os.environ.get("ARCHWALK_STORE") or str(cache_folder() / "store.sqlite")


def open_store(url: str | None = None, *, create: bool = True) -> "Store":
    """The store of a URL or of the path of an SQLite file; by default `default_store_url`.

    Raises DataError where it cannot be reached, written or is no store (with `create` it is made where there is
    none), UsageError for a URL that is none, MissingExtraError.
    """
    return Store(url or default_store_url(), create=create)


def usable_store() -> "Store | None":
    """The default store; None, with a note, where nobody has named one and the cache folder cannot be written.

    Raises as `open_store` does where one is named.
    """
    if os.environ.get("ARCHWALK_STORE"):
        return open_store()
    try:
        return open_store()
    except DataError as error:
        if can_write(Path(default_store_url())):
            raise
        _log.warning("archwalk: trainings are not kept for another time: %s", error)
        return None


def store_name(url: str) -> str:
    """A URL or path for people, without a password. Raises UsageError."""
    return shown_url(parse_url(url))


class Store:
    """Every training, once: its row is claimed before, filled after. Pickled as its URL.

    A server that is away after it has answered once (it is restarted, say) is asked again, with longer and longer
    pauses, for some minutes. What was acknowledged is there then; what was not is done again, which changes nothing
    where it had happened after all.
    """

    def __init__(self, url: str, *, create: bool = True, patient: bool = False) -> None:
        """`patient`: it has answered somebody before, and is waited for from the beginning.

        A file that is not there yet is made when it is used for the first time.
        """
        self.url = parse_url(url)
        self.owner = make_owner()
        self._patience = PATIENCE_SECONDS if patient else 0.0
        self._opening = threading.Lock()
        self._engine: Engine | None = None
        name = self.url.database if self.url.get_backend_name() == "sqlite" else None
        self._file = Path(name).absolute() if name and not name.startswith("file:") else None
        if self._file is None or self._file.exists():
            self._open(create)
        elif not create:
            raise DataError(f"there is no store {name} yet; it is made by the first training")
        else:
            require_can_make(self._file)

    @property
    def engine(self) -> Engine:
        """What gives connections."""
        with self._opening:
            if self._engine is None:
                self._open(create=True)
            assert self._engine is not None
            return self._engine

    def _open(self, create: bool) -> None:
        url = self.url
        if self._file is not None and not create and not can_write(self._file):
            url = read_only_url(self.url)
        elif self._file is not None:
            make_folder(self._file.parent)
        with self._plain_errors():
            engine = make_engine(url)
            wait_for(lambda: self._prepare(engine, create), self._patience, self.name)
        self._engine = engine
        self._patience = PATIENCE_SECONDS

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(Store, patient=True), (self.url.render_as_string(hide_password=False),)

    @property
    def name(self) -> str:
        """For people, without a password."""
        return shown_url(self.url)

    def find(self, problem: Problem, architectures: Sequence[str]) -> dict[str, Outcome]:
        """The outcomes that are there, by architecture; not failures that are only those of another machine."""
        keys = {problem.key(architecture): architecture for architecture in architectures}
        wanted = list(keys)

        def read(connection: Connection, again: bool) -> dict[str, Outcome]:
            found: dict[str, Outcome] = {}
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

        return self._do(read)

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
        of_key = EVALUATIONS.c.key == values["key"]

        def insert(connection: Connection, again: bool) -> tuple[bool, Any]:
            """Whether the row is ours, and what stands there otherwise."""
            if _happened(connection, self._insert().values(values).on_conflict_do_nothing()):
                return True, None
            row = connection.execute(select(EVALUATIONS).where(of_key)).mappings().first()
            ours = again and row is not None and row["status"] == CLAIMED and row["owner"] == self.owner
            return ours, row  # what was not acknowledged may have happened after all

        is_ours, row = self._do(insert)
        if is_ours or row is None:
            return bool(is_ours)
        with self._reading(row):
            if not _is_free(row, problem.machine, self._do(_started)):
                return False
        seen = ("status", "owner", "lease", "finished")
        taking = (
            update(EVALUATIONS)
            .where(of_key, *(EVALUATIONS.c[column] == row[column] for column in seen))
            .values(status=CLAIMED, owner=self.owner, lease=lease, finished="")
        )

        def take(connection: Connection, again: bool) -> bool:
            if _happened(connection, taking):
                return True
            ours = (of_key, EVALUATIONS.c.status == CLAIMED, EVALUATIONS.c.owner == self.owner)
            return again and connection.execute(select(EVALUATIONS.c.key).where(*ours)).first() is not None

        return self._do(take)

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
        return list(self.stream(dataset, space))

    def stream(
        self,
        dataset: str | None = None,
        space: str | None = None,
        *,
        best_first: bool = False,
        limit: int | None = None,
        since: str = "",
    ) -> Iterator[Evaluation]:
        """What was finished, one by one, in the order of finishing, or the best validation first; `limit` at most, not
        before `since` (UTC, ISO 8601).
        """
        later = [EVALUATIONS.c.finished >= since] if since else []
        query = select(EVALUATIONS).where(EVALUATIONS.c.status != CLAIMED, *_filters(dataset, space), *later)
        order = [EVALUATIONS.c.finished, EVALUATIONS.c.key]
        query = query.order_by(*([EVALUATIONS.c.validation.desc()] if best_first else []), *order).limit(
            limit
        )
        self._do(lambda connection, again: None)  # a server that is away is waited for here, not in between
        with self._plain_errors(), self.engine.connect() as connection:
            for row in connection.execution_options(yield_per=_AT_ONCE).execute(query).mappings():
                with self._reading(row):
                    evaluation = read_evaluation(row)
                yield evaluation

    def count(self, dataset: str | None = None, space: str | None = None) -> dict[str, int]:
        """How many were finished, by `STATUSES`."""
        status = EVALUATIONS.c.status
        query = select(status, func.count()).where(status != CLAIMED, *_filters(dataset, space))
        rows = self._do(lambda connection, again: connection.execute(query.group_by(status)).all())
        return dict(rows)

    def forget(self, statuses: Sequence[str], dataset: str | None = None, space: str | None = None) -> int:
        """Delete what ended with one of these `STATUSES`, so that it may be trained again. Returns how many."""
        of_these = EVALUATIONS.c.status.in_(set(statuses) - {CLAIMED})
        statement = delete(EVALUATIONS).where(of_these, *_filters(dataset, space))
        forgetting = statement.returning(EVALUATIONS.c.key)
        return self._do(lambda connection, again: len(connection.execute(forgetting).all()))

    def add(self, evaluations: Iterable[Evaluation] | Incoming) -> int:
        """Enter what was trained elsewhere, all or nothing; what is there already stays. Returns how many are new."""
        if not isinstance(evaluations, Incoming):
            with closing(Incoming(evaluations)) as incoming:
                return self.add(incoming)
        insert = self._insert()
        upsert = insert.on_conflict_do_update(
            index_elements=["key"],
            set_={column.name: insert.excluded[column.name] for column in EVALUATIONS.columns},
            where=EVALUATIONS.c.status == literal_column(f"'{CLAIMED}'"),
        ).compile(dialect=self.engine.dialect)

        def enter(connection: Connection, again: bool) -> int:
            """In the order of keys, or importers block each other."""
            added = 0
            for rows in evaluations:
                values = [row if upsert.positional else dict(zip(NAMES, row, strict=True)) for row in rows]
                added += connection.exec_driver_sql(upsert.string, values).rowcount
            return added

        return self._do(enter)

    def close(self) -> None:
        """Give back the connections."""
        if self._engine is not None:
            self._engine.dispose()

    def _change_claims(self, keys: Sequence[str], statement: Any) -> None:
        if keys:
            ours = (EVALUATIONS.c.status == CLAIMED) & (EVALUATIONS.c.owner == self.owner)
            statement = statement.where(EVALUATIONS.c.key.in_(list(keys)), ours)
            self._do(lambda connection, again: connection.execute(statement))

    def _insert(self) -> Any:
        dialect = sqlite if self.url.get_backend_name() == "sqlite" else postgresql
        return dialect.insert(EVALUATIONS)

    def _do(self, work: Callable[[Connection, bool], T]) -> T:
        """What `work` gives, in a transaction; it is done again where the server was away, and told so."""
        attempts = count()

        def attempt() -> T:
            again = next(attempts) > 0
            with self.engine.begin() as connection:
                return work(connection, again)

        with self._plain_errors():
            return wait_for(attempt, self._patience, self.name)

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
            raise DataError(f"the store {self.name} cannot be used: {hide_secrets(reason[0])}") from error
        except UnicodeError as error:  # of an SQLite file in which bytes were flipped
            raise DataError(f"the store {self.name} is damaged: {error}") from error
        except SQLAlchemyError as error:
            reason = hide_secrets(str(error)).splitlines()
            raise DataError(f"the store {self.name} cannot be used: {reason[0]}") from error

    def _reading(self, row: Any) -> AbstractContextManager[None]:
        """Around code that takes a row apart: what is damaged is one line that names the row."""
        key = str(row["key"])[:12] if row is not None else ""
        return reading(f"row {key} of the store {self.name}", "is not an evaluation")

    def _prepare(self, engine: Engine, create: bool) -> None:
        """Make the tables where there are none. Raises DataError for a database of another form."""
        form = _form(engine)
        if form is None and create:
            make_tables(engine)
            form = _form(engine)
        if form is None:
            raise DataError(f"{self.name} is not a store of archwalk")
        if form != FORM:
            raise DataError(
                f"the store {self.name} has form {form}, this archwalk reads form {FORM}; export it with the archwalk "
                "that made it and import it into a new one"
            )


def _form(engine: Engine) -> str | None:
    """Of the tables; None where there are none, or somebody is just making them."""
    if not inspect(engine).has_table(ABOUT.name):
        return None
    with engine.begin() as connection:
        return connection.execute(select(ABOUT.c.value).where(ABOUT.c.name == "form")).scalar()


def _is_free(row: Any, machine: str, started: float) -> bool:
    """Whether a row that is there may be claimed, by a server that runs since `started`."""
    if row["status"] != CLAIMED:
        return not holds_on(read_outcome(row), machine)
    lease = max(row["lease"], started + LEASE_SECONDS)  # nobody could renew a claim while the server was away
    return lease <= time.time() or is_dead(row["owner"])


def _started(connection: Connection, again: bool) -> float:
    """Since when the server runs, in seconds since 1970; 0 where there is none."""
    if connection.dialect.name != "postgresql":
        return 0.0
    return float(
        connection.execute(text("SELECT extract(epoch FROM pg_postmaster_start_time())")).scalar_one()
    )


def _filters(dataset: str | None, space: str | None) -> list[ColumnElement[bool]]:
    columns = ((EVALUATIONS.c.dataset, dataset), (EVALUATIONS.c.space, space))
    return [column == value for column, value in columns if value is not None]


def _happened(connection: Connection, statement: Any) -> bool:
    """Whether a statement about one row wrote it; drivers do not all count rows."""
    return connection.execute(statement.returning(EVALUATIONS.c.key)).first() is not None
