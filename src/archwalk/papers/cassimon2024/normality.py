"""section 4.2.2: are the improvements of episodes normally distributed, or by Student's t?"""

import warnings
from typing import Any

import numpy as np
from scipy import stats

from archwalk.estimators.base import Floats
from archwalk.experiments.protocol import spawn
from archwalk.papers.cassimon2024.episodes import episode_settings, play
from archwalk.papers.item import Answer, Item
from archwalk.papers.setup import Setup

THRESHOLD = 5e-3
"""The paper's level of p."""

LEAST_VALUES = 20
"""Fewer say nothing about the tails that `normaltest` looks at."""


def compute(setup: Setup, benchmark: str) -> Answer:
    """Both tests of every strategy's improvements."""
    found, scale = setup.find_benchmark(benchmark), setup.scale
    played = play(setup, found)
    tests = {}
    for done, (name, outcomes) in enumerate(played.items()):
        setup.tell(done / len(played), f"goodness of fit of {name}")
        gained = np.concatenate([outcome.gained_B for outcome in outcomes])
        gained = gained[np.isfinite(gained)]
        if len(gained) < LEAST_VALUES or gained.std() == 0:
            setup.note(f"{name} changes too little or too seldom to be tested.")
            continue
        rng = spawn(setup.seed, 6, done)
        some = rng.choice(gained, min(scale.fit_values, len(gained)), replace=False)
        tests[name] = test_normal(gained) | test_t(some, scale.fit_samples, rng)
    least = 1 / (scale.fit_samples + 1)
    if least > THRESHOLD:
        setup.note(
            f"With {scale.fit_samples} Monte-Carlo samples no p below {least:.3g} can be had, so at this scale "
            f"the t-distribution cannot be rejected at {THRESHOLD:g}."
        )
    settings = {"threshold": THRESHOLD, "fit_values": scale.fit_values, "monte_carlo": scale.fit_samples}
    return Answer(episode_settings(setup, found) | settings, {"tests": tests, "threshold": THRESHOLD})


def test_normal(gained_B: Floats) -> dict[str, Any]:
    """SciPy's test of skew and kurtosis together."""
    found = stats.normaltest(gained_B)
    return {
        "values": len(gained_B),
        "normal_statistic": float(found.statistic),
        "normal_p": float(found.pvalue),
        "normal_rejected": bool(found.pvalue < THRESHOLD),
        "skew": float(stats.skew(gained_B)),
        "excess_kurtosis": float(stats.kurtosis(gained_B)),
    }


def test_t(gained_B: Floats, samples: int, rng: np.random.Generator) -> dict[str, Any]:
    """SciPy's goodness of fit of a t-distribution with fitted degrees, place and scale."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the fit of a Monte-Carlo sample may overflow
        found = stats.goodness_of_fit(
            stats.t, gained_B, n_mc_samples=samples, statistic="ad", **{_RANDOM: rng}
        )
    return {
        "t_values": len(gained_B),
        "t_statistic": float(found.statistic),
        "t_p": float(found.pvalue),
        "t_rejected": bool(found.pvalue < THRESHOLD),
        "t_degrees": float(found.fit_result.params.df),
    }


_RANDOM = "rng" if "rng" in stats.goodness_of_fit.__code__.co_varnames else "random_state"

ITEM = Item(
    "normality",
    "section 4.2.2",
    "Are improvements normal?",
    "normality",
    compute,
    "nasbench301:yahpo",
    agents=True,
)
