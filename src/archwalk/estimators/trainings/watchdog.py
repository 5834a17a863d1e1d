"""The end of a process that hangs."""

import faulthandler
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def ends_after(seconds: float) -> Iterator[None]:
    """End this process if what is inside is not over by then, whatever it is at; on every system.

    The watchdog of `faulthandler` is a thread that needs no lock of Python's, so a call of C that hangs ends too.
    """
    with Path(os.devnull).open("w") as nowhere:  # where it writes tracebacks
        faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
