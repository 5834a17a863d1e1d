"""P3 section 6.1, experiment 2: the policy of experiment 1, its weights fixed, on data sets that it has not seen."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from archwalk.estimators.benchmarks import Benchmark
from archwalk.experiments.presets import load_preset
from archwalk.experiments.reproductions.gomezrobles2019.agents import CHAIN, DQN, frozen_part
from archwalk.experiments.reproductions.gomezrobles2019.episodes import (
    action_shares,
    estimate,
    stretch_reward,
)
from archwalk.experiments.reproductions.gomezrobles2019.evolution import Trials, evolution
from archwalk.experiments.reproductions.gomezrobles2019.exp1 import (
    META,
    baseline_parts,
    baseline_trials,
    meta_parts,
)
from archwalk.experiments.reproductions.gomezrobles2019.sizes import (
    Size,
    data_settings,
    depends_on,
    find_size,
    seeds_of,
)
from archwalk.experiments.reproductions.item import Answer, Item
from archwalk.experiments.reproductions.setup import Setup
from archwalk.experiments.significance import signed_rank

FROZEN = (META,)
"""Agents whose weights no longer change."""


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
            "steps": steps,
            "seeds": seeds_of(setup, size.seeds),
        },
        evolution(setup, data[0].space, trials)
        | {
            "thirds": {name: thirds(by_agent, steps, seed) for name, by_agent in trials.items()},
            "strategies": strategies_differ(trials),
        },
    )


def play_all(setup: Setup, size: Size, data: list[Benchmark]) -> tuple[Trials, dict[str, float]]:
    """Every agent's trials on every unseen data set, and the queries that training had paid before."""
    trained = meta_parts(setup, size, setup.load_each(size.train))
    agents = [value["agent"] for value in setup.keep_all(trained, "the training of experiment 1")]
    parts = []
    for one in data:
        parts += [
            frozen_part(agent, part, one, size.unseen_steps, seed)
            for agent, part, seed in zip(agents, trained, seeds_of(setup, size.seeds), strict=True)
        ]
        parts += baseline_parts(setup, size, one, size.unseen_steps, size.unseen_steps)
    values = setup.keep_all(parts, "the frozen policy and baselines on unseen data sets")
    trials: Trials = {}
    for number, one in enumerate(data):
        mine = values[3 * size.seeds * number :]
        trials[one.name] = {META: [value["trials"][0] for value in mine[: size.seeds]]}
        trials[one.name] |= baseline_trials(size, mine[size.seeds :])
    return trials, {META: float(np.mean([agent["queries"] for agent in agents]))}


def thirds(by_agent: Mapping[str, Any], steps: int, seed: int) -> dict[str, Any]:
    """Mean reward a step of a trial's first and last third and of the whole, and the last less the first."""
    found = {}
    for agent, trials in by_agent.items():
        first_S, last_S, whole_S = (
            np.array([stretch_reward(trial, low * steps, high * steps) for trial in trials])
            for low, high in ((0, 1 / 3), (2 / 3, 1), (0, 1))
        )
        found[agent] = {
            "first": estimate(first_S, seed),
            "last": estimate(last_S, seed),
            "gain": estimate(last_S - first_S, seed),
            "whole": estimate(whole_S, seed),
            "frozen": agent in FROZEN,
        }
    return found


def strategies_differ(trials: Trials) -> dict[str, Any] | None:
    """P3's test of whether the policy acts differently on the two data sets: Wilcoxon's signed-rank test, paired over
    the actions, of their shares in all seeds together, and of each seed's. None where there are not two.
    """
    if len(trials) != 2:
        return None
    one, other = (action_shares(by_agent[META]) for by_agent in trials.values())
    return {
        "p": signed_rank(one.mean(axis=0) - other.mean(axis=0)),
        "each": [signed_rank(a - b) for a, b in zip(one, other, strict=True)],
        "pairs": int(one.shape[1]),
    }


def depends(setup: Setup) -> Mapping[str, Any]:
    """Data and settings."""
    size = find_size(setup)
    data = [*setup.find_benchmarks(size.unseen), *setup.load_each(size.train)]
    return depends_on(setup, data) | {"presets": [dict(load_preset(name).settings) for name in (CHAIN, DQN)]}


ITEM = Item(
    "exp2", "section 6.1, Figures 12 and 13, Table 5", "The frozen policy on data sets it has not seen", "evolution",
    compute, depends=depends,
)  # fmt: skip
