"""The estimator that trains networks on images."""

import numpy as np

from archwalk.data.images.base import ImageSet
from archwalk.estimators.base import Scores
from archwalk.estimators.images.fitting import Training
from archwalk.estimators.images.makers import NetworkMaker, Task
from archwalk.estimators.images.settings import FULL, TrainingSettings
from archwalk.estimators.metrics import VALIDATION
from archwalk.estimators.store.database import Store
from archwalk.estimators.store.records import Problem
from archwalk.estimators.trainings.stored import StoredTrainings, find_device
from archwalk.spaces.base import Codes


class TrainedEstimator(StoredTrainings):
    """Trains the networks of codes (B, L) on a data set; reward: validation accuracy, report: test accuracy.

    P3 rewards with the test accuracy; here a part of the images is kept from the search (ours). What fails scores 0.
    """

    objective = VALIDATION

    def __init__(
        self,
        maker: NetworkMaker,
        images: ImageSet,
        settings: TrainingSettings = FULL,
        *,
        seed: int = 0,
        store: Store | None = None,
        workers: int | None = None,
        engine: str = "processes",
        device: str = "auto",
    ) -> None:
        """See `StoredTrainings`."""
        self.maker, self.images = maker, images
        training = Training(maker, Task(images.shape, len(images.classes)), settings, find_device(device))
        problem = Problem(
            maker.stored_as,
            images.name,
            images.fingerprint,
            {"training": settings.as_dict(), "maker": maker.settings()},
            seed,
        )
        super().__init__(
            maker.space, training, images.arrays, problem, store=store, workers=workers, engine=engine
        )

    def evaluate(self, codes_BL: Codes) -> Scores:
        """Train what was never trained under these settings; equal architectures are trained once."""
        outcomes = self.outcomes(codes_BL)
        columns = [
            np.array([getattr(outcome, name) for outcome in outcomes], np.float64)
            for name in ("validation", "test", "seconds")
        ]
        return Scores(*columns)
