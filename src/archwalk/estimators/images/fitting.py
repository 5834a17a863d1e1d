"""One training, from an architecture to its accuracies: Gomez Robles and Vanschoren 2019, section 4.1.2."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from archwalk.data.images.base import TEST, TRAINING, VALIDATION
from archwalk.errors import InvalidArchitectureError
from archwalk.estimators.images.settings import TrainingSettings
from archwalk.estimators.store.records import Outcome
from archwalk.estimators.trainings.attempts import TrainingFailedError, attempt, check_time, clock_on, placed
from archwalk.estimators.trainings.isolation import versions_on
from archwalk.estimators.trainings.limits import Size, is_out_of_memory, measure
from archwalk.estimators.trainings.pool import Arrays
from archwalk.estimators.trainings.statistics import recompute_statistics
from archwalk.spaces.base import Codes
from archwalk.spaces.networks import NetworkSource, build_network
from archwalk.spaces.task import Task

_ORDER = 1
"""What a seed is for beside first weights (`isolation.py`): each draws from a stream of its own."""

_FEW_PIXELS = 1 << 24
"""Images with at most so many in all are converted once, others batch by batch."""


@dataclass(frozen=True)
class Training:
    """Everything about a training but the architecture and its seed."""

    space: NetworkSource
    task: Task
    size: Any
    settings: TrainingSettings
    device: str

    def run(self, code_L: Codes, arrays: Arrays, seed: int) -> Outcome:
        """Train the network of code (L,) and score it. The same arguments give the same bits on one CPU.

        `arrays` are what `ImageSet.arrays` gives: `images` (N, C, H, W) uint8, `labels` (N,), `part` (N,).
        What fails is an outcome too. The process is left as it was: its generators, its number of threads.
        """
        clock = clock_on(self.device)
        started = clock()
        size: Size | None = None
        curves: dict[str, list[float]] = {"loss": [], "training": [], "learning_rate": []}
        scores = 0.0, 0.0

        def work() -> None:
            nonlocal size, scores
            size, network = self._measure(code_L)
            if size.megabytes > self.settings.memory_limit:
                raise TrainingFailedError("memory", f"{size}; the limit is {self.settings.memory_limit:,} MB")
            if network is None:
                network = self._build(code_L, self.device)
            images = _Images(arrays, self.device)
            _fit(network, images, self.settings, seed, lambda: clock() - started, curves)
            if self.settings.recompute_statistics:
                shown = (images.batch(at)[0] for at in batches(images.places(TRAINING), self.settings.batch))
                recompute_statistics(network, shown)
            scores = self._accuracy(network, images, VALIDATION), self._accuracy(network, images, TEST)

        status, reason = attempt(work, self.device, seed)
        parameters = size.parameters if size else None
        return Outcome(
            status, reason, *scores, parameters, clock() - started, curves, versions_on(self.device)
        )

    def _build(self, code_L: Codes, device: str) -> nn.Module:
        return placed(build_network(self.space, code_L, self.task, self.size), device)

    def _measure(self, code_L: Codes) -> tuple[Size, nn.Module | None]:
        """The size of the network, and the network unless it is large. Fails where shapes do not fit."""
        try:
            return measure(partial(self._build, code_L), self.device, self.task.shape, self.settings.batch)
        except NotImplementedError:  # a RuntimeError, but of what `meta` cannot do
            raise
        except (RuntimeError, ValueError, InvalidArchitectureError) as error:
            if is_out_of_memory(error):
                raise
            reason = str(error).strip().splitlines() or ["it cannot be built"]
            raise TrainingFailedError("invalid", reason[0]) from error

    @torch.no_grad()
    def _accuracy(self, network: nn.Module, images: "_Images", part: int) -> float:
        """Percent of the images of a part of which the class is found."""
        network.eval()
        right, places = 0, images.places(part)
        for at in np.split(places, range(self.settings.batch, len(places), self.settings.batch)):
            shown, labels = images.batch(at)
            scores = network(shown)
            if not torch.isfinite(scores).all():
                raise TrainingFailedError("diverged", "class scores of the trained network are not finite")
            right += int((scores.argmax(1) == labels).sum())
        return 100.0 * right / len(places)


class _Images:
    """Images from -1 to 1, as Gomez Robles and Vanschoren's data set has them (Triantafillou et al. 2019), and their
    labels, on a device.
    """

    def __init__(self, arrays: Arrays, device: str) -> None:
        self.device = device
        self.part_N, self.bytes_NCHW = arrays["part"], arrays["images"]
        self.labels_N = torch.from_numpy(np.array(arrays["labels"])).to(device)
        self.all: Tensor | None = None
        if self.bytes_NCHW.size <= _FEW_PIXELS:
            self.all = self._converted(np.array(self.bytes_NCHW))

    def places(self, part: int) -> NDArray[np.intp]:
        """Where the images of a part are."""
        return np.flatnonzero(self.part_N == part)

    def batch(self, at: NDArray[np.intp]) -> tuple[Tensor, Tensor]:
        """Images (B, C, H, W) and labels (B,) at places."""
        rows = torch.from_numpy(at).to(self.device)
        images = self._converted(self.bytes_NCHW[at]) if self.all is None else self.all[rows]
        return images, self.labels_N[rows]

    def _converted(self, images: NDArray[np.uint8]) -> Tensor:
        return torch.from_numpy(images).to(self.device).float().div_(127.5).sub_(1.0)


def _fit(
    network: nn.Module,
    images: _Images,
    settings: TrainingSettings,
    seed: int,
    seconds: Callable[[], float],
    curves: dict[str, list[float]],
) -> None:
    """Minimise the cross-entropy; appends to `curves`. Fails where the loss is no number or time is over."""
    rng = np.random.default_rng([seed, _ORDER])
    optimiser = torch.optim.Adam(
        network.parameters(), betas=(settings.beta1, settings.beta2), eps=settings.epsilon, fused=True
    )
    places = images.places(TRAINING)
    network.train()
    for epoch in range(settings.epochs):
        rate = settings.learning_rate_at(epoch)
        for group in optimiser.param_groups:
            group["lr"] = rate
        loss_sum, hits = 0.0, []
        for at in batches(rng.permutation(places), settings.batch):
            check_time(seconds(), settings.seconds_limit, f"in epoch {epoch + 1}")
            shown, labels = images.batch(at)
            scores = network(shown)
            loss = cross_entropy(scores, labels)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            loss_sum += loss.item() * len(at)
            hits.append(scores.argmax(1) == labels)
            if not np.isfinite(loss_sum):
                raise TrainingFailedError("diverged", f"the loss is not finite in epoch {epoch + 1}")
        curves["loss"].append(loss_sum / len(places))
        curves["training"].append(100.0 * int(torch.cat(hits).sum()) / len(places))
        curves["learning_rate"].append(rate)


def batches(places: NDArray[np.intp], size: int) -> list[NDArray[np.intp]]:
    """Places in batches; a last one of a single image joins the one before, since it cannot be normalised."""
    ends = list(range(size, len(places), size))
    if ends and len(places) - ends[-1] == 1:
        ends.pop()
    return np.split(places, ends)
