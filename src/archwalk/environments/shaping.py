"""Reward shaping (Cassimon et al. 2024, section 3.2.2)."""

import math
from dataclasses import dataclass

import numpy as np

from archwalk.errors import UsageError
from archwalk.estimators.base import Floats

_LARGEST = 80.0


@dataclass(frozen=True)
class Shaping:
    """exp(alpha * (accuracy - reference)), accuracy as a fraction; `alpha` None leaves the fraction as it is.

    Cassimon et al. 2024 writes exp(alpha * accuracy), alpha 6 for NAS-Bench-101 and 32 for NAS-Bench-301. The
    reference is a constant factor that leaves the optimal policy as it is and keeps values near 1 (ours; Cassimon et
    al. 2024: 0). No value exceeds exp(80), far beyond accuracies: raw scores could otherwise become infinite, which
    nothing can be learned from.
    """

    alpha: float | None = 6.0
    reference: float = 1.0

    def __post_init__(self) -> None:
        if self.alpha is not None and not 0 < self.alpha <= 1000:
            raise UsageError(f"alpha of the shaping must be between 0 and 1000, or none; it is {self.alpha}")

        if not math.isfinite(self.reference):
            raise UsageError(f"the reference of the shaping must be a finite number, not {self.reference}")

    def __call__(self, accuracy_percent: Floats) -> Floats:
        """Shape accuracies in percent, any shape."""
        if self.alpha is None:
            return accuracy_percent / 100
        exponent: Floats = self.alpha * (accuracy_percent / 100 - self.reference)
        return np.exp(np.minimum(exponent, _LARGEST))

    def invert(self, shaped: Floats) -> Floats:
        """The accuracies in percent that were shaped to these values, any shape."""
        if self.alpha is None:
            return 100 * shaped
        return 100 * (np.log(shaped) / self.alpha + self.reference)
