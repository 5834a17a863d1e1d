"""Batches of images, normalised and seen anew."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from archwalk.data.images.base import TRAINING
from archwalk.estimators.rungs.augmenting import seen_anew
from archwalk.estimators.rungs.settings import RecipeSettings
from archwalk.estimators.trainings.pool import Arrays

_SHARE_THAT_STAYS = 0.6
"""Of what a linear classifier knows beyond chance: if so much is left on mirrored images, mirroring is allowed."""
_MOST_PROBED = 4000
_RIDGE = 0.1


@dataclass(frozen=True)
class Normalisation:
    """Means and deviations of the channels (C,), of values 0 to 255."""

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    @classmethod
    def of(cls, arrays: Arrays) -> "Normalisation":
        """Those of the training images."""
        images_NCHW = arrays["images"][arrays["part"] == TRAINING]
        mean, deviation = images_NCHW.mean(axis=(0, 2, 3)), images_NCHW.std(axis=(0, 2, 3))
        return cls(tuple(map(float, mean)), tuple(float(max(d, 1.0)) for d in deviation))

    def __call__(self, images: Tensor) -> Tensor:
        """Float images, channels last, of uint8 ones (B, C, H, W)."""
        mean, deviation = (
            torch.tensor(values, device=images.device).view(1, -1, 1, 1)
            for values in (self.mean, self.deviation)
        )
        return ((images.float() - mean) / deviation).contiguous(memory_format=torch.channels_last)


class Batches:
    """Endless batches of some images of `arrays`, every image once an epoch, as the seeds say."""

    def __init__(
        self,
        arrays: Arrays,
        places: NDArray[np.intp],
        settings: RecipeSettings,
        seeds: list[int],
        device: str,
    ) -> None:
        self.settings, self.device = settings, device
        self.normalise = Normalisation.of(arrays)
        self.images = torch.from_numpy(arrays["images"][places]).to(device)
        self.labels = torch.from_numpy(arrays["labels"][places]).to(device)
        self.rng = np.random.default_rng(seeds)
        self.batch = min(settings.batch, len(places))

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Normalised images and labels. The last images of an epoch that fill no batch begin the next one."""
        order = np.empty(0, np.intp)
        while True:
            while len(order) < self.batch:
                order = np.concatenate([order, self.rng.permutation(len(self.labels))])
            at, order = torch.from_numpy(order[: self.batch]).to(self.device), order[self.batch :]
            images = seen_anew(self.normalise(self.images[at]), self.settings, self.rng)
            yield images.contiguous(memory_format=torch.channels_last), self.labels[at]


def may_be_mirrored(arrays: Arrays) -> bool:
    """Whether mirrored images are still of their class: a ridge classifier is asked that has seen none.

    Trained on half of the training images, it has to keep most of what it knows beyond chance when the other half is
    mirrored: it does for things and not for digits and letters.
    """
    places = np.flatnonzero(arrays["part"] == TRAINING)
    places = np.random.default_rng(0).permutation(places)[:_MOST_PROBED]
    images, labels = arrays["images"][places], arrays["labels"][places]
    step = max(1, images.shape[2] // 16)
    images = images[:, :, ::step, ::step].astype(np.float64) / 255
    half = len(places) // 2
    seen = images[:half].reshape(half, -1)
    mean = seen.mean(axis=0)
    targets = np.eye(int(arrays["labels"].max()) + 1)[labels[:half]]
    gram = (seen - mean) @ (seen - mean).T
    gram += _RIDGE * np.trace(gram) / half * np.eye(half)
    solution = np.linalg.solve(gram, targets - targets.mean(axis=0))

    def known(images: NDArray[np.float64]) -> float:
        scores = (images.reshape(len(images), -1) - mean) @ (seen - mean).T @ solution + targets.mean(axis=0)
        return float((scores.argmax(axis=1) == labels[half:]).mean())

    chance = float(targets.mean(axis=0).max())
    straight, mirrored = known(images[half:]), known(images[half:, :, :, ::-1])
    return mirrored - chance >= _SHARE_THAT_STAYS * (straight - chance) > 0
