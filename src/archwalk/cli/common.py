"""What all commands share: the console, JSON, progress, and reading architectures."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from archwalk.errors import UsageError

if TYPE_CHECKING:
    from archwalk.spaces.base import SearchSpace

OUT = Console()
"""Results."""

ERR = Console(stderr=True)
"""Progress and notes."""


def print_json(value: Any) -> None:
    """One JSON object on stdout."""
    sys.stdout.write(json.dumps(value, allow_nan=False) + "\n")


def readable(value: Any) -> str:
    """JSON for a person: lists of plain values, the rows of a matrix say, on one line each."""
    text = json.dumps(value, indent=2, allow_nan=False)
    return re.sub(
        r"\[\n[^\[\]{}]*\]", lambda row: "[" + re.sub(r"\n *", " ", row[0][1:-1]).strip() + "]", text
    )


def note(text: str) -> None:
    """A line for a person, on stderr."""
    print(f"archwalk: {text}", file=sys.stderr)


class Bar:
    """One task of a progress bar."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def to(self, done: float, total: float | None = None, text: str = "") -> None:
        """Move to `done` (of a new `total`), with a word about how it goes."""
        self._progress.update(self._task, completed=done, total=total, text=text, visible=True)

    def beside(self, title: str) -> Bar:
        """Another task below this one, which is seen once it has moved."""
        return Bar(self._progress, self._progress.add_task(title, total=None, visible=False, text=""))


@contextmanager
def progress_bar(title: str, total: float | None = None) -> Iterator[Bar]:
    """A live progress bar on stderr, which disappears at the end; silent where stderr is no terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[text]}"),
    )
    with Progress(*columns, console=ERR, transient=True, disable=not ERR.is_terminal) as progress:
        yield Bar(progress, progress.add_task(title, total=total, text=""))


def load_space(name: str) -> SearchSpace:
    """A space by name, or by the file that declares it. Raises UsageError for one that there is not."""
    from archwalk.spaces import catalogue

    return catalogue.load_space(name)


def read_json(path: Path) -> Any:
    """Read a JSON file that the user named. Raises DataError if it cannot be read, UsageError if it is not JSON."""
    from archwalk.data import decoding

    if not path.exists():
        raise UsageError(f"there is no file {path}")
    return decoding.read_json(path, Any, "JSON")


def add_store_option(parser: argparse.ArgumentParser) -> None:
    """Where the database of experiments is."""
    parser.add_argument(
        "--store",
        metavar="URL",
        help="SQLite file or PostgreSQL URL (default: ARCHWALK_STORE, or in the cache folder)",
    )
