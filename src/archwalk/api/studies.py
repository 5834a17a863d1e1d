"""A search whose evaluations are yours: ask for an architecture, evaluate it anywhere, tell its reward."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, overload

import msgspec
import numpy as np

from archwalk.api.methods import as_method
from archwalk.data.architectures import code_of
from archwalk.data.decoding import convert, decode_json, reading
from archwalk.data.files import make_folder
from archwalk.errors import DataError, UsageError
from archwalk.experiments.protocol import spawn
from archwalk.spaces.architecture import Architecture
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.spaces.catalogue import load_space
from archwalk.strategies.base import Strategy, Trials

if TYPE_CHECKING:
    import pandas

FORM = "archwalk-study-1"


@dataclass(frozen=True)
class StudyEvaluation:
    """An architecture that was told, with its reward (NaN: it has none) and what else was told of it."""

    architecture: Architecture
    reward: float
    report: float


class Study:
    """One trial of a strategy in a space. Make one by `archwalk.study`."""

    def __init__(
        self, space: SearchSpace, strategy: Strategy, journal: _Journal, *, higher_is_better: bool = True
    ) -> None:
        self.space = space
        self.strategy = strategy
        self.higher_is_better = higher_is_better
        self.evaluations: list[StudyEvaluation] = []
        """All that was told, in the order in which it was asked for."""
        self._journal = journal
        self._asked: list[Codes] = []
        self._answers: dict[int, tuple[float, float]] = {}
        self._replay(journal.rows())

    @overload
    def ask(self) -> Architecture: ...
    @overload
    def ask(self, n: int) -> list[Architecture]: ...
    def ask(self, n: int | None = None) -> Architecture | list[Architecture]:
        """The next architecture to evaluate, or a list of up to `n` that may be evaluated side by side.

        Until they are told, the same ones are given again, after a kill too.
        """
        if not self._asked:
            self._asked = list(self.strategy.ask(n or 1)[0])
        waiting = [code_L for i, code_L in enumerate(self._asked) if i not in self._answers]
        found = [Architecture(self.space, code_L) for code_L in waiting]
        return found[0] if n is None else found[:n]

    def tell(self, architecture: object, reward: float, report: float = math.nan) -> None:
        """Say what an architecture that was asked for is worth; NaN if it cannot be evaluated.

        `architecture` may be given in any way that `code_of` knows. `report` is what you would judge it by,
        which the strategy never sees. It is in the study's file when this returns. Raises UsageError for an
        architecture that was not asked for, or was told before.
        """
        if not _is_number(reward):
            raise UsageError(f"a reward is a number, or NaN where there is none, not {reward!r}")
        code_L = code_of(self.space, architecture)
        waiting = (i for i, asked_L in enumerate(self._asked) if i not in self._answers)
        place = next((i for i in waiting if np.array_equal(self._asked[i], code_L)), None)
        if place is None:
            raise UsageError("tell() takes an architecture that ask() gave and that was not told yet")
        self._journal.add(
            (len(self.evaluations) + place, len(self._asked), code_L.tolist(), float(reward), float(report))
        )
        self._enter(place, float(reward), float(report))

    @property
    def best(self) -> StudyEvaluation | None:
        """The first one told of the best reward; None before there is one."""
        known = [told for told in self.evaluations if not math.isnan(told.reward)]
        sign = 1 if self.higher_is_better else -1
        return max(known, key=lambda told: sign * told.reward, default=None)

    def __len__(self) -> int:
        return len(self.evaluations)

    def frame(self) -> pandas.DataFrame:
        """A row for each evaluation: reward, report, architecture. Needs pandas."""
        from archwalk.api.frames import data_frame

        rows = [
            {
                "reward": told.reward,
                "report": told.report,
                "architecture": json.dumps(told.architecture.description),
            }
            for told in self.evaluations
        ]
        return data_frame(rows)

    def _enter(self, place: int, reward: float, report: float) -> None:
        self._answers[place] = reward, report
        if len(self._answers) < len(self._asked):
            return
        codes_NL = np.stack(self._asked)
        answers = [self._answers[i] for i in range(len(codes_NL))]
        self.evaluations += [
            StudyEvaluation(Architecture(self.space, code_L), *answer)
            for code_L, answer in zip(codes_NL, answers, strict=True)
        ]
        self._asked, self._answers = [], {}
        sign = 1 if self.higher_is_better else -1
        self.strategy.tell(codes_NL[None], sign * np.array([[reward for reward, _ in answers]]))

    def _replay(self, rows: Sequence[_Row]) -> None:
        """Ask and tell what was asked and told before."""
        for number, batch, code, reward, report in sorted(rows):
            if not self._asked:
                self._asked = list(self.strategy.ask(batch)[0])
            place = number - len(self.evaluations)
            if not 0 <= place < len(self._asked) or self._asked[place].tolist() != code:
                raise DataError(
                    f"{self._journal.name} was made by another version of archwalk, which asked for others"
                )
            self._enter(place, reward, report)


_Row = tuple[int, int, list[int], float, float]
"""The number of an evaluation, how many were asked for with it, its code, reward and report."""


class _Told(msgspec.Struct):
    """A row as it stands in the file, its code apart."""

    number: int
    batch: Annotated[int, msgspec.Meta(ge=1)]
    reward: float | None
    report: float | None


class _Journal:
    """What was told, in an SQLite file or, without a path, nowhere."""

    def __init__(self, path: Path | None, about: Mapping[str, Any]) -> None:
        self.name = str(path)
        self._connection: sqlite3.Connection | None = None
        if path is not None:
            make_folder(path.absolute().parent)
            with self._plain_errors():
                self._connection = sqlite3.connect(path, isolation_level=None)
                self._prepare(json.dumps({"form": FORM, **about}, sort_keys=True))

    def add(self, row: _Row) -> None:
        number, batch, code, reward, report = row
        if self._connection is not None:
            values = (
                number,
                batch,
                json.dumps(code),
                *(None if math.isnan(x) else x for x in (reward, report)),
            )
            with self._plain_errors():
                self._connection.execute("INSERT INTO told VALUES (?, ?, ?, ?, ?)", values)

    def rows(self) -> list[_Row]:
        if self._connection is None:
            return []
        with self._plain_errors():
            found = self._connection.execute("SELECT * FROM told").fetchall()
        return [self._row(list(row)) for row in found]

    def _row(self, row: list[Any]) -> _Row:
        """Raises DataError for one that is damaged."""
        source = f"row {row[0]} of the study {self.name}"
        with reading(source, "is not an evaluation"):
            code = decode_json(convert(row.pop(2), str, source), list[int], source)
            told = convert(dict(zip(_Told.__struct_fields__, row, strict=True)), _Told, source)
        reward, report = (math.nan if x is None else x for x in (told.reward, told.report))
        return told.number, told.batch, code, reward, report

    def _prepare(self, about: str) -> None:
        assert self._connection is not None
        run = self._connection.execute
        run("PRAGMA journal_mode = wal")
        run("PRAGMA synchronous = normal")
        run("CREATE TABLE IF NOT EXISTS about (content TEXT)")
        run(
            "CREATE TABLE IF NOT EXISTS told "
            "(number INTEGER PRIMARY KEY, batch INTEGER, code TEXT, reward REAL, report REAL)"
        )
        run("INSERT INTO about SELECT ? WHERE NOT EXISTS (SELECT 1 FROM about)", (about,))
        (before,) = run("SELECT content FROM about").fetchone()
        if not isinstance(before, str):
            raise DataError(f"the study {self.name} is damaged: it does not say what it is about")
        if before != about:
            raise UsageError(f"{self.name} is another study: {_differing(before, about)}")

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError as error:
            raise DataError(
                f"another process tells the study {self.name} at the same time; open it again"
            ) from error
        except (sqlite3.Error, ValueError, TypeError, RecursionError) as error:
            raise DataError(f"the study {self.name} cannot be used: {error}") from error


def _is_number(value: object) -> bool:
    """NaN is one, infinity is none."""
    return isinstance(value, int | float | np.floating | np.integer) and not math.isinf(value)


def _differing(before: str, about: str) -> str:
    old, new = (decode_json(text, dict[str, Any], "what it is about") for text in (before, about))
    parts = (
        f"{key} {old.get(key)!r} there, {new.get(key)!r} here" for key in new if old.get(key) != new.get(key)
    )
    return "; ".join(parts)


def study(
    space: SearchSpace | str,
    strategy: object = "graph-gp",
    path: str | Path | None = None,
    *,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    higher_is_better: bool = True,
) -> Study:
    """A search by ask and tell. With `path`, a file that is made where there is none, it goes on where it was.

    `strategy` is a name, a preset's name, the run folder of a trained agent or an agent; `settings` change those of its
    default preset. Everything that was told is asked and told again when a study is opened, so that it goes on to the
    bit. Raises UsageError where the file holds a study of other settings, DataError where it is damaged.
    """
    where = load_space(space) if isinstance(space, str) else space
    method = as_method(strategy, where, settings=settings)
    about = {
        "space": where.name,
        "features": where.feature_count,
        "strategy": method.name,
        "settings": dict(method.settings),
        "seed": seed,
        "higher_is_better": higher_is_better,
    }
    journal = _Journal(Path(path) if path is not None else None, about)
    made = method.factories[0](Trials(where, 1, spawn(seed, 1, 0)))
    return Study(where, made, journal, higher_is_better=higher_is_better)
