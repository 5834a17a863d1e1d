"""The intensive training that the best architectures get in the end (Gomez Robles and Vanschoren 2019, section 6.1,
experiment 2).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.data.images.base import ImageSet
from archwalk.errors import UsageError
from archwalk.estimators.images.estimator import TrainedEstimator
from archwalk.estimators.images.settings import INTENSIVE, TrainingSettings
from archwalk.estimators.store.database import Store
from archwalk.estimators.store.records import Outcome
from archwalk.spaces.base import Codes
from archwalk.spaces.networks import NetworkSource
from archwalk.spaces.nsc import NSCSize

INTENSIVE_SIZE = NSCSize(doubling=True, dense=4096, max_parameters=None)
"""That of Gomez Robles and Vanschoren's networks for it."""


@dataclass(frozen=True)
class IntensiveResult:
    """Test accuracies of S independent trainings of one architecture, in percent."""

    outcomes: tuple[Outcome, ...]

    @property
    def test_S(self) -> NDArray[np.float64]:
        """Of each training; 0 of one that failed."""
        return np.array([outcome.test for outcome in self.outcomes])

    @property
    def mean(self) -> float:
        """As Gomez Robles and Vanschoren's table 6 has it."""
        return float(self.test_S.mean())

    @property
    def two_deviations(self) -> float:
        """Twice the standard deviation, as Gomez Robles and Vanschoren's table 6 has it; by S - 1, which Gomez Robles
        and Vanschoren 2019 does not say.
        """
        return float(2 * self.test_S.std(ddof=1)) if len(self.outcomes) > 1 else 0.0


def train_intensively(
    space: NetworkSource,
    codes_BL: Codes,
    images: ImageSet,
    settings: TrainingSettings = INTENSIVE,
    *,
    size: Any = None,
    trainings: int = 5,
    seed: int = 0,
    store: Store | None = None,
    workers: int | None = None,
    engine: str = "processes",
    device: str = "auto",
) -> list[IntensiveResult]:
    """Train each of codes (B, L) several times, with the seeds `seed`, `seed` + 1, ...; the split stays the same.

    With a store, a training that was interrupted goes on where it was, to the nearest finished network.
    """
    if trainings < 1:
        raise UsageError(f"trainings must be at least 1, not {trainings}")
    outcomes_SB = []
    for number in range(trainings):
        estimator = TrainedEstimator(
            space, images, settings, size=size,
            seed=seed + number, store=store, workers=workers, engine=engine, device=device,
        )  # fmt: skip
        with estimator:
            outcomes_SB.append(estimator.outcomes(codes_BL))
    return [IntensiveResult(tuple(outcomes)) for outcomes in zip(*outcomes_SB, strict=True)]
