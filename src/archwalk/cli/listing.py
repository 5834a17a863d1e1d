"""The command list: what there is by name."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from archwalk.cli.common import OUT, print_json
from archwalk.cli.options import add_json
from archwalk.errors import UsageError

KINDS = ("strategies", "agents", "benchmarks", "spaces", "presets")


def add_commands(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    listing = commands.add_parser(
        "list", help="strategies, agents, benchmarks, spaces, presets and their settings"
    )
    listing.add_argument("kind", choices=KINDS)
    listing.add_argument(
        "name", nargs="?", metavar="NAME", help="of a strategy, an agent or a preset: its settings"
    )
    add_json(listing)
    listing.set_defaults(run=run_list)


def run_list(options: argparse.Namespace) -> None:
    """Print names, or the settings of one."""
    from archwalk.api import listing

    if options.name:
        _print_settings(options)
        return
    found: dict[str, str] = getattr(listing, f"list_{options.kind}")()
    if options.json:
        print_json({options.kind: found})
        return
    _print_columns(found)


def _print_settings(options: argparse.Namespace) -> None:
    from archwalk.api.listing import settings_of
    from archwalk.experiments.presets import load_preset

    if options.kind == "presets":
        preset = load_preset(options.name)
        about, settings = preset.citation, dict(preset.settings)
    elif options.kind in ("strategies", "agents"):
        about, settings = "", settings_of(options.name)
    else:
        raise UsageError(f"{options.kind} have no settings; leave {options.name} out")
    if options.json:
        print_json({"name": options.name, "settings": settings})
        return
    if about:
        OUT.print(about, highlight=False)
    if not settings:
        OUT.print(f"{options.name} has no settings", highlight=False)
    _print_columns({key: json.dumps(value, default=str) for key, value in settings.items()})


def _print_columns(rows: Mapping[str, str]) -> None:
    """Names, and what is said of them, which goes on below itself where a line ends."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column()
    for name, text in rows.items():
        grid.add_row(Text(name), Text(text))
    OUT.print(grid)
