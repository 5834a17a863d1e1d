"""Kernel density estimates over strings of unordered decisions, as BOHB uses them.

The kernel of one decision is Aitchison and Aitken's (Biometrika 1976): with bandwidth h, a value of k keeps 1 - h and
each of the others has h / (k - 1); that of a string is the product over its decisions. The bandwidth follows the
rule of thumb of statsmodels' `KDEMultivariate(bw="normal_reference")`, 1.06 deviation n^(-1 / (4 + C)), not below a
minimum, as in HpBandSter (github.com/automl/HpBandSter, `config_generators/bohb.py`).

Departures from statsmodels: k is the number of values that there are, not that of the values in the data, so that
probabilities sum to 1 and are finite; h is at most (k - 1) / k, where the kernel is uniform: beyond that, and for
k > 3 the rule goes beyond, a value would make itself less likely than the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from archwalk.estimators.base import Floats
from archwalk.strategies.strings import Strings


@dataclass(frozen=True)
class StringDensity:
    """The density of strings (N, C) with `bandwidths_C` for decisions of `sizes_C` values."""

    strings_NC: Strings
    sizes_C: NDArray[np.int64]
    bandwidths_C: Floats

    @classmethod
    def fit(cls, strings_NC: Strings, sizes_C: NDArray[np.int64], least: float) -> StringDensity:
        """Choose bandwidths by the rule of thumb, `least` or more."""
        n, decisions = strings_NC.shape
        rule_C = 1.06 * strings_NC.std(axis=0) * n ** (-1 / (4 + decisions))
        return cls(strings_NC, sizes_C, np.minimum(np.maximum(rule_C, least), (sizes_C - 1) / sizes_C))

    def density(self, strings_BC: Strings) -> Floats:
        """Probabilities (B,)."""
        other_C = np.where(self.sizes_C > 1, self.bandwidths_C / np.maximum(self.sizes_C - 1, 1), 1)
        same_C = np.log1p(-self.bandwidths_C)
        gain_C = np.repeat(same_C - np.log(other_C), self.sizes_C)
        log_BN = np.log(other_C).sum() + self._one_hot(strings_BC) @ (self._one_hot_data * gain_C).T
        probability_B: Floats = np.exp(log_BN).mean(axis=1)
        return probability_B

    def sample(self, rng: np.random.Generator, n: int) -> Strings:
        """Draw `n` strings (n, C): a string of the data, each decision of which is drawn anew with probability h.

        As HpBandSter does, from all k values, so that a value stays a little more often than by its kernel.
        """
        drawn_NC = self.strings_NC[rng.integers(0, len(self.strings_NC), n)]
        anew_NC = rng.random(drawn_NC.shape) < self.bandwidths_C
        return np.where(anew_NC, rng.integers(0, self.sizes_C, drawn_NC.shape, dtype=np.int32), drawn_NC)

    @cached_property
    def _one_hot_data(self) -> Floats:
        return self._one_hot(self.strings_NC)

    def _one_hot(self, strings_BC: Strings) -> Floats:
        """One column a value of a decision, (B, sum of sizes)."""
        offsets_C = np.cumsum(self.sizes_C) - self.sizes_C
        one_hot = np.zeros((len(strings_BC), int(self.sizes_C.sum())))
        np.put_along_axis(one_hot, strings_BC + offsets_C, 1, axis=1)
        return one_hot
