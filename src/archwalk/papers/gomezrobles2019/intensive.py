"""section 6.1 and Table 6: the best two networks of experiment 2 trained at length, against two blocks of VGG-19."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from archwalk.data.images import ImageSet
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.images.estimator import TrainedEstimator
from archwalk.estimators.images.intensive import INTENSIVE_SIZE, train_intensively
from archwalk.estimators.images.settings import INTENSIVE, TrainingSettings
from archwalk.estimators.images.tables import find_table
from archwalk.estimators.images.vgg import VGG19Blocks, VGGSize
from archwalk.experiments.parts import Part
from archwalk.papers.gomezrobles2019.evolution import networks
from archwalk.papers.gomezrobles2019.exp1 import META
from archwalk.papers.gomezrobles2019.exp2 import depends as depends_on_exp2
from archwalk.papers.gomezrobles2019.exp2 import play_all
from archwalk.papers.gomezrobles2019.sizes import data_settings, find_size
from archwalk.papers.item import Answer, Item
from archwalk.papers.setup import Setup
from archwalk.spaces.base import Codes
from archwalk.spaces.networks import NetworkSource, described_as, network_settings
from archwalk.spaces.nsc import NSCSize

BLOCKS = 2
VGG = "VGG-19, two blocks"


@dataclass(frozen=True)
class Final:
    """The final training of one scale, so many times each."""

    settings: TrainingSettings
    size: NSCSize
    trainings: int


def _shorter(epochs: int, batch: int) -> TrainingSettings:
    return replace(INTENSIVE, epochs=epochs, decay_epochs=epochs, batch=batch, memory_limit=4096)


FINALS = {
    "smoke": Final(_shorter(1, 128), replace(INTENSIVE_SIZE, filters=4, dense=16), 2),
    "small": Final(_shorter(20, 32), replace(INTENSIVE_SIZE, dense=256), 5),
    "full": Final(INTENSIVE, INTENSIVE_SIZE, 5),
}
"""`full` is the paper's: 4,096 units, 100 epochs, five trainings. The rate falls to a hundredth at every scale
(ours).
"""


def compute(setup: Setup, benchmark: str) -> Answer:
    """Train and compare."""
    size, final = find_size(setup), FINALS[setup.scale.name]
    data = setup.find_benchmarks(size.unseen)
    trials, queries = play_all(setup, size, data)
    parts, rows = [], []
    for one in data:
        images = images_of(one)
        for rank, found in enumerate(networks(one.space, trials[one.name][META], 2), 1):
            code_L = one.space.parse(found["architecture"])
            rows.append({"data": one.name, "network": f"{META}, {('best', 'second')[rank - 1]}"} | found)
            parts.append(final_part(one.space, final.size, code_L, images, final, setup.seed))
        rows.append({"data": one.name, "network": VGG, "architecture": {"vgg19 blocks": BLOCKS}})
        blocks_L, vgg_size = np.array([BLOCKS], np.int32), VGGSize(final.size.dense, final.size.dropout)
        parts.append(final_part(VGG19Blocks(), vgg_size, blocks_L, images, final, setup.seed))
    values = setup.keep_all(parts, "final training")
    return Answer(
        data_settings(setup, data)
        | {
            "training": final.settings.as_dict(),
            "size": asdict(final.size),
            "trainings": final.trainings,
            "accuracy": "test accuracy, mean and two standard deviations (by n - 1) of the trainings; the split stays",
            "training_queries": queries,
        },
        {"rows": [row | _summary(value) for row, value in zip(rows, values, strict=True)]},
    )


def images_of(benchmark: Benchmark) -> ImageSet:
    """The images that a benchmark is about. Raises DataError or MissingExtraError where they are not here,
    UsageError for a benchmark without images.
    """
    if isinstance(benchmark.estimator, TrainedEstimator):
        return benchmark.estimator.images
    return find_table(benchmark.name).load_images()


def final_part(
    space: NetworkSource, size: Any, code_L: Codes, images: ImageSet, final: Final, seed: int
) -> Part:
    """The trainings of one network."""
    depends = {
        "space": described_as(space), "architecture": space.describe(code_L), "images": images.fingerprint,
        "training": final.settings.as_dict(), **network_settings(space, size), "trainings": final.trainings,
        "seed": seed,
    }  # fmt: skip
    return Part("intensive", depends, partial(_train, space, size, code_L, images, final, seed))


def _train(
    space: NetworkSource, size: Any, code_L: Codes, images: ImageSet, final: Final, seed: int
) -> dict[str, Any]:
    (result,) = train_intensively(
        space, code_L[None], images, final.settings,
        size=size, trainings=final.trainings, seed=seed, engine="local",
    )  # fmt: skip
    return {
        "test": result.test_S,
        "validation": np.array([outcome.validation for outcome in result.outcomes]),
        "seconds": np.array([outcome.seconds for outcome in result.outcomes]),
        "mean": result.mean,
        "two_deviations": result.two_deviations,
        "parameters": result.outcomes[0].parameters,
        "failed": [outcome.reason for outcome in result.outcomes if outcome.status != "done"],
    }


def _summary(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "test": value["test"].tolist(),
        "mean": value["mean"],
        "two_deviations": value["two_deviations"],
        "parameters": value["parameters"],
        "seconds": float(value["seconds"].sum()),
        "failed": value["failed"],
    }


def depends(setup: Setup) -> Mapping[str, Any]:
    """Experiment 2, and the final training."""
    return {"exp2": depends_on_exp2(setup), "final": asdict(FINALS[setup.scale.name])}


ITEM = Item(
    "exp2-intensive", "Table 6", "The best two networks trained at length", "intensive", compute,
    depends=depends,
)  # fmt: skip
