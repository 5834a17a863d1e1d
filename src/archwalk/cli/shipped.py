"""The command agents: those that come with the package, and how to make and check them anew."""

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
    parser.add_argument(
        "action", choices=("list", "make", "check"),
        help="list: their cards; make: train one anew; check: whether that gives the file of the package",
    )  # fmt: skip
    parser.add_argument("name", nargs="?", metavar="NAME", help="which one to make or check")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="where to write it (default: NAME.safetensors)"
    )
    add_json(parser)
    parser.set_defaults(run=run_agents)


def run_agents(options: argparse.Namespace) -> None:
    """List the cards, or train one agent. Raises ArchwalkError where `check` finds other bits."""
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
    from archwalk.experiments.shipping import check_shipped, make_shipped

    use_one_thread()
    if options.action == "check":
        distance = check_shipped(options.name)
        if options.json:
            print_json({"agent": options.name, "same_bits": not distance, "distance": distance})
        elif distance:
            note(f"{options.name}, trained anew, is the package's up to rounding ({distance:.1g})")
        else:
            note(f"{options.name}, trained anew, has the bits of the package's file")
        return
    path = make_shipped(options.name, options.out or Path(f"{options.name}.safetensors"))
    if options.json:
        print_json({"agent": options.name, "file": str(path)})
    else:
        note(f"wrote {path}")
