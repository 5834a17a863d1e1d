"""Whole trials of policies that no longer learn: a trained agent on another data set, or actions by lot."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from archwalk.agents.building.agent import BuildingAgent
from archwalk.agents.building.episodes import EpisodeLog
from archwalk.agents.building.policies import ConstructionPolicy, RandomPolicy, Turn
from archwalk.agents.building.problem import BuildingRules, Construction
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.ledger import TrainingLedger

Rows = Iterator[dict[str, float]]


def replay(agent: BuildingAgent[Any, Any], benchmark: Benchmark, steps: int, seed: int) -> Rows:
    """One trial of a frozen policy on a benchmark (Gomez Robles and Vanschoren 2019, experiment 2); see `play`."""
    ledger = TrainingLedger(benchmark.estimator, np.random.default_rng(seed).spawn(1)[0])
    return play(agent.policy(), agent.construct(benchmark.space, ledger), ledger, steps, seed)


def roam(benchmark: Benchmark, rules: BuildingRules, steps: int, seed: int) -> Rows:
    """One trial of Gomez Robles and Vanschoren's random search; see `play`."""
    ledger = TrainingLedger(benchmark.estimator, np.random.default_rng(seed).spawn(1)[0])
    construction = Construction(benchmark.space, ledger, 1, rules)
    return play(RandomPolicy(construction.actions), construction, ledger, steps, seed)


def play(
    policy: ConstructionPolicy, construction: Construction, ledger: TrainingLedger, steps: int, seed: int
) -> Rows:
    """One trial of one environment: a row of metrics of each episode (`EpisodeLog`), `queries` and `unique` paid by
    then, and the network of its highest reward, `code/0`, `code/1` and so on.
    """
    rng, builds = np.random.default_rng(seed), construction.builds
    log, memory, code = EpisodeLog(1, construction.actions), policy.begin(1), dict[str, float]()
    for number in range(steps):
        turn = Turn(construction.look(), memory, number == 0, construction.allowed())
        move = policy.act(turn, rng)
        memory = move.memory
        step = construction.step(move.action_B)
        if step.reward_B[0] >= log.best_B[0]:
            code = {f"code/{i}": float(value) for i, value in enumerate(step.codes_BL[0])}
        log.add(builds, step, move.entropy_B, {"queries": ledger.queries, "unique": ledger.unique} | code)
        construction.restart(step.done_B)
        yield from log.rows
        log.rows.clear()
