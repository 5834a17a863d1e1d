"""Benchmarks whose networks are trained when they are asked for: `images:FOLDER`, `images:digits` and the like."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from archwalk.data.images import ImageSet, ImageSettings, load_images
from archwalk.errors import UsageError
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.images.cycle import CycleSettings, cycle_for
from archwalk.estimators.images.estimator import TrainedEstimator
from archwalk.estimators.images.settings import FULL, SMALL, TrainingSettings
from archwalk.estimators.store.database import Store, usable_store
from archwalk.estimators.trainings.stored import find_device
from archwalk.estimators.words import take_words
from archwalk.spaces.base import SearchSpace, remake
from archwalk.spaces.catalogue import SPACES
from archwalk.spaces.convnet.costs import Limits
from archwalk.spaces.convnet.space import ConvNet
from archwalk.spaces.nasbench101.size import NASBench101Size
from archwalk.spaces.nasbench101.space import NASBench101
from archwalk.spaces.nsc import Chain, NSCSize
from archwalk.spaces.nsc.space import nsc, nsc_chain
from archwalk.spaces.task import Task

RECIPE = "recipe"
"""The scale of networks of one's own images: by the recipe of searches by the clock."""

_RECIPE_IMAGES = ImageSettings(pixels=32, enlarge=False, split="given")

SCALES: dict[str, tuple[ImageSettings, TrainingSettings]] = {
    "small": (ImageSettings(pixels=14, max_images=600, max_classes=30), SMALL),
    "full": (ImageSettings(colour="rgb"), FULL),
}
"""By the word behind the data set's name. `full` is Gomez Robles and Vanschoren's: 84 x 84 x 3, all images. `small`
is for two cores; Omniglot then has 30 characters of 20 images.
"""

_OBJECTIVES = ("validation",)

_LAYERS = {"small": NSCSize(dense=128, max_parameters=None), "full": NSCSize(max_parameters=None)}
"""The settings of a training say how large a network may be."""

_MOST_PARAMETERS, _MOST_MACS = 1_000_000, 30_000_000
"""Of networks of `convnet`: what two cores train in some minutes."""

_BY_RECIPE = ("convnet", "cells")

_CELLS = NASBench101Size(16, stacks=2, cells_per_stack=1)


@dataclass(frozen=True)
class Networks:
    """A space of networks for images, and how large they are at each scale."""

    make: Callable[[Task], SearchSpace]
    sizes: Mapping[str, Any]


def _cells(task: Task) -> NASBench101:
    cells: NASBench101 = remake(NASBench101, 5, 9)
    return cells


def _stages(task: Task) -> ConvNet:
    stages: ConvNet = remake(ConvNet, task.shape, task.outputs, Limits(_MOST_PARAMETERS, _MOST_MACS))
    return stages


def _short_chains(task: Task) -> Chain:
    chains: Chain = remake(Chain, 4, task, NSCSize(dense=128))
    return chains


NETWORKS = {
    "cells": Networks(_cells, {"small": _CELLS, "full": _CELLS}),
    "chain": Networks(lambda task: nsc_chain(), _LAYERS),
    "chain4": Networks(_short_chains, _LAYERS),
    "branches": Networks(lambda task: nsc(), _LAYERS),
    "convnet": Networks(_stages, {}),
}
"""By the word behind the images. `cells`: NAS-Bench-101's of at most five vertices; `chain` and `branches`: Gomez
Robles and Vanschoren's; `chain4`: chains of at most four layers, numbered: those of the tables, so that what learned
there can go on here. Any other space is known by its own name.
"""


def training_benchmark(
    space: SearchSpace,
    dataset: ImageSet | str,
    settings: TrainingSettings | CycleSettings = FULL,
    store: Store | None = None,
    *,
    images: ImageSettings | None = None,
    size: Any = None,
    seed: int = 0,
    workers: int | None = None,
    engine: str = "processes",
    device: str = "auto",
) -> Benchmark:
    """A search for the best network for images, in any space whose networks classify them.

    `dataset` is loaded under `images` where it is a name or a folder. `size` is that of all networks (None: the
    space's own). `seed` is that of every training (the split's is in `images`).
    """
    data = load_images(dataset, images) if isinstance(dataset, str) else dataset
    estimator = TrainedEstimator(
        space, data, settings, size=size,
        seed=seed, store=store, workers=workers, engine=engine, device=device,
    )  # fmt: skip
    provenance = {
        "source": f"networks trained on {data.name} by archwalk",
        "space": space.name,
        "images": f"{len(data.labels_N)} of {len(data.classes)} classes, {'x'.join(map(str, data.shape))}",
        "dataset": data.fingerprint,
        "settings": estimator.problem.settings_json,
        "seed": str(seed),
        **({"store": store.name} if store else {}),
    }
    return Benchmark(f"images:{data.name}", space, estimator, provenance, estimator.task, estimator.size)


def load_images_benchmark(words: list[str], seed: int) -> Benchmark:
    """`images:FOLDER`, with a space behind it (`convnet` by default, or say `cells`) and `:small` or `:full` after it.

    `convnet` and `cells` are trained by the recipe of searches by the clock unless a scale is named; the others have
    Gomez Robles and Vanschoren's training, `small` by default, and so has what names a scale alone. What is trained
    goes into the default store.
    """
    place, chosen = _split(words)
    word = chosen.get("space", "chain" if chosen.get("scale") in SCALES else "convnet")
    scale = chosen.get("scale", RECIPE if word in _BY_RECIPE else "small")
    data = load_images(place, SCALES[scale][0] if scale in SCALES else _RECIPE_IMAGES)
    space, size = make_networks(word, Task(data.shape, len(data.classes)), scale)
    settings = SCALES[scale][1] if scale in SCALES else cycle_for(data, find_device("auto"))
    if space.name == "nsc" and settings is FULL:
        settings = replace(settings, batch=64)  # Gomez Robles and Vanschoren 2019 6.2
    return training_benchmark(space, data, settings, usable_store(), size=size, seed=seed)


def make_networks(word: str, task: Task, scale: str = "small") -> tuple[SearchSpace, Any]:
    """The space behind a word, and how large its networks are (None: as it says). Raises UsageError."""
    if word not in NETWORKS:
        return SPACES.load(word)(), None
    networks = NETWORKS[word]
    return networks.make(task), networks.sizes.get(scale, networks.sizes.get("small"))


def _split(words: list[str]) -> tuple[str, dict[str, str]]:
    """The folder, which may have colons in its name, and the words behind it."""
    spaces = {*NETWORKS, *SPACES.names()}
    kinds = {
        "scale": {RECIPE, *SCALES}.__contains__, "space": spaces.__contains__, "objective": _OBJECTIVES.__contains__,
    }  # fmt: skip
    place, chosen = take_words("images", words, kinds)
    if not place.strip(":"):
        raise UsageError(
            "which images? say images:FOLDER with a folder or zip file of class folders, or images:digits"
        )
    return place, chosen
