"""Where to keep things for a user without a home folder, as containers have them."""

import os
import stat
import tempfile
from functools import cache
from pathlib import Path


def has_home() -> bool:
    """Whether the system names a home folder for this user."""
    try:
        return Path.home().is_absolute()
    except RuntimeError:
        return False


@cache
def temporary_home() -> Path:
    """A folder that is this user's alone: kernels that are kept in it are run."""
    folder = Path(tempfile.gettempdir()) / f"archwalk-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
        if stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077:
            return folder
    except OSError:
        pass
    return Path(tempfile.mkdtemp(prefix="archwalk-"))
