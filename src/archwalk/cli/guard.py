"""What stands between the command line and the system: signals, what a terminal cannot print, what nobody foresaw."""

import logging
import os
import platform
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from types import FrameType
from typing import NoReturn

from archwalk import __version__
from archwalk.secrets import hide_secrets, one_line

INTERRUPTED = 130

_LATER = 0.05


class Terminated(KeyboardInterrupt):
    """The system asks us to end: as Ctrl-C, with another exit status."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number
        self.status = 128 + number


@contextmanager
def ending_in_order() -> Iterator[None]:
    """Within, SIGTERM and SIGHUP are heard as Ctrl-C is, the first one alone: an orderly end is not cut short.

    What is ignored (SIGHUP under nohup) stays so.
    """
    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    names = [name for name in names if signal.getsignal(getattr(signal, name)) != signal.SIG_IGN]
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {name: signal.signal(getattr(signal, name), _terminate) for name in names}
    hook, sys.unraisablehook = sys.unraisablehook, _ask_again
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    signal.signal(number, signal.SIG_IGN)
    raise Terminated(number)


def _ask_again(swallowed: "sys.UnraisableHookArgs") -> None:
    """An end that was asked for amid a destructor is swallowed by Python: it is asked for once more, a little later."""
    stop = swallowed.exc_value
    if not isinstance(stop, KeyboardInterrupt):
        sys.__unraisablehook__(swallowed)
        return
    number = signal.SIGINT
    if isinstance(stop, Terminated):
        number = signal.Signals(stop.number)
        signal.signal(number, _terminate)
    threading.Timer(_LATER, os.kill, (os.getpid(), number)).start()


def open_closed_streams() -> None:
    """Where standard input, output or error is closed, let it be the null device: a file that is opened later would be
    in its place, and get whatever is printed.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("r+", encoding="utf-8"))  # noqa: SIM115


class _OneLine(logging.Formatter):
    """What is logged, in one line."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        return one_line(super().format(record))


def note_in_one_line() -> None:
    """Let what is logged where nobody asked for it be seen as notes are."""
    if logging.lastResort:
        logging.lastResort.setFormatter(_OneLine())


def print_anything() -> None:
    """Let standard output and error write what their encoding has not, as escapes: nothing is lost by being printed."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def report_unforeseen(error: BaseException, arguments: Sequence[str]) -> str:
    """Write what happened to a file; returns one line for the user, which names it."""
    kind = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    lines = [
        f"archwalk {__version__}, Python {platform.python_version()}, {platform.platform()}",
        datetime.now(UTC).isoformat(timespec="seconds"),
        f"arguments: {list(arguments)!r}",
        "",
        *traceback.format_exception(error),
    ]
    text = hide_secrets("\n".join(lines)).encode(errors="backslashreplace")
    with (
        suppress(OSError),
        tempfile.NamedTemporaryFile(prefix="archwalk-error-", suffix=".txt", delete=False) as file,
    ):
        file.write(text)
        return f"this was not foreseen ({kind}); please report it with {Path(file.name)}"
    return f"this was not foreseen ({kind}), and no report could be written"
