"""Commands as another process runs them: as a user without rights, home or locale, and with signals."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

NOBODY = 54_321
"""A user that no system knows."""


def archwalk(arguments: Sequence[object]) -> list[str]:
    """The command in another process."""
    return [sys.executable, "-m", "archwalk", *map(str, arguments)]


def plain_environment(**variables: str) -> dict[str, str]:
    """What a container has: no home, no locale, no user."""
    kept = {
        name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "ARCHWALK_DATA") if name in os.environ
    }
    return kept | {"OMP_NUM_THREADS": "1", **variables}


def as_nobody(command: Sequence[str]) -> list[str]:
    """The command by a user without rights, who is not in the system's list; by ourselves where we are not root."""
    if os.geteuid() == 0 and (setpriv := shutil.which("setpriv")):
        return [setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *command]
    return list(command)


def run(
    command: Sequence[str], cwd: Path, env: Mapping[str, str] | None = None, seconds: float = 300
) -> subprocess.CompletedProcess[str]:
    """Wait for a command; what it says is text."""
    return subprocess.run(
        command,
        cwd=cwd,
        env=env,
        capture_output=True,
        timeout=seconds,
        text=True,
        errors="surrogateescape",
        check=False,
    )
