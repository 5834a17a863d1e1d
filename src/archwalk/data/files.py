"""Where files live, and how they are written: whole or not at all."""

import atexit
import errno
import hashlib
import logging
import os
import select
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import platformdirs

from archwalk.errors import DataError, UsageError
from archwalk.home import has_home, temporary_home

MOST_BYTES = 1 << 31
"""Of a file that is read as a whole."""

PIPE_SECONDS = 10.0
"""How long a pipe may take until something is in it."""

_log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Called now and then with (bytes or networks done, how many in all; 0 where unknown)."""


def untold(done: int, total: int) -> None:
    """The progress of whom nobody asks."""


def part_of_all(progress: Progress, part: int, parts: int) -> Progress:
    """The progress of one of so many parts of the same size, as part of all."""
    return lambda done, total: progress(part * total + done, parts * total)


def cache_folder() -> Path:
    """The folder of imported tables and downloads: `ARCHWALK_CACHE`, or the user's cache folder."""
    named = os.environ.get("ARCHWALK_CACHE")
    if named:
        return Path(named)
    if has_home() or os.environ.get("XDG_CACHE_HOME"):
        return Path(platformdirs.user_cache_dir("archwalk"))
    return temporary_home()


def user_path(text: str) -> Path:
    """A path that a user wrote, `~` the home. Raises UsageError where there is none."""
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise UsageError(f"{text}: there is no such home folder; write the whole path") from error


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


def working_folder(name: str) -> Path:
    """A folder inside the cache folder for what is going on; a temporary one, with a note, where it cannot be made."""
    folder = cache_folder() / name
    try:
        if os.access(make_folder(folder), os.W_OK):
            return folder
        reason = f"{folder} cannot be written"
    except DataError as error:
        reason = str(error)
    temporary = Path(tempfile.mkdtemp(prefix="archwalk-"))
    _log.warning("archwalk: %s; what cannot be kept there is in %s until this ends", reason, temporary)
    atexit.register(shutil.rmtree, temporary, ignore_errors=True)
    return temporary


@contextmanager
def alone_with(path: Path, what: str = "") -> Iterator[None]:
    """Hold a folder, or a file that is made, for this process alone; a kill lets it go. On file systems that know no
    locks nobody is kept out.

    Where another holds it this one waits; if `what` is held for long, it raises UsageError, which names that.
    """
    if os.name != "posix":
        yield
        return
    import fcntl

    try:
        held = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDONLY | os.O_CREAT, 0o644)
    except OSError as error:
        raise DataError(f"cannot open {path}: {error.strerror}") from error
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | (fcntl.LOCK_NB if what else 0))
        except BlockingIOError as error:
            raise UsageError(f"another process works on {what}; wait for it or end it") from error
        except OSError as error:
            if error.errno not in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS):
                raise
        yield
    finally:
        os.close(held)


def write_atomically(path: Path, content: bytes | str) -> None:
    """Write under a temporary name beside `path`, then rename: a kill leaves the old file or the new one.

    Raises DataError if the folder or the disk refuses.
    """
    if isinstance(content, str):
        content = content.encode(errors="replace")  # names of files may be no UTF-8
    with written_atomically(path) as file:
        file.write(content)


@contextmanager
def written_atomically(path: Path) -> Iterator[BinaryIO]:
    """A file to write to, which is `path` once all is written, see `write_atomically`; after an error nothing is.

    A link stays one: the file that it names is written. What is no file, a device or a pipe (`/dev/null`,
    `/dev/stdout`), is written to as it is; a file in its place would be everybody's.
    """
    if _is_special(path):
        try:
            with path.open("wb") as stream:
                yield cast(BinaryIO, stream)
        except OSError as error:
            raise DataError(f"cannot write {path}: {error.strerror}") from error
        return
    target, temporary = Path(os.path.realpath(path)), None
    make_folder(target.parent)
    try:
        with tempfile.NamedTemporaryFile(
            dir=target.parent, prefix=_unfinished_prefix(target), delete=False
        ) as file:
            temporary = Path(file.name)
            yield cast(BinaryIO, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(target)
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror}") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def unfinished(path: Path) -> list[Path]:
    """What kills have left of `path` while it was written, or somebody writes right now."""
    target = Path(os.path.realpath(path))
    prefix = _unfinished_prefix(target)
    return [one for one in target.parent.iterdir() if one.name.startswith(prefix)]


def _unfinished_prefix(target: Path) -> str:
    return f".{target.name}."


def _is_special(path: Path) -> bool:
    """Whether there is something that is neither a file nor a folder."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def can_write(file: Path) -> bool:
    """Whether SQLite could write to a file that is there, or make one: it needs the folder too."""
    return os.access(file.parent, os.W_OK) and (not file.exists() or os.access(file, os.W_OK))


def require_can_make(file: Path) -> None:
    """Raise DataError, as making it would, where a file that is not there could not be made. Nothing is."""
    folder = file.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
        return
    what = f"write {file}" if file.parent.is_dir() else f"make the folder {file.parent}"
    raise DataError(f"cannot {what}: {os.strerror(errno.EACCES if folder.is_dir() else errno.ENOTDIR)}")


def remove_file(path: Path) -> None:
    """Delete a file where it is there; devices and pipes stay. Raises DataError where that fails."""
    try:
        if not _is_special(path):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise DataError(f"cannot delete {path}: {error.strerror}") from error


def write_cache(path: Path, content: bytes | str) -> None:
    """Keep what can be made again; where it cannot be written (a read-only cache folder), a note says so."""
    try:
        write_atomically(path, content)
    except DataError as error:
        _log.warning("archwalk: not kept, and made again the next time: %s", error)


def read_file(path: Path, most: int = MOST_BYTES) -> bytes:
    """A file's bytes, at most so many. Raises DataError, also for what never ends (a device, a pipe nobody fills)."""
    try:
        with opened(path) as file:
            content = file.read(most + 1)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error
    if len(content) > most:
        raise DataError(f"cannot read {path}: it has more than {most:,} bytes")
    return content


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A file to read from, of which opening does not wait: what is no regular file must at least be a pipe with
    something in it, as a shell's `<(...)` is. Raises OSError.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISFIFO(mode):
            ready, _, _ = select.select([descriptor], [], [], PIPE_SECONDS)
            if not ready:
                raise OSError(errno.EINVAL, "it is a pipe and nobody writes to it")
            os.set_blocking(descriptor, True)
        elif not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(descriptor)


def require_regular(path: Path) -> None:
    """Before others open a path by its name: a pipe would make them wait for ever. Raises OSError."""
    if path.exists() and not is_regular(path):
        raise OSError(errno.EINVAL, "it is no regular file")


def is_regular(path: Path) -> bool:
    """Whether a path leads to a file of bytes, not to a folder, device, socket or pipe, or nowhere."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def sha256_of(*paths: Path) -> str:
    """SHA-256 of files, one after the other as `cat paths | sha256sum` has it, in hex. Raises DataError."""
    digest = hashlib.sha256()
    for path in paths:
        try:
            with opened(path) as file:
                while block := file.read(1 << 20):
                    digest.update(block)
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror}") from error
    return digest.hexdigest()
