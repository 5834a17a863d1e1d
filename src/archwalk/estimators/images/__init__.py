"""Networks trained for real: what P3 (section 4.1.2) calls the performance estimation strategy."""

from archwalk.estimators.images.estimator import TrainedEstimator
from archwalk.estimators.images.intensive import IntensiveResult, train_intensively
from archwalk.estimators.images.makers import NetworkMaker, Task
from archwalk.estimators.images.settings import FULL, INTENSIVE, SMALL, NetworkSettings, TrainingSettings

__all__ = [
    "FULL",
    "INTENSIVE",
    "SMALL",
    "IntensiveResult",
    "NetworkMaker",
    "NetworkSettings",
    "Task",
    "TrainedEstimator",
    "TrainingSettings",
    "train_intensively",
]
