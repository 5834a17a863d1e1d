"""Statistics of trials, with every random draw from a generator that is handed in.

Values that are not known are NaN: they are left out, and what nothing is known of is NaN.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from archwalk.estimators.base import Floats

BOOTSTRAP_SAMPLES = 5_000
"""As P1 (section 4.1.2)."""


def bootstrap_counts(
    agents: int, trials: int, rng: np.random.Generator, samples: int = BOOTSTRAP_SAMPLES
) -> NDArray[np.int64]:
    """How often each trial of each agent is in a bootstrap sample: (samples, G, T), each sample of G x T draws.

    With several agents, agents are drawn first and then trials within each (both with replacement), so what is
    computed from them covers the spread between trainings; with one agent it is the ordinary bootstrap over trials.
    """
    shares_T = np.full(trials, 1 / trials)
    if agents == 1:
        return rng.multinomial(trials, shares_T, size=samples)[:, None, :]
    picked = rng.integers(0, agents, size=(samples, agents))
    counts_SGT = np.zeros((samples, agents, trials), np.int64)
    rows = np.arange(samples)
    for slot in range(agents):
        counts_SGT[rows, picked[:, slot]] += rng.multinomial(trials, shares_T, size=samples)
    return counts_SGT


def bootstrap_means(values_GTQ: Floats, rng: np.random.Generator, samples: int = BOOTSTRAP_SAMPLES) -> Floats:
    """Means (samples, Q) of bootstrap samples of G agents with T trials each (`bootstrap_counts`).

    NaN where a sample has no known value.
    """
    agents, trials, points = values_GTQ.shape
    draws = agents * trials
    counts_SE = bootstrap_counts(agents, trials, rng, samples).reshape(samples, draws)
    values_EQ = values_GTQ.reshape(draws, points)
    known_EQ = np.isfinite(values_EQ)
    means: Floats
    if known_EQ.all():
        means = (counts_SE / draws) @ values_EQ
    else:
        with np.errstate(invalid="ignore"):
            means = (counts_SE @ np.where(known_EQ, values_EQ, 0.0)) / (counts_SE @ known_EQ.astype(float))
    return means


def mean_interval(
    values_GTQ: Floats, rng: np.random.Generator, level: float = 0.95
) -> tuple[Floats, Floats, Floats]:
    """Mean (Q,) over agents and trials, and the ends of its bootstrap percentile interval (Q,) each."""
    low, high = percentiles(bootstrap_means(values_GTQ, rng), level)
    if np.isfinite(values_GTQ).all():
        return values_GTQ.mean(axis=(0, 1)), low, high
    return np.array([known_mean(values_GT) for values_GT in np.moveaxis(values_GTQ, 2, 0)]), low, high


def percentiles(means_SQ: Floats, level: float = 0.95) -> tuple[Floats, Floats]:
    """Ends (Q,) of the percentile interval of bootstrap samples."""
    tails = [(1 - level) / 2, (1 + level) / 2]
    if not np.isnan(means_SQ).any():
        low, high = np.quantile(means_SQ, tails, axis=0)
        return low, high
    columns = (column[np.isfinite(column)] for column in means_SQ.T)
    ends = [np.quantile(column, tails) if len(column) else np.full(2, np.nan) for column in columns]
    low, high = np.transpose(ends)
    return low, high


def known(values: Floats) -> Floats:
    """The values that are numbers, one after the other."""
    return values[np.isfinite(values)]


def known_mean(values: Floats) -> float:
    """Mean of the known values."""
    numbers = known(values)
    return float(numbers.mean()) if len(numbers) else np.nan


def number(value: float) -> float | None:
    """A value for a result: None where it is not known."""
    return float(value) if np.isfinite(value) else None


def numbers(values_Q: Floats) -> list[float | None]:
    """Values for a result."""
    return [number(value) for value in values_Q.tolist()]


def interval(low: float, high: float) -> tuple[float, float] | None:
    """An interval for a result: None where it is not known."""
    return (float(low), float(high)) if np.isfinite(low) and np.isfinite(high) else None


def interquartile_mean(values: Floats) -> float:
    """Mean of the middle half of the values (Agarwal et al. 2021): a quarter of them is left out at either end."""
    numbers = known(values)
    if not len(numbers):
        return np.nan
    cut = numbers.size // 4
    middle = np.partition(numbers, (cut, numbers.size - cut - 1))[cut : numbers.size - cut]
    return float(middle.mean())


def interquartile_interval(
    values_GT: Floats, rng: np.random.Generator, level: float = 0.95, samples: int = BOOTSTRAP_SAMPLES
) -> tuple[float, float]:
    """Ends of the bootstrap percentile interval of the interquartile mean over all agents and trials."""
    order = np.argsort(values_GT, axis=None, kind="stable")
    order = order[np.isfinite(values_GT.reshape(-1)[order])]
    agents, trials = values_GT.shape
    counts_SE = bootstrap_counts(agents, trials, rng, samples).reshape(samples, values_GT.size)[:, order]
    # Sorted, the known draws of a sample fill places 0 to drawn - 1; those in the middle half count.
    drawn_S1 = counts_SE.sum(axis=1, keepdims=True)
    cut_S1 = drawn_S1 // 4
    ends_SE = np.clip(np.cumsum(counts_SE, axis=1), cut_S1, drawn_S1 - cut_S1)
    inside_SE = np.diff(ends_SE, axis=1, prepend=cut_S1)
    with np.errstate(invalid="ignore"):
        means_S = inside_SE @ values_GT.reshape(-1)[order] / (drawn_S1 - 2 * cut_S1)[:, 0]
    low, high = percentiles(means_S[:, None], level)
    return float(low[0]), float(high[0])


def weighted_mean(values: Floats, weights: NDArray[np.float64]) -> float:
    """Mean of the known values; the weights are one in sum."""
    at = np.isfinite(values)
    if at.all():
        return float(weights @ values)
    return float(weights[at] @ values[at] / weights[at].sum()) if weights[at].any() else np.nan


def weighted_quantile(values: Floats, weights: NDArray[np.float64], q: float) -> float:
    """The smallest known value whose cumulative weight reaches `q` of the whole."""
    at = np.isfinite(values)
    if not at.any():
        return np.nan
    values, weights = values[at], weights[at]
    order = np.argsort(values, kind="stable")
    cumulative = np.cumsum(weights[order])
    at = np.searchsorted(cumulative, q * cumulative[-1])
    return float(values[order[min(at, len(order) - 1)]])


def symmetric_intervals(
    values: Floats, shares: Sequence[int] = (50, 90, 95)
) -> dict[int, tuple[float, float]]:
    """Intervals around the median that hold these percentages of the values (P1 Figure 8)."""
    ends = {share: np.percentile(values, [50 - share / 2, 50 + share / 2]) for share in shares}
    return {share: (float(low), float(high)) for share, (low, high) in ends.items()}


def normal_interval(mean: float, std: float, level: float = 0.95) -> tuple[float, float]:
    """The closed-form interval mean +- z std of a normal distribution (P1 section 4.1.2).

    P1 has no trials of other systems and takes it for them. It holds single runs, not their mean: it is not
    to be laid beside a bootstrap interval of a mean.
    """
    from scipy.stats import norm

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
