"""Statistics of trials, with every random draw from a generator that is handed in."""

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
    """Means (samples, Q) of bootstrap samples of G agents with T trials each (`bootstrap_counts`)."""
    agents, trials, points = values_GTQ.shape
    draws = agents * trials
    counts_SE = bootstrap_counts(agents, trials, rng, samples).reshape(samples, draws)
    means: Floats = (counts_SE / draws) @ values_GTQ.reshape(draws, points)
    return means


def mean_interval(
    values_GTQ: Floats, rng: np.random.Generator, level: float = 0.95
) -> tuple[Floats, Floats, Floats]:
    """Mean (Q,) over agents and trials, and the ends of its bootstrap percentile interval (Q,) each."""
    means = bootstrap_means(values_GTQ, rng)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return values_GTQ.mean(axis=(0, 1)), low, high


def interquartile_mean(values: Floats) -> float:
    """Mean of the middle half of the values (Agarwal et al. 2021): a quarter of them is left out at either end."""
    cut = values.size // 4
    middle = np.partition(values, (cut, values.size - cut - 1), axis=None)[cut : values.size - cut]
    return float(middle.mean())


def interquartile_interval(
    values_GT: Floats, rng: np.random.Generator, level: float = 0.95, samples: int = BOOTSTRAP_SAMPLES
) -> tuple[float, float]:
    """Ends of the bootstrap percentile interval of the interquartile mean over all agents and trials."""
    draws = values_GT.size
    order = np.argsort(values_GT, axis=None, kind="stable")
    agents, trials = values_GT.shape
    counts_SE = bootstrap_counts(agents, trials, rng, samples).reshape(samples, draws)[:, order]
    # Sorted, the draws of a sample fill places 0 to draws - 1; those in the middle half count.
    cut = draws // 4
    ends_SE = np.clip(np.cumsum(counts_SE, axis=1), cut, draws - cut)
    inside_SE = np.diff(ends_SE, axis=1, prepend=cut)
    means_S = inside_SE @ values_GT.reshape(-1)[order] / (draws - 2 * cut)
    low, high = np.quantile(means_S, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


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
