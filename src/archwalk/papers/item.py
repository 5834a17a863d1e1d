"""An item of a paper, and how it is computed once and found again."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from archwalk.data.decoding import read_json
from archwalk.data.files import write_atomically
from archwalk.errors import DataError
from archwalk.experiments.runs import now
from archwalk.papers.setup import Setup, benchmark_settings, identity
from archwalk.versions import versions

Record = dict[str, Any]

_log = logging.getLogger(__name__)

FORMAT = 7
"""Of records: a change of what an item computes or says raises it, so that no record of before is read."""


@dataclass(frozen=True)
class Answer:
    """What an item found, and under what settings exactly; both as JSON."""

    settings: dict[str, Any]
    result: dict[str, Any]


@dataclass(frozen=True)
class Item:
    """A figure or a table of a paper, or one of ours beside them.

    `kind` says which drawing of `report/reproductions` it has. `compute` is given the benchmark that the
    paper used (`benchmark`; empty where it needs none). `depends` tells what else a record depends on, as JSON.
    """

    name: str
    source: str
    title: str
    kind: str
    compute: Callable[[Setup, str], Answer]
    benchmark: str = ""
    depends: Callable[[Setup], Any] | None = None
    agents: bool = False
    """Whether it shows the paper's agent on its benchmark, which is trained first where the call says so."""


def run_item(paper: str, item: Item, setup: Setup) -> Record:
    """The record of an item: read from `setup.out` if it is there, computed and written otherwise.

    Raises DataError where its data is not here.
    """
    setup.notes.clear()
    path = setup.out / "items" / f"{item.name}-{_fingerprint(paper, item, setup)}.json"
    if path.exists() and (kept := _read(path)):
        return kept
    started = time.perf_counter()
    answer = item.compute(setup, item.benchmark)
    record = {
        "kind": item.kind,
        "paper": paper,
        "item": item.name,
        "source": item.source,
        "title": item.title,
        "scale": asdict(setup.scale),
        "seed": setup.seed,
        "settings": answer.settings,
        "result": answer.result,
        "notes": list(setup.notes),
        "seconds": round(time.perf_counter() - started, 3),
        "created": now(),
        "versions": versions(),
    }
    write_atomically(path, json.dumps(record, allow_nan=False) + "\n")
    return record


def _read(path: Path) -> Record | None:
    """None where it is damaged."""
    try:
        record = read_json(path, Record)
    except DataError as error:
        _log.warning("archwalk: %s is damaged (%s); it is computed again", path, error)
        return None
    return record


def _fingerprint(paper: str, item: Item, setup: Setup) -> str:
    """Of everything that a record depends on."""
    benchmark = benchmark_settings(setup.find_benchmark(item.benchmark)) if item.benchmark else None
    depends = {
        "format": FORMAT,
        "paper": paper,
        "item": item.name,
        "depends": item.depends(setup) if item.depends else None,
        "scale": asdict(setup.scale),
        "seed": setup.seed,
        "benchmark": benchmark,
        "agents": {name: identity(name) for name in setup.agents},
        "groups": {name: identity(runs) for name, runs in setup.groups.items()},
        "strategy": setup.strategy,
        "versions": versions(),
    }
    return hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()[:12]
