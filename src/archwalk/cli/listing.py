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
        "name",
        nargs="?",
        metavar="NAME",
        help="of a strategy, an agent or a preset: its settings; of a "
        "benchmark: its metrics, and who can search it",
    )
    add_json(listing)
    listing.set_defaults(run=run_list)


def run_list(options: argparse.Namespace) -> None:
    """Print names, or the settings of one."""
    from archwalk.api import listing

    if options.name:
        (_print_benchmark if options.kind == "benchmarks" else _print_settings)(options)
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


def _print_benchmark(options: argparse.Namespace) -> None:
    from archwalk.api.facts import describe_benchmark

    facts = describe_benchmark(options.name)
    if options.json:
        print_json(facts)
        return
    size = "very many" if facts["architectures"] is None else f"{facts['architectures']:,}"
    rows = {
        "space": f"{facts['space']}, {size} architectures, scored by {facts['evaluation']}",
        "reward": _metric(facts["reward"]["name"], facts["reward"]),
        "report": _metric(facts["report"]["name"], facts["report"]),
        "metrics": "; ".join(_metric(name, metric) for name, metric in facts["metrics"].items()),
        "tasks": ", ".join(facts["tasks"]),
        "epochs": ", ".join(map(str, facts["fidelities"])) if len(facts["fidelities"]) > 1 else "",
        "strategies": ", ".join(facts["strategies"]),
    } | {f"not {strategy}": why for strategy, why in facts["cannot"].items()}
    _print_columns({name: text for name, text in rows.items() if text})


def _metric(name: str, metric: Mapping[str, Any]) -> str:
    way = "higher is better" if metric["higher_is_better"] else "lower is better"
    return f"{name} ({', '.join(filter(None, (metric['unit'], way)))})"


def _print_columns(rows: Mapping[str, str]) -> None:
    """Names, and what is said of them, which goes on below itself where a line ends."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column()
    for name, text in rows.items():
        grid.add_row(Text(name), Text(text))
    OUT.print(grid)
