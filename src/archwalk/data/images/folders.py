"""Images in class folders: a folder or a zip file with one folder a class, or two levels as Omniglot has.

The class of an image is the path of its folder below the first level at which paths differ, so `alphabet/character`
is a class; where a folder holds images and folders with more of them, all are of its class. Names that are written
alike are one class, however their accents are composed. Folders that are called train, test and the like are no
classes: what is in them is put together, and the split is ours. What systems and storage devices leave beside images
(thumbnails, say) is left out.
"""

import hashlib
import logging
import lzma
import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from archwalk.data.files import read_file
from archwalk.data.images.base import TEST, VALIDATION, Listing, Source
from archwalk.data.images.pixels import decode_image
from archwalk.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm"}
_PARTS = re.compile(
    r"(train|training|test|testing|val|valid|validation|dev|eval|evaluation)"
    r"[\W_]*(images?|imgs?|pictures|photos|set|data|split|part)?[\W_]*\d*",
    re.IGNORECASE,
)
"""Folders of a split: train, test_images, val2017."""
_PART_OF = {"te": TEST, "ev": TEST, "va": VALIDATION, "de": VALIDATION}
"""By the first letters of such a folder."""
_NOT_THE_USERS = {
    "__macosx", "@eadir", "@tmp", "@recycle", "@recently-snapshot", "#recycle", "#snapshot", "lost+found",
    "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "system volume information", "__pycache__",
}  # fmt: skip
"""Names of what systems and storage devices leave."""
_MOST_BYTES = 1 << 28
_ZIP_ERRORS = (
    OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zipfile.LargeZipFile,
    zlib.error, lzma.LZMAError, struct.error, OverflowError,
)  # fmt: skip
"""What the zip module raises over damaged files, and over forms that it does not know."""

_log = logging.getLogger(__name__)


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

        return Listing(
            [label for listing in listings for label in listing.labels_N],
            read,
            [name for listing in listings for name in listing.files_N],
        )

    return Source(" ".join(source.stamp for source in sources), open_all)


def _source(root: Path, files: list[_File]) -> Source:
    files = sorted(files, key=lambda file: file.path.parts)
    if not files:
        raise DataError(f"{root} holds no images; it should hold a folder of images for each class")
    folders = [file.path.parent.parts for file in files]
    labels = _labels(root, folders)
    digest = hashlib.sha256(repr([(str(file.path), file.stamp) for file in files]).encode())

    def read(i: int) -> "Image":
        place = str(root / files[i].path)
        try:
            content = files[i].read()
        except _ZIP_ERRORS as error:
            raise DataError(f"cannot read the image {place}: {error}") from error
        return decode_image(content, place)

    parts = _parts(folders)
    names = [str(file.path) for file in files]
    return Source(digest.hexdigest(), lambda: Listing(labels, read, names, parts))


def _labels(root: Path, folders: list[tuple[str, ...]]) -> list[str]:
    """The class of each image, of the folders that it is in."""
    folders = [tuple(unicodedata.normalize("NFC", name) for name in parts) for parts in folders]
    folders = _without_parts(_below_what_all_share(folders))
    if not all(folders):
        raise DataError(
            f"{root} has images that are in no class folder; put each into the folder of its class"
        )
    return ["/".join(parts) for parts in _with_what_is_inside(root, folders)]


def _with_what_is_inside(root: Path, folders: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Images in folders inside a class folder are of that class."""
    there = set(folders)
    found = [
        next(parts[:depth] for depth in range(1, len(parts) + 1) if parts[:depth] in there)
        for parts in folders
    ]
    if moved := [parts for parts, outer in zip(folders, found, strict=True) if parts != outer]:
        _log.warning(
            "archwalk: %d images of %s lie in folders inside a class folder and are of its class, the first in %s",
            len(moved), root, "/".join(moved[0]),
        )  # fmt: skip
    return found


def _below_what_all_share(folders: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    while all(len(parts) > 1 for parts in folders) and len({parts[0] for parts in folders}) == 1:
        folders = [parts[1:] for parts in folders]
    return folders


def _without_parts(folders: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Without the level at which all folders are parts of a split."""
    level = _level_of_parts(folders)
    if level is None:
        return folders
    rest = slice(1, None) if level == 0 else slice(None, -1)
    return _below_what_all_share([parts[rest] for parts in folders])


def _level_of_parts(folders: list[tuple[str, ...]]) -> int | None:
    """The level at which all folders are parts of a split, be it above the classes, 0, or inside each, -1."""
    if all(len(parts) > 1 for parts in folders):
        for level in (0, -1):
            names = {parts[level] for parts in folders}
            if len(names) > 1 and all(map(_PARTS.fullmatch, names)):
                return level
    return None


def _parts(folders: list[tuple[str, ...]]) -> list[int | None]:
    """The part that the folders of each image name, None for training; empty where they are no split."""
    folders = _below_what_all_share(folders)
    level = _level_of_parts(folders)
    if level is None:
        return []
    return [_PART_OF.get(parts[level][:2].lower()) for parts in folders]


def _files_of_folder(root: Path) -> list[_File]:
    files: list[_File] = []
    left_out: list[Path] = []
    seen = set()  # links may lead round in circles
    for folder, inner, names in os.walk(root, followlinks=True, onerror=_refuse_folder):
        here = Path(folder)
        seen.add(_place(here))
        inner[:] = [name for name in inner if _counts(name) and _place(here / name) not in seen]
        images = [name for name in names if _is_image(name)]
        if not images and not inner and here != root:
            raise DataError(f"the class folder {here} holds no images; delete it or fill it")
        for path in (here / name for name in images):
            try:
                status = path.stat()
            except OSError as error:
                raise DataError(f"cannot read the image {path}: {error.strerror}") from error
            if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_BYTES:
                left_out.append(path)
                continue
            stamp = f"{status.st_size} {status.st_mtime_ns}"
            read = partial(read_file, path, _MOST_BYTES)
            files.append(_File(PurePosixPath(path.relative_to(root).as_posix()), stamp, read))
    if left_out:
        _log.warning(
            "archwalk: %d of %s are left out, since they are no regular files or too large for images, the first: %s",
            len(left_out), root, left_out[0],
        )  # fmt: skip
    return files


def _refuse_folder(error: OSError) -> None:
    raise DataError(f"cannot read the folder {error.filename}: {error.strerror}") from error


def _place(folder: Path) -> tuple[int, int] | str:
    """What tells a folder from another, whatever links lead there."""
    try:
        status = folder.stat()
    except OSError:
        return str(folder)
    return status.st_dev, status.st_ino


def _files_of_zip(path: Path) -> list[_File]:
    try:
        archive = zipfile.ZipFile(path)
        entries = archive.infolist()
    except _ZIP_ERRORS as error:
        raise DataError(f"cannot read {path}: {error}") from error
    files = []
    for entry in entries:
        inside = PurePosixPath(entry.filename.replace("\\", "/"))  # as some tools of Windows write
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
    return not name.startswith(".") and name.lower() not in _NOT_THE_USERS
