"""Statistics of trials, with every random draw from a generator that is handed in."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from archwalk.estimators.base import Floats

BOOTSTRAP_SAMPLES = 5_000
"""As P1 (section 4.1.2)."""


def bootstrap_means(values_GTQ: Floats, rng: np.random.Generator, samples: int = BOOTSTRAP_SAMPLES) -> Floats:
    """Means (samples, Q) of bootstrap samples of G agents with T trials each.

    With several agents, agents are drawn first and then trials within each (both with replacement), so the
    interval covers the spread between trainings; with one agent it is the ordinary bootstrap over trials.
    """
    agents, trials, points = values_GTQ.shape
    if agents == 1:
        weights = rng.multinomial(trials, np.full(trials, 1 / trials), size=samples) / trials
        means: Floats = weights @ values_GTQ[0]
        return means
    picked = rng.integers(0, agents, size=(samples, agents))
    total: Floats = np.zeros((samples, points))
    for slot in range(agents):
        weights = rng.multinomial(trials, np.full(trials, 1 / trials), size=samples) / trials
        for agent in range(agents):
            rows = picked[:, slot] == agent
            total[rows] += weights[rows] @ values_GTQ[agent]
    total /= agents
    return total


def mean_interval(
    values_GTQ: Floats, rng: np.random.Generator, level: float = 0.95
) -> tuple[Floats, Floats, Floats]:
    """Mean (Q,) over agents and trials, and the ends of its bootstrap percentile interval (Q,) each."""
    means = bootstrap_means(values_GTQ, rng)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return values_GTQ.mean(axis=(0, 1)), low, high


def weighted_quantile(values: Floats, weights: NDArray[np.float64], q: float) -> float:
    """The smallest value whose cumulative weight reaches `q` of the whole."""
    order = np.argsort(values, kind="stable")
    cumulative = np.cumsum(weights[order])
    at = np.searchsorted(cumulative, q * cumulative[-1])
    return float(values[order[min(at, len(order) - 1)]])


def symmetric_intervals(values: Floats, shares: Sequence[int] = (50, 90, 95)) -> dict[str, list[float]]:
    """Intervals around the median that hold these percentages of the values (P1 Figure 8)."""
    return {
        str(share): [float(v) for v in np.percentile(values, [50 - share / 2, 50 + share / 2])]
        for share in shares
    }


def normal_interval(mean: float, std: float, level: float = 0.95) -> tuple[float, float]:
    """The closed-form interval mean +- z std of a normal distribution (P1 section 4.1.2).

    P1 has no trials of other systems and takes it for them. It holds single runs, not their mean: it is not
    to be laid beside a bootstrap interval of a mean.
    """
    z = float(norm.ppf((1 + level) / 2))
    return mean - z * std, mean + z * std


def moving_average(values_T: Floats, window: int) -> Floats:
    """Mean of each value and the up to `window` - 1 before it (T,); gaps (NaN) do not count."""
    known_T = np.isfinite(values_T)
    sums, counts = (
        np.concatenate([[0.0], np.cumsum(column)]) for column in (np.where(known_T, values_T, 0.0), known_T)
    )
    ends = np.arange(1, len(values_T) + 1)
    starts = np.maximum(ends - window, 0)
    with np.errstate(invalid="ignore"):
        smooth_T: Floats = (sums[ends] - sums[starts]) / (counts[ends] - counts[starts])
    return smooth_T


def crossing(one_Q: Floats, other_Q: Floats) -> int | None:
    """The first position from which `other_Q` stays above `one_Q` to the end; None if it never does or always is."""
    behind = np.flatnonzero(other_Q <= one_Q)
    if not len(behind) or behind[-1] == len(one_Q) - 1:
        return None
    return int(behind[-1]) + 1
