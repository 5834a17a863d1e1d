"""Means over the seeds of a reproduction, with their intervals."""

from typing import Any

import numpy as np

from archwalk.estimators.base import Floats
from archwalk.experiments.bootstrap import mean_interval
from archwalk.experiments.protocol import spawn
from archwalk.experiments.significance import difference_intervals


def estimate(values_S: Floats, seed: int) -> dict[str, Any]:
    """Mean over seeds, its 95 % bootstrap interval and each seed's value."""
    mean, low, high = mean_interval(np.asarray(values_S, np.float64)[None, :, None], spawn(seed, 42))
    return {
        "mean": float(mean[0]),
        "ci95": [float(low[0]), float(high[0])],
        "each": [float(v) for v in values_S],
    }


def difference(one_S: Floats, other_S: Floats, seed: int) -> dict[str, Any]:
    """Mean of one less that of other over seeds, which are drawn apart, with its 95 % bootstrap interval."""
    reports = {"one": np.asarray(one_S)[:, None, None], "other": np.asarray(other_S)[:, None, None]}
    ((low_Q, high_Q),) = difference_intervals(reports, spawn(seed, 43)).values()
    return {
        "mean": float(np.mean(one_S) - np.mean(other_S)),
        "ci95": [float(low_Q[0]), float(high_Q[0])],
    }
