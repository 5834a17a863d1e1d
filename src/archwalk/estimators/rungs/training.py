"""A training in rungs: each is one cycle, and begins with the weights that the rung before has left."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from archwalk.data.images.base import TRAINING, VALIDATION
from archwalk.estimators.rungs.fitting import Curves, DivergedError, accuracy, fit, scores_of
from archwalk.estimators.rungs.pixels import Batches, Normalisation
from archwalk.estimators.rungs.placing import placed
from archwalk.estimators.rungs.settings import RecipeSettings
from archwalk.estimators.rungs.weights import keep, restore
from archwalk.estimators.store.records import DONE, MACHINE, Outcome, Problem, canonical_json
from archwalk.estimators.trainings.isolation import alone, arithmetic_on, machine_on, versions_on
from archwalk.estimators.trainings.limits import is_out_of_memory
from archwalk.estimators.trainings.pool import Arrays
from archwalk.spaces.base import Codes
from archwalk.spaces.convnet.space import ConvNet

_ORDER = 1
"""What a seed is for beside first weights (`isolation.py`)."""


@dataclass(frozen=True, eq=False)
class Climb:
    """An architecture and the lengths of its cycles so far, in steps of a batch; the last is the one to be trained."""

    code_L: Codes
    steps: tuple[int, ...]

    @property
    def rung(self) -> int:
        """0 for the first cycle."""
        return len(self.steps) - 1


@dataclass(frozen=True)
class RungTraining:
    """Everything about trainings in rungs but the architecture, the rung and the seed."""

    space: ConvNet
    dataset: str
    """For people."""
    fingerprint: str
    """Of the images and their split."""
    settings: RecipeSettings
    device: str
    folder: Path
    """Of kept weights."""

    def problem(self, climb: Climb, seed: int) -> Problem:
        """What the store knows a rung by."""
        settings = {
            "recipe": self.settings.as_dict(),
            "steps": list(climb.steps),
            "arithmetic": f"{arithmetic_on(self.device)}, autocast {self.settings.arithmetic}",
        }
        return Problem(
            self.space.name, self.dataset, self.fingerprint, settings, seed, machine_on(self.device)
        )

    def architecture(self, climb: Climb) -> str:
        """What the store calls its architecture."""
        return canonical_json(self.space.describe(climb.code_L))

    def place(self, climb: Climb, seed: int) -> Path:
        """Where the weights are kept that a rung leaves."""
        return self.folder / f"{self.problem(climb, seed).key(self.architecture(climb))[:32]}.safetensors"

    def run(self, climb: Climb, arrays: Arrays, seed: int) -> Outcome:
        """Train a rung from what the one before has left; where that is gone, it is trained again.

        The same arguments give the same bits on one CPU. Seconds are those of all that was trained, of processor time
        (on CUDA of the clock). What fails is an outcome too. The test images are not looked at.
        """
        clock = time.process_time if self.device == "cpu" else time.perf_counter
        started, status, reason, validation = clock(), DONE, "", 0.0
        curves: dict[str, list[float]] = {}
        parameters = None
        try:
            with alone(self.device, seed):
                network = self.fresh(climb.code_L)
                parameters = sum(p.numel() for p in network.parameters())
                for done in self._missing(network, climb, seed):
                    curves = self._cycle(network, done, arrays, seed)
                    keep(network, self.place(done, seed))
                places = np.flatnonzero(arrays["part"] == VALIDATION)
                scores_NK = self.scores(network, arrays, places)
                validation = accuracy(scores_NK, arrays["labels"][places])
        except DivergedError as error:
            status, reason = "diverged", str(error)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            status, reason = "memory", "memory ran out while it was trained"
        return Outcome(
            status,
            reason,
            validation,
            0.0,
            parameters,
            clock() - started,
            curves,
            {**versions_on(self.device), MACHINE: machine_on(self.device)},
        )

    def fresh(self, code_L: Codes) -> nn.Module:
        """A network with first weights from PyTorch's generator."""
        return placed(self.space.build(code_L), self.device)

    def _missing(self, network: nn.Module, climb: Climb, seed: int) -> list[Climb]:
        """The rungs that have to be trained; the network has the weights of the last that has not."""
        for rung in range(climb.rung, 0, -1):
            if restore(network, self.place(Climb(climb.code_L, climb.steps[:rung]), seed)):
                return [Climb(climb.code_L, climb.steps[: r + 1]) for r in range(rung, len(climb.steps))]
        return [Climb(climb.code_L, climb.steps[: r + 1]) for r in range(len(climb.steps))]

    def _cycle(self, network: nn.Module, climb: Climb, arrays: Arrays, seed: int) -> Curves:
        places = np.flatnonzero(arrays["part"] == TRAINING)
        batches = Batches(arrays, places, self.settings, [seed, _ORDER, climb.rung], self.device)
        steps = climb.steps[-1]
        return fit(network, iter(batches), self.settings, lambda step: step / steps)

    def scores(self, network: nn.Module, arrays: Arrays, places: NDArray[np.intp]) -> NDArray[np.float32]:
        """Class scores (N, K) of some images."""
        return scores_of(
            network, arrays["images"][places], Normalisation.of(arrays), self.settings, self.device
        )
