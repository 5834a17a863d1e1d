"""The contract of an estimator: what an architecture is worth, and what it costs to know."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from archwalk.spaces.base import Codes

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    """Scores of a batch, accuracies in percent.

    `reward_B` is what a search may see, `report_B` what its result is judged by (never shown to a
    strategy), `seconds_B` what the evaluation would have cost if the networks had been trained; NaN where
    the benchmark does not say.
    """

    reward_B: Floats
    report_B: Floats
    seconds_B: Floats


class Estimator(Protocol):
    """Scores architectures of one space under one objective."""

    @property
    def objective(self) -> str:
        """What reward and report are, say `validation` or `test-mean`."""

    def evaluate(self, codes_BL: Codes) -> Scores:
        """Score codes (B, L)."""
