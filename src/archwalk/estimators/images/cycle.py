"""A training in one cycle, by the recipe of searches by the clock, for any space whose networks classify images."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from archwalk.data.images.base import TEST, TRAINING, VALIDATION, ImageSet
from archwalk.errors import InvalidArchitectureError
from archwalk.estimators.rungs.fitting import Curves, DivergedError, accuracy, autocast, fit, scores_of
from archwalk.estimators.rungs.pixels import Batches, Normalisation
from archwalk.estimators.rungs.placing import placed
from archwalk.estimators.rungs.recipe import recipe_for
from archwalk.estimators.rungs.settings import RecipeSettings
from archwalk.estimators.store.records import Outcome
from archwalk.estimators.trainings.attempts import TrainingFailedError, attempt, clock_on
from archwalk.estimators.trainings.isolation import versions_on
from archwalk.estimators.trainings.pool import Arrays
from archwalk.estimators.trainings.statistics import recompute_statistics
from archwalk.spaces.base import Codes
from archwalk.spaces.networks import NetworkSource, build_network
from archwalk.spaces.task import Task

_ORDER = 1
"""What a seed is for beside first weights (`isolation.py`)."""

_AT_ONCE = 512
"""Images without gradients."""

_SHOWN = 120_000
"""Images that a training shows, each as often as it comes to that; but 2 to 20 times."""


@dataclass(frozen=True)
class CycleSettings:
    """A recipe, and how often every image is shown."""

    recipe: RecipeSettings
    epochs: int

    @property
    def seconds_limit(self) -> float | None:
        """That of the recipe."""
        return self.recipe.seconds_limit

    @property
    def memory_limit(self) -> int:
        """That of the recipe."""
        return self.recipe.memory_limit

    def as_dict(self) -> dict[str, Any]:
        """For JSON: all that decides on bits."""
        return {"recipe": self.recipe.as_dict(), "epochs": self.epochs}


def cycle_for(images: ImageSet, device: str) -> CycleSettings:
    """What suits a set of images and a device: seconds for small images, some minutes for 32 x 32 pixels."""
    shown = int((images.arrays()["part"] == TRAINING).sum())
    return CycleSettings(recipe_for(images, device), int(np.clip(round(_SHOWN / max(shown, 1)), 2, 20)))


@dataclass(frozen=True)
class CycleTraining:
    """Everything about a training but the architecture and its seed."""

    space: NetworkSource
    task: Task
    size: Any
    settings: CycleSettings
    device: str

    def run(self, code_L: Codes, arrays: Arrays, seed: int) -> Outcome:
        """Train the network of code (L,) and score it. The same arguments give the same bits on one CPU.

        `arrays` are what `ImageSet.arrays` gives. What fails is an outcome too. The process is left as it was.
        """
        clock = clock_on(self.device)
        started, recipe = clock(), self.settings.recipe
        parameters: int | None = None
        curves: Curves = {}
        scores = {VALIDATION: 0.0, TEST: 0.0}

        def work() -> None:
            nonlocal parameters, curves
            network = self._build(code_L)
            parameters = sum(p.numel() for p in network.parameters())
            places = np.flatnonzero(arrays["part"] == TRAINING)
            batches = Batches(arrays, places, recipe, [seed, _ORDER], self.device)
            steps = -(-self.settings.epochs * len(places) // recipe.batch)
            try:
                curves = fit(network, iter(batches), recipe, lambda step: step / steps)
                self._recompute_statistics(network, arrays, places)
                for part in scores:
                    at = np.flatnonzero(arrays["part"] == part)
                    found = scores_of(
                        network, arrays["images"][at], Normalisation.of(arrays), recipe, self.device
                    )
                    scores[part] = accuracy(found, arrays["labels"][at])
            except DivergedError as error:
                raise TrainingFailedError("diverged", str(error)) from error

        status, reason = attempt(work, self.device, seed)
        return Outcome(
            status, reason, scores[VALIDATION], scores[TEST], parameters, clock() - started, curves,
            versions_on(self.device),
        )  # fmt: skip

    def _recompute_statistics(self, network: nn.Module, arrays: Arrays, places: NDArray[np.intp]) -> None:
        """Over the images as they are: running means of a short training may still be those of its beginning."""
        recipe, normalise = self.settings.recipe, Normalisation.of(arrays)
        shown = (
            normalise(torch.from_numpy(arrays["images"][at]).to(self.device))
            for at in np.array_split(places, -(-len(places) // _AT_ONCE))
        )
        with autocast(recipe, self.device):
            recompute_statistics(network, shown)

    def _build(self, code_L: Codes) -> nn.Module:
        try:
            return placed(build_network(self.space, code_L, self.task, self.size), self.device)
        except InvalidArchitectureError as error:
            raise TrainingFailedError("invalid", str(error)) from error
