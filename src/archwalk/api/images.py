"""From a folder of images to a trained network."""

from __future__ import annotations

from pathlib import Path

from archwalk.api.progress import progress_bar
from archwalk.data.files import cache_folder
from archwalk.data.images import ImageSettings, load_images
from archwalk.estimators.store.database import usable_store
from archwalk.estimators.stored import cores
from archwalk.experiments.clock.searching import ClockSettings, SearchProgress, search_by_the_clock
from archwalk.experiments.clock.using import TrainedNetwork
from archwalk.report.clocked import write_clocked_page
from archwalk.spaces.convnet.costs import Limits

PIXELS = 32


def search_images(
    folder: str | Path,
    minutes: float = 10.0,
    *,
    out: str | Path | None = None,
    pixels: int = PIXELS,
    max_parameters: int | None = None,
    max_macs: int | None = None,
    max_megabytes: float | None = None,
    max_latency_ms: float | None = None,
    seed: int = 0,
    engine: str = "processes",
    address: str | None = None,
    workers: int | None = None,
    device: str = "auto",
    progress: bool | None = None,
) -> TrainedNetwork:
    """Search by the clock for a network that names the class of images, and train it to the end.

    `folder` is a folder or zip file with one folder of images a class, or the name of a data set, such as `digits`.
    Images are resized to at most `pixels`. All networks that are tried keep the limits: weights, multiplications,
    megabytes of weights and feature maps for one image, milliseconds for one image on one thread of this machine. What
    is left (code, weights, ONNX model, page) is written to `out`, by default into the cache folder. The same call again
    goes on where it was, and trains nothing twice; Ctrl-C ends with what there is. `workers` train in processes or on
    Ray, by default as many as there are cores. Raises errors of `archwalk.errors`.
    """
    limits = Limits(max_parameters, max_macs, max_megabytes)
    settings = ClockSettings(
        minutes,
        limits,
        max_latency_ms,
        seed=seed,
        device=device,
        engine=engine,
        address=address,
        workers=workers,
    )
    images = load_images(str(folder), ImageSettings(pixels=pixels, enlarge=False, split="given"))
    place = Path(out) if out is not None else cache_folder() / "networks" / images.fingerprint[:16]
    with progress_bar("seconds", 60 * minutes, progress) as bar:
        result = search_by_the_clock(
            images, settings, place, usable_store(), cores(),
            lambda told: bar.to(min(60 * minutes - told.seconds_left, 60 * minutes), text=_words(told)),
        )  # fmt: skip
    write_clocked_page(result, images, place)
    return TrainedNetwork(place)


def _words(told: SearchProgress) -> str:
    best = "none yet" if told.best is None else f"{told.best:.1f} %"
    phase = told.phase + (f" {told.text}" if told.text else "")
    return f"{phase}, best so far {best} (validation), {told.networks} networks tried"
