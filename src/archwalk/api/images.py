"""From a folder of images to a trained network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from archwalk.api.progress import progress_bar
from archwalk.api.results import EVALUATIONS
from archwalk.data.files import cache_folder, make_folder, remove_file
from archwalk.data.images import ImageSettings, load_images
from archwalk.estimators.store.database import usable_store
from archwalk.estimators.stored import cores
from archwalk.experiments.clock.following import Follower
from archwalk.experiments.clock.searching import ClockSettings, SearchProgress, search_by_the_clock
from archwalk.experiments.clock.using import TrainedNetwork
from archwalk.experiments.live import LIVE, LiveJournal
from archwalk.experiments.watching import Watcher
from archwalk.report.clocked import write_clocked_page
from archwalk.report.explorer.explored import Explored
from archwalk.spaces.convnet.costs import Limits
from archwalk.spaces.convnet.space import ConvNet
from archwalk.tracking.following import SearchFollower

if TYPE_CHECKING:
    from archwalk.tracking.step import Callback

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
    callbacks: Sequence[Callback] = (),
    progress: bool | None = None,
) -> TrainedNetwork:
    """Search by the clock for a network that names the class of images, and train it to the end.

    `folder` is a folder or zip file with one folder of images a class, or the name of a data set, such as `digits`.
    Images are resized to at most `pixels`. All networks that are tried keep the limits: weights, multiplications,
    megabytes of weights and feature maps for one image, milliseconds for one image on one thread of this machine. What
    is left (code, weights, ONNX model, page) is written to `out`, by default into the cache folder. The same call again
    goes on where it was, and trains nothing twice; Ctrl-C ends with what there is. `workers` train in processes or on
    Ray, by default as many as there are cores. `callbacks` are told of every training (`archwalk.tracking`). Raises
    errors of `archwalk.errors`.
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
    space = ConvNet(images.shape, len(images.classes), limits)
    watchers: list[Watcher] = [SearchFollower(one, space) for one in callbacks]
    follower = Follower(images.name, space, [*watchers, LiveJournal(make_folder(place))])
    with progress_bar("seconds", 60 * minutes, progress) as bar, follower.watching():
        result = search_by_the_clock(
            images, settings, place, usable_store(), cores(),
            lambda told: bar.to(min(60 * minutes - told.seconds_left, 60 * minutes), text=_words(told)),
            look=follower.look,
        )  # fmt: skip
    evaluations = follower.evaluations()
    evaluations.write(place / EVALUATIONS)
    write_clocked_page(result, images, place, Explored.of(evaluations, space))
    remove_file(place / LIVE)
    return TrainedNetwork(place)


def _words(told: SearchProgress) -> str:
    best = "none yet" if told.best is None else f"{told.best:.1f} %"
    phase = told.phase + (f" {told.text}" if told.text else "")
    return f"{phase}, best so far {best} (validation), {told.networks} networks tried"
