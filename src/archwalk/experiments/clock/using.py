"""A network that a search has left, in use: what it says about images, and what it is worth on others."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from archwalk.data.files import read_file
from archwalk.data.images.folders import folder_source
from archwalk.data.images.pixels import Conventions, decode_image, finish, shrink
from archwalk.errors import DataError
from archwalk.estimators.rungs.pixels import Normalisation
from archwalk.experiments.clock.delivery import Deployed, load_delivered, read_result
from archwalk.experiments.clock.judging import Judgement

_MOST_BYTES = 1 << 28
_AT_ONCE = 256


@dataclass(frozen=True)
class Prediction:
    """What a network takes an image for."""

    image: str
    label: str
    chance: float
    """0 to 1, as the network believes."""


class TrainedNetwork:
    """The network of a folder that a search by the clock has written."""

    def __init__(self, folder: Path | str) -> None:
        """Raises DataError where there is none."""
        self.folder = Path(folder)
        network, about = load_delivered(self.folder)
        self.classes = about.classes
        self.shape = (about.channels, about.height, about.width)
        self.conventions = Conventions(about.white, about.ground)
        normalisation = Normalisation(about.mean, about.deviation)
        self._deployed = Deployed(network, self.shape, normalisation, mirrored=about.mirrored)

    @property
    def result(self) -> dict[str, Any]:
        """How it was found and how good it is: what `result.json` holds. Raises DataError where that is gone."""
        return read_result(self.folder)

    def predict(self, *images: Path | str) -> list[Prediction]:
        """The most likely class of each image. Raises DataError for a file that is none."""
        pixels = [
            self._pixels(decode_image(read_file(Path(image), _MOST_BYTES), str(image)), str(image))
            for image in images
        ]
        if not pixels:
            return []
        chances_NK = self.chances(np.stack(pixels))
        return [
            Prediction(str(image), self.classes[int(chances_K.argmax())], float(chances_K.max()))
            for image, chances_K in zip(images, chances_NK, strict=True)
        ]

    def evaluate(self, folder: Path | str) -> tuple[Judgement, list[str]]:
        """How well it does on the images of a folder or zip file of class folders, and which files could not be read.

        Raises DataError for a class that the network does not know.
        """
        listing = folder_source(Path(folder)).open()
        if strange := sorted({*listing.labels_N} - {*self.classes}):
            raise DataError(
                f"the network knows no class {strange[0]!r} of {folder}; it knows {', '.join(self.classes[:10])}"
                + (", ..." if len(self.classes) > 10 else "")
            )
        pixels, labels, left_out = [], [], []
        for i, label in enumerate(listing.labels_N):
            try:
                pixels.append(self._pixels(listing.read(i), listing.files_N[i]))
            except DataError:
                left_out.append(listing.files_N[i])
                continue
            labels.append(self.classes.index(label))
        if not pixels:
            raise DataError(f"no image of {folder} can be read")
        chances_NK = self.chances(np.stack(pixels))
        return Judgement.of(chances_NK, np.array(labels)), left_out

    @torch.no_grad()
    def chances(self, images_NCHW: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Chances (N, K) of the classes, of images of any size."""
        parts = [
            torch.from_numpy(images_NCHW[at : at + _AT_ONCE]) for at in range(0, len(images_NCHW), _AT_ONCE)
        ]
        return np.concatenate([self._deployed(part).numpy() for part in parts])

    def _pixels(self, image: object, place: str) -> NDArray[np.uint8]:
        """(C, H, W), as the images of the training were read."""
        channels, height, _ = self.shape
        try:
            picture = shrink(image, height, grey=channels == 1)  # type: ignore[arg-type] # Pillow is an extra
            pixels_CHW: NDArray[np.uint8] = finish([picture], self.conventions, rgb=channels == 3)[0]
        except (OSError, ValueError) as error:
            raise DataError(f"cannot use the image {place}: {error}") from error
        return pixels_CHW
