"""What an image data set is: arrays, classes, and which image is for training, for validation, for the test."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from archwalk.data.images.pixels import Conventions
from archwalk.errors import DataError, UsageError

if TYPE_CHECKING:
    from PIL.Image import Image

TRAINING, VALIDATION, TEST = 0, 1, 2
"""Values of `ImageSet.part_N`."""

COLOURS = ("auto", "grey", "rgb")
MOST_PIXELS = 512


@dataclass(frozen=True)
class ImageSettings:
    """How images become arrays, and who is in which part.

    Gomez Robles and Vanschoren 2019 (4.2.3) resizes to 84 x 84 x 3 by bilinear interpolation, whatever the shape was,
    and keeps a third for the test. Its reward is the test accuracy; a validation part and the choice of images and
    classes are ours.
    """

    pixels: int = 84
    """Height and width after resizing."""
    enlarge: bool = True
    """Whether smaller images are enlarged to that; otherwise `pixels` are the most, and images that are usually smaller
    keep their usual size (ours)."""
    max_images: int | None = None
    """At most so many images in all, as evenly over the classes as they allow."""
    max_classes: int | None = None
    """At most so many classes, drawn by the seed."""
    colour: Literal["auto", "grey", "rgb"] = "auto"
    """One channel or three; `auto` takes three where one of the images has colours."""
    validation: float = 0.2
    """Share of the images of each class."""
    test: float = 1 / 3
    """Share of the images of each class."""
    split: Literal["ours", "given"] = "ours"
    """`given`: where the folders say which images are for the test (or, without such, for validation), these are
    (ours).
    """
    seed: int = 0
    """Of the choice and of the split."""

    def __post_init__(self) -> None:
        if not 1 <= self.pixels <= MOST_PIXELS:
            raise UsageError(f"pixels must be 1 to {MOST_PIXELS}, not {self.pixels}")
        if self.colour not in COLOURS:
            raise UsageError(f"colour must be one of {', '.join(COLOURS)}, not {self.colour!r}")
        if self.max_images is not None and self.max_images < 6:
            raise UsageError(f"max_images must be at least 6, not {self.max_images}")
        if self.max_classes is not None and self.max_classes < 2:
            raise UsageError(f"max_classes must be at least 2, not {self.max_classes}")
        if min(self.validation, self.test) <= 0 or self.validation + self.test >= 1:
            raise UsageError("validation and test are shares above 0 that leave something for training")

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Listing:
    """Images that can be read one by one, in an order that does not change."""

    labels_N: Sequence[str]
    """The class of each."""
    read: Callable[[int], "Image"]
    """The image of a place in that order. Raises DataError."""
    files_N: Sequence[str] = ()
    """The name of each; empty where they are no files."""
    parts_N: Sequence[int | None] = ()
    """The part that each is given for, None where nothing is said of it; empty where nothing is said at all."""


@dataclass(frozen=True)
class Source:
    """Where images come from."""

    stamp: str
    """Another one when the images are others."""
    open: Callable[[], Listing]


@dataclass(frozen=True)
class ImageSet:
    """N images in memory, all of one size."""

    name: str
    images_NCHW: NDArray[np.uint8]
    labels_N: NDArray[np.int64]
    """Which of `classes`."""
    part_N: NDArray[np.uint8]
    """TRAINING, VALIDATION or TEST."""
    classes: tuple[str, ...]
    files_N: tuple[str, ...] = ()
    """The name of each image; empty where they are no files."""
    left_out: tuple[str, ...] = ()
    """Files that could not be read."""
    conventions: Conventions = field(default_factory=Conventions)
    """By which the files were read."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of an image."""
        _, channels, height, width = self.images_NCHW.shape
        return channels, height, width

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of everything that a training sees: another one where a pixel, a label or the split differs."""
        digest = hashlib.sha256(repr((self.images_NCHW.shape, len(self.classes))).encode())
        for array in (self.images_NCHW, self.labels_N, self.part_N):
            digest.update(np.ascontiguousarray(array))  # type: ignore[arg-type] # arrays are buffers
        return digest.hexdigest()

    @cached_property
    def copies(self) -> int:
        """Images of validation and test that are equal, pixel by pixel, to one of training, and of test to one of
        validation: a final training has both.
        """
        rows_N = [hashlib.sha256(image.tobytes()).digest() for image in self.images_NCHW]
        earliest: dict[bytes, int] = {}
        for row, part in zip(rows_N, self.part_N, strict=True):
            earliest[row] = min(int(part), earliest.get(row, TEST))
        return sum(earliest[row] < part for row, part in zip(rows_N, self.part_N, strict=True))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """By name, to hand to workers."""
        return {"images": self.images_NCHW, "labels": self.labels_N, "part": self.part_N}


def choose(
    name: str, labels_N: Sequence[str], settings: ImageSettings
) -> tuple[NDArray[np.intp], NDArray[np.uint8]]:
    """Which K images are taken, in their order (K,), and the part of each (K,): the same for the same seed.

    Every class is cut alike, so the parts have the classes in equal shares. Raises DataError where a class is too
    small to be in all three.
    """
    rng = np.random.default_rng(settings.seed)
    names, class_N = np.unique(np.asarray(labels_N, object), return_inverse=True)
    if len(names) < 2:
        raise DataError(f"{name} has {len(names)} class; classification needs at least 2 class folders")
    kept = np.arange(len(names))
    if settings.max_classes is not None and settings.max_classes < len(names):
        kept = np.sort(rng.permutation(len(names))[: settings.max_classes])
    members = [rng.permutation(np.flatnonzero(class_N == c)) for c in kept]
    limit = _most_per_class([len(m) for m in members], settings.max_images)
    part_N = np.full(len(labels_N), 255, np.uint8)
    for c, member in zip(kept, members, strict=True):
        taken = member[:limit]
        if len(taken) < 3:
            why = (
                f"{len(member)}" if len(member) < 3 else f"{limit} under max_images (take fewer max_classes)"
            )
            raise DataError(f"class {names[c]!r} of {name} has {why} images; it needs at least 3")
        test = max(1, round(settings.test * len(taken)))
        validation = max(1, round(settings.validation * len(taken)))
        part_N[taken] = TRAINING
        part_N[taken[:test]] = TEST
        part_N[taken[test : test + validation]] = VALIDATION
    chosen_K = np.flatnonzero(part_N != 255)
    return chosen_K, part_N[chosen_K]


def choose_given(
    name: str, labels_N: Sequence[str], parts_N: Sequence[int | None], settings: ImageSettings
) -> tuple[NDArray[np.intp], NDArray[np.uint8]]:
    """All images, the test as it is given; where only validation is given, that is the test. What is missing then is
    cut from the rest, in every class alike. Raises DataError where a class is nowhere to be learned from.
    """
    rng = np.random.default_rng(settings.seed)
    names, class_N = np.unique(np.asarray(labels_N, object), return_inverse=True)
    if len(names) < 2:
        raise DataError(f"{name} has {len(names)} class; classification needs at least 2 class folders")
    part_N = np.array([TRAINING if part is None else part for part in parts_N], np.uint8)
    if not (part_N == TEST).any():
        part_N[part_N == VALIDATION] = TEST
    has_validation = (part_N == VALIDATION).any()
    share = settings.validation / (1 - settings.test)
    for c, class_name in enumerate(names):
        member = rng.permutation(np.flatnonzero((class_N == c) & (part_N == TRAINING)))
        if len(member) < 2:
            raise DataError(
                f"class {class_name!r} of {name} has {len(member)} images for training; it needs at least 2"
            )
        if not has_validation:
            part_N[member[: max(1, round(share * len(member)))]] = VALIDATION
    return np.arange(len(part_N)), part_N


def _most_per_class(counts: list[int], most: int | None) -> int:
    """The largest number for each class with which all classes together stay within `most`."""
    if most is None or sum(counts) <= most:
        return max(counts)
    limit = 0
    while sum(min(count, limit + 1) for count in counts) <= most:
        limit += 1
    return limit
