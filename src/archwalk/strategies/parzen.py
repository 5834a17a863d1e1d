"""Parzen estimators of strings of decisions: a kernel at every string that was seen, and a uniform one.

Those of Optuna's `TPESampler` (Bergstra et al., NeurIPS 2011, have them for real numbers, too): beside its own value a
kernel gives every value of a decision the weight 1 / K, K the number of kernels; the last 25 strings weigh 1, those
before them less, the earlier the less.
"""

import numpy as np
from numpy.typing import NDArray

from archwalk.estimators.base import Floats
from archwalk.strategies.strings import Strings

_RECENT = 25


class Parzen:
    """A density that follows from strings (E, C), the earliest first, of decisions with `sizes_C` values."""

    def __init__(self, strings_EC: Strings, sizes_C: NDArray[np.integer]) -> None:
        self.strings_EC, self.sizes_C = strings_EC, sizes_C
        kernels = len(strings_EC) + 1
        weights_K = np.append(recency_weights(len(strings_EC)), 1.0)  # the uniform one is the last
        self.weights_K: Floats = weights_K / weights_K.sum()
        self.other_C = 1 / (kernels + sizes_C)
        self.own_C = (kernels + 1) * self.other_C

    def draw(self, rng: np.random.Generator, n: int, *, jointly: bool) -> Strings:
        """Strings (n, C): of one kernel each, or every decision of a kernel of its own."""
        values_NC = rng.integers(0, self.sizes_C, (n, len(self.sizes_C)), dtype=np.int32)
        limits_K = self.weights_K.cumsum()
        kernels_NX = np.searchsorted(
            limits_K, rng.random((n, 1 if jointly else len(self.sizes_C))) * limits_K[-1], side="right"
        )
        kept_NC = rng.random(values_NC.shape) >= self.sizes_C * self.other_C
        kept_NC &= kernels_NX < len(self.strings_EC)
        kernels_NC = np.broadcast_to(kernels_NX, values_NC.shape)[kept_NC]
        values_NC[kept_NC] = self.strings_EC[kernels_NC, np.nonzero(kept_NC)[1]]
        return values_NC

    def logs(self, strings_NC: Strings, *, jointly: bool) -> Floats:
        """Logarithms of the densities of strings (N, 1), or of their decisions, each by itself (N, C)."""
        if not jointly:
            return np.log(self.marginals_CV[np.arange(len(self.sizes_C)), strings_NC])
        logs_NK = np.full((len(strings_NC), len(self.weights_K)), -np.log(self.sizes_C).sum())
        own_NEC = strings_NC[:, None] == self.strings_EC
        logs_NK[:, :-1] = np.where(own_NEC, np.log(self.own_C), np.log(self.other_C)).sum(axis=2)
        logs_NK += np.log(self.weights_K)
        return np.logaddexp.reduce(logs_NK, axis=1, keepdims=True)

    @property
    def marginals_CV(self) -> Floats:
        """Of every value of every decision; what lies beyond a decision's values means nothing."""
        choices, values = len(self.sizes_C), int(self.sizes_C.max())
        *weights_E, uniform = self.weights_K
        places_EC = self.strings_EC + values * np.arange(choices)
        own_CV = np.bincount(places_EC.ravel(), np.repeat(weights_E, choices), choices * values)
        share_C1 = (self.own_C - self.other_C)[:, None]
        spread_C1 = ((1 - uniform) * self.other_C + uniform / self.sizes_C)[:, None]
        return share_C1 * own_CV.reshape(choices, values) + spread_C1  # type: ignore[no-any-return]


def recency_weights(n: int) -> Floats:
    """Of `n` strings in order."""
    if n < _RECENT:
        return np.ones(n)
    return np.concatenate([np.linspace(1 / n, 1, n - _RECENT), np.ones(_RECENT)])
