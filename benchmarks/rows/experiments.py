"""Comparisons, the database, and commands from their call to their end."""

import subprocess
import sys
from pathlib import Path

from rows.table import CELLS, GRAPHS, Work, folder, row

ENTRIES = 100_000


def command(*words: str) -> Work:
    """A command in a process of its own, which ran once before."""
    call = [sys.executable, "-m", "archwalk", *words]

    def work() -> None:
        subprocess.run(call, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    work()
    return work, 1


@row("archwalk --help", "s")
def call_help() -> Work:
    return command("--help")


@row("archwalk search random-search", "s")
def call_search() -> Work:
    return command("search", "random-search", "--benchmark", GRAPHS, "--budget", "10")


@row("archwalk demo", "s", slow=True)
def call_demo() -> Work:
    command("demo", "--scale", "smoke", "--out", str(folder() / "smoke"))
    call = [sys.executable, "-m", "archwalk", "demo", "--out", str(folder() / "demo")]
    return lambda: subprocess.run(call, check=True, capture_output=True), 1


@row("compare, 10,000 trials of 3 strategies", "s")
def compare() -> Work:
    from archwalk.estimators.benchmarks import load_benchmark
    from archwalk.experiments.comparison import compare
    from rows.names import load_methods

    problem = load_benchmark(CELLS)
    methods = load_methods(["random-search", "local-search", "regularized-evolution"], problem.space, CELLS)
    compare(problem, methods, budget=20, trials=3, seed=0)
    return lambda: compare(problem, methods, budget=150, trials=10_000, seed=1), 1


def make_export(path: Path, entries: int = ENTRIES) -> None:
    """A file of so many trainings of made-up networks."""
    from archwalk.estimators.store.records import Evaluation, Outcome, Problem
    from archwalk.estimators.store.transfer import export_evaluations

    settings = {"arithmetic": "float32 on cpu", "epochs": 5, "metric": "accuracy", "rate": 0.1}
    problems = [Problem("cells", "digits", "f" * 64, settings, seed) for seed in range(3)]
    curves = {name: [round(90 - 0.1 * epoch, 3) for epoch in range(5)] for name in ("validation", "loss")}

    def make(number: int) -> Evaluation:
        outcome = Outcome("done", "", number % 9999 / 100, 90.0, 1000, 1.5, curves, {"torch": "2.9"})
        architecture = f'{{"ops":["conv3x3","maxpool3x3","conv1x1"],"vertices":{number // 3}}}'
        return Evaluation(problems[number % 3], architecture, outcome, "2026-01-01T00:00:00+00:00")

    export_evaluations([make(number) for number in range(entries)], path)


@row("store import, 100,000 rows", "s")
def store_import() -> Work:
    from archwalk.cli.main import main

    place = folder()
    make_export(place / "rows.csv")
    make_export(place / "few.csv", 10)
    main(["store", "import", str(place / "few.csv"), "--store", str(place / "few.sqlite"), "--json"])
    asked = ["store", "import", str(place / "rows.csv"), "--store", str(place / "rows.sqlite"), "--json"]
    return lambda: main(asked), 1


@row("store list, of 100,000 rows", "s")
def store_list() -> Work:
    from archwalk.cli.main import main

    place = folder()
    make_export(place / "rows.csv")
    importing = ["import", str(place / "rows.csv"), "--store", str(place / "rows.sqlite"), "--json"]
    subprocess.run([sys.executable, "-m", "archwalk", "store", *importing], check=True, capture_output=True)
    return lambda: main(["store", "list", "--store", str(place / "rows.sqlite")]), 1
