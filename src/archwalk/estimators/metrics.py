"""What scores are: quantities with a name, a unit and a direction, and the two of them that a benchmark goes by.

One convention holds everywhere. Scores, curves, results and pages have values as they are: milliseconds stay
milliseconds, an accuracy is in percent. What strategies, agents and environments are told is turned so that higher is
better; `Evaluator` does so, in one place.

Structures of msgspec, since results hold them: it writes, checks and reads them together with all else in a result, and
imports in a hundredth of the time that pydantic takes.
"""

from typing import TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

Values = TypeVar("Values", float, NDArray[np.float64])


class Metric(msgspec.Struct, frozen=True):
    """A measured quantity."""

    name: str
    """Say `validation accuracy` or `latency`, as it stands within a sentence."""
    unit: str = ""
    """What stands behind a value: `%`, `ms`, `parameters`; nothing for a raw score."""
    higher_is_better: bool = True
    """False for costs and errors."""

    def upward(self, values: Values) -> Values:
        """Values turned so that higher is better; of values so turned, the values as they are."""
        return values if self.higher_is_better else -values


class Objective(msgspec.Struct, frozen=True):
    """What a benchmark's reward and report are; `name` is what stands behind the benchmark's, say `test-mean`."""

    name: str
    reward: Metric
    report: Metric
    meaning: str = ""
    """In words, of two metrics of one name above all; made of their names where it is empty."""

    def __post_init__(self) -> None:
        if not self.meaning:
            same = self.reward == self.report
            meaning = f"reward: {self.reward.name}, report: {self.report.name}"
            msgspec.structs.force_setattr(
                self, "meaning", f"reward and report: {self.reward.name}" if same else meaning
            )


def single(name: str, metric: Metric, meaning: str = "") -> Objective:
    """The objective whose reward and report are one metric."""
    return Objective(name, metric, metric, meaning)


def accuracies(name: str = "validation") -> Objective:
    """That of most benchmarks, in one line: reward is a validation accuracy in percent, report a test accuracy."""
    return Objective(name, VALIDATION_ACCURACY, TEST_ACCURACY)


VALIDATION_ACCURACY = Metric("validation accuracy", "%")
TEST_ACCURACY = Metric("test accuracy", "%")

VALIDATION = Objective(
    "validation",
    VALIDATION_ACCURACY,
    TEST_ACCURACY,
    "reward: validation accuracy, report: test accuracy (means over runs)",
)
