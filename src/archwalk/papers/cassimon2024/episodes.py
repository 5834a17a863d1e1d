"""Single episodes from the paper's sets of starts (section 4.1.1), played once for all items that look at them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from archwalk.estimators.base import Scores
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.metrics import Objective
from archwalk.experiments.protocol import Outcome, spawn, take_episodes
from archwalk.papers.setup import NamedMethod, Setup, benchmark_settings
from archwalk.strategies.base import Trials
from archwalk.strategies.walker import EPISODE_LIMIT, Episodes


def play(
    setup: Setup, benchmark: Benchmark, named_methods: Sequence[NamedMethod] | None = None
) -> dict[str, list[Outcome]]:
    """Outcomes by strategy, one an agent: every agent from every start of every set, the same for all."""
    scale, named_methods = (
        setup.scale,
        setup.named_methods(benchmark) if named_methods is None else named_methods,
    )
    starts_BL = benchmark.space.sample(spawn(setup.seed, 4), scale.sets * scale.starts)
    played: dict[str, list[Outcome]] = {}
    total = sum(named.method.agents for named in named_methods)
    for named in named_methods:
        outcomes = []
        for agent in range(named.method.agents):
            done = sum(map(len, played.values())) + agent
            setup.tell(done / total, f"episodes of {named.name}, agent {agent + 1}")
            depends = benchmark_settings(benchmark) | {
                "starts": len(starts_BL), "seed": setup.seed, "agent": agent, "who": named.identity,
            }  # fmt: skip
            part = setup.keep(
                f"episodes-{named.name}",
                depends,
                lambda named=named, agent=agent: _pack(  # type: ignore[misc]
                    take_episodes(benchmark, named.method, agent, starts_BL, spawn(setup.seed, 3, agent))
                ),
            )
            if part["plays"]:
                outcomes.append(_unpack(part, benchmark.objective))
        if outcomes:
            played[named.name] = outcomes
    return played


def episode_settings(setup: Setup, benchmark: Benchmark) -> dict[str, Any]:
    """The protocol of `play`, for a record."""
    scale = setup.scale
    return benchmark_settings(benchmark) | {
        "protocol": "one episode of every agent from every start of every set",
        "sets": scale.sets,
        "starts_per_set": scale.starts,
        "repeats_of_untrained": scale.repeats,
        "episode_limit": EPISODE_LIMIT,
        "paper": "5 agents x 5 sets x 10,000 starts",
        "seed": setup.seed,
        "strategies": {named.name: describe(named, benchmark) for named in setup.named_methods(benchmark)},
    }


def describe(named: NamedMethod, benchmark: Benchmark) -> dict[str, Any]:
    """What a record says of a strategy before it runs: its queries, its seeds, what its training paid."""
    method = named.method
    strategies = [factory(Trials(benchmark.space, 1, spawn(0, 0))) for factory in method.factories]
    return {
        "query": strategies[0].query,
        "agents": method.agents,
        "training_seeds": list(method.training_seeds),
        "training_queries": round(np.mean([s.training_queries for s in strategies])),
        "training_unique": round(np.mean([s.training_unique for s in strategies])),
        "training_seconds": float(np.mean([s.training_seconds for s in strategies])),
    }


def one_repeat(named: NamedMethod) -> NamedMethod:
    """An untrained strategy once: more trials, not more repeats, are what a search has of it."""
    method = named.method
    if method.training_seeds:
        return named
    return replace(named, method=replace(method, factories=method.factories[:1]))


def _pack(outcome: Outcome | None) -> dict[str, Any]:
    if outcome is None:
        return {"plays": False}
    return {
        "plays": True,
        **{f"{end}_{score}": getattr(getattr(outcome, end), f"{score}_B")
           for end in ("start", "final") for score in ("reward", "report", "seconds")},
        "finals": outcome.episodes.finals_BL,
        "steps": outcome.episodes.steps_B,
        "evaluations": outcome.evaluations,
    }  # fmt: skip


def _unpack(part: dict[str, Any], objective: Objective) -> Outcome:
    start, final = (
        Scores(*(part[f"{end}_{score}"] for score in ("reward", "report", "seconds")))
        for end in ("start", "final")
    )
    return Outcome(start, final, Episodes(part["finals"], part["steps"]), part["evaluations"], objective)
