"""Commands about the database of experiments: store list, export, import, forget."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from archwalk.cli.common import ERR, OUT, add_store_option, note, print_json
from archwalk.cli.numbers import COUNT_OR_ZERO
from archwalk.console import plain_console
from archwalk.errors import unknown

if TYPE_CHECKING:
    from archwalk.estimators.store import Evaluation


_SHOWN = 20
_OTHERS = 92
"""Characters that the columns beside the architecture take, about."""


def add_commands(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the commands of this file."""
    store = commands.add_parser("store", help="the database of networks that were trained")
    actions = store.add_subparsers(dest="action", metavar="ACTION", required=True)

    listing = actions.add_parser("list", help="what was trained, the best first")
    add_store_option(listing)
    _add_filters(listing)
    listing.add_argument("--limit", type=COUNT_OR_ZERO, help="at most so many (default: 20; with --json all)")
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(run=run_list)

    export = actions.add_parser("export", help="write what was trained to a file")
    export.add_argument("file", metavar="FILE", type=Path, help="named .csv or .parquet (extra parquet)")
    add_store_option(export)
    _add_filters(export)
    export.add_argument("--json", action="store_true")
    export.set_defaults(run=run_export)

    importing = actions.add_parser("import", help="enter what an exported file holds; again changes nothing")
    importing.add_argument("file", metavar="FILE", type=Path)
    add_store_option(importing)
    importing.add_argument("--json", action="store_true")
    importing.set_defaults(run=run_import)

    forgetting = actions.add_parser(
        "forget", help="delete what failed, so that it is trained again when asked for"
    )
    forgetting.add_argument(
        "--status", type=_statuses, required=True, help="of what is deleted, say lost or lost,time,memory"
    )
    add_store_option(forgetting)
    _add_filters(forgetting)
    forgetting.add_argument("--json", action="store_true")
    forgetting.set_defaults(run=run_forget)


def run_list(options: argparse.Namespace) -> None:
    """Print evaluations."""
    from archwalk.estimators.store import DONE, open_store

    store = open_store(options.store, create=False)
    counts = store.count(options.dataset, options.space)
    total, failed = sum(counts.values()), sum(counts.values()) - counts.get(DONE, 0)
    limit = options.limit if options.limit is not None or options.json else _SHOWN
    shown = store.stream(options.dataset, options.space, best_first=True, limit=limit)
    if options.json:
        _print_rows({"store": store.name, "count": total, "failed": failed}, map(_as_dict, shown))
        return
    table = Table(box=None)
    for name in ("space", "data set", "seed", "status", "valid.", "test", "weights", "seconds"):
        table.add_column(
            name, no_wrap=True, justify="left" if name in ("space", "data set", "status") else "right"
        )
    width = max(OUT.width, _OTHERS + 40) if OUT.is_terminal else 10_000  # nothing is cut in a pipe
    table.add_column("architecture", no_wrap=True, max_width=width - _OTHERS)
    for one in shown:
        outcome, problem = one.outcome, one.problem
        weights = "–" if outcome.parameters is None else f"{outcome.parameters:,}"
        table.add_row(
            problem.space, problem.dataset, str(problem.seed), outcome.status, f"{outcome.validation:.2f}",
            f"{outcome.test:.2f}", weights, f"{outcome.seconds:.2f}", one.architecture,
        )  # fmt: skip
    plain_console(width=width).print(table)
    note(f"{total} trainings in {store.name}, {failed} of them failed; {table.row_count} are shown")


def _print_rows(head: dict[str, Any], rows: Iterator[dict[str, Any]]) -> None:
    """One JSON object of `head` and `evaluations`, once all rows were read, of which few are in memory."""
    with tempfile.TemporaryFile("w+") as whole:
        whole.write(json.dumps(head)[:-1] + ', "evaluations": [')
        for number, row in enumerate(rows):
            whole.write((", " if number else "") + json.dumps(row, allow_nan=False))
        whole.write("]}\n")
        whole.seek(0)
        shutil.copyfileobj(whole, sys.stdout)


def run_export(options: argparse.Namespace) -> None:
    """Write a file."""
    from archwalk.estimators.store import open_store
    from archwalk.estimators.store.transfer import export_evaluations, require_form

    require_form(options.file)
    store = open_store(options.store, create=False)
    exported = export_evaluations(store.stream(options.dataset, options.space), options.file)
    if options.json:
        print_json({"store": store.name, "file": str(options.file), "exported": exported})
    else:
        note(f"{exported} trainings of {store.name} are in {options.file}")


def run_import(options: argparse.Namespace) -> None:
    """Read a file, all of it or nothing."""
    from archwalk.estimators.store import open_store
    from archwalk.estimators.store.incoming import Incoming
    from archwalk.estimators.store.transfer import Exported

    with ERR.status(f"importing {options.file}"), closing(Incoming(Exported(options.file))) as found:
        store = open_store(options.store)
        added = store.add(found)
    if options.json:
        known = found.rows - added
        print_json({"store": store.name, "file": str(options.file), "imported": added, "known": known})
    else:
        note(f"{added} of the {found.rows} trainings in {options.file} are new in {store.name}")


def run_forget(options: argparse.Namespace) -> None:
    """Delete evaluations by how they ended."""
    from archwalk.estimators.store import open_store

    store = open_store(options.store, create=False)
    forgotten = store.forget(options.status, options.dataset, options.space)
    if options.json:
        print_json({"store": store.name, "status": options.status, "forgotten": forgotten})
    else:
        note(
            f"{forgotten} trainings with the status {' or '.join(options.status)} are forgotten in {store.name}"
        )


def _statuses(text: str) -> list[str]:
    """Words with commas between. Raises UsageError for one that no training ends with."""
    from archwalk.estimators.store import STATUSES

    words = text.split(",")
    for word in words:
        if word not in STATUSES:
            raise unknown("status", word, STATUSES)
    return words


def _add_filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dataset", help="only trainings on the data set of this name")
    parser.add_argument("--space", help="only architectures of this space")


def _as_dict(one: Evaluation) -> dict[str, Any]:
    outcome, problem = one.outcome, one.problem
    return {
        "key": one.key,
        "space": problem.space,
        "architecture": json.loads(one.architecture),
        "dataset": problem.dataset,
        "dataset_fingerprint": problem.dataset_fingerprint,
        "settings": dict(problem.settings),
        "settings_fingerprint": problem.settings_fingerprint,
        "seed": problem.seed,
        "status": outcome.status,
        "reason": outcome.reason,
        "validation": outcome.validation,
        "test": outcome.test,
        "parameters": outcome.parameters,
        "seconds": outcome.seconds,
        "curves": dict(outcome.curves),
        "versions": dict(outcome.versions),
        "finished": one.finished,
    }
