"""The agents of the paper's experiments over one trial or several, a part each: trained, frozen, or acting by lot."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from archwalk.agents.building.agent import BuildingAgent
from archwalk.agents.building.problem import BuildingRules
from archwalk.agents.building.running import replay, roam
from archwalk.agents.construction_dqn.settings import ConstructionDQNSettings
from archwalk.agents.construction_dqn.trainer import ConstructionDQNTrainer
from archwalk.agents.meta_rl.settings import MetaRLSettings
from archwalk.agents.meta_rl.trainer import MetaRLTrainer
from archwalk.agents.saving import pack_agent, unpack_agent
from archwalk.estimators.benchmarks import Benchmark
from archwalk.experiments.parts import Part
from archwalk.experiments.presets import load_preset
from archwalk.experiments.settings import make_settings
from archwalk.papers.gomezrobles2019.trace import Witness, episode_columns
from archwalk.papers.setup import benchmark_settings

Value = dict[str, Any]
"""Of a part: `trials`, one `Trial` each, and of a training `agent`, with what it paid."""

CHAIN, DQN, BRANCHES = "gomezrobles2019-chain", "gomezrobles2019-dqn", "gomezrobles2019-multi-branch"
OURS = "archwalk-chain"


def meta_settings(preset: str, **changes: Any) -> MetaRLSettings:
    """Those of a preset, with some changed."""
    return MetaRLSettings(**{**load_preset(preset).settings, "then": "", **changes})


def dqn_settings(steps: int) -> ConstructionDQNSettings:
    """The paper's, of a training of another length; it learns from the first quarter on where that is sooner (ours)."""
    preset = load_preset(DQN)
    starts = min(int(preset.settings["learning_starts"]), max(1, steps // 4))
    return make_settings(ConstructionDQNSettings, preset, {"steps": steps, "learning_starts": starts})


def meta_part(benchmarks: Sequence[Benchmark], settings: MetaRLSettings, seed: int) -> Part:
    """One policy trained over data sets in turn."""
    depends = _depends(benchmarks, seed) | {"settings": asdict(settings)}
    return Part("meta-rl", depends, partial(_train_meta, benchmarks, settings, seed))


def dqn_part(benchmark: Benchmark, settings: ConstructionDQNSettings, seed: int) -> Part:
    """A Q-network trained from scratch on one data set."""
    depends = _depends([benchmark], seed) | {"settings": asdict(settings)}
    return Part("construction-dqn", depends, partial(_train_dqn, benchmark, settings, seed))


def random_part(benchmark: Benchmark, rules: BuildingRules, steps: int, seed: int) -> Part:
    """Random search on one data set."""
    depends = _depends([benchmark], seed) | {"rules": asdict(rules), "steps": steps}
    return Part("random", depends, partial(_roam, benchmark, rules, steps, seed))


def frozen_part(agent: Value, of: Part, benchmark: Benchmark, steps: int, seed: int) -> Part:
    """A trained policy, its weights fixed, on another data set; `of` is the part that trained it."""
    depends = _depends([benchmark], seed) | {"steps": steps, "agent": of.settings}
    return Part("frozen", depends, partial(_replay, agent, benchmark, steps, seed))


def _depends(benchmarks: Sequence[Benchmark], seed: int) -> dict[str, Any]:
    return {"benchmarks": [benchmark_settings(benchmark) for benchmark in benchmarks], "seed": seed}


def _train_meta(benchmarks: Sequence[Benchmark], settings: MetaRLSettings, seed: int) -> Value:
    seen = [_witnessed(benchmark) for benchmark in benchmarks]
    trainer = MetaRLTrainer(seen[0], settings, seed, then=seen[1:])
    rows: list[list[dict[str, float]]] = [[] for _ in seen]
    seconds, before = [0.0] * len(seen), time.perf_counter()
    for row in trainer.run():
        number, now = int(row["charts/trial"]) % len(seen), time.perf_counter()
        rows[number].append(row)
        seconds[number] += now - before
        before = now
    trials = [_trial(*one) for one in zip(seen, rows, seconds, strict=True)]
    return {"trials": trials, "agent": _agent(trainer)}


def _train_dqn(benchmark: Benchmark, settings: ConstructionDQNSettings, seed: int) -> Value:
    seen, started = _witnessed(benchmark), time.perf_counter()
    trainer = ConstructionDQNTrainer(seen, settings, seed)
    rows = list(trainer.run())
    return {"trials": [_trial(seen, rows, time.perf_counter() - started)], "agent": _agent(trainer)}


def _roam(benchmark: Benchmark, rules: BuildingRules, steps: int, seed: int) -> Value:
    seen = _witnessed(benchmark)
    return {"trials": [_played(seen, roam(seen, rules, steps, seed))]}


def _replay(agent: Value, benchmark: Benchmark, steps: int, seed: int) -> Value:
    trained, seen = unpack_agent(agent["packed"], benchmark.space, "this part"), _witnessed(benchmark)
    assert isinstance(trained, BuildingAgent)
    return {"trials": [_played(seen, replay(trained, seen, steps, seed))]}


def _played(benchmark: Benchmark, rows: Iterator[dict[str, float]]) -> dict[str, Any]:
    started = time.perf_counter()
    every = list(rows)
    return _trial(benchmark, every, time.perf_counter() - started)


def _witnessed(benchmark: Benchmark) -> Benchmark:
    return replace(benchmark, estimator=Witness(benchmark.estimator))


def _trial(benchmark: Benchmark, rows: list[dict[str, float]], seconds: float) -> dict[str, Any]:
    assert isinstance(benchmark.estimator, Witness)
    return {
        "benchmark": benchmark.name,
        "episodes": episode_columns(rows),
        "evaluated": benchmark.estimator.taken(),
        "seconds": seconds,
    }


def _agent(trainer: MetaRLTrainer | ConstructionDQNTrainer) -> Value:
    return {
        "packed": pack_agent(trainer.agent()),
        "queries": trainer.ledger.queries,
        "unique": trainer.ledger.unique,
    }
