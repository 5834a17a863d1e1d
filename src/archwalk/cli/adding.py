"""Commands about tables of users: data add, data remove; how data list shows them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from archwalk.cli.common import note

_DESCRIPTION = """\
Add a table of measured architectures as a benchmark NAME. FILE is CSV (any delimiter), JSON, JSON lines or Parquet. A
row is an architecture, in one column or with a column a decision, and its metrics. What is not said is inferred, and
told. Where the table does not hold all architectures of its space, either walks step through known architectures only
(known), or a surrogate is fitted to them (surrogate), whose cross-validated quality stands in every result."""


def add_adding(actions: argparse._SubParsersAction[Any]) -> None:
    """Add the actions of this file to those of `data`."""
    add = actions.add_parser("add", help="a table of your own, complete or not", description=_DESCRIPTION)
    add.add_argument("name", metavar="NAME", help="of the benchmark that it becomes")
    add.add_argument("path", metavar="FILE", type=Path)
    add.add_argument(
        "--space", metavar="SPACE", help="a name, or FILE.toml that declares it (default: inferred)"
    )
    add.add_argument("--architecture", metavar="COLUMN", help="holds whole architectures")
    add.add_argument("--decisions", metavar="A,B,...", type=_names, default=(), help="columns of decisions")
    add.add_argument("--reward", metavar="COLUMN", help="what a search is told")
    add.add_argument(
        "--report", metavar="COLUMN", help="what its result is judged by (default: a test metric)"
    )
    for way in ("minimise", "maximise"):
        add.add_argument(
            f"--{way}", metavar="COLUMN", action="append", default=[], help="whatever its name says"
        )
    add.add_argument("--seed-column", metavar="COLUMN", help="says which of several runs a row is")
    add.add_argument("--fidelity", metavar="COLUMN", help="says after how many epochs a row was measured")
    add.add_argument("--mode", choices=["known", "surrogate"], help="what to do where rows are missing")
    add.set_defaults(run=run_add)
    remove = actions.add_parser("remove", help="forget a table that was added")
    remove.add_argument("name", metavar="NAME")
    remove.set_defaults(run=run_remove)


def run_add(options: argparse.Namespace) -> None:
    """Add a table and say what was understood and what was wrong."""
    from archwalk.api.tables import add_table

    add_table(
        options.name, options.path, space=options.space, architecture=options.architecture,
        decisions=options.decisions, reward=options.reward, report=options.report, minimise=options.minimise,
        maximise=options.maximise, seed_column=options.seed_column, fidelity=options.fidelity, mode=options.mode,
        tell=note,
    )  # fmt: skip
    note(f"next: archwalk search local-search --benchmark {options.name} --budget 100 --trials 10")


def run_remove(options: argparse.Namespace) -> None:
    """Forget a table."""
    from archwalk.data.added.stored import remove_added

    remove_added(options.name)
    note(f"{options.name} is forgotten")


def added_row(name: str) -> dict[str, Any]:
    """An added table as other benchmarks are listed."""
    from archwalk.data.added.stored import read_added
    from archwalk.errors import DataError

    try:
        added = read_added(name)
    except DataError as error:
        return {
            "name": name, "here": False, "description": str(error), "source": "", "licence": "", "size": "",
            "how_to_get": f"archwalk data remove {name}, and add it again",
        }  # fmt: skip
    about, count = added.about, len(added.codes_NL)
    names = [metric.name for metric in about.metrics]
    metrics = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return {
        "name": name,
        "here": True,
        "description": f"your table of {count:,} architectures ({about.mode}); {metrics}",
        "source": about.source,
        "licence": "yours",
        "size": f"{about.rows:,} rows",
        "how_to_get": "is here",
    }


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
