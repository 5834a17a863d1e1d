"""What all commands share: the console, JSON, progress, and reading architectures."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from archwalk.console import plain_console
from archwalk.secrets import one_line

if TYPE_CHECKING:
    from archwalk.api.progress import Bar

OUT = plain_console()
"""Results."""

ERR = plain_console(stderr=True)
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
    print(f"archwalk: {one_line(text)}", file=sys.stderr)


@contextmanager
def progress_bar(title: str, total: float | None = None) -> Iterator[Bar]:
    """How far a command is: a bar in a terminal, a line now and then in a pipe."""
    from archwalk.api.progress import progress_bar as shown_progress

    with shown_progress(title, total, shown=True) as bar:
        yield bar


def add_store_option(parser: argparse._ActionsContainer) -> None:
    """Where the database of experiments is."""
    parser.add_argument(
        "--store",
        metavar="URL",
        help="SQLite file or PostgreSQL URL (default: ARCHWALK_STORE, or in the cache folder)",
    )
