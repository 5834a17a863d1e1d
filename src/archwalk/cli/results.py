"""Commands that judge strategies: search, compare, report."""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archwalk.cli.common import OUT, note, progress_bar
from archwalk.cli.images import add_clock_options, is_clocked, run_by_the_clock
from archwalk.cli.numbers import COUNT, COUNT_OR_ZERO, SEED, WORKERS
from archwalk.data.decoding import encode_json
from archwalk.data.files import make_folder, write_atomically
from archwalk.errors import UsageError
from archwalk.late import use_one_thread

if TYPE_CHECKING:
    from archwalk.estimators.benchmarks import Benchmark
    from archwalk.experiments.protocol import Contestant
    from archwalk.experiments.records import Comparison
    from archwalk.report.record import Record

PAGE, FOUND = "report.html", "found.json"
SUPERNETS = "supernets"
"""Folder of what a search that is stopped goes on from."""


def add_commands(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the commands of this file."""
    search = commands.add_parser("search", help="run one strategy on a benchmark")
    search.add_argument(
        "strategy", metavar="STRATEGY", nargs="?",
        help="a name, or the run folder of a trained agent; none for a search by the clock",
    )  # fmt: skip
    search.add_argument("--preset", help="settings of the strategy (default: the literature's)")
    _add_protocol(search, "KEY=VALUE", needs_budget=False)
    add_clock_options(search)
    search.set_defaults(run=run_search_command)

    compare = commands.add_parser("compare", help="run several strategies from the same starts")
    compare.add_argument(
        "--strategies",
        required=True,
        help="names, presets and run folders, separated by commas; LABEL=NAME for one that takes part twice",
    )
    _add_protocol(compare, "NAME.KEY=VALUE")
    compare.set_defaults(
        run=lambda options: run_compare(options, options.strategies.split(","), options.assignments)
    )

    report = commands.add_parser("report", help="draw a run folder's result as one HTML page")
    report.add_argument("folder", metavar="DIR", type=Path)
    report.set_defaults(run=run_report)


def _add_protocol(parser: argparse.ArgumentParser, assignment: str, *, needs_budget: bool = True) -> None:
    parser.add_argument(
        "--benchmark", required=True, help="say nas-bench-graph:cora or nasbench101:test-mean"
    )
    parser.add_argument("--budget", type=COUNT, required=needs_budget, help="queries in each trial")
    parser.add_argument("--trials", type=COUNT, default=1)
    parser.add_argument("--seed", type=SEED, default=0)
    parser.add_argument(
        "--episodes", type=COUNT_OR_ZERO, default=0, help="starts for one episode each, as P1 Figure 8"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar=assignment, dest="assignments", help="change a setting"
    )
    parser.add_argument(
        "--workers", type=WORKERS, default=1, help="processes, for strategies that run a trial at a time"
    )
    parser.add_argument("--out", type=Path, help="folder for result.json and report.html")
    parser.add_argument("--json", action="store_true")


def run_search_command(options: argparse.Namespace) -> None:
    """Run one strategy and print its record."""
    from archwalk.experiments.presets import load_preset

    if is_clocked(options):
        run_by_the_clock(options)
        return
    name: str = options.strategy
    if options.preset:
        preset = load_preset(options.preset)
        if preset.strategy != name:
            raise UsageError(f"the preset {preset.name} is for {preset.strategy}, not for {name}")
        name = preset.name
    found = run_compare(options, [name], [f"{name}.{assignment}" for assignment in options.assignments])
    show_found(found, next(iter(found.strategies)), options.out, options.json)


def run_compare(options: argparse.Namespace, names: list[str], assignments: list[str]) -> Comparison:
    """Run strategies and print how they compare, which is returned."""
    from archwalk.estimators.benchmarks import load_benchmark
    from archwalk.experiments.runs import load_contestants

    use_one_thread()
    benchmark = load_benchmark(options.benchmark, options.seed)
    contestants = load_contestants(names, benchmark.space, benchmark.name, assignments)
    found = compare_with_progress(
        benchmark,
        contestants,
        options.budget,
        options.trials,
        options.seed,
        options.episodes,
        options.workers,
        options.out / SUPERNETS if options.out else None,
    )
    show(found, options.out, options.json)
    if options.out:  # the result is written: nothing is to be resumed
        shutil.rmtree(options.out / SUPERNETS, ignore_errors=True)
    if benchmark.trained is not None and options.workers == 1:  # other processes have estimators of their own
        note(
            f"{benchmark.trained} networks were trained for this; whatever else was asked for had been before"
        )
    if reasons := benchmark.failures:
        often = max(set(reasons), key=reasons.count)
        note(f"{len(reasons)} trainings failed and count as the lowest score there is, most often: {often}")
    return found


def compare_with_progress(
    benchmark: Benchmark,
    contestants: list[Contestant],
    budget: int,
    trials: int,
    seed: int,
    episodes: int,
    workers: int = 1,
    keep_in: Path | None = None,
) -> Comparison:
    """Compare strategies under a progress bar; supernets are kept in `keep_in`."""
    from archwalk.experiments.comparison import compare

    total = budget * sum(contestant.agents for contestant in contestants)
    with progress_bar("queries a trial", total) as bar:
        return compare(
            benchmark, contestants, budget=budget, trials=trials, seed=seed, episode_starts=episodes,
            progress=bar.to, workers=workers, supernet=bar.beside("supernet").to, keep_in=keep_in,
            command=shlex.join(["archwalk", *sys.argv[1:]]),
        )  # fmt: skip


def show(comparison: Comparison, out: Path | None, as_json: bool) -> None:
    """Print a comparison, and write it with its page and tables to a folder if there is one."""
    from archwalk.experiments.records import plain, write_comparison
    from archwalk.report.tables import print_summary

    if out:
        make_folder(out)
        path = write_comparison(comparison, out)
        note(f"wrote {path}, {draw(plain(comparison), out)}")
    if as_json:
        sys.stdout.write(encode_json(comparison) + "\n")
    else:
        print_summary(plain(comparison), OUT)


def show_found(comparison: Comparison, name: str, out: Path | None, as_json: bool) -> None:
    """Say what the only strategy found; write it to a folder if there is one, for `improve`, `export` and Python."""
    from archwalk.experiments.records import plain
    from archwalk.report.architectures import found_sentence

    found = comparison.strategies[name].found
    assert found is not None
    description = json.dumps(found.description)
    if out:
        write_atomically(out / FOUND, description + "\n")
        write_atomically(out / f"{FOUND.removesuffix('.json')}.svg", found.svg)
        note(f"wrote {out / FOUND} and its drawing")
    if not as_json and (sentence := found_sentence(plain(comparison), name)):
        OUT.print()
        OUT.print(sentence, markup=False, highlight=False, soft_wrap=True)
        OUT.print(description, markup=False, highlight=False, soft_wrap=True)


def draw(record: Record, out: Path) -> str:
    """Write the page and the tables of a record; say where."""
    from archwalk.report.page import write_page
    from archwalk.report.tables import TABLES

    write_page(record, out / PAGE)
    for name, to_text in TABLES.items():
        write_atomically(out / name, to_text(record))
    return f"{out / PAGE} and {', '.join(TABLES)}"


def run_report(options: argparse.Namespace) -> None:
    """Draw a result again."""
    from archwalk.experiments.records import plain, read_comparison

    note(f"wrote {draw(plain(read_comparison(options.folder)), options.folder)}")
