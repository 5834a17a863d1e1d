"""The command agents: those that come with the package, and how to make them anew."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from archwalk.cli.common import OUT, note, print_json
from archwalk.cli.options import add_json
from archwalk.errors import UsageError
from archwalk.late import use_one_thread


def add_commands(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser("agents", help="the trained agents that come with the package")
    parser.add_argument("action", choices=("list", "make"), help="list: their cards; make: train one anew")
    parser.add_argument("name", nargs="?", metavar="NAME", help="which one to make")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="where to write it (default: NAME.safetensors)"
    )
    add_json(parser)
    parser.set_defaults(run=run_agents)


def run_agents(options: argparse.Namespace) -> None:
    """List the cards, or train one agent."""
    from archwalk.agents.shipped import SHIPPED

    if options.action == "list":
        if options.json:
            print_json({name: asdict(card) for name, card in SHIPPED.items()})
            return
        for name, card in SHIPPED.items():
            OUT.print(f"{name}: {card.line}", highlight=False, soft_wrap=True)
        return
    if options.name is None:
        raise UsageError(f"which agent? there are {', '.join(SHIPPED)}")
    from archwalk.experiments.shipping import make_shipped

    use_one_thread()
    path = make_shipped(options.name, options.out or Path(f"{options.name}.safetensors"))
    if options.json:
        print_json({"agent": options.name, "file": str(path)})
    else:
        note(f"wrote {path}")
