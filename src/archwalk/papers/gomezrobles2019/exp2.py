"""section 6.1, experiment 2: the policy of experiment 1, its weights fixed, on data sets that it has not seen."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from archwalk.estimators.benchmarks import Benchmark
from archwalk.experiments.parts import Part
from archwalk.experiments.presets import load_preset
from archwalk.experiments.significance import signed_rank
from archwalk.papers.estimates import estimate
from archwalk.papers.gomezrobles2019.agents import (
    CHAIN,
    DQN,
    OURS,
    frozen_part,
    meta_part,
    meta_settings,
)
from archwalk.papers.gomezrobles2019.episodes import (
    action_shares,
    stretch_reward,
)
from archwalk.papers.gomezrobles2019.evolution import Trials, evolution
from archwalk.papers.gomezrobles2019.exp1 import (
    DEEP_Q,
    META,
    baseline_parts,
    baseline_trials,
    meta_parts,
)
from archwalk.papers.gomezrobles2019.sizes import (
    Size,
    data_settings,
    depends_on,
    find_size,
    seeds_of,
)
from archwalk.papers.gomezrobles2019.trace import Trial
from archwalk.papers.item import Answer, Item
from archwalk.papers.setup import Setup

ADAPTIVE = "Adaptive meta-RL (ours)"
FROZEN = (META, ADAPTIVE)
"""Agents whose weights no longer change."""

SETTLING = 0.05
"""Share of a trial in which a memory that was blank fills (ours)."""


def compute(setup: Setup, benchmark: str) -> Answer:
    """Replay, beside baselines; does the policy adapt within a trial, and to a data set?"""
    size = find_size(setup)
    data = setup.find_benchmarks(size.unseen)
    trials, queries = play_all(setup, size, data)
    steps, seed = size.unseen_steps, setup.seed
    return Answer(
        data_settings(setup, data)
        | {
            "trained on": list(size.train),
            "training_queries": queries,
            "agents": {
                name: dict(load_preset(preset).settings)
                for name, preset in ((META, CHAIN), (ADAPTIVE, OURS), (DEEP_Q, DQN))
                if name in queries or name == DEEP_Q
            },
            "steps": steps,
            "seeds": seeds_of(setup, size.seeds),
        },
        evolution(setup, data[0].space, trials)
        | {
            "thirds": {name: thirds(by_agent, steps, seed) for name, by_agent in trials.items()},
            "strategies": {name: strategies_differ(trials, name) for name in queries},
        },
    )


def play_all(setup: Setup, size: Size, data: list[Benchmark]) -> tuple[Trials, dict[str, float]]:
    """Every agent's trials on every unseen data set, and the queries that training had paid before."""
    train, seeds = setup.load_each(size.train), seeds_of(setup, size.seeds)
    trainings = {META: meta_parts(setup, size, train), ADAPTIVE: our_parts(setup, size, train)}
    every = [part for parts in trainings.values() for part in parts]
    agents = [value["agent"] for value in setup.keep_all(every, "training before experiment 2")]
    parts = []
    for one in data:
        parts += [
            frozen_part(agent, part, one, size.unseen_steps, seed)
            for agent, part, seed in zip(agents, every, seeds * 2, strict=False)
        ]
        parts += baseline_parts(setup, size, one, size.unseen_steps)
    values = setup.keep_all(parts, "frozen policies and baselines on unseen data sets")
    names = [name for name, its in trainings.items() if its]
    trials: Trials = {}
    for number, one in enumerate(data):
        mine = values[number * (len(parts) // len(data)) :]
        groups = [mine[k * size.seeds : (k + 1) * size.seeds] for k in range(len(names))]
        trials[one.name] = {
            name: [value["trials"][0] for value in group] for name, group in zip(names, groups, strict=True)
        }
        trials[one.name] |= baseline_trials(size, mine[len(every) :])
    return trials, {
        name: float(np.mean([agent["queries"] for agent in agents[k * size.seeds : (k + 1) * size.seeds]]))
        for k, name in enumerate(names)
    }


def our_parts(setup: Setup, size: Size, data: list[Benchmark]) -> list[Part]:
    """The trainings of our agent, one a seed; none where the size leaves it out."""
    if not size.our_rounds:
        return []
    changes = {} if size.our_steps is None else {"steps": size.our_steps, "later_steps": size.our_steps}
    settings = meta_settings(OURS, rounds=size.our_rounds, **changes)
    return [meta_part(data, settings, seed) for seed in seeds_of(setup, size.seeds)]


def thirds(by_agent: Mapping[str, list[Trial]], steps: int, seed: int) -> dict[str, Any]:
    """Mean reward a step of the first and the last third of a trial and of the whole; how far the last third is above
    the first, and above what is left of it without the `SETTLING`.
    """
    found = {}
    for agent, trials in by_agent.items():
        first_S, last_S, whole_S, settled_S = (
            np.array([stretch_reward(trial, low * steps, high * steps) for trial in trials])
            for low, high in ((0, 1 / 3), (2 / 3, 1), (0, 1), (SETTLING, 1 / 3))
        )
        found[agent] = {
            "first": estimate(first_S, seed),
            "last": estimate(last_S, seed),
            "gain": estimate(last_S - first_S, seed),
            "settled_gain": estimate(last_S - settled_S, seed),
            "whole": estimate(whole_S, seed),
            "frozen": agent in FROZEN,
        }
    return found


def strategies_differ(trials: Trials, agent: str) -> dict[str, Any] | None:
    """The paper's test of whether a policy acts differently on the two data sets: Wilcoxon's signed-rank test, paired
    over the actions, of their shares in all seeds together, and of each seed's. None where there are not two.
    """
    if len(trials) != 2:
        return None
    one, other = (action_shares(by_agent[agent]) for by_agent in trials.values())
    return {
        "p": signed_rank(one.mean(axis=0) - other.mean(axis=0)),
        "each": [signed_rank(a - b) for a, b in zip(one, other, strict=True)],
        "pairs": int(one.shape[1]),
    }


def depends(setup: Setup) -> Mapping[str, Any]:
    """Data and settings."""
    size = find_size(setup)
    data = [*setup.find_benchmarks(size.unseen), *setup.load_each(size.train)]
    return depends_on(setup, data) | {
        "presets": [dict(load_preset(name).settings) for name in (CHAIN, DQN, OURS)]
    }


ITEM = Item(
    "exp2", "Figures 12, 13, Table 5", "The frozen policy on data sets it has not seen", "evolution",
    compute, depends=depends,
)  # fmt: skip
