"""Benchmarks whose networks are trained when they are asked for: `images:FOLDER`, `images:digits` and the like."""

from dataclasses import asdict, replace

from archwalk.data.images import ImageSet, ImageSettings, load_images
from archwalk.errors import UsageError
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.images.estimator import TrainedEstimator
from archwalk.estimators.images.makers import NetworkMaker, Task, maker_for
from archwalk.estimators.images.settings import FULL, SMALL, NetworkSettings, TrainingSettings
from archwalk.estimators.store.database import Store, open_store
from archwalk.spaces.base import SearchSpace, remake
from archwalk.spaces.catalogue import SPACES
from archwalk.spaces.nasbench101.space import NASBench101
from archwalk.spaces.nsc import Chain
from archwalk.spaces.nsc import NetworkSettings as SizedNetwork

SCALES: dict[str, tuple[ImageSettings, TrainingSettings]] = {
    "small": (ImageSettings(pixels=14, max_images=600, max_classes=30), SMALL),
    "full": (ImageSettings(colour="rgb"), FULL),
}
"""By the word behind the data set's name. `full` is P3's: 84 x 84 x 3, all images. `small` is for two cores; Omniglot
then has 30 characters of 20 images."""

_SPACES = ("cells", "chain", "chain4", "branches")
_OBJECTIVES = ("validation",)


def training_benchmark(
    space: SearchSpace,
    dataset: ImageSet | str,
    settings: TrainingSettings = FULL,
    store: Store | None = None,
    *,
    images: ImageSettings | None = None,
    maker: NetworkMaker | None = None,
    seed: int = 0,
    workers: int | None = None,
    engine: str = "processes",
    device: str = "auto",
) -> Benchmark:
    """A search for the best network for images.

    `dataset` is loaded under `images` where it is a name or a folder. `maker` is needed for a space that
    `makers.py` does not know. `seed` is that of every training (the split's is in `images`).
    """
    data = load_images(dataset, images) if isinstance(dataset, str) else dataset
    estimator = TrainedEstimator(
        maker or maker_for(space), data, settings,
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
    return Benchmark(f"images:{data.name}", space, estimator, provenance)


def load_images_benchmark(words: list[str], seed: int) -> Benchmark:
    """`images:FOLDER`, with `:small` (the default) or `:full`, a space and the objective behind it.

    What is trained goes into the default store.
    """
    place, chosen = _split(words)
    images, settings = SCALES[chosen.get("scale", "small")]
    data = load_images(place, images)
    space = make_space(chosen.get("space", "chain"), Task(data.shape, len(data.classes)), settings.network)
    if space.name == "nsc" and settings is FULL:
        settings = replace(settings, batch=64)  # P3 6.2
    return training_benchmark(space, data, settings, open_store(), seed=seed)


def _split(words: list[str]) -> tuple[str, dict[str, str]]:
    """The folder, which may have colons in its name, and the words behind it."""
    kinds = {"scale": tuple(SCALES), "space": _SPACES, "objective": _OBJECTIVES}
    rest, chosen = list(words), dict[str, str]()
    while len(rest) > 1 and (kind := next((k for k, known in kinds.items() if rest[-1] in known), None)):
        if kind in chosen:
            raise UsageError(f"images: takes one {kind}, not {rest[-1]} and {chosen[kind]}")
        chosen[kind] = rest.pop()
    if not rest or not any(rest):
        raise UsageError(
            "which images? say images:FOLDER with a folder or zip file of class folders, or images:digits"
        )
    return ":".join(rest), chosen


def make_space(word: str, task: Task, network: NetworkSettings) -> SearchSpace:
    """The space behind a word: `cells`, NAS-Bench-101's of at most five vertices; `chain` and `branches`, P3's;
    `chain4`, chains of at most four layers, numbered: those of the tables, so that what learned there can go on here.
    """
    if word == "cells":
        cells: NASBench101 = remake(NASBench101, 5, 9)
        return cells
    if word == "chain4":
        chains: Chain = remake(Chain, 4, SizedNetwork(task.shape, task.classes, **asdict(network)))
        return chains
    return SPACES.load({"chain": "nsc-chain", "branches": "nsc"}[word])()
