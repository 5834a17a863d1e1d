"""Statistics of trials.

Values that are not known are NaN: they are left out, and what nothing is known of is NaN.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from archwalk.estimators.base import Floats


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
    """Intervals around the median that hold these percentages of the values (Cassimon et al. 2024, figure 8)."""
    ends = {share: np.percentile(values, [50 - share / 2, 50 + share / 2]) for share in shares}
    return {share: (float(low), float(high)) for share, (low, high) in ends.items()}


def normal_interval(mean: float, std: float, level: float = 0.95) -> tuple[float, float]:
    """The closed-form interval mean +- z std of a normal distribution (Cassimon et al. 2024, section 4.1.2).

    Cassimon et al. 2024 has no trials of other systems and takes it for them. It holds single runs, not their mean:
    it is not to be laid beside a bootstrap interval of a mean.
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
