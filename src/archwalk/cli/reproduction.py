"""The command that computes a paper's figures and tables again: reproduce."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from archwalk.cli.common import OUT, note, print_json
from archwalk.cli.numbers import SEED, WORKERS
from archwalk.errors import UsageError
from archwalk.late import use_one_thread


def add_commands(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the commands of this file."""
    reproduce = commands.add_parser("reproduce", help="compute a figure or a table of a paper again")
    reproduce.add_argument(
        "item", metavar="PAPER/ITEM", nargs="?", help="say cassimon2024/table1, or .../all"
    )
    reproduce.add_argument("--list", action="store_true", help="every item")
    reproduce.add_argument(
        "--scale",
        default="smoke",
        help="smoke (seconds), small (minutes), full (the paper's); of cassimon2024 medium too (hours)",
    )
    reproduce.add_argument(
        "--agents", default="", metavar="RUNS",
        help="run folders of trained agents, or folders of several seeds, separated by commas; "
        "NAME=RUNS for the groups of an ablation",
    )  # fmt: skip
    reproduce.add_argument(
        "--train",
        action="store_true",
        help="train the paper's agent first, at the scale: seconds, hours or days",
    )
    reproduce.add_argument(
        "--objective", help="of nasbench101 (default: test-mean), or several, separated by commas"
    )
    reproduce.add_argument(
        "--benchmark", help="in place of the paper's; several with commas between where an item has several"
    )
    reproduce.add_argument(
        "--strategy",
        help="that an ablation trains where no groups are given; of mazyavkina2020 a preset that searches too",
    )
    reproduce.add_argument(
        "--workers", type=WORKERS, default=1, help="processes, for strategies that run a trial at a time"
    )
    reproduce.add_argument("--seed", type=SEED, default=0)
    reproduce.add_argument(
        "--out", type=Path, help="folder of the page; what is finished there is not computed again "
        "(default: runs/reproduce-PAPER)",
    )  # fmt: skip
    reproduce.add_argument("--json", action="store_true")
    reproduce.set_defaults(run=run_reproduce)


def run_reproduce(options: argparse.Namespace) -> None:
    """Compute items and draw them on one page."""
    if options.list or options.item is None:
        _print_items(options.json)
        return
    from archwalk.api.reproduction import reproduce
    from archwalk.papers.text import print_records

    agents, groups = read_agents(options.agents)
    use_one_thread()
    found = reproduce(
        options.item, scale=options.scale, out=options.out, seed=options.seed, agents=agents, groups=groups,
        train=options.train, objectives=options.objective.split(",") if options.objective else (),
        benchmark=options.benchmark, strategy=options.strategy, workers=options.workers,
        command=options.command_line, progress=True,
    )  # fmt: skip
    for name, reason in found.missing.items():
        note(f"{name} is not there: {reason}")
    for text in dict.fromkeys(text for record in found.records for text in record["notes"]):
        note(text)
    note(f"wrote {', '.join(map(str, found.written))}")
    if options.json:
        print_json(found.as_json())
    else:
        print_records(found.records, OUT)


def _print_items(as_json: bool) -> None:
    """Print every item."""
    from archwalk.api.reproduction import list_items
    from archwalk.papers.catalogue import ALL, PAPERS

    rows = list_items()
    if as_json:
        print_json({"items": rows})
        return
    width = max(len(row["item"]) for row in rows)
    for row in rows:
        OUT.print(f"{row['item']:{width}} {row['source']:27} {row['title']}", highlight=False)
    for paper in PAPERS:
        name = f"{paper}/{ALL}"
        OUT.print(f"{name:{width}} all of them on one page", highlight=False)


def read_agents(text: str) -> tuple[list[str], dict[str, str]]:
    """Run folders, and those that have a name before an equals sign. Raises UsageError."""
    agents, groups = [], {}
    for word in filter(None, text.split(",")):
        # the name may hold an equals sign, a path may not
        name, separator, path = word.rpartition("=")
        if not separator:
            agents.append(word)
        elif not name or not path:
            raise UsageError(f"--agents takes RUNS or NAME=RUNS, not {word!r}")
        else:
            groups[name] = path
        if not Path(path).is_dir():
            raise UsageError(f"--agents: there is no folder {path}")
    return agents, groups
