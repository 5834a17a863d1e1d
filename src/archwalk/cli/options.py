"""Options that several commands have; each means the same wherever it stands."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from archwalk.cli.numbers import SEED, WORKERS
from archwalk.errors import UsageError

if TYPE_CHECKING:
    from archwalk.tracking.step import Callback


def add_benchmark(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    """What is searched."""
    parser.add_argument(
        "--benchmark",
        default=default,
        metavar="B",
        help="say nas-bench-graph:cora or nasbench101:test-mean (archwalk list benchmarks)"
        + (f"; default: {default}" if default else ""),
    )


def require_benchmark(options: argparse.Namespace) -> str:
    """The benchmark that was named. Raises UsageError where none was."""
    name: str | None = options.benchmark
    if not name:
        raise UsageError(
            "which benchmark? say --benchmark nas-bench-graph:cora (archwalk list benchmarks names them all)"
        )
    return name


def add_seed(parser: argparse.ArgumentParser) -> None:
    """What all randomness comes from."""
    parser.add_argument(
        "--seed", type=SEED, default=0, help="the same seed gives the same result (default 0)"
    )


def add_out(parser: argparse.ArgumentParser, what: str) -> None:
    """The folder of what is written."""
    parser.add_argument("--out", type=Path, metavar="DIR", help=what)


def add_json(parser: argparse.ArgumentParser) -> None:
    """Output for programs."""
    parser.add_argument(
        "--json", action="store_true", help="one JSON object on standard output, nothing else"
    )


def add_tracking(parser: argparse.ArgumentParser) -> None:
    """Who is told of every evaluation, or of every line of a training's log."""
    parser.add_argument(
        "--track", action="append", default=[], metavar="WHERE",
        help="tensorboard:DIR, mlflow:URI, or FILE.py:FUNCTION that takes each step; may be said several times",
    )  # fmt: skip


def read_callbacks(options: argparse.Namespace) -> list[Callback]:
    """What --track names. Raises UsageError for what is none, MissingExtraError."""
    if not options.track:
        return []
    from archwalk.tracking.words import track

    return [track(words) for words in options.track]


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Processes beside each other."""
    parser.add_argument(
        "--workers",
        type=WORKERS,
        default=1,
        metavar="N",
        help="processes that work at a time; changes no result (default 1)",
    )


def add_settings(parser: argparse.ArgumentParser, several: bool = False) -> None:
    """Changes of settings."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME.KEY=VALUE" if several else "KEY=VALUE",
        dest="assignments",
        help="change a setting (archwalk list strategies NAME shows them)",
    )


def read_settings(assignments: list[str], names: list[str]) -> dict[str, dict[str, str]]:
    """Settings by the name of whom they are for: NAME.KEY=VALUE, or KEY=VALUE where there is one name alone.

    Raises UsageError for what is neither, or for a name that is not among `names`.
    """
    found: dict[str, dict[str, str]] = {}
    for assignment in assignments:
        key, separator, value = assignment.partition("=")
        of = next(
            (name for name in sorted(names, key=len, reverse=True) if assignment.startswith(f"{name}.")), None
        )
        if of is not None:  # a name may hold dots and equals signs, a run folder's say
            key, separator, value = assignment.removeprefix(f"{of}.").partition("=")
        elif len(names) == 1:
            of = names[0]
        if of is None or not separator or not key:
            wanted = "KEY=VALUE" if len(names) == 1 else f"NAME.KEY=VALUE with NAME one of {', '.join(names)}"
            raise UsageError(f"--set takes {wanted}, not {assignment!r}")
        found.setdefault(of, {})[key] = value
    return found
