"""Computing a paper's figures and tables again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from archwalk.api.progress import Bar, progress_bar
from archwalk.data.files import make_folder, write_atomically
from archwalk.errors import ArchwalkError, UsageError, unknown
from archwalk.papers.catalogue import PAPERS, find_items
from archwalk.papers.files import TABLES, to_sheets
from archwalk.papers.item import Item, Record, run_item
from archwalk.papers.page import write_page
from archwalk.papers.scales import find_scale
from archwalk.papers.setup import Setup

RESULT, PAGE = "result.json", "report.html"


@dataclass(frozen=True)
class Reproduction:
    """Records of items, and of those that could not be computed here the reason, by name."""

    records: list[Record]
    missing: dict[str, str]
    written: tuple[Path, ...] = ()
    """Files that it was saved to."""

    def as_json(self) -> dict[str, Any]:
        """What `result.json` holds."""
        return {
            "kind": "reproduction",
            "items": {record["item"]: record for record in self.records},
            "missing": self.missing,
        }

    def save(self, folder: Path, command: str | None = None) -> list[Path]:
        """Write `result.json`, the page and, where there are any, the tables to a folder."""
        make_folder(folder)
        write_atomically(folder / RESULT, json.dumps(self.as_json(), indent=1, allow_nan=False) + "\n")
        write_page(self.records, self.missing, command or "", folder / PAGE)
        tables = TABLES if any(any(to_sheets(record)) for record in self.records) else {}
        for name, to_text in tables.items():
            write_atomically(folder / name, to_text(self.records))
        return [folder / name for name in (RESULT, PAGE, *tables)]


def list_items() -> list[dict[str, str]]:
    """Every item: its name, where it is in the paper, its title, the benchmark that it is about."""
    return [
        {
            "item": f"{paper.name}/{item.name}",
            "source": item.source,
            "title": item.title,
            "benchmark": item.benchmark,
        }
        for paper in PAPERS.values()
        for item in paper.items
    ]


def reproduce(
    item: str,
    *,
    scale: str = "smoke",
    out: str | Path | None = None,
    seed: int = 0,
    agents: Sequence[str] = (),
    groups: Mapping[str, str] | None = None,
    train: bool = False,
    objectives: Sequence[str] = (),
    benchmark: str | None = None,
    strategy: str | None = None,
    workers: int = 1,
    command: str | None = None,
    progress: bool | None = None,
) -> Reproduction:
    """Compute PAPER/ITEM, or all items of PAPER/all, and save them with their page to `out`.

    `scale` is "smoke" (seconds), "small" (minutes), of cassimon2024 "medium" (hours), or "full" (the paper's). What
    is finished in `out` (by default runs/reproduce-PAPER) is not computed again. `agents` are run folders of trained
    agents, or with `train` the paper's agent is trained first; `groups` are those of an ablation by name.
    `objectives` of nasbench101, or a `benchmark`, take the place of the paper's; `strategy` is what an ablation
    trains without groups, or a preset that takes part.

    Raises UsageError for a name that there is not, ArchwalkError where no item can be computed here.
    """
    paper, items = find_items(item)
    if find_scale(scale).name not in PAPERS[paper].scales:
        raise unknown("scale", scale, PAPERS[paper].scales)
    if objectives and benchmark:
        raise UsageError("a benchmark names its objective itself: say nasbench101:run0")
    folder = Path(out) if out is not None else Path("runs") / f"reproduce-{paper}"
    setup = Setup(
        find_scale(scale), seed, folder, list(agents), dict(groups or {}), objectives[0] if objectives else None,
        benchmark, strategy, workers,
    )  # fmt: skip
    if train:
        setup.agents = [*agents, *_train(paper, items, setup, progress)]
    found = _compute(paper, items, setup, progress)
    for objective in objectives[1:]:
        again = _compute_again(paper, items, replace(setup, objective=objective), progress)
        found = Reproduction(found.records + again.records, found.missing | again.missing)
    return replace(
        found, written=tuple(found.save(folder if len(items) > 1 else folder / items[0].name, command))
    )


def _train(paper: str, items: Sequence[Item], setup: Setup, progress: bool | None) -> list[str]:
    """Train the agents of the paper, or what is left of it; gives the folders of their runs."""
    from archwalk.papers.cassimon2024.trainings import train_papers_agents

    if paper != "cassimon2024":
        raise UsageError("only cassimon2024 has an agent that is trained first; leave the training out")
    with progress_bar(f"the paper's agents, scale {setup.scale.name}", 1, progress) as bar:
        setup.tell = _teller(bar, 0, 1, "agents")
        return train_papers_agents(setup, items)


def _compute(paper: str, items: Sequence[Item], setup: Setup, progress: bool | None) -> Reproduction:
    """Raises ArchwalkError if no item can be had here."""
    records, missing = [], dict[str, str]()
    with progress_bar(f"{paper}, scale {setup.scale.name}", len(items), progress) as bar:
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
    return Reproduction(records, missing)


def _compute_again(paper: str, items: Sequence[Item], setup: Setup, progress: bool | None) -> Reproduction:
    """The items that have a choice of objectives under one more of them, by names of their own."""
    again = [item for item in items if item.benchmark == "nasbench101"]
    if not again:
        return Reproduction([], {})
    found = _compute(paper, again, setup, progress)
    renamed = [
        {**record, "item": f"{record['item']}-{setup.objective}", "of": record["item"]}
        for record in found.records
    ]
    return Reproduction(
        renamed, {f"{name}-{setup.objective}": reason for name, reason in found.missing.items()}
    )


def _teller(bar: Bar, done: int, total: int, name: str) -> Callable[[float, str], None]:
    return lambda share, text: bar.to(done + share, total, f"{name}: {text}")
