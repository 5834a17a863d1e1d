"""Evaluations on their way into a store: all are read and right before the first is entered."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from operator import itemgetter
from typing import Any

from archwalk.estimators.store.records import Evaluation
from archwalk.estimators.store.tables import EVALUATIONS, evaluation_values

NAMES = tuple(column.name for column in EVALUATIONS.columns)
"""The columns of a row, as the database has them."""

_in_order = itemgetter(*NAMES)

_AT_ONCE = 1000


class Incoming:
    """Rows in the order of keys, each key once, the first that came; they wait in a temporary file, few in memory.

    Raises what going through the evaluations raises.
    """

    def __init__(self, evaluations: Iterable[Evaluation]) -> None:
        self.rows = 0
        """How many came, repeats included."""
        self._file = sqlite3.connect("")  # SQLite's own temporary file
        self._file.execute(f"CREATE TABLE incoming ({', '.join(NAMES)}, PRIMARY KEY (key))")
        self._file.executemany(
            f"INSERT OR IGNORE INTO incoming VALUES ({', '.join('?' * len(NAMES))})",
            self._values(evaluations),
        )

    def _values(self, evaluations: Iterable[Evaluation]) -> Iterator[tuple[Any, ...]]:
        for one in evaluations:
            self.rows += 1
            yield _in_order(evaluation_values(one))

    def __iter__(self) -> Iterator[list[tuple[Any, ...]]]:
        """Values in the order of `NAMES`, some rows at a time."""
        with closing(self._file.execute("SELECT * FROM incoming ORDER BY key")) as rows:
            while part := list(islice(rows, _AT_ONCE)):
                yield part

    def close(self) -> None:
        """Delete the file."""
        self._file.close()
