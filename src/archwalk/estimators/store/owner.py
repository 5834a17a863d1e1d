"""Who claims a training: a process that others can see to be alive or dead, where they run beside it."""

import os
import platform
import sys
import uuid
from pathlib import Path


def make_owner() -> str:
    """A name for this process, and within it for one store: place, process, when it started, a random part."""
    pid = os.getpid()
    return f"{_place()}|{pid}|{_started(pid)}|{uuid.uuid4().hex[:12]}"


def is_dead(owner: str) -> bool:
    """Whether the process of a name is known to be gone; False where that cannot be seen from here."""
    place, _, rest = owner.partition("|")
    pid, _, rest = rest.partition("|")
    if place != _place() or not pid.isdigit() or sys.platform == "win32":  # there os.kill is no question
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return _started(int(pid)) != rest.partition("|")[0]  # another process has its number by now


def _place() -> str:
    """The machine, and the name space of its process numbers: containers have their own."""
    try:
        space = str(Path("/proc/self/ns/pid").stat().st_ino)
    except OSError:
        space = ""
    return f"{platform.node()}/{space}".replace("|", "_")


def _started(pid: int) -> str:
    """When a process started, in the kernel's ticks; empty where the system does not say."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]
