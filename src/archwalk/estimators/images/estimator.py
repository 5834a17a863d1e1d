"""The estimator that trains networks on images."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from archwalk.data.images.base import ImageSet
from archwalk.estimators.base import Floats, Scores
from archwalk.estimators.images.cycle import CycleSettings, CycleTraining
from archwalk.estimators.images.fitting import Training
from archwalk.estimators.images.settings import FULL, TrainingSettings
from archwalk.estimators.measurements import ACCURACY, COSTS, PARAMETERS, SECONDS, costs_of_space
from archwalk.estimators.measurements import TEST_ACCURACY as TESTED
from archwalk.estimators.metrics import TEST_ACCURACY, VALIDATION, VALIDATION_ACCURACY, Metric, Objective
from archwalk.estimators.store.database import Store
from archwalk.estimators.store.records import Problem
from archwalk.estimators.trainings.stored import StoredTrainings, find_device
from archwalk.spaces.base import Codes
from archwalk.spaces.networks import NetworkSource, check_task, default_size, described_as, network_settings
from archwalk.spaces.task import Task

ONE_TRAINING = Objective(
    VALIDATION.name,
    VALIDATION_ACCURACY,
    TEST_ACCURACY,
    "reward: validation accuracy, report: test accuracy (one training)",
)
"""No mean over runs: every network is trained once."""


class TrainedEstimator(StoredTrainings):
    """Trains the networks of codes (B, L) on a data set; reward: validation accuracy, report: test accuracy.

    Gomez Robles and Vanschoren 2019 rewards with the test accuracy; here a part of the images is kept from the search
    (ours). What fails scores 0.
    """

    objective = ONE_TRAINING

    def __init__(
        self,
        space: NetworkSource,
        images: ImageSet,
        settings: TrainingSettings | CycleSettings = FULL,
        *,
        size: Any = None,
        seed: int = 0,
        store: Store | None = None,
        workers: int | None = None,
        engine: str = "processes",
        device: str = "auto",
    ) -> None:
        """`size` is that of all networks (None: the space's own); for the rest see `StoredTrainings`."""
        self.images, self.task = images, Task(images.shape, len(images.classes))
        self.size = default_size(space) if size is None else size
        check_task(space, self.task)
        fields = space, self.task, self.size
        training = (
            CycleTraining(*fields, settings, find_device(device))
            if isinstance(settings, CycleSettings)
            else Training(*fields, settings, find_device(device))
        )
        problem = Problem(
            described_as(space),
            images.name,
            images.fingerprint,
            {"training": settings.as_dict()} | network_settings(space, self.size),
            seed,
        )
        super().__init__(space, training, images.arrays, problem, store=store, workers=workers, engine=engine)

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """What is known of a network that was trained, and what its space says."""
        names = dict.fromkeys((PARAMETERS, SECONDS, *costs_of_space(self.space)))
        return {ACCURACY: VALIDATION_ACCURACY, TESTED: TEST_ACCURACY, **{name: COSTS[name] for name in names}}

    def measure(self, codes_BL: Codes) -> Mapping[str, Floats]:
        """Train as `evaluate` does; what failed has no parameters but those that its space says."""
        names = {ACCURACY: "validation", TESTED: "test", PARAMETERS: "parameters", SECONDS: "seconds"}
        outcomes = self.outcomes(codes_BL)
        found = {
            name: np.array([getattr(one, column) for one in outcomes], np.float64)
            for name, column in names.items()
        }
        return found | costs_of_space(self.space, codes_BL)

    def evaluate(self, codes_BL: Codes) -> Scores:
        """Train what was never trained under these settings; equal architectures are trained once."""
        outcomes = self.outcomes(codes_BL)
        columns = [
            np.array([getattr(outcome, name) for outcome in outcomes], np.float64)
            for name in ("validation", "test", "seconds")
        ]
        return Scores(*columns)
