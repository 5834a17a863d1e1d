"""Where files live, and how they are written: whole or not at all."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import platformdirs

from archwalk.errors import DataError

Progress = Callable[[int, int], None]
"""Called now and then with (bytes or networks done, how many in all; 0 where unknown)."""


def untold(done: int, total: int) -> None:
    """The progress of whom nobody asks."""


def part_of_all(progress: Progress, part: int, parts: int) -> Progress:
    """The progress of one of so many parts of the same size, as part of all."""
    return lambda done, total: progress(part * total + done, parts * total)


def cache_folder() -> Path:
    """The folder of imported tables and downloads: `ARCHWALK_CACHE`, or the user's cache folder."""
    return Path(os.environ.get("ARCHWALK_CACHE") or platformdirs.user_cache_dir("archwalk"))


def data_folder() -> Path | None:
    """The folder named by `ARCHWALK_DATA`, in which benchmarks are looked for; None where it is unset."""
    folder = os.environ.get("ARCHWALK_DATA")
    return Path(folder) if folder else None


def make_folder(path: Path) -> Path:
    """Create a folder with its parents. Raises DataError with the reason where that fails."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"cannot make the folder {path}: {error.strerror}") from error
    return path


def write_atomically(path: Path, content: bytes | str) -> None:
    """Write under a temporary name beside `path`, then rename: a kill leaves the old file or the new one.

    Raises DataError if the folder or the disk refuses.
    """
    if isinstance(content, str):
        content = content.encode()
    make_folder(path.parent)
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = Path(file.name)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror}") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def sha256_of(*paths: Path) -> str:
    """SHA-256 of files, one after the other as `cat paths | sha256sum` has it, in hex. Raises DataError."""
    digest = hashlib.sha256()
    for path in paths:
        try:
            with path.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror}") from error
    return digest.hexdigest()
