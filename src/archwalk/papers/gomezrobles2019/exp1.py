"""section 6.1, experiment 1: one policy trained over three data sets in turn, against baselines that begin anew."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from archwalk.estimators.benchmarks import Benchmark
from archwalk.experiments.parts import Part
from archwalk.experiments.presets import load_preset
from archwalk.papers.estimates import difference, estimate
from archwalk.papers.gomezrobles2019.agents import (
    CHAIN,
    DQN,
    Value,
    dqn_part,
    dqn_settings,
    meta_part,
    meta_settings,
    random_part,
)
from archwalk.papers.gomezrobles2019.episodes import stretch_reward
from archwalk.papers.gomezrobles2019.evolution import Trials, evolution
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

META, DEEP_Q, RANDOM = "Deep meta-RL", "DQN", "Random search"
EARLY = 500
"""Steps on a data set that count as the first."""


def meta_parts(setup: Setup, size: Size, data: Sequence[Benchmark]) -> list[Part]:
    """The trainings of the policy, one a seed."""
    first, *later = size.steps
    assert len(set(later)) == 1, "the trials after the first are equally long"
    settings = meta_settings(CHAIN, steps=first, later_steps=later[0])
    return [meta_part(data, settings, seed) for seed in seeds_of(setup, size.seeds)]


def compute(setup: Setup, benchmark: str) -> Answer:
    """Train all, then show how they went."""
    size = find_size(setup)
    data = setup.find_benchmarks(size.train)
    parts = meta_parts(setup, size, data)
    for one, steps in zip(data, size.baseline_steps, strict=True):
        parts += baseline_parts(setup, size, one, steps)
    values = setup.keep_all(parts, "training on all data sets")
    meta, others = values[: size.seeds], values[size.seeds :]
    trials: Trials = {}
    for number, one in enumerate(data):
        trials[one.name] = {META: [value["trials"][number] for value in meta]}
        trials[one.name] |= baseline_trials(size, others[2 * size.seeds * number :])
    return Answer(
        data_settings(setup, data)
        | {
            "agents": {META: dict(load_preset(CHAIN).settings), DEEP_Q: dict(load_preset(DQN).settings)},
            "steps": {META: list(size.steps), **{one: list(size.baseline_steps) for one in (DEEP_Q, RANDOM)}},
            "seeds": seeds_of(setup, size.seeds),
            "training_queries": {META: float(np.mean([value["agent"]["queries"] for value in meta]))},
        },
        evolution(setup, data[0].space, trials)
        | {"early": {"steps": EARLY, "data": early(trials, setup.seed)}},
    )


def baseline_parts(setup: Setup, size: Size, benchmark: Benchmark, steps: int) -> list[Part]:
    """DQN, which learns from scratch, and random search on one data set, with every seed, both so many steps long."""
    settings, seeds = dqn_settings(steps), seeds_of(setup, size.seeds)
    return [
        *(dqn_part(benchmark, settings, seed) for seed in seeds),
        *(random_part(benchmark, settings.rules, steps, seed) for seed in seeds),
    ]


def baseline_trials(size: Size, values: Sequence[Value]) -> dict[str, list[Trial]]:
    """The trials of `baseline_parts`, which are the first of `values`."""
    found = [value["trials"][0] for value in values[: 2 * size.seeds]]
    return {DEEP_Q: found[: size.seeds], RANDOM: found[size.seeds :]}


def early(trials: Trials, seed: int) -> dict[str, Any]:
    """By data set: mean reward a step over the first steps, and by how much the policy is ahead of each baseline."""
    found = {}
    for name, by_agent in trials.items():
        each = {
            agent: np.array([stretch_reward(trial, 0, EARLY) for trial in its])
            for agent, its in by_agent.items()
        }
        found[name] = {
            "reward": {agent: estimate(values_S, seed) for agent, values_S in each.items()},
            "ahead_of": {
                agent: difference(each[META], values_S, seed)
                for agent, values_S in each.items()
                if agent != META
            },
        }
    return found


def depends(setup: Setup) -> Mapping[str, Any]:
    """Data and settings."""
    return depends_on(setup, setup.find_benchmarks(find_size(setup).train)) | {
        "presets": [dict(load_preset(name).settings) for name in (CHAIN, DQN)]
    }


ITEM = Item(
    "exp1", "Figures 9 to 11, Table 4", "Training over three data sets in turn", "evolution", compute,
    depends=depends,
)  # fmt: skip
