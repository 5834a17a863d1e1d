"""One task of a transfer: agents are trained over its sources, and it is searched by them and by other strategies."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np

from archwalk.agents.base import Paid
from archwalk.agents.saving import pack_agent, unpack_agent
from archwalk.agents.transfer.agent import TransferAgent
from archwalk.agents.transfer.baselines import BASELINES, search_with
from archwalk.agents.transfer.settings import TransferSettings
from archwalk.agents.transfer.trainer import TransferTrainer
from archwalk.data.decoding import decode_json, encode_json
from archwalk.errors import UsageError
from archwalk.estimators.base import Floats
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.table import TableEstimator
from archwalk.experiments.parts import Part
from archwalk.experiments.protocol import (
    Method,
    recommended_reports,
    run_search,
    shown_budgets,
    spawn,
    summarise_search,
)
from archwalk.experiments.records import StrategyResult
from archwalk.experiments.runs import load_method
from archwalk.experiments.settings import describe_settings
from archwalk.experiments.transfer_records import SourceCost, TaskResult
from archwalk.strategies.catalogue import STRATEGIES
from archwalk.versions import versions

PRETRAINED = "pretrained"
"""The agent that is trained over the sources, as a strategy's name."""

SHOWN = (5, 10, 20, 30, 50, 100, 150)
"""Numbers of queries after which results are told, beside the usual ones."""


@dataclass(frozen=True)
class Call:
    """What is the same for every target; trained agents and searches are kept in `out`, if it is there."""

    strategies: Sequence[str]
    settings: TransferSettings
    budget: int
    trials: int
    seeds: Sequence[int]
    workers: int
    out: Path | None


@dataclass(frozen=True)
class SearchedTask:
    """A target with what was found on it: best so far by strategy, (G, T, Q), rewards turned upward."""

    record: TaskResult
    normalised: Mapping[str, Floats]
    recommended: Mapping[str, tuple[Floats, Floats]]
    """By strategy: reports (G, T) of what is recommended, and of the best by reward."""


def train_over(sources: Sequence[Benchmark], settings: TransferSettings, seed: int) -> TransferAgent:
    """An agent, trained over these tasks."""
    started = time.perf_counter()
    trainer = TransferTrainer(sources[0], settings, seed, then=sources[1:])
    for _ in trainer.run():
        pass
    agent = trainer.agent()
    agent.paid = Paid(trainer.ledger.queries, trainer.ledger.unique, time.perf_counter() - started)
    return agent


