"""What the database of experiments holds of one training."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

DONE = "done"
STATUSES = {
    DONE: "trained and tested",
    "invalid": "the architecture has no network for this task",
    "memory": "it needs more memory than the limit",
    "time": "it needs more time than the limit",
    "diverged": "its loss or its outputs are not numbers",
    "lost": "the process that trained it died, whenever it was tried",
    "failed": "an objective of the user's raised, or gave no number",
}
"""All but `done` have failed. What that scores is the estimator's to say: 0 on images, the game's lowest with agents.
"""

_LARGEST = 2**63

MACHINE = "machine"
"""Among the versions of what failed so: where."""

OF_THE_MACHINE = ("memory", "time", "lost")
"""What a larger or quicker machine may train: it holds for those like the one where it failed (`Problem.machine`)."""


ACCURACY, RETURN, OBJECTIVE = "accuracy", "return", "objective"
METRICS = (ACCURACY, RETURN, OBJECTIVE)
"""What a training is scored by; `metric` of the settings says which, `accuracy` where it is silent.

`accuracy`: validation and test accuracy in percent. `return`: raw scores of an agent's episodes, its `mean_return` as
`validation` and its `max_return` as `test` (`learning/episodes.py`). `objective`: what a function of the user's
returned; all numbers are among the curves by their names, the first of them is both scores.
"""


def metric_of(settings: Mapping[str, Any]) -> str:
    """What trainings under these settings are scored by. Raises ValueError for a metric that is unknown."""
    metric = settings.get("metric", ACCURACY)
    if metric not in METRICS:
        raise ValueError(f"unknown metric {metric!r}")
    return str(metric)


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


def canonical_json(value: Any) -> str:
    """One text for equal values."""
    return _ENCODER.encode(value)


@dataclass(frozen=True)
class Outcome:
    """What came of a training: two scores, which stand as 0 where it failed. `METRICS` says what they are."""

    status: str
    reason: str = ""
    """Why it failed, for people."""
    validation: float = 0.0
    test: float = 0.0
    parameters: int | None = None
    seconds: float = 0.0
    """Of processor time (on CUDA of the clock)."""
    curves: Mapping[str, list[float]] = field(default_factory=dict)
    """By name: one number an epoch on images; of an agent at points of its training, which are among the curves."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of what the numbers may hang on."""
    metric: str = ACCURACY
    """What the scores are; the settings hold it, not the row's own columns."""

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise ValueError(f"unknown status {self.status!r}")
        for name in ("validation", "test"):
            score = getattr(self, name)
            if self.metric == ACCURACY and not 0 <= score <= 100:
                raise ValueError(f"{name} accuracy {score} is not in percent")
            if not math.isfinite(score):
                raise ValueError(f"{name} {self.metric} {score} is no number")
        if not (math.isfinite(self.seconds) and self.seconds >= 0):
            raise ValueError(f"{self.seconds} are no seconds")
        if self.parameters is not None and not 0 <= self.parameters < _LARGEST:
            raise ValueError(f"{self.parameters} is no number of weights")


def holds_on(outcome: Outcome, machine: str) -> bool:
    """Whether an outcome is that of a machine's trainings: not if another failed for lack of time or memory."""
    return outcome.status not in OF_THE_MACHINE or outcome.versions.get(MACHINE, machine) == machine


@dataclass(frozen=True)
class Problem:
    """What the trainings of one estimator have in common."""

    space: str
    dataset: str
    """For people; the fingerprint decides."""
    dataset_fingerprint: str
    settings: Mapping[str, Any]
    """Of the training and of the networks, as JSON has it; `arithmetic` among them says what device computes how."""
    seed: int
    machine: str = field(default="", compare=False)
    """Where we train, for what fails for lack of time or memory; no part of the key."""

    def __post_init__(self) -> None:
        if not -_LARGEST <= self.seed < _LARGEST:
            raise ValueError(f"the seed {self.seed} has more than 64 bits")

    @cached_property
    def settings_json(self) -> str:
        """The settings as one text."""
        return canonical_json(self.settings)

    @cached_property
    def settings_fingerprint(self) -> str:
        """SHA-256 of the settings."""
        return hashlib.sha256(self.settings_json.encode()).hexdigest()

    def key(self, architecture: str) -> str:
        """The name of a training: SHA-256 of all that decides on its outcome, the architecture as canonical JSON."""
        before, after = self._around_architecture
        return hashlib.sha256(f"{before}{json.dumps(architecture)}{after}".encode()).hexdigest()

    @cached_property
    def _around_architecture(self) -> tuple[str, str]:
        """The canonical JSON of the list that a key is made of, without the architecture."""
        after = [self.dataset_fingerprint, self.settings_fingerprint, self.seed]
        return f"[{canonical_json(self.space)},", f",{canonical_json(after)[1:]}"


@dataclass(frozen=True)
class Evaluation:
    """A row of the database: what was trained, and what came of it."""

    problem: Problem
    architecture: str
    """`SearchSpace.describe` as canonical JSON."""
    outcome: Outcome
    finished: str
    """When, UTC, ISO 8601."""

    def __post_init__(self) -> None:
        if datetime.fromisoformat(self.finished).utcoffset() is None:
            raise ValueError(f"finished at {self.finished!r}, which is no time of a time zone")

    @cached_property
    def key(self) -> str:
        """See `Problem.key`."""
        return self.problem.key(self.architecture)
