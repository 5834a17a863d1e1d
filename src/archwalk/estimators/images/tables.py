"""Tables of ours: every network of a small space, trained for real.

`archwalk data make NAME` makes one; its name is a benchmark. Most are kept in the package. Rows are the space's ids.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from archwalk.data.embedded import own_table_path
from archwalk.data.files import Progress, untold
from archwalk.data.images import ImageSet, ImageSettings, load_images
from archwalk.data.table import Table, read_table
from archwalk.errors import DataError, UsageError, unknown
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.images.benchmark import SCALES, make_networks
from archwalk.estimators.images.estimator import ONE_TRAINING, TrainedEstimator
from archwalk.estimators.images.settings import SMALL, TrainingSettings
from archwalk.estimators.metrics import VALIDATION
from archwalk.estimators.store.database import Store
from archwalk.estimators.store.records import DONE, Outcome
from archwalk.estimators.table import TableEstimator
from archwalk.estimators.trainings.stored import train_everyone
from archwalk.spaces.task import Task

Space = Any
"""An enumerable space that says how it is numbered, in `numbering`."""

_LACKING = -1
"""The number of parameters where an architecture has no network for these images."""


@dataclass(frozen=True)
class TrainedTable:
    """What a table is of; called, it loads the benchmark as `Loader` says.

    Reward: validation accuracy, report: test accuracy, both means over the `seeds`. What failed in training (an image
    too small for a pool, above all) scores 0, as in `TrainedEstimator`.
    """

    name: str
    dataset: str
    images: ImageSettings
    training: TrainingSettings
    seeds: int
    make_networks: Callable[[Task], tuple[Space, Any]]
    """The space, and how large its networks are."""

    def __call__(self, words: list[str], seed: int) -> Benchmark:
        """The benchmark. Raises UsageError for another objective, DataError where the table is not of this version."""
        if words not in ([], [VALIDATION.name]):
            raise UsageError(f"{self.name} has the objective validation alone, not {':'.join(words)}")
        table = self.read()
        about = table.provenance
        channels, height, width = map(int, about["image_shape"].split("x"))
        task = Task((channels, height, width), int(about["classes"]))
        space, size = self.make_networks(task)
        if about["numbering"] != space.numbering or len(table) != space.size:
            raise DataError(f"the table {self.name} is of another version of archwalk; install it again")
        reward_N, report_N, seconds_N = (
            table[column].mean(axis=1, dtype=np.float64) for column in ("validation", "test", "seconds")
        )
        objective = VALIDATION if int(about["seeds"]) > 1 else ONE_TRAINING
        estimator = TableEstimator(objective, reward_N, report_N, seconds_N)
        return Benchmark(self.name, space, estimator, about, task, size)

    def read(self) -> Table:
        """Columns `validation`, `test` (percent) and `seconds` (of processor time), (N, S) over N ids and S seeds, and
        `parameters` (N,), -1 where there is no network. Raises DataError.
        """
        path = own_table_path(self.name)
        if not path.exists():
            raise DataError(f"{self.name} is not here; to make it: archwalk data make {self.name}")
        return read_table(path)

    def load_images(self) -> ImageSet:
        """Raises DataError where they are not here."""
        return load_images(self.dataset, self.images)

    def estimator(
        self, images: ImageSet, seed: int, store: Store | None = None, **options: Any
    ) -> TrainedEstimator:
        """What trains the networks of the table with one of its seeds; `options` are `TrainedEstimator`'s."""
        space, size = self.make_networks(Task(images.shape, len(images.classes)))
        return TrainedEstimator(space, images, self.training, size=size, seed=seed, store=store, **options)

    def make(
        self,
        store: Store,
        *,
        seeds: int | None = None,
        workers: int | None = None,
        progress: Progress = untold,
    ) -> Table:
        """Train what the store does not have, seed after seed, and collect the table. Raises DataError, UsageError."""
        seeds = self.seeds if seeds is None else seeds
        if not 1 <= seeds <= self.seeds:
            raise UsageError(f"{self.name} takes at least 1 seed and at most {self.seeds}, not {seeds}")
        images = self.load_images()
        made = [self.estimator(images, seed, store, workers=workers) for seed in range(seeds)]
        space: Space = made[0].space
        outcomes_SN = list(train_everyone(made, space.size, progress))
        return self._collect(space, images, made[0], outcomes_SN)

    def _collect(
        self, space: Space, images: ImageSet, estimator: TrainedEstimator, outcomes_SN: list[list[Outcome]]
    ) -> Table:
        columns: dict[str, Any] = {
            name: np.array([[getattr(o, name) for o in row] for row in outcomes_SN], np.float32).T
            for name in ("validation", "test", "seconds")
        }
        counts_N = [_LACKING if o.parameters is None else o.parameters for o in outcomes_SN[0]]
        columns["parameters"] = np.array(counts_N, np.int32)
        failed = sum(outcome.status != DONE for row in outcomes_SN for outcome in row)
        provenance = {
            "benchmark": self.name,
            "source": f"every network trained on {images.name} by archwalk: archwalk data make {self.name}",
            "space": space.name,
            "numbering": space.numbering,
            "images": f"{len(images.labels_N)} of {len(images.classes)} classes",
            "image_shape": "x".join(map(str, images.shape)),
            "classes": str(len(images.classes)),
            "dataset": images.fingerprint,
            "settings": estimator.problem.settings_json,
            "seeds": str(len(outcomes_SN)),
            "failed": str(failed),
            **{f"version_{name}": value for name, value in outcomes_SN[0][0].versions.items()},
        }
        return Table(columns, provenance)


