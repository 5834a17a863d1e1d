"""Networks trained for real: what P3 (section 4.1.2) calls the performance estimation strategy."""

from archwalk.estimators.training.estimator import TrainedEstimator
from archwalk.estimators.training.intensive import IntensiveResult, train_intensively
from archwalk.estimators.training.makers import NetworkMaker, Task
from archwalk.estimators.training.settings import FULL, INTENSIVE, SMALL, NetworkSettings, TrainingSettings

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
