"""Networks trained on images: what Gomez Robles and Vanschoren 2019 (section 4.1.2) call the performance estimation
strategy.
"""

from archwalk.estimators.images.estimator import TrainedEstimator
from archwalk.estimators.images.intensive import INTENSIVE_SIZE, IntensiveResult, train_intensively
from archwalk.estimators.images.settings import FULL, INTENSIVE, SMALL, TrainingSettings

__all__ = [
    "FULL",
    "INTENSIVE",
    "INTENSIVE_SIZE",
    "SMALL",
    "IntensiveResult",
    "TrainedEstimator",
    "TrainingSettings",
    "train_intensively",
]
