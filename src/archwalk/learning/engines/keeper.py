"""Ends all that a process has started, as soon as it is gone itself, however it went."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MARK = "ARCHWALK_KEEPER"
_LOOK_AGAIN = 0.05


class Keeper:
    """A small process that waits until this one ends or says so, and then ends every process that was started within
    `marking`, and all that those have started; they are known by a mark in their environment, which Linux shows.
    """

    def __init__(self) -> None:
        self.mark = uuid.uuid4().hex
        self._process = subprocess.Popen(
            [sys.executable, "-IS", __file__, f"{_MARK}={self.mark}"],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    @contextmanager
    def marking(self) -> Iterator[None]:
        """Within, whatever is started has the mark."""
        outer = os.environ.get(_MARK)
        os.environ[_MARK] = self.mark
        try:
            yield
        finally:
            del os.environ[_MARK]
            if outer is not None:  # that of whoever started us
                os.environ[_MARK] = outer

    def close(self) -> None:
        """End them now."""
        self._process.communicate()


def end_marked(mark: bytes) -> None:
    """Kill every process that has the mark, until none is left: while we look, they start others."""
    while kill_marked(mark):
        time.sleep(_LOOK_AGAIN)


def kill_marked(mark: bytes) -> int:
    """Kill those that are there, and say how many that were."""
    killed = 0
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (place / "environ").read_bytes().split(b"\0"):  # of one that has ended it is empty
                os.kill(int(place.name), signal.SIGKILL)
                killed += 1
        except OSError:  # it has ended, or is another user's
            continue
    return killed


if __name__ == "__main__":
    sys.stdin.read()
    end_marked(sys.argv[1].encode())
