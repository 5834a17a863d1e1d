"""appendix A: what short trials say of how hard data sets are, and what they cost."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from archwalk.estimators.base import Floats
from archwalk.experiments.presets import load_preset
from archwalk.papers.gomezrobles2019.agents import CHAIN, meta_part, meta_settings
from archwalk.papers.gomezrobles2019.evolution import times
from archwalk.papers.gomezrobles2019.exp1 import META
from archwalk.papers.gomezrobles2019.sizes import (
    data_settings,
    depends_on,
    find_size,
    seeds_of,
)
from archwalk.papers.item import Answer, Item
from archwalk.papers.setup import Setup

WHISKER = 1.5
"""Times the interquartile range (Tukey)."""


def compute(setup: Setup, benchmark: str) -> Answer:
    """A trial of so few steps that the agent still acts about at random (the paper), on every data set."""
    size = find_size(setup)
    data = setup.find_benchmarks(size.kinds)
    settings, seeds = meta_settings(CHAIN, steps=size.kinds_steps), seeds_of(setup, size.seeds)
    rows = {}
    for one in data:
        parts = [meta_part([one], settings, seed) for seed in seeds]
        found = [value["trials"][0] for value in setup.keep_all(parts, f"a short trial on {one.name}")]
        reward_Q = np.concatenate([trial["evaluated"]["reward"] for trial in found])
        rows[one.name] = {"box": box(reward_Q[np.isfinite(reward_Q)]), "times": times(found)}
    return Answer(
        data_settings(setup, data)
        | {
            "steps": size.kinds_steps,
            "seeds": seeds,
            "agents": {META: dict(load_preset(CHAIN).settings)},
        },
        {"data": rows},
    )


def box(values: Floats) -> dict[str, Any]:
    """Quartiles, mean and deviation, and whiskers to the farthest value within 1.5 times the interquartile range."""
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
    reach = WHISKER * (high - low)
    inside = values[(values >= low - reach) & (values <= high + reach)]
    return {
        "count": len(values),
        "mean": float(values.mean()),
        "std": float(values.std()),
        "quartiles": [float(low), float(middle), float(high)],
        "whiskers": [float(inside.min()), float(inside.max())],
        "outside": sorted(
            {float(value) for value in values[(values < inside.min()) | (values > inside.max())]}
        ),
        "range": [float(values.min()), float(values.max())],
    }


def depends(setup: Setup) -> Mapping[str, Any]:
    """Data and settings."""
    data = setup.find_benchmarks(find_size(setup).kinds)
    return depends_on(setup, data) | {"preset": dict(load_preset(CHAIN).settings)}


ITEM = Item(
    "appendix-a",
    "Figure 17, Table 9",
    "How hard the data sets are",
    "hardness",
    compute,
    depends=depends,
)
