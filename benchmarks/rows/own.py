"""Spaces, objectives and tables of one's own: what archwalk itself needs for an evaluation that costs nothing."""

import csv
import itertools
import os
from pathlib import Path
from typing import Any

from rows.table import Work, folder, row

OPERATIONS = [f"operation{number}" for number in range(10)]


def make_space(decisions: int = 10) -> Any:
    """Decisions of three values each."""
    import archwalk

    return archwalk.declare(
        "own", *[archwalk.Categorical(f"d{place}", ["a", "b", "c"]) for place in range(decisions)]
    )


def count_a(architecture: Any) -> float:
    """An objective that costs nothing."""
    return float(list(architecture.description.values()).count("a"))


def search(strategy: str, budget: int) -> Work:
    import archwalk

    def run(queries: int) -> object:
        return archwalk.search(
            strategy, make_space(), objective=count_a, budget=queries, store=False, progress=False
        )

    run(100)
    return lambda: run(budget), budget


@row("random-search on a function, an evaluation", "ms")
def random_search() -> Work:
    return search("random-search", 5_000)


@row("evolution on a function, an evaluation", "ms")
def evolution() -> Work:
    return search("regularized-evolution", 5_000)


@row("a study of 10,000 evaluations, resumed", "s")
def resume() -> Work:
    import archwalk

    path = str(folder() / "study.sqlite")
    study = archwalk.study(make_space(), "random-search", path=path, name="own")
    while len(study) < 10_000:
        for architecture in study.ask(500):
            study.tell(architecture, reward=count_a(architecture))
    return lambda: archwalk.study(make_space(), "random-search", path=path, name="own").ask(1), 1


def make_table(path: Path, decisions: int) -> None:
    """All architectures of a space of ten operations for each decision."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*(f"d{place}" for place in range(decisions)), "val_acc", "test_acc", "latency_ms"])
        for number, chosen in enumerate(itertools.product(OPERATIONS, repeat=decisions)):
            worth = number * 7919 % 9973 / 9973
            writer.writerow([*chosen, round(worth, 5), round(worth * 0.99, 5), number % 977])


@row("data add, 1,000,000 rows", "s", slow=True)
def add_table() -> Work:
    import archwalk

    place = folder()
    os.environ["ARCHWALK_CACHE"] = str(place / "cache")
    make_table(place / "few.csv", 3)
    make_table(place / "million.csv", 6)
    archwalk.add_table("few", place / "few.csv")
    return lambda: archwalk.add_table("million", place / "million.csv"), 1
