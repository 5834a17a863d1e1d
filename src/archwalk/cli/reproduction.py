"""The command that computes a paper's figures and tables again: reproduce."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archwalk.cli.common import OUT, Bar, note, print_json, progress_bar
from archwalk.cli.numbers import SEED, WORKERS
from archwalk.cli.results import PAGE
from archwalk.data.files import make_folder, write_atomically
from archwalk.errors import ArchwalkError, UsageError
from archwalk.late import use_one_thread

if TYPE_CHECKING:
    from archwalk.papers.item import Item
    from archwalk.papers.setup import Setup


def add_commands(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the commands of this file."""
    reproduce = commands.add_parser("reproduce", help="compute a figure or a table of a paper again")
    reproduce.add_argument(
        "item", metavar="PAPER/ITEM", nargs="?", help="say cassimon2024/table1, or .../all"
    )
    reproduce.add_argument("--list", action="store_true", help="every item")
    reproduce.add_argument(
        "--scale", default="smoke", help="smoke (seconds), small (minutes) or full (the paper's)"
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
        list_items(options.json)
        return
    from archwalk.papers.catalogue import find_items
    from archwalk.papers.scales import find_scale
    from archwalk.papers.setup import Setup

    paper, items = find_items(options.item)
    agents, groups = read_agents(options.agents)
    if options.objective and options.benchmark:
        raise UsageError("--benchmark names its objective itself: say --benchmark nasbench101:run0")
    use_one_thread()
    out: Path = options.out or Path("runs") / f"reproduce-{paper}"
    objectives = options.objective.split(",") if options.objective else [None]
    setup = Setup(
        find_scale(options.scale), options.seed, out, agents, groups, objectives[0], options.benchmark,
        options.strategy, options.workers,
    )  # fmt: skip
    if options.train:
        if paper != "cassimon2024":
            raise UsageError(
                "--train is for cassimon2024: the other papers have no agent that is trained first"
            )
        setup.agents = [*agents, train(setup)]
    records, missing = compute(paper, items, setup)
    for objective in objectives[1:]:
        more, absent = compute_again(paper, items, replace(setup, objective=objective))
        records += more
        missing |= absent
    show(records, missing, out if len(items) > 1 else out / items[0].name, as_json=options.json)


def train(setup: Setup) -> str:
    """Train the agents of the paper, or what is left of it; gives the folder of their runs."""
    from archwalk.papers.cassimon2024.trainings import train_papers_agents

    with progress_bar(f"the paper's agent, scale {setup.scale.name}", 1) as bar:
        setup.tell = _teller(bar, 0, 1, "agents")
        return train_papers_agents(setup)


def list_items(as_json: bool) -> None:
    """Print every item."""
    from archwalk.papers.catalogue import ALL, PAPERS

    rows = [
        {
            "item": f"{paper.name}/{item.name}",
            "source": item.source,
            "title": item.title,
            "benchmark": item.benchmark,
        }
        for paper in PAPERS.values()
        for item in paper.items
    ]
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


def compute(paper: str, items: Sequence[Item], setup: Setup) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The records, and why others cannot be had here. Raises ArchwalkError if none can."""
    from archwalk.papers.item import run_item

    records, missing = [], dict[str, str]()
    with progress_bar(f"{paper}, scale {setup.scale.name}", len(items)) as bar:
        for done, item in enumerate(items):
            bar.to(done, len(items), item.name)
            setup.tell = _teller(bar, done, len(items), item.name)
            try:
                records.append(run_item(paper, item, setup))
            except ArchwalkError as error:
                if len(items) == 1:
                    raise
                missing[item.name] = " ".join(str(error).split())
    if not records:
        raise ArchwalkError(f"none of the items can be computed here: {next(iter(missing.values()))}")
    return records, missing


def compute_again(
    paper: str, items: Sequence[Item], setup: Setup
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The items that have a choice of objectives under one more of them, by names of their own."""
    again = [item for item in items if item.benchmark == "nasbench101"]
    records, missing = compute(paper, again, setup) if again else ([], {})
    renamed = [
        {**record, "item": f"{record['item']}-{setup.objective}", "of": record["item"]} for record in records
    ]
    return renamed, {f"{name}-{setup.objective}": reason for name, reason in missing.items()}


def _teller(bar: Bar, done: int, total: int, name: str) -> Any:
    return lambda share, text: bar.to(done + share, total, f"{name}: {text}")


def show(records: list[dict[str, Any]], missing: dict[str, str], out: Path, *, as_json: bool) -> None:
    """Write result.json and the page; say what was found, or print it."""
    from archwalk.experiments.records import RESULT
    from archwalk.papers.files import TABLES
    from archwalk.papers.page import write_page

    result = {
        "kind": "reproduction",
        "items": {record["item"]: record for record in records},
        "missing": missing,
    }
    make_folder(out)
    write_atomically(out / RESULT, json.dumps(result, indent=1, allow_nan=False) + "\n")
    write_page(records, missing, " ".join(["archwalk", *sys.argv[1:]]), out / PAGE)
    for name, to_text in TABLES.items():
        write_atomically(out / name, to_text(records))
    for name, reason in missing.items():
        note(f"{name} is not there: {reason}")
    for text in dict.fromkeys(text for record in records for text in record["notes"]):
        note(text)
    note(f"wrote {out / RESULT}, {out / PAGE} and {', '.join(TABLES)}")
    if as_json:
        print_json(result)
        return
    from archwalk.papers.text import print_records

    print_records(records, OUT)
