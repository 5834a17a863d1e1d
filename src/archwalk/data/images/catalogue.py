"""Image data sets by name, made into arrays once and kept in the cache folder."""

import hashlib
import json
import logging
import os
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import save

from archwalk.data.decoding import decode_json, encode_json
from archwalk.data.files import cache_folder, data_folder, is_regular, user_path, write_cache
from archwalk.data.images.base import (
    MOST_PIXELS,
    TEST,
    TRAINING,
    VALIDATION,
    ImageSet,
    ImageSettings,
    Listing,
    Source,
    choose,
    choose_given,
)
from archwalk.data.images.folders import folder_source, join_sources
from archwalk.data.images.installed import digits_source, fashion_mnist_source, mnist5k_source
from archwalk.data.images.pixels import Conventions, finish, shrink
from archwalk.data.states import open_tensors
from archwalk.errors import ArchwalkError, DataError, unknown

FORMAT = "archwalk-images-4"
_NAMES = ("classes", "files_N", "left_out")
_SHOWN = 20
"""Files that are named in a warning."""
_SIZED = 100
"""Images that are opened to learn how large they usually are."""

_log = logging.getLogger(__name__)


def _published_paths(files: Sequence[str]) -> list[Path]:
    folder = data_folder()
    paths = [folder / "images" / file for file in files] if folder else []
    if not paths or not all(path.is_file() for path in paths):
        raise DataError(
            f"{' and '.join(files)} are looked for in the folder images of ARCHWALK_DATA; "
            "any folder or zip file of class folders can be named in its place"
        )
    return paths


def _published(*files: str) -> Source:
    return join_sources([folder_source(path) for path in _published_paths(files)])


_PUBLISHED = {
    "omniglot": ("images_background_small1.zip", "images_background_small2.zip"),
    "dtd10": ("dtd10-84px.zip",),
    "flowers5": ("flowers5-84px.zip",),
    "cifar10": ("cifar10-jpeg-7000.zip",),
}
"""Files in the folder images of ARCHWALK_DATA."""

_SOURCES: dict[str, Callable[[], Source]] = {
    "digits": digits_source,
    "mnist5k": mnist5k_source,
    "fashion-mnist": fashion_mnist_source,
    **{name: partial(_published, *files) for name, files in _PUBLISHED.items()},
}


def image_set_names() -> list[str]:
    """Names that are no folders."""
    return list(_SOURCES)


def missing_images(name: str) -> str | None:
    """Why a data set of `image_set_names` is not here, and what helps; None where it is. Its files are not opened."""
    try:
        if name in _PUBLISHED:
            _published_paths(_PUBLISHED[name])
        else:
            _SOURCES[name]()
    except ArchwalkError as error:
        return str(error)
    return None


def load_images(name: str, settings: ImageSettings | None = None) -> ImageSet:
    """The data set of a name, or of a folder or zip file of class folders.

    Raises DataError where it is not here or not usable, UsageError for a name that is neither, MissingExtraError.
    """
    settings = settings or ImageSettings()
    source = _find(name)
    short = name if name in _SOURCES else Path(name).resolve().name.encode(errors="replace").decode()
    key = json.dumps([FORMAT, source.stamp, settings.as_dict()], sort_keys=True)
    plain = re.sub(r"[^\w.-]+", "_", short, flags=re.ASCII)[:40]
    path = cache_folder() / "images" / f"{plain}-{hashlib.sha256(key.encode()).hexdigest()[:24]}.safetensors"
    kept = _read(path, short)
    if kept is None:
        kept = _make(short, source, settings)
        _write(path, kept)
    if kept.left_out:
        more = f" and {len(kept.left_out) - _SHOWN} more" if len(kept.left_out) > _SHOWN else ""
        _log.warning(
            "archwalk: %d of the %d images of %s are left out, since they cannot be read: %s%s", len(kept.left_out),
            len(kept.left_out) + len(kept.labels_N), short, ", ".join(kept.left_out[:_SHOWN]), more,
        )  # fmt: skip
    if kept.copies:
        _log.warning(
            "archwalk: %d of the %d images of %s in validation and test are copies of images that are trained on, so "
            "scores are too high", kept.copies, np.count_nonzero(kept.part_N != TRAINING), short,
        )  # fmt: skip
    return kept


