"""The command completion: what a shell needs to complete archwalk's words."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any

from archwalk.errors import MissingExtraError

SHELLS = ("bash", "zsh")


def add_command(
    commands: argparse._SubParsersAction[Any], make_parser: Callable[[], argparse.ArgumentParser]
) -> None:
    """Add the command; `make_parser` makes the parser of all commands."""
    completion = commands.add_parser(
        "completion", help='what a shell needs to complete these words: eval "$(archwalk completion bash)"'
    )
    completion.add_argument("shell", choices=SHELLS)
    completion.set_defaults(run=lambda options: _print(options.shell, make_parser()))


def _print(shell: str, parser: argparse.ArgumentParser) -> None:
    try:
        import shtab
    except ImportError as error:
        raise MissingExtraError("shtab", "completion") from error
    sys.stdout.write(shtab.complete(parser, shell) + "\n")
