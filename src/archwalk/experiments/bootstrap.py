"""Bootstrap intervals over agents and trials, with every draw from a generator that is handed in.

Values that are not known are NaN: they are left out, and what nothing is known of is NaN.
"""

import numpy as np
from numpy.typing import NDArray

from archwalk.estimators.base import Floats
from archwalk.experiments.statistics import interquartile_mean, known_mean
from archwalk.jit import kernel

BOOTSTRAP_SAMPLES = 5_000
"""As Cassimon et al. 2024 (section 4.1.2)."""

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
        if agents * trials == 1:  # every sample is the one trial: no kernel has to be loaded for it
            self.counts_SE = np.ones((1, 1), np.uint8)
        else:
            self.counts_SE = bootstrap_counts(agents, trials, rng, samples).reshape(samples, -1)

    def means(self, values_GTQ: Floats) -> Floats:
        """Means (samples, Q) over agents and trials. NaN where a sample has no known value."""
        samples, draws = self.counts_SE.shape
        values_EQ = values_GTQ.reshape(draws, -1)
        known_EQ = np.isfinite(values_EQ)
        if not known_EQ.all():
            counted = np.concatenate([np.where(known_EQ, values_EQ, 0.0), known_EQ], axis=1)
            sums_SQ, shares_SQ = np.split(self.means(counted[None]), 2, axis=1)
            with np.errstate(invalid="ignore"):
                return sums_SQ / shares_SQ
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
            ends_2Q[:, part] = percentiles(self.means(values_GTQ[:, :, part]), level)
        if np.isfinite(values_GTQ).all():
            return values_GTQ.mean(axis=(0, 1)), ends_2Q[0], ends_2Q[1]
        mean_Q = np.array([known_mean(values_GT) for values_GT in np.moveaxis(values_GTQ, 2, 0)])
        return mean_Q, ends_2Q[0], ends_2Q[1]

    def interquartile_interval(self, values_GT: Floats, level: float = 0.95) -> tuple[float, float]:
        """Ends of the bootstrap percentile interval of the interquartile mean over all agents and trials."""
        values_E = values_GT.reshape(-1)
        if len(values_E) == 1:
            return interquartile_mean(values_E), interquartile_mean(values_E)
        order_K = np.argsort(values_E, kind="stable")
        order_K = order_K[np.isfinite(values_E[order_K])]
        means_S = average_middle_halves(self.counts_SE, order_K, values_E[order_K])
        low, high = percentiles(means_S[:, None], level)
        return float(low[0]), float(high[0])


@kernel
def average_middle_halves(counts_SE, order_K, ordered_K):  # type: ignore[no-untyped-def]
    """Interquartile means (S,) of samples with these counts of values; `order_K` has the places of known ones, in
    ascending order. NaN where a sample has none.
    """
    means_S = np.full(len(counts_SE), np.nan)
    for s in range(len(counts_SE)):
        drawn = np.int64(0)
        for k in range(len(order_K)):
            drawn += np.int64(counts_SE[s, order_K[k]])
        # Sorted, the draws of a sample fill places 0 to drawn - 1; those in the middle half count.
        cut, filled, total = drawn // 4, np.int64(0), 0.0
        for k in range(len(order_K)):
            before = max(filled, cut)
            filled += np.int64(counts_SE[s, order_K[k]])
            total += max(min(filled, drawn - cut) - before, 0) * ordered_K[k]
        if drawn:
            means_S[s] = total / (drawn - 2 * cut)
    return means_S


def mean_interval(
    values_GTQ: Floats, rng: np.random.Generator, level: float = 0.95
) -> tuple[Floats, Floats, Floats]:
    """`Bootstrap.mean_interval` of samples that nothing else is told of."""
    return Bootstrap(values_GTQ, rng).mean_interval(values_GTQ, level)


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
