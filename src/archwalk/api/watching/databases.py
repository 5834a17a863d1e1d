"""Databases: studies, and the trainings of all searches."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np

from archwalk.api.watching.source import RUNNING, WAITING, Source
from archwalk.data.decoding import decode_json
from archwalk.estimators.metrics import Metric
from archwalk.estimators.store.database import Store
from archwalk.estimators.store.records import ACCURACY, DONE, OBJECTIVE
from archwalk.estimators.store.records import Evaluation as Training
from archwalk.experiments.evaluated import Batch, Searched
from archwalk.experiments.study_store import StudyStore
from archwalk.spaces.base import SearchSpace
from archwalk.spaces.catalogue import SpaceReference


class StudySource(Source):
    """A study, of which any number of processes may ask and tell."""

    def __init__(self, store: StudyStore, space: SearchSpace | None = None) -> None:
        """`space` is the study's, where whoever asks has it."""
        super().__init__(f"the study {store.study} in {store.name}" if store.study != "study" else store.name)
        self._store, about = store, store.about
        reward = Metric("reward", "", bool(about["higher_is_better"]))
        self._begin(
            Searched(
                benchmark=self.name, objective="reward", reward=reward,
                report=Metric("report", "", reward.higher_is_better),
                space=SpaceReference(about.get("made_as", about["space"]), about.get("parameters", {})),
                strategies=[about["strategy"]], trials=about["lanes"],
            ),
            space,
        )  # fmt: skip
        self._since = 0
        self._query: dict[int, int] = {}
        self._asked: Counter[int] = Counter()
        self._told: set[int] = set()

    def update(self) -> None:
        """See `Source`."""
        with self._store.exclusive():
            rows, self._since = self._store.changes(self._since)
        assert self.explored is not None
        for row in rows:
            if row.number not in self._query:
                self._asked[row.lane] += 1
                self._query[row.number] = self._asked[row.lane]
            if row.told and row.number not in self._told:
                self._told.add(row.number)
                code, reward, report = np.array([[row.code]], np.int32), [[row.reward]], [[row.report]]
                self.explored.add(
                    Batch(
                        self._store.about["strategy"], code, np.array(reward), np.array(report),
                        trial=row.lane, query=self._query[row.number],
                    )
                )  # fmt: skip
        self.state = RUNNING if self._told else WAITING


class StoreSource(Source):
    """The database of experiments, whoever fills it."""

    def __init__(self, store: Store, space: str | None = None, dataset: str | None = None) -> None:
        super().__init__(store.name)
        self._store, self._of = store, (dataset, space)
        self._keys: set[str] = set()
        self._since = ""
        self._numbers: Counter[str] = Counter()

    def update(self) -> None:
        """See `Source`."""
        for one in self._store.stream(*self._of, since=self._since):
            if one.key not in self._keys:
                self._keys.add(one.key)
                self._since = max(self._since, one.finished)
                self._add(one)
        self.state = RUNNING if self._keys else WAITING

    def _add(self, one: Training) -> None:
        outcome, of_objective = one.outcome, one.outcome.metric == OBJECTIVE
        if self.explored is None:
            unit, name = ("%", "accuracy") if outcome.metric == ACCURACY else ("", outcome.metric)
            self._begin(
                Searched(
                    benchmark=self.name, objective=name, space=SpaceReference(one.problem.space),
                    reward=Metric(name if of_objective else f"validation {name}", unit),
                    report=Metric(name if of_objective else f"test {name}", unit),
                    metrics={"seconds": Metric("seconds", "s", False), "parameters": Metric("parameters", "", False)},
                )
            )  # fmt: skip
        assert self.explored is not None
        values = {
            "seconds": outcome.seconds,
            "parameters": math.nan if outcome.parameters is None else outcome.parameters,
        }
        if of_objective:
            values |= {
                name or name: numbers[0] for name, numbers in outcome.curves.items() if name and numbers
            }
        for name in values:
            self.explored.metrics.setdefault(name, Metric(name))
        series = f"{one.problem.space}, {one.problem.dataset}"
        self._numbers[series] += 1
        reward, report = (
            (outcome.validation, outcome.test) if outcome.status == DONE else (math.nan, math.nan)
        )
        description = decode_json(one.architecture, Any, f"a row of the store {self.name}")
        metrics = {name: [value] for name, value in values.items()}
        self.explored.add_described(series, [description], [reward], [report], metrics, self._numbers[series])
