"""Statistics of trials, with every random draw from a generator that is handed in."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, trim_mean

from archwalk.estimators.base import Floats
from archwalk.jit import kernel

BOOTSTRAP_SAMPLES = 5_000
"""As P1 (section 4.1.2)."""

Counts = NDArray[np.uint8]

_DRAWS_AT_ONCE = 2**20  # so that what is computed of samples, and of points of curves, takes megabytes
_POINTS_AT_ONCE = 256


def bootstrap_counts(
    agents: int, trials: int, rng: np.random.Generator, samples: int = BOOTSTRAP_SAMPLES
) -> Counts:
    """How often each trial of each agent is in a bootstrap sample: (samples, G, T), each sample of G x T draws.

    With several agents, agents are drawn first and then trials within each (both with replacement), so what is
    computed from them covers the spread between trainings; with one agent it is the ordinary bootstrap over trials.
    """
    counts_SGT = np.zeros((samples, agents, trials), np.uint8)  # their mean is 1: none is ever above 255
    agents_SG = rng.integers(0, agents, (samples, agents), np.int32)
    at_once = max(1, _DRAWS_AT_ONCE // (agents * trials))
    for first in range(0, samples, at_once):
        part = slice(first, first + at_once)
        trials_SGT = rng.integers(0, trials, counts_SGT[part].shape, np.int32)
        count_draws(agents_SG[part], trials_SGT, counts_SGT[part])
    return counts_SGT


@kernel
def count_draws(agents_SG, trials_SGT, counts_SGT):  # type: ignore[no-untyped-def]
    """Count every drawn trial of every drawn agent."""
    samples, agents, trials = trials_SGT.shape
    for s in range(samples):
        for g in range(agents):
            counts_T = counts_SGT[s, agents_SG[s, g]]
            for t in range(trials):
                counts_T[trials_SGT[s, g, t]] += 1


class Bootstrap:
    """Bootstrap samples (`bootstrap_counts`) for all that is told of G agents with T trials each, the first dimensions
    of `values`.
    """

    def __init__(self, values: Floats, rng: np.random.Generator, samples: int = BOOTSTRAP_SAMPLES) -> None:
        agents, trials = values.shape[:2]
        self.counts_SE = bootstrap_counts(agents, trials, rng, samples).reshape(samples, -1)

    def means(self, values_GTQ: Floats) -> Floats:
        """Means (samples, Q) over agents and trials."""
        samples, draws = self.counts_SE.shape
        values_EQ = values_GTQ.reshape(draws, -1)
        means_SQ = np.empty((samples, values_EQ.shape[1]))
        at_once = max(1, _DRAWS_AT_ONCE // draws)
        for first in range(0, samples, at_once):
            part = slice(first, first + at_once)
            np.matmul(self.counts_SE[part] / draws, values_EQ, out=means_SQ[part])
        return means_SQ

    def mean_interval(self, values_GTQ: Floats, level: float = 0.95) -> tuple[Floats, Floats, Floats]:
        """Mean (Q,) over agents and trials, and the ends of its bootstrap percentile interval (Q,) each."""
        points = values_GTQ.shape[2]
        ends_2Q = np.empty((2, points))
        for first in range(0, points, _POINTS_AT_ONCE):
            part = slice(first, first + _POINTS_AT_ONCE)
            ends_2Q[:, part] = np.quantile(self.means(values_GTQ[:, :, part]), _tails(level), axis=0)
        return values_GTQ.mean(axis=(0, 1)), ends_2Q[0], ends_2Q[1]

    def interquartile_interval(self, values_GT: Floats, level: float = 0.95) -> tuple[float, float]:
        """Ends of the bootstrap percentile interval of the interquartile mean over all agents and trials."""
        order_E = np.argsort(values_GT, axis=None, kind="stable")
        means_S = sum_middle_halves(self.counts_SE, order_E, values_GT.reshape(-1)[order_E])
        low, high = np.quantile(means_S, _tails(level))
        return float(low), float(high)


@kernel
def sum_middle_halves(counts_SE, order_E, ordered_E):  # type: ignore[no-untyped-def]
    """Interquartile means (S,) of samples with these counts of values, which `order_E` puts in ascending order."""
    samples, draws = counts_SE.shape
    cut = draws // 4
    means_S = np.empty(samples)
    for s in range(samples):
        # Sorted, the draws of a sample fill places 0 to draws - 1; those in the middle half count.
        total, filled = 0.0, np.int64(0)
        for e in range(draws):
            before = max(filled, cut)
            filled += np.int64(counts_SE[s, order_E[e]])
            total += max(min(filled, draws - cut) - before, 0) * ordered_E[e]
        means_S[s] = total / (draws - 2 * cut)
    return means_S


def mean_interval(
    values_GTQ: Floats, rng: np.random.Generator, level: float = 0.95
) -> tuple[Floats, Floats, Floats]:
    """`Bootstrap.mean_interval` of samples that nothing else is told of."""
    return Bootstrap(values_GTQ, rng).mean_interval(values_GTQ, level)


def interquartile_mean(values: Floats) -> float:
    """Mean of the middle half of the values (Agarwal et al. 2021): a quarter of them is left out at either end."""
    return float(trim_mean(values, 0.25, axis=None))


def _tails(level: float) -> list[float]:
    return [(1 - level) / 2, (1 + level) / 2]


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
