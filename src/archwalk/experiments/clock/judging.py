"""What a trained network is worth on images that it has not seen."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_Z = 1.959963984540054


@dataclass(frozen=True)
class Judgement:
    """Of a network on N images."""

    confusion_KK: NDArray[np.int64]
    """Images of a class (row) that were taken for a class (column)."""

    @classmethod
    def of(cls, scores_NK: NDArray[np.float32], labels_N: NDArray[np.int64]) -> "Judgement":
        """From class scores and true classes."""
        classes = scores_NK.shape[1]
        confusion_KK = np.zeros((classes, classes), np.int64)
        np.add.at(confusion_KK, (labels_N, scores_NK.argmax(axis=1)), 1)
        return cls(confusion_KK)

    @property
    def images(self) -> int:
        """How many were judged by."""
        return int(self.confusion_KK.sum())

    @property
    def accuracy(self) -> float:
        """Percent."""
        return 100.0 * float(np.trace(self.confusion_KK)) / self.images

    @property
    def balanced(self) -> float:
        """Percent: the mean over classes of the share that is found."""
        of_class_K = self.confusion_KK.sum(axis=1)
        there = of_class_K > 0
        return 100.0 * float((np.diagonal(self.confusion_KK)[there] / of_class_K[there]).mean())

    @property
    def interval(self) -> tuple[float, float]:
        """Of 95 %, in percent, for the accuracy on other images like these (Wilson 1927)."""
        n, p = self.images, self.accuracy / 100
        centre = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
        half = _Z / (1 + _Z**2 / n) * np.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
        return 100 * float(centre - half), 100 * float(centre + half)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "accuracy": self.accuracy,
            "interval95": list(self.interval),
            "balanced_accuracy": self.balanced,
            "images": self.images,
            "confusion": self.confusion_KK.tolist(),
        }
