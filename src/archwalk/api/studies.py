"""A search whose evaluations are yours: ask for an architecture, evaluate it anywhere, tell its reward."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from archwalk.api.methods import as_method
from archwalk.data.architectures import code_of
from archwalk.errors import ArchwalkError, DataError, UsageError
from archwalk.experiments.protocol import spawn
from archwalk.experiments.study_store import Open, Row, StudyStore
from archwalk.spaces.architecture import Architecture
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.spaces.catalogue import SpaceReference, load_space
from archwalk.strategies.base import Strategy, Trials

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class StudyEvaluation:
    """An architecture that was told, with its reward (NaN: it has none) and what else was told of it."""

    architecture: Architecture
    reward: float
    report: float


@dataclass
class _Lane:
    """A trial of the strategy, and the architectures that it asked for last."""

    strategy: Strategy
    batch: int = -1
    codes_NL: Codes = field(default_factory=lambda: np.empty((0, 0), np.int32))
    rewards: dict[int, float] = field(default_factory=dict)

    @property
    def is_idle(self) -> bool:
        """Whether all of them were told."""
        return len(self.rewards) == len(self.codes_NL)


class Study:
    """Trials of a strategy in a space. Make one by `archwalk.study`."""

    def __init__(
        self,
        space: SearchSpace,
        strategies: Sequence[Strategy],
        store: StudyStore,
        *,
        higher_is_better: bool = True,
        lease_seconds: float = 3600.0,
    ) -> None:
        from archwalk.estimators.store.owner import make_owner

        self.space = space
        self.higher_is_better = higher_is_better
        self.lease_seconds = lease_seconds
        self._lanes = [_Lane(strategy) for strategy in strategies]
        self._store = store
        self._owner = make_owner().rpartition("|")[0]  # that of the process
        self._asked: list[Codes] = []
        """Everything that was ever asked for, in order."""
        self._told: dict[int, StudyEvaluation] = {}
        self._seen = 0
        with store.exclusive():
            self._sync()

    @overload
    def ask(self) -> Architecture: ...
    @overload
    def ask(self, n: int) -> list[Architecture]: ...
    def ask(self, n: int | None = None) -> Architecture | list[Architecture]:
        """The next architecture to evaluate, or a list of up to `n` that may be evaluated side by side.

        They are reserved: no other process is given them, unless this one is seen to be dead, does not tell them
        within `lease_seconds`, or somebody calls `release`. Where nothing else is to be had, this process is given
        again what it has; where others have all there is, a list is empty and ArchwalkError is raised for one.
        """
        with self._store.exclusive():
            self._sync()
            numbers = self._reserve(n or 1)
            self._store.reserve(numbers, self._owner, time.time() + self.lease_seconds)
        found = [Architecture(self.space, self._asked[number]) for number in numbers]
        if n is None and not found:
            raise ArchwalkError(
                "other processes are evaluating all that can be asked for before they tell; ask later, or open the "
                "study with more lanes"
            )
        return found[0] if n is None else found

    def tell(self, architecture: object, reward: float, report: float = math.nan) -> None:
        """Say what an architecture that was asked for is worth; NaN if it cannot be evaluated.

        `architecture` may be given in any way that `code_of` knows. `report` is what you would judge it by,
        which the strategy never sees. It is in the study's file when this returns. Raises UsageError for an
        architecture that was not asked for, or was told before.
        """
        if not _is_number(reward):
            raise UsageError(f"a reward is a number, or NaN where there is none, not {reward!r}")
        code_L = code_of(self.space, architecture)
        with self._store.exclusive():
            self._sync()
            those = [one for one in self._store.open() if np.array_equal(self._asked[one.number], code_L)]
            if not those:
                raise UsageError("tell() takes an architecture that ask() gave and that was not told yet")
            one = min(those, key=lambda each: each.owner != self._owner)
            self._store.tell(one.number, float(reward), float(report), self._seen + 1)
            self._sync()

    def release(self) -> None:
        """Give all that was asked for and not told to whoever asks next, whoever has it."""
        with self._store.exclusive():
            self._store.release()

    @property
    def evaluations(self) -> list[StudyEvaluation]:
        """All that was told, by any process, in the order in which it was asked for."""
        with self._store.exclusive():
            self._sync()
        return [self._told[number] for number in sorted(self._told)]

    @property
    def best(self) -> StudyEvaluation | None:
        """The first one asked for of the best reward; None before there is one."""
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

    def page(self, path: str | Path) -> Path:
        """Write all that was told as one HTML page to explore, which needs nothing else."""
        from archwalk.api.watching.databases import StudySource
        from archwalk.report.explorer.study_page import write_study_page

        source = StudySource(self._store, self.space)
        source.update()
        assert source.explored is not None
        write_study_page(source.name, source.explored, Path(path))
        return Path(path)

    def _reserve(self, wanted: int) -> list[int]:
        """Numbers of up to `wanted` that this process may have: free ones, then new ones, then its own."""
        opened = self._store.open()
        numbers = [one.number for one in opened if self._is_free(one)][:wanted]
        for lane in self._lanes:
            if len(numbers) < wanted and lane.is_idle:
                first = len(self._asked)
                self._advance(lane, wanted - len(numbers))
                numbers += range(first, min(len(self._asked), first + wanted - len(numbers)))
        return numbers or [one.number for one in opened if one.owner == self._owner][:wanted]

    def _is_free(self, one: Open) -> bool:
        from archwalk.estimators.store.owner import is_dead

        return not one.owner or one.lease <= time.time() or is_dead(f"{one.owner}|")

    def _advance(self, lane: _Lane, wanted: int) -> None:
        """A lane that is idle asks for more."""
        codes = [code_L.tolist() for code_L in lane.strategy.ask(wanted)[0]]
        first = len(self._asked)
        self._store.add(self._lanes.index(lane), first, wanted, codes, self._seen + 1)
        self._open(lane, first, np.array(codes, np.int32))
        self._seen += 1

    def _open(self, lane: _Lane, first: int, codes_NL: Codes) -> None:
        lane.batch, lane.codes_NL, lane.rewards = first, codes_NL, {}
        self._asked += list(codes_NL)

    def _sync(self) -> None:
        """Take in what was asked and told since, here or elsewhere: the strategies are asked and told the same."""
        rows, self._seen = self._store.changes(self._seen)
        if strange := next((row for row in rows if row.lane >= len(self._lanes)), None):
            raise DataError(f"the study {self._store.name} is damaged: row {strange.number} is of no lane")
        for row in rows:
            if row.number < len(self._asked):
                self._enter(row)
        new = [row for row in rows if row.number >= len(self._asked)]
        for _, batch in groupby(new, key=lambda row: row.batch):
            self._repeat(list(batch))

    def _repeat(self, batch: Sequence[Row]) -> None:
        """Ask again for what another process asked for."""
        lane = self._lanes[batch[0].lane]
        codes_NL = lane.strategy.ask(batch[0].asked)[0] if lane.is_idle else lane.codes_NL[:0]
        if codes_NL.tolist() != [row.code for row in batch]:
            raise DataError(
                f"the study {self._store.name} was made by another version of archwalk, which asked for others"
            )
        self._open(lane, batch[0].number, codes_NL)
        for row in batch:
            self._enter(row)

    def _enter(self, row: Row) -> None:
        """What was told of an architecture that is known to be asked for."""
        if not row.told or row.number in self._told:
            return
        code_L = self._asked[row.number]
        self._told[row.number] = StudyEvaluation(Architecture(self.space, code_L), row.reward, row.report)
        lane = self._lanes[row.lane]
        lane.rewards[row.number - lane.batch] = row.reward
        if lane.is_idle:
            sign = 1 if self.higher_is_better else -1
            reward_N = np.array([lane.rewards[place] for place in range(len(lane.codes_NL))])
            lane.strategy.tell(lane.codes_NL[None], sign * reward_N[None])


def _is_number(value: object) -> bool:
    """NaN is one, infinity is none."""
    return isinstance(value, int | float | np.floating | np.integer) and not math.isinf(value)


def study(
    space: SearchSpace | str,
    strategy: object = "graph-gp",
    path: str | Path | None = None,
    *,
    name: str = "study",
    lanes: int = 1,
    lease_seconds: float = 3600.0,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    higher_is_better: bool = True,
) -> Study:
    """A search by ask and tell. With `path`, an SQLite file that is made where there is none or a PostgreSQL URL, it
    goes on where it was, and several processes may work on it at the same time; a database may hold several, by `name`.

    `strategy` is a name, a preset's name, the run folder of a trained agent or an agent; `settings` change those of its
    default preset. Most strategies must be told before they go on. With `lanes`, so many trials of the strategy, which
    know nothing of each other, give so many workers something to do. Everything that was told is asked and told again
    when a study is opened, so that it goes on to the bit. Raises UsageError where the file holds a study of other
    settings, DataError where it is damaged.
    """
    if lanes < 1:
        raise UsageError(f"lanes must be at least 1, not {lanes}")
    where = load_space(space) if isinstance(space, str) else space
    method = as_method(strategy, where, settings=settings)
    about = {
        "space": where.name,
        "features": where.feature_count,
        "strategy": method.name,
        "settings": dict(method.settings),
        "seed": seed,
        "lanes": lanes,
        "higher_is_better": higher_is_better,
    }
    if (
        reference := SpaceReference.of(where)
    ).name != where.name:  # of a declared space the name alone says little
        about |= {"made_as": reference.name, "parameters": reference.parameters}
    store = StudyStore(path, name, about)
    made = [method.factories[0](Trials(where, 1, spawn(seed, 1, lane))) for lane in range(lanes)]
    return Study(where, made, store, higher_is_better=higher_is_better, lease_seconds=lease_seconds)
