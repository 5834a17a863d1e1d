"""Commands about data: data list, get, import, make, path; doctor."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import re
from pathlib import Path
from typing import Any

from rich.table import Column, Table
from rich.text import Text

from archwalk.cli.adding import add_adding, added_row
from archwalk.cli.common import ERR, OUT, add_store_option, note, print_json, progress_bar
from archwalk.cli.numbers import COUNT, WORKERS
from archwalk.data.files import cache_folder, data_folder


def add_commands(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the commands of this file."""
    data = commands.add_parser("data", help="benchmarks: what is here, and how to get the rest")
    actions = data.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="every benchmark, its source, whether it is here")
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(run=run_list)
    get = actions.add_parser("get", help="download the official file and import it")
    get.add_argument("name", metavar="NAME")
    get.set_defaults(run=run_get)
    importing = actions.add_parser("import", help="import a file or folder that is here already")
    importing.add_argument("name", metavar="NAME")
    importing.add_argument("path", metavar="PATH", type=Path)
    importing.set_defaults(run=run_import)
    making = actions.add_parser(
        "make",
        help="a table of ours, or of agents (policy-cnn:GAME:SPACE), from anew: trains all its networks",
    )
    making.add_argument("name", metavar="NAME")
    making.add_argument("--seeds", type=COUNT, help="the first so many (default: all that the table has)")
    making.add_argument(
        "--out", type=Path, help="file of the table (default: in the cache folder, where it is found)"
    )
    making.add_argument("--workers", type=WORKERS, help="processes (default: one a core)")
    add_store_option(making)
    making.set_defaults(run=run_make)
    add_adding(actions)
    path = actions.add_parser("path", help="the cache folder")
    path.set_defaults(run=lambda _: print(cache_folder()))

    doctor = commands.add_parser("doctor", help="what is installed, what data is here, what is missing")
    doctor.add_argument("--json", action="store_true")
    doctor.set_defaults(run=run_doctor)


def run_list(options: argparse.Namespace) -> None:
    """Print the benchmarks."""
    from archwalk.data.added.names import added_names
    from archwalk.data.catalogue import DATA_SETS, is_here
    from archwalk.estimators.policies.embedded import made_tables

    rows: list[dict[str, Any]] = [
        {
            "name": entry.name,
            "here": is_here(entry.name),
            "description": entry.description,
            "source": entry.source,
            "licence": entry.licence,
            "size": entry.size,
            "how_to_get": entry.how_to_get,
        }
        for entry in DATA_SETS.values()
    ]
    rows += [_agents_row(name, seeds) for name, seeds in made_tables().items()]
    rows += [added_row(name) for name in added_names()]
    if options.json:
        print_json({"data": rows})
        return
    heads = ("name", "here", "what it is", "how to get it", "licence")
    table = Table(*(Column(head, overflow="fold") for head in heads), box=None)
    for row in rows:
        here = Text("yes", "green") if row["here"] else "no"
        table.add_row(row["name"], here, row["description"], row["how_to_get"], row["licence"])
    OUT.print(table)


def _agents_row(name: str, seeds: list[int]) -> dict[str, Any]:
    """A table of agents, as other benchmarks are listed."""
    game, _, space = name.removeprefix("policy-cnn:").rpartition(":")
    trained, how = ", ".join(map(str, seeds)) or "none yet", f"archwalk data make {name}"
    return {
        "name": name,
        "here": bool(seeds),
        "description": f"all networks of {space} (Mazyavkina et al. 2020) for {game}, trained from scratch; "
        f"seeds: {trained}",
        "source": f"agents trained on {game} by archwalk",
        "licence": "Apache-2.0",
        "size": "0.1 MB",
        "how_to_get": f"is here; from anew: {how}" if seeds else how,
    }


def run_get(options: argparse.Namespace) -> None:
    """Download and import."""
    from archwalk.data.catalogue import find_data_set, get_data, table_path

    if find_data_set(options.name).embedded:
        get_data(options.name)
        note(f"{options.name} comes with archwalk; there is nothing to get")
        return
    with progress_bar(f"getting {options.name}", 1) as bar:
        get_data(options.name, lambda done, total: bar.to(done / max(total, 1)))
    note(f"{options.name} is in {table_path(options.name)}")