@dataclass(frozen=True)
class TargetTask:
    """A task that is searched, and those that are learned from."""

    benchmark: Benchmark
    sources: Sequence[Benchmark]
    call: Call

    @cached_property
    def agents(self) -> list[TransferAgent]:
        """One a seed, trained when the first strategy needs them."""
        return [self._agent(seed) for seed in self.call.seeds]

    @property
    def _training(self) -> dict[str, Any]:
        """What an agent depends on, but for its seed."""
        return {
            "sources": [[source.name, source.fingerprint] for source in self.sources],
            "training": describe_settings(self.call.settings), "versions": versions(),
        }  # fmt: skip

    def _agent(self, seed: int) -> TransferAgent:
        out = self.call.out
        if out is None:
            return train_over(self.sources, self.call.settings, seed)
        part = Part(
            f"agent-{seed}-without-{self.benchmark.name}".replace(":", "-"),
            self._training | {"seed": seed},
            lambda: pack_agent(train_over(self.sources, self.call.settings, seed)),
        )
        return cast(TransferAgent, unpack_agent(part.get(out), self.sources[0].space, str(part.path(out))))

    def search(self, tell: Callable[[float], None] | None) -> SearchedTask:
        """By all strategies; `tell` is told the share done."""
        call, parts = self.call, {}
        for number, name in enumerate(call.strategies):
            if tell:
                tell(number / len(call.strategies))
            part = self._part(name)
            parts[name] = part.get(call.out) if call.out and _is_known(name) else part.compute()
        median, best = self._scale
        results = {name: decode_json(part["result"], StrategyResult, name) for name, part in parts.items()}
        normalised = {name: self._normalise(part["rewards"]) for name, part in parts.items()}
        paid = next((result for name, result in results.items() if _learns(name)), None)
        upward = self.benchmark.objective.reward.upward
        record = TaskResult(
            source=SourceCost(
                sources=[source.name for source in self.sources],
                queries=paid.training_queries if paid else 0,
                unique=paid.training_unique if paid else 0,
                seconds=paid.training_seconds if paid else 0.0,
            ),
            reward=self.benchmark.objective.reward,
            report=self.benchmark.objective.report,
            median_reward=float(upward(median)),
            best_reward=float(upward(best)),
            strategies=results,
            normalised={
                name: {
                    queries: float(values_GTQ[:, :, queries - 1].mean())
                    for queries in told_after(call.budget)
                }
                for name, values_GTQ in normalised.items()
            },
        )
        recommended = {
            name: tuple(part["recommended"]) for name, part in parts.items() if part["recommended"]
        }
        return SearchedTask(record, normalised, recommended)

    @cached_property
    def _scale(self) -> tuple[float, float]:
        return scale_of(self.benchmark)

    def _normalise(self, reward_GTQ: Floats) -> Floats:
        median, best = self._scale
        upward_GTQ = self.benchmark.objective.reward.upward(reward_GTQ)
        return np.where(np.isfinite(upward_GTQ), (upward_GTQ - median) / (best - median), -1.0)

    def _part(self, name: str) -> Part:
        """The search by a strategy, told apart by all that it depends on."""
        call = self.call
        depends: dict[str, Any] = {
            "target": self.benchmark.fingerprint, "budget": call.budget, "trials": call.trials, "seed": call.seeds[0],
            "versions": versions(),
        }  # fmt: skip
        if _learns(name):
            depends |= self._training | {"seeds": list(call.seeds)}
        else:
            depends["settings"] = dict(self._method(name).settings)
        return Part(f"{self.benchmark.name}-{name}".replace(":", "-"), depends, lambda: self._search(name))

    def _search(self, name: str) -> dict[str, Any]:
        """Rewards (G, T, Q), reports (G, T) of what is recommended and of the best, and what a record says."""
        call, method = self.call, self._method(name)
        seed = call.seeds[0]
        starts_NL = self.benchmark.space.sample(spawn(seed, 0), call.trials * call.budget)
        search = run_search(
            self.benchmark, method, budget=call.budget, trials=call.trials, seed=seed, workers=call.workers,
            starts_TQL=starts_NL.reshape(call.trials, call.budget, -1),
        )  # fmt: skip
        return {
            "result": encode_json(summarise_search(search, method, call.budget, seed)),
            "rewards": np.stack([curves.reward_TQ for curves in search.curves]),
            "recommended": list(recommended_reports(search) or ()),
        }

    def _method(self, name: str) -> Method:
        if name == PRETRAINED:
            return Method(name, tuple(self.agents), tuple(self.call.seeds), strategy=TransferAgent.name)
        if name in BASELINES:
            factories = tuple(search_with(name, agent) for agent in self.agents)
            return Method(name, factories, tuple(self.call.seeds), strategy=name)
        return load_method(name, self.benchmark.space, self.benchmark.name)


def _learns(name: str) -> bool:
    return name == PRETRAINED or name in BASELINES


def _is_known(name: str) -> bool:
    """Whether all is known that a search by it depends on: a run folder may be another one tomorrow."""
    return _learns(name) or name in STRATEGIES.names()


def scale_of(benchmark: Benchmark) -> tuple[float, float]:
    """Median and best of all finite rewards, turned upward. Raises UsageError where there is no table, or no
    difference.
    """
    estimator = benchmark.estimator
    if not isinstance(estimator, TableEstimator):
        raise UsageError(
            f"{benchmark.name} has no table, so that a reward has no place between median and best"
        )
    known_N = estimator.reward_N[np.isfinite(estimator.reward_N)]
    if not len(known_N) or known_N.min() == known_N.max():
        raise UsageError(f"the rewards of {benchmark.name} are all alike: there is nothing to search for")
    upward_N = benchmark.objective.reward.upward(known_N)
    median, best = float(np.median(upward_N)), float(upward_N.max())
    if median == best:
        raise UsageError(
            f"more than half of {benchmark.name} has its best reward: there is nothing to search for"
        )
    return median, best


def told_after(budget: int) -> list[int]:
    """Numbers of queries after which results are told."""
    return sorted({*shown_budgets(budget), *(queries for queries in SHOWN if queries <= budget)})