def _chain_table(dataset: str) -> TrainedTable:
    images, training = SCALES["small"]
    return TrainedTable(f"chain-{dataset}", dataset, images, training, 1, partial(make_networks, "chain4"))


DIGITS_CELLS = TrainedTable(
    "digits-cells",
    "digits",
    ImageSettings(pixels=8),
    replace(
        SMALL, epochs=5, batch=64, learning_rate=1e-2, decay="exponential", decay_factor=0.1, decay_epochs=5
    ),
    3,
    partial(make_networks, "cells"),
)
"""All 2,532 NAS-Bench-101 cells of at most five vertices, in a network of 16 and 32 channels, on all digits."""

CHAIN_DIGITS = _chain_table("digits")
"""Chains of at most four layers (Gomez Robles and Vanschoren 2019), trained on scikit-learn's digits."""
CHAIN_MNIST5K = _chain_table("mnist5k")
"""Chains of at most four layers (Gomez Robles and Vanschoren 2019), trained on 5,000 images of MNIST."""
CHAIN_FASHION_MNIST = _chain_table("fashion-mnist")
"""Chains of at most four layers (Gomez Robles and Vanschoren 2019), trained on Fashion-MNIST."""
CHAIN_OMNIGLOT = _chain_table("omniglot")
"""Chains of at most four layers (Gomez Robles and Vanschoren 2019), trained on Omniglot."""
CHAIN_DTD10 = _chain_table("dtd10")
"""Chains of at most four layers (Gomez Robles and Vanschoren 2019), trained on ten classes of DTD, textures."""

TRAINED_TABLES = {
    table.name: table
    for table in (
        DIGITS_CELLS, CHAIN_DIGITS, CHAIN_MNIST5K, CHAIN_FASHION_MNIST, CHAIN_OMNIGLOT, CHAIN_DTD10,
    )
}  # fmt: skip


def find_table(name: str) -> TrainedTable:
    """The table of a name. Raises UsageError with the nearest one."""
    if name not in TRAINED_TABLES:
        raise unknown("table of ours", name, TRAINED_TABLES)
    return TRAINED_TABLES[name]