def _find(name: str) -> Source:
    if name in _SOURCES:
        return _SOURCES[name]()
    path = user_path(name)
    if not path.exists() and re.fullmatch(r"[\w-]+", name):
        error = unknown("image data set", name, _SOURCES)
        raise type(error)(f"{error}, or name a folder of class folders")
    return folder_source(path)


def _make(name: str, source: Source, settings: ImageSettings) -> ImageSet:
    """Read the chosen images; what cannot be read is left out."""
    listing = source.open()
    if settings.split == "given" and any(part in (TEST, VALIDATION) for part in listing.parts_N):
        chosen_K, part_K = choose_given(name, listing.labels_N, listing.parts_N, settings)
    else:
        chosen_K, part_K = choose(name, listing.labels_N, settings)
    pixels = settings.pixels if settings.enlarge else min(settings.pixels, _usual_size(listing, chosen_K))
    pictures, read_K, errors = [], np.ones(len(chosen_K), np.bool_), {}
    for k, i in enumerate(chosen_K):
        try:
            pictures.append(shrink(listing.read(int(i)), pixels, grey=settings.colour == "grey"))
        except (DataError, OSError, ValueError) as error:
            read_K[k] = False
            errors[listing.files_N[i] if listing.files_N else f"image {i + 1}"] = str(error)
    wanted = {listing.labels_N[i] for i in chosen_K}
    chosen_K, part_K = chosen_K[read_K], part_K[read_K]
    labels = np.array([listing.labels_N[i] for i in chosen_K], object)
    _check_what_is_left(name, labels, part_K, wanted, errors)
    rgb = settings.colour == "rgb" or any(picture.channels == 3 for picture in pictures)
    conventions = Conventions.of(pictures)
    images_KCHW = finish(pictures, conventions, rgb=rgb)
    classes, labels_K = np.unique(labels, return_inverse=True)
    files = tuple(listing.files_N[i] for i in chosen_K) if listing.files_N else ()
    return ImageSet(
        name, images_KCHW, labels_K.astype(np.int64), part_K, tuple(map(str, classes)), files, tuple(errors),
        conventions,
    )  # fmt: skip


def _check_what_is_left(
    name: str, labels_K: NDArray[Any], part_K: NDArray[np.uint8], wanted: set[str], errors: dict[str, str]
) -> None:
    """Raise DataError where a class has lost all of its images, or those for training."""
    lost = sorted(wanted - set(labels_K[part_K == TRAINING]))
    if lost and errors:
        raise DataError(
            f"no image for training can be read of class {lost[0]!r} of {name}; {next(iter(errors.values()))}"
        )


def _usual_size(listing: Listing, chosen_K: NDArray[np.intp]) -> int:
    """The median of the longer sides of some images, evenly chosen."""
    some = chosen_K[np.linspace(0, len(chosen_K) - 1, min(_SIZED, len(chosen_K))).astype(int)]
    sizes = []
    for i in some:
        with suppress(DataError, OSError, ValueError):  # it is named later
            sizes.append(max(listing.read(int(i)).size))
    return int(np.median(sizes)) if sizes else MOST_PIXELS


def _write(path: Path, made: ImageSet) -> None:
    metadata = {
        "format": FORMAT,
        "fingerprint": made.fingerprint,
        "conventions": encode_json(vars(made.conventions)),
        **{key: encode_json(_plain(getattr(made, key))) for key in _NAMES},
    }
    write_cache(path, save(made.arrays(), metadata=metadata))


def _plain(names: Sequence[str]) -> list[str]:
    """Names as UTF-8 has them, which JSON must be: some are not."""
    return [os.fsencode(name).decode("latin-1") for name in names]


def _read(path: Path, name: str) -> ImageSet | None:
    """What was kept; None where nothing was or where it is damaged, and so made again."""
    if not is_regular(path):
        return None
    try:
        with open_tensors(path, "np") as file:
            metadata = file.metadata() or {}
            classes, files, left_out = (
                tuple(
                    os.fsdecode(one.encode("latin-1"))
                    for one in decode_json(metadata[key], list[str], str(path))
                )
                for key in _NAMES
            )
            images, labels, part = (file.get_tensor(key) for key in ("images", "labels", "part"))
            conventions = decode_json(metadata["conventions"], Conventions, str(path))
        kept = ImageSet(name, images, labels, part, classes, files, left_out, conventions)
        return kept if kept.fingerprint == metadata["fingerprint"] else None
    except (DataError, SafetensorError, OSError, KeyError, ValueError):
        return None
