"""Which networks of a space a proxy is shown, and what these are shown."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from archwalk.data.images import ImageSettings, load_images
from archwalk.errors import UsageError
from archwalk.estimators.zero_cost.base import Batch, image_batch, random_batch
from archwalk.estimators.zero_cost.catalogue import load_proxy
from archwalk.estimators.zero_cost.scoring import Scorer
from archwalk.spaces.base import SearchSpace
from archwalk.spaces.capabilities import IMAGES, require
from archwalk.spaces.networks import ScalableSize, default_size, default_task
from archwalk.spaces.task import CLASSIFICATION, Task, check_whole

_TRIED = 5
_LEAST_PIXELS = 8


@dataclass(frozen=True)
class View:
    """Networks of `channels` at first and `cells` at each resolution, where a space can scale them, see `batch` images
    of `resolution` pixels a side: of a data set where `images` names one (or a folder), else random ones. Weights and
    images depend on `seed` alone. Raises UsageError.
    """

    images: str = ""
    channels: int = 16
    cells: int = 1
    batch: int = 32
    resolution: int = 16
    seed: int = 0

    def __post_init__(self) -> None:
        check_whole("what proxies see", channels=self.channels, cells=self.cells)
        if self.batch < 2:
            raise UsageError("batch must be at least 2: images are compared, and normalised together")
        if self.resolution < _LEAST_PIXELS:
            raise UsageError(
                f"resolution must be at least {_LEAST_PIXELS}: it is halved twice; not {self.resolution}"
            )

    def scorer(self, space: SearchSpace, proxy: str) -> Scorer:
        """Scores of a space's networks by a proxy.

        Raises UsageError for a space whose networks read no images, or are none that the proxy can score; DataError
        where the images are not here.
        """
        require(space, IMAGES, f"the proxy {proxy}")
        size = default_size(space)
        if isinstance(size, ScalableSize):
            size = size.scaled(self.channels, self.cells)
        task, batch = self._shown(default_task(space), space.name)
        return usable_scorer(space, proxy, task, batch, size, self.seed)

    def _shown(self, own: Task | None, space: str) -> tuple[Task, Batch]:
        """Smaller images than the networks' own, but to agents, whose observations are what they are."""
        agents = own is not None and own.kind != CLASSIFICATION
        if self.images:
            if agents:
                raise UsageError(
                    f"networks of {space} are agents: they see no images of a data set; leave images out"
                )
            found = load_images(self.images, ImageSettings(pixels=self.resolution))
            return Task(found.shape, len(found.classes)), image_batch(found, self.batch, self.seed)
        task = own or Task((3, self.resolution, self.resolution), 10)
        if not agents:
            task = replace(task, shape=(task.shape[0], self.resolution, self.resolution))
        return task, random_batch(task, self.batch, self.seed)


def usable_scorer(space: SearchSpace, proxy: str, task: Task, batch: Batch, size: Any, seed: int) -> Scorer:
    """A scorer that has a score for some network at least. Raises UsageError where it has none."""
    made = Scorer(space, load_proxy(proxy), task, batch, size=size, seed=seed)
    tried_BL = space.sample(np.random.default_rng(seed), _TRIED)
    if not any(np.isfinite(made.scores(code_L[None])[0]) for code_L in tried_BL):  # the first one, as a rule
        raise UsageError(f"the proxy {proxy} has no score for any of {_TRIED} networks of {space.name}")
    return made
