"""The final training: by the clock the winner goes on from its kept weights, on all that is not for the test."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from archwalk.data.images.base import TEST
from archwalk.estimators.rungs.fitting import Curves, fit
from archwalk.estimators.rungs.pixels import Batches
from archwalk.estimators.rungs.settings import RecipeSettings
from archwalk.estimators.rungs.training import Climb, RungTraining
from archwalk.estimators.rungs.weights import keep, restore
from archwalk.estimators.trainings.pool import Arrays
from archwalk.experiments.clock.journal import Clock, Journal

_FINAL = 2
"""What the seed is for beside first weights and the order in rungs."""
_KEPT_EVERY = 10.0
_TRIED = 4
"""Steps with each number of threads."""
_COOLING = 10.0
"""Seconds at most, and at most a tenth of the training's, in which the rate falls to nothing after a stop."""


@dataclass(frozen=True)
class Final:
    """A trained winner."""

    network: nn.Module
    curves: Curves
    begun: float
    """By the clock."""
    seconds: float
    """Of the clock."""
    images: int
    """That were shown in it."""
    stopped: bool


def train_winner(
    training: RungTraining,
    climb: Climb,
    arrays: Arrays,
    seed: int,
    clock: Clock,
    journal: Journal,
    *,
    until: float,
    threads: int,
    told: Callable[[float, float], None],
    stopped: Callable[[], bool],
) -> Final:
    """One cycle until the clock shows `until`. Every ten seconds its weights are kept: a kill loses no more."""
    network = training.fresh(climb.code_L)
    place = training.place(climb, seed)
    kept = place.with_name(f"{place.stem}-final.safetensors")
    if stopped():  # the search was: it may still go on another time
        restore(network, place)
        return Final(network, _curves(journal, training.settings), clock.elapsed, 0.0, 0, True)
    begun, done = _begun(journal, clock)
    if not (done > 0 and restore(network, kept)):
        done = 0.0
        restore(network, place)
    places = np.flatnonzero(arrays["part"] != TEST)
    batches = Batches(arrays, places, training.settings, [seed, _FINAL, int(1000 * done)], training.device)
    pace = _Pace(clock, begun, until, done, stopped)
    shown = [0]
    last = [clock.elapsed]
    number_of_threads = _NumberOfThreads(threads if training.device == "cpu" else 1)

    def progress(step: int) -> float:
        shown[0] = step * batches.batch
        now = clock.elapsed
        if now - last[0] > _KEPT_EVERY:
            last[0] = now
            keep(network, kept)
            journal.write({"final": round(pace.progress, 5), "at": round(now, 3)})
        number_of_threads.choose(step, now)
        return pace.update()

    def noted(progress: float, loss: float) -> None:
        journal.write({"loss": round(loss, 5), "progress": round(progress, 5)})
        told(progress, loss)

    if done < 1:
        with _same_threads():
            fit(network, iter(batches), training.settings, progress, noted)
    keep(network, kept)
    if not pace.stopped_at:
        journal.write({"final": 1.0, "at": round(clock.elapsed, 3)})
    curves = _curves(journal, training.settings)
    return Final(network, curves, begun, clock.elapsed - begun, shown[0], pace.stopped_at is not None)


def _begun(journal: Journal, clock: Clock) -> tuple[float, float]:
    """When the final training began, by the clock, and what share of it is done."""
    lines = [line for line in journal.lines if "final" in line]
    if not lines:
        journal.write({"final": 0.0, "at": round(clock.elapsed, 3)})
        return clock.elapsed, 0.0
    return lines[0]["at"], lines[-1]["final"]


def _curves(journal: Journal, settings: RecipeSettings) -> Curves:
    """What was noted, that before a kill too; what was trained again after it counts as it went then."""
    noted = {line["progress"]: line["loss"] for line in journal.lines if "loss" in line}
    progress = sorted(noted)
    return {
        "progress": progress,
        "loss": [noted[one] for one in progress],
        "learning_rate": [settings.learning_rate_at(one) for one in progress],
    }


class _Pace:
    """The share of the cycle that is over: that of its time; after a stop the rest goes by in a moment."""

    def __init__(
        self, clock: Clock, begun: float, until: float, done: float, stopped: Callable[[], bool]
    ) -> None:
        self.clock, self.stopped = clock, stopped
        self.begun, self.until = begun, max(until, begun + 1e-3)
        self.progress = done
        self.stopped_at: float | None = None
        self.cooling = 0.0

    def update(self) -> float:
        now = self.clock.elapsed
        if self.stopped_at is None and self.stopped():
            self.stopped_at, self.at_stop = now, self.progress
            self.cooling = max(min(_COOLING, 0.1 * (now - self.begun)), 1e-3)
        if self.stopped_at is not None:
            share = (now - self.stopped_at) / self.cooling
            self.progress = min(1.0, self.at_stop + (1 - self.at_stop) * share)
        else:
            self.progress = min(1.0, (now - self.begun) / (self.until - self.begun))
        return self.progress


class _NumberOfThreads:
    """One or as many as there are cores, whichever is faster: small networks are slower on several."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.begun = 0.0
        self.alone = 0.0

    def choose(self, step: int, now: float) -> None:
        """Between steps: the first few are for PyTorch to warm up, the next for one thread, then for all."""
        if step == 0:
            torch.set_num_threads(1)
        elif step == _TRIED and self.most > 1:
            self.begun = now
        elif step == 2 * _TRIED and self.most > 1:
            self.alone, self.begun = now - self.begun, now
            torch.set_num_threads(self.most)
        elif step == 3 * _TRIED and self.most > 1 and now - self.begun > self.alone:
            torch.set_num_threads(1)


@contextmanager
def _same_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)
