"""Images in class folders: a folder or a zip file with one folder a class, or two levels as Omniglot has.

The class of an image is the path of its folder below the first level at which paths differ, so `alphabet/character`
is a class. Folders that are called train, test and the like are no classes: what is in them is put together, and the
split is ours.
"""

import hashlib
import io
import os
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from archwalk.data.images.base import Listing, Source
from archwalk.errors import DataError, MissingExtraError

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm"}
_PARTS = {"train", "training", "test", "testing", "val", "valid", "validation"}
_MOST_BYTES = 1 << 28
_MOST_PIXELS = 1 << 26


@dataclass(frozen=True)
class _File:
    path: PurePosixPath
    """Below the folder or inside the zip file."""
    stamp: str
    read: Callable[[], bytes]


def folder_source(path: Path) -> Source:
    """The images of a folder or of a zip file. Raises DataError where there are none or a class is empty."""
    if path.is_dir():
        return _source(path, _files_of_folder(path))
    if path.is_file() and zipfile.is_zipfile(path):
        return _source(path, _files_of_zip(path))
    if path.exists():
        raise DataError(f"{path} is neither a folder nor a zip file")
    raise DataError(f"there is no folder or zip file {path}")


def join_sources(sources: Sequence[Source]) -> Source:
    """Several sources as one."""

    def open_all() -> Listing:
        listings = [source.open() for source in sources]
        starts = np.cumsum([0, *(len(listing.labels_N) for listing in listings)])

        def read(i: int) -> "Image":
            at = int(np.searchsorted(starts, i, side="right")) - 1
            return listings[at].read(i - int(starts[at]))

        return Listing([label for listing in listings for label in listing.labels_N], read)

    return Source(" ".join(source.stamp for source in sources), open_all)


def decode_image(content: bytes, place: str) -> "Image":
    """An image from the bytes of a file, upright. Raises DataError with the place where they are no image."""
    try:
        from PIL import Image, ImageOps, UnidentifiedImageError
    except ImportError as error:
        raise MissingExtraError("pillow", "images") from error
    try:
        with Image.open(io.BytesIO(content)) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise DataError(
                    f"the image {place} has {image.width} x {image.height} pixels; make it smaller"
                )
            image.load()
            if image.mode.startswith("I;16"):  # Pillow cuts these off at 255
                return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
            return ImageOps.exif_transpose(image)
    except UnidentifiedImageError as error:  # its text is an object's address
        raise DataError(
            f"cannot read the image {place}: it is none, or of a kind that is not known"
        ) from error
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise DataError(f"cannot read the image {place}: {error}") from error


def _source(root: Path, files: list[_File]) -> Source:
    files = sorted(files, key=lambda file: file.path.parts)
    if not files:
        raise DataError(f"{root} holds no images; it should hold a folder of images for each class")
    labels = _labels(root, [file.path.parent.parts for file in files])
    digest = hashlib.sha256(repr([(str(file.path), file.stamp) for file in files]).encode())

    def read(i: int) -> "Image":
        place = str(root / files[i].path)
        try:
            content = files[i].read()
        except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise DataError(f"cannot read the image {place}: {error}") from error
        return decode_image(content, place)

    return Source(digest.hexdigest(), lambda: Listing(labels, read))


def _labels(root: Path, folders: list[tuple[str, ...]]) -> list[str]:
    """The class of each image, of the folders that it is in."""
    while all(len(parts) > 1 for parts in folders) and len({parts[0] for parts in folders}) == 1:
        folders = [parts[1:] for parts in folders]
    if all(len(parts) > 1 and parts[0].lower() in _PARTS for parts in folders):
        folders = [parts[1:] for parts in folders]
    if not all(folders):
        raise DataError(
            f"{root} has images that are in no class folder; put each into the folder of its class"
        )
    return ["/".join(parts) for parts in folders]


def _files_of_folder(root: Path) -> list[_File]:
    files: list[_File] = []
    seen = set()  # links may lead round in circles
    for folder, inner, names in os.walk(root, followlinks=True):
        here = Path(folder)
        seen.add(here.resolve())
        inner[:] = [name for name in inner if _counts(name) and (here / name).resolve() not in seen]
        images = [name for name in names if _is_image(name)]
        if not images and not inner and here != root:
            raise DataError(f"the class folder {here} holds no images; delete it or fill it")
        for name in images:
            path = here / name
            try:
                status = path.stat()
            except OSError as error:
                raise DataError(f"cannot read the image {path}: {error.strerror}") from error
            stamp = f"{status.st_size} {status.st_mtime_ns}"
            files.append(_File(PurePosixPath(path.relative_to(root).as_posix()), stamp, path.read_bytes))
    return files


def _files_of_zip(path: Path) -> list[_File]:
    try:
        archive = zipfile.ZipFile(path)
        entries = archive.infolist()
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(f"cannot read {path}: {error}") from error
    files = []
    for entry in entries:
        inside = PurePosixPath(entry.filename)
        if entry.is_dir() or not _is_image(inside.name) or not all(map(_counts, inside.parts)):
            continue
        if entry.file_size > _MOST_BYTES:
            raise DataError(f"{inside} in {path} is too large for an image: {entry.file_size:,} bytes")
        files.append(_File(inside, f"{entry.file_size} {entry.CRC}", partial(archive.read, entry)))
    return files


def _is_image(name: str) -> bool:
    return _counts(name) and PurePosixPath(name).suffix.lower() in SUFFIXES


def _counts(name: str) -> bool:
    """Whether a file or folder is the user's, not the system's."""
    return not name.startswith(".") and name != "__MACOSX"