def run_import(options: argparse.Namespace) -> None:
    """Import from a path."""
    from archwalk.data.catalogue import find_data_set, import_data

    find_data_set(options.name)
    with ERR.status(f"importing {options.name}"):
        target = import_data(options.name, options.path)
    note(f"{options.name} is in {target}")


def run_make(options: argparse.Namespace) -> None:
    """Train what the store does not have and write the table."""
    from archwalk.data.embedded import made_path
    from archwalk.data.table import write_table
    from archwalk.estimators.images.tables import find_table
    from archwalk.estimators.store import open_store

    kind, *words = options.name.split(":")
    if kind == "policy-cnn":
        _make_agents(options, words)
        return
    table = find_table(options.name)
    out = options.out or made_path(table.name)
    store = open_store(options.store)
    with progress_bar(f"training {table.name}") as bar:
        made = table.make(store, seeds=options.seeds, workers=options.workers, progress=bar.to)
    write_table(out, made)
    about = made.provenance
    note(
        f"{out} has {len(made):,} architectures; trainings of each: {about['seeds']}; failed: {about['failed']}"
    )


def _make_agents(options: argparse.Namespace, words: list[str]) -> None:
    """The same of a table of agents that play."""
    from archwalk.estimators.policies.making import make_table
    from archwalk.estimators.store import open_store

    store = open_store(options.store)
    with progress_bar(f"training {options.name}") as bar:
        path = make_table(
            words, store, seeds=options.seeds, workers=options.workers, progress=bar.to, out=options.out
        )
    note(f"{path} has every agent of {options.name}")


def run_doctor(options: argparse.Namespace) -> None:
    """Print the state of this installation."""
    from archwalk.data.catalogue import DATA_SETS, is_here
    from archwalk.data.images import image_set_names, missing_images
    from archwalk.estimators.policies.embedded import made_tables
    from archwalk.estimators.store import default_store_url, store_name
    from archwalk.versions import versions

    cache, missing = cache_folder(), {name: missing_images(name) for name in image_set_names()}
    existing = next((p for p in [cache, *cache.parents] if p.exists()), cache)
    facts: dict[str, Any] = {
        "versions": versions(),
        "cores": os.cpu_count(),
        "cache": {"path": str(cache), "writable": os.access(existing, os.W_OK)},
        "ARCHWALK_DATA": str(data_folder()) if data_folder() else None,
        "extras": {extra: _version(*packages) for extra, packages in _extras().items()},
        "data": {name: is_here(name) for name in DATA_SETS},
        "images": {name: reason is None for name, reason in missing.items()},
        "agents": made_tables(),
        "store": store_name(default_store_url()),
    }
    if options.json:
        print_json(facts)
        return
    for name, version in facts["versions"].items():
        OUT.print(f"{name:12} {version}", highlight=False)
    writable = "" if facts["cache"]["writable"] else "  cannot be written; set ARCHWALK_CACHE"
    OUT.print(Text.assemble(f"{'cache':12} {cache}", (writable, "red")))
    for extra, version in facts["extras"].items():
        OUT.print(
            f"extra {extra:10} {version or f'missing: pip install {chr(39)}archwalk[{extra}]{chr(39)}'}",
        )
    for name, here in facts["data"].items():
        OUT.print(f"data {name:16} {'here' if here else 'missing: ' + DATA_SETS[name].how_to_get}")
    for name, reason in missing.items():
        OUT.print(f"images {name:14} {'here' if reason is None else 'missing: ' + reason}")
    for name, seeds in facts["agents"].items():
        OUT.print(f"agents {name}, seeds {', '.join(map(str, seeds)) or 'none yet'}", highlight=False)
    OUT.print(f"{'store':12} {facts['store']}")


def _extras() -> dict[str, list[str]]:
    """The packages of every extra, as this installation declares them."""
    found: dict[str, list[str]] = {}
    for line in importlib.metadata.requires("archwalk") or ():
        package, extra = re.match(r"[\w.-]+", line), re.search(r"""extra == ['"]([\w-]+)""", line)
        if package and extra:
            found.setdefault(extra[1], []).append(package[0])
    return found


def _version(*packages: str) -> str | None:
    """Of the first, if all of them are here."""
    try:
        first, *_ = [importlib.metadata.version(package) for package in packages]
    except importlib.metadata.PackageNotFoundError:
        return None
    return first
