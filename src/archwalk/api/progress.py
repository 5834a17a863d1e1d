"""Progress of long work, for whoever watches: a live bar in a terminal or a notebook, a line now and then in a pipe."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from archwalk.console import plain_console

FIRST_SECONDS, MOST_SECONDS = 5.0, 60.0
"""A pipe is told after so many seconds, then twice as many, until there is a line a minute."""


class Bar:
    """How far one task is; `to` may be called as often as one likes."""

    def to(self, done: float, total: float | None = None, text: str = "") -> None:
        """Move to `done` (of a new `total`), with a word about how it goes."""

    def beside(self, title: str) -> "Bar":
        """Another task next to this one, which is seen once it has moved."""
        return Bar()


class _LiveBar(Bar):
    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def to(self, done: float, total: float | None = None, text: str = "") -> None:
        self._progress.update(self._task, completed=done, total=total, text=text, visible=True)

    def beside(self, title: str) -> Bar:
        return _LiveBar(self._progress, self._progress.add_task(title, total=None, visible=False, text=""))


class _Lines(Bar):
    def __init__(self, title: str, total: float | None) -> None:
        self._title = title
        self._total = total
        self._began = self._told = time.monotonic()
        self._pause = FIRST_SECONDS

    def to(self, done: float, total: float | None = None, text: str = "") -> None:
        now = time.monotonic()
        self._total = total if total is not None else self._total
        if now - self._told < self._pause:
            return
        self._told, self._pause = now, min(2 * self._pause, MOST_SECONDS)
        print(
            f"archwalk: {self._title}: {self._how_far(done, now)}{f', {text}' if text else ''}",
            file=sys.stderr,
        )

    def _how_far(self, done: float, now: float) -> str:
        if not self._total:
            return f"{done:,.0f}"
        left = (now - self._began) * max(0.0, self._total / done - 1) if done else None
        share = f"{done:,.0f} of {self._total:,.0f} ({100 * done / self._total:.0f} %)"
        return share if left is None else f"{share}, {_duration(left)} left"

    def beside(self, title: str) -> Bar:
        return _Lines(title, None)


@contextmanager
def progress_bar(title: str, total: float | None = None, shown: bool | None = None) -> Iterator[Bar]:
    """How far some work is, on stderr.

    A live bar in a terminal or a notebook, which disappears at the end; else a line after five seconds, then ever more
    seldom, once a minute at last. `shown` False shows nothing; None shows the bar, but no lines.
    """
    console = plain_console(stderr=True)
    live = console.is_terminal or console.is_jupyter
    if not live or shown is False:
        yield _Lines(title, total) if shown else Bar()
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[text]}", markup=False),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield _LiveBar(progress, progress.add_task(title, total=total, text=""))


def _duration(seconds: float) -> str:
    """Say 0:21 or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
