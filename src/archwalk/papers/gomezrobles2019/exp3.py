"""section 6.2, experiment 3: networks with branches, and what paying for shifts of the pointers changes."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from archwalk.experiments.presets import load_preset
from archwalk.papers.estimates import estimate
from archwalk.papers.gomezrobles2019.agents import (
    BRANCHES,
    Value,
    meta_part,
    meta_settings,
)
from archwalk.papers.gomezrobles2019.evolution import Trials, evolution
from archwalk.papers.gomezrobles2019.sizes import (
    Size,
    data_settings,
    depends_on,
    find_size,
    seeds_of,
)
from archwalk.papers.item import Answer, Item
from archwalk.papers.setup import Setup

SIGMAS = (0.0, 0.1)


def compute(setup: Setup, benchmark: str) -> Answer:
    """Train from scratch with each sigma."""
    size = find_size(setup)
    (data,) = setup.find_benchmarks([size.branching])
    trials, agents = train_all(setup, size)
    steps = size.branching_steps
    if setup.scale.name != "full":
        setup.note(
            f"Scale {setup.scale.name}: {steps:,} steps, since every network is trained; the paper saw "
            "no meaningful rewards before episode 3,000 of 20,000 steps."
        )
    its = trials[data.name]
    return Answer(
        data_settings(setup, [data])
        | {
            "agents": {BRANCHES: dict(load_preset(BRANCHES).settings)},
            "sigma": list(SIGMAS),
            "steps": steps,
            "seeds": seeds_of(setup, size.branching_seeds),
            "training_queries": {
                name: float(np.mean([agent["queries"] for agent in found])) for name, found in agents.items()
            },
        },
        evolution(setup, data.space, trials)
        | {
            "branched": {
                name: estimate(
                    np.array([100 * float(np.mean(trial["episodes"]["branched"])) for trial in found]),
                    setup.seed,
                )
                for name, found in its.items()
            }
        },
    )


def train_all(setup: Setup, size: Size) -> tuple[Trials, dict[str, list[Value]]]:
    """The trials by sigma, and the agents."""
    (data,) = setup.find_benchmarks([size.branching])
    seeds = seeds_of(setup, size.branching_seeds)
    parts = [
        meta_part([data], meta_settings(BRANCHES, steps=size.branching_steps, sigma=sigma), seed)
        for sigma in SIGMAS
        for seed in seeds
    ]
    values = setup.keep_all(parts, f"building with branches on {data.name}")
    by_sigma = {label(sigma): values[k * len(seeds) : (k + 1) * len(seeds)] for k, sigma in enumerate(SIGMAS)}
    trials = {name: [value["trials"][0] for value in found] for name, found in by_sigma.items()}
    return {data.name: trials}, {
        name: [value["agent"] for value in found] for name, found in by_sigma.items()
    }


def label(sigma: float) -> str:
    """As in the paper's figures."""
    return f"σ = {sigma:.1f}"


def depends(setup: Setup) -> Mapping[str, Any]:
    """Data and settings."""
    data = setup.find_benchmarks([find_size(setup).branching])
    return depends_on(setup, data) | {"preset": dict(load_preset(BRANCHES).settings)}


ITEM = Item(
    "exp3",
    "Figures 14 to 16, Table 7",
    "Networks with branches",
    "evolution",
    compute,
    depends=depends,
)
