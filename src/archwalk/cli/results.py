"""Commands that judge strategies: search, compare, report, evaluate."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archwalk.cli.common import OUT, note, print_json
from archwalk.cli.images import add_clock_options, evaluate_network, is_clocked, run_by_the_clock
from archwalk.cli.numbers import COUNT, COUNT_OR_ZERO
from archwalk.cli.objectives import (
    add_front_options,
    add_objective_options,
    chosen_benchmark,
    has_several_goals,
)
from archwalk.cli.options import (
    add_benchmark,
    add_json,
    add_out,
    add_seed,
    add_settings,
    add_tracking,
    add_workers,
    read_callbacks,
    read_settings,
    require_benchmark,
)
from archwalk.data.decoding import encode_json
from archwalk.errors import UsageError
from archwalk.late import use_one_thread

if TYPE_CHECKING:
    from archwalk.api.results import Result

FOUND = "found.json"


def add_commands(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the commands of this file."""
    search = commands.add_parser("search", help="run one strategy on a benchmark")
    search.add_argument(
        "strategy", metavar="STRATEGY", nargs="?",
        help="a name, a preset, or the run folder of a trained agent (archwalk list); none for a search by the clock",
    )  # fmt: skip
    search.add_argument("--preset", help="settings: a name or a TOML file (default: the literature's)")
    _add_protocol(search, needs_budget=False)
    add_settings(search)
    add_objective_options(search)
    add_front_options(search)
    add_clock_options(search)
    search.set_defaults(run=run_search)

    compare = commands.add_parser("compare", help="run several strategies from the same starts")
    compare.add_argument(
        "--strategies",
        required=True,
        help="names, presets and run folders, separated by commas; LABEL=NAME for one that takes part twice",
    )
    _add_protocol(compare)
    add_settings(compare, several=True)
    add_objective_options(compare)
    add_front_options(compare)
    compare.set_defaults(run=run_compare)

    report = commands.add_parser("report", help="draw a run folder's result, or a study, as one HTML page")
    report.add_argument("folder", metavar="DIR|STUDY", help="a run folder, a study's file or URL")
    report.add_argument("--out", type=Path, metavar="FILE.html", help="of a study: where the page goes")
    report.add_argument("--study", metavar="NAME", help="which one of a database that holds several")
    report.set_defaults(run=run_report)

    evaluate = commands.add_parser(
        "evaluate",
        help="what a benchmark says of an architecture, or images of a network that a search has left",
    )
    evaluate.add_argument(
        "what",
        metavar="BENCHMARK|DIR",
        help="say nas-bench-graph:cora, or what `archwalk search --minutes` wrote",
    )
    evaluate.add_argument("architecture", metavar="ARCH.json", type=Path, nargs="?", help="for a benchmark")
    evaluate.add_argument(
        "--on", type=Path, metavar="FOLDER", help="images for a network: a folder or zip of class folders"
    )
    add_seed(evaluate)
    add_json(evaluate)
    evaluate.set_defaults(run=run_evaluate)


def _add_protocol(parser: argparse.ArgumentParser, *, needs_budget: bool = True) -> None:
    add_benchmark(parser)
    parser.add_argument("--budget", type=COUNT, required=needs_budget, help="queries in each trial")
    parser.add_argument("--trials", type=COUNT, default=1, help="independent repeats (default 1)")
    add_seed(parser)
    parser.add_argument(
        "--episodes", type=COUNT_OR_ZERO, default=0,
        help="starts for one episode each (Cassimon et al. 2024, figure 8)",
    )  # fmt: skip
    add_workers(parser)
    add_out(parser, "folder for result.json, report.html and what was found")
    add_tracking(parser)
    add_json(parser)


def run_search(options: argparse.Namespace) -> None:
    """Run one strategy; print and keep its result."""
    if is_clocked(options):
        require_benchmark(options)
        run_by_the_clock(options)
        return
    name: str = options.strategy
    if options.preset:
        from archwalk.experiments.presets import load_preset

        preset = load_preset(options.preset)
        if preset.strategy != name:
            raise UsageError(f"the preset {preset.name} is for {preset.strategy}, not for {name}")
        name = options.preset
    if has_several_goals(options):
        _search_front(options, name)
        return
    result = _compare(options, [name], read_settings(options.assignments, [name]))
    print_result(result, options.json, options.out)
    if not options.json:
        _print_found(result, options.out)


def _search_front(options: argparse.Namespace, name: str) -> None:
    """Search for a front; print and keep it."""
    from archwalk.api.fronts import search_front

    if options.episodes:
        raise UsageError("--episodes is for one goal")
    use_one_thread()
    benchmark, workers = chosen_benchmark(options)
    result = search_front(
        name, benchmark, maximise=options.maximise, minimise=options.minimise, limits=options.limit,
        reference=dict(map(_number_of, options.reference)), budget=options.budget, trials=options.trials,
        seed=options.seed, workers=workers, settings=read_settings(options.assignments, [name]).get(name),
        out=options.out, command=options.command_line, callbacks=read_callbacks(options), progress=True,
    )  # fmt: skip
    if options.out:
        note(f"wrote {options.out}: {', '.join(path.name for path in result.written)}")
    if options.json:
        sys.stdout.write(encode_json(result.record) + "\n")
    else:
        OUT.print(result.summary(), highlight=False, soft_wrap=True)


def _number_of(assignment: str) -> tuple[str, float]:
    name, _, value = assignment.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise UsageError(f"--reference takes METRIC=NUMBER, not {assignment!r}") from None


def run_compare(options: argparse.Namespace) -> None:
    """Run several strategies; print and keep their result."""
    named = [_label(word) for word in options.strategies.split(",")]
    strategies = dict(named)
    if len(strategies) < len(named):
        raise UsageError("a strategy is named twice; LABEL=NAME tells two of them apart")
    if has_several_goals(options):
        _compare_fronts(options, strategies)
        return
    result = _compare(options, strategies, read_settings(options.assignments, list(strategies)))
    print_result(result, options.json, options.out)


def _compare_fronts(options: argparse.Namespace, strategies: Mapping[str, str]) -> None:
    """Compare by the hypervolume of fronts; print and keep it."""
    from archwalk.api.front_comparisons import compare_fronts
    from archwalk.report.tables import print_summary

    if options.episodes:
        raise UsageError("--episodes is for one goal")
    use_one_thread()
    benchmark, workers = chosen_benchmark(options)
    result = compare_fronts(
        strategies, benchmark, maximise=options.maximise, minimise=options.minimise, limits=options.limit,
        reference=dict(map(_number_of, options.reference)), budget=options.budget, trials=options.trials,
        seed=options.seed, workers=workers, settings=read_settings(options.assignments, list(strategies)),
        out=options.out, command=options.command_line, callbacks=read_callbacks(options), progress=True,
    )  # fmt: skip
    if options.out:
        note(f"wrote {options.out}: {', '.join(path.name for path in sorted(result.written))}")
    if options.json:
        sys.stdout.write(encode_json(result.record) + "\n")
    else:
        print_summary(result.record, OUT)


def _label(word: str) -> tuple[str, str]:
    """LABEL=NAME as a pair; without a label a name is its own. A folder may have an equals sign in its name."""
    label, separator, name = word.partition("=")
    return (label, name) if separator and label and name and not Path(word).is_dir() else (word, word)


def _compare(
    options: argparse.Namespace,
    strategies: Sequence[str] | Mapping[str, str],
    settings: dict[str, dict[str, str]],
) -> Result:
    from archwalk.api.searching import compare

    use_one_thread()
    benchmark, workers = chosen_benchmark(options)
    result = compare(
        strategies, benchmark, budget=options.budget, trials=options.trials, seed=options.seed,
        workers=workers, episodes=options.episodes, settings=settings, out=options.out,
        command=options.command_line, callbacks=read_callbacks(options), progress=True,
    )  # fmt: skip
    if benchmark.trained is not None and workers == 1:  # other processes have estimators of their own
        note(
            f"{benchmark.trained} architectures were evaluated for this; whatever else was asked for had been before"
        )
    if reasons := benchmark.failures:
        often = max(set(reasons), key=reasons.count)
        note(f"{len(reasons)} evaluations failed and count as the worst there is, most often: {often}")
    return result


def print_result(result: Result, as_json: bool, out: Path | None) -> None:
    """A result for a program or for a person, who is told where it was written."""
    from archwalk.report.tables import print_summary

    if out:
        note(f"wrote {out}: {', '.join(path.name for path in sorted(result.written))}")
    if as_json:
        sys.stdout.write(encode_json(result.record) + "\n")
    else:
        print_summary(result.undrawn, OUT)


def _print_found(result: Result, out: Path | None) -> None:
    """What the only strategy found, and what to do with it."""
    from archwalk.report.architectures import found_sentence
    from archwalk.spaces.networks import default_task
    from archwalk.spaces.task import NODE_CLASSIFICATION

    best = result.best
    if sentence := found_sentence(result.undrawn, best.strategy):
        OUT.print()
        OUT.print(sentence, highlight=False, soft_wrap=True)
        OUT.print(json.dumps(best.architecture.description), highlight=False, soft_wrap=True)
    task = default_task(best.architecture.space)
    if out and (
        task is None or task.kind != NODE_CLASSIFICATION
    ):  # networks of graphs have no export as code
        note(f"next: archwalk export {out / FOUND} --to pytorch --out network.py")


def run_report(options: argparse.Namespace) -> None:
    """Draw a result again, of one goal or of several, or a study."""
    from archwalk.api.fronts import load_front
    from archwalk.api.results import PAGE, load_result
    from archwalk.experiments.live import LIVE
    from archwalk.experiments.records import FRONT, RESULT

    folder = Path(options.folder)
    if options.study is not None or (not folder.is_dir() and options.out is not None):
        _draw_study(options)
        return
    if options.out is not None:
        raise UsageError("--out is for the page of a study; that of a run folder is written into it")
    if folder.is_file():
        raise UsageError(f"where is the page of the study {folder} to go? say --out FILE.html")
    if (folder / FRONT).exists() and not (folder / RESULT).exists():
        written = [load_front(folder).page(folder / PAGE)]
    elif (folder / LIVE).exists() and not (folder / RESULT).exists():
        raise UsageError(
            f"the search in {folder} is not over; archwalk watch {folder} shows what it has evaluated"
        )
    else:
        written = load_result(folder).draw(folder)
    note(f"wrote {', '.join(map(str, written))}")


def _draw_study(options: argparse.Namespace) -> None:
    from archwalk.api.watching.databases import StudySource
    from archwalk.experiments.study_store import StudyStore
    from archwalk.report.explorer.study_page import write_study_page

    if options.out is None:
        raise UsageError("where is the page of the study to go? say --out FILE.html")
    source = StudySource(StudyStore.existing(options.folder, options.study or "study"))
    source.update()
    assert source.explored is not None
    write_study_page(source.name, source.explored, options.out)
    note(f"wrote {options.out}")


def run_evaluate(options: argparse.Namespace) -> None:
    """Evaluate an architecture, or a trained network."""
    use_one_thread()
    if options.on is not None:
        evaluate_network(Path(options.what), options.on, options.json)
        return
    if options.architecture is None:
        raise UsageError("which architecture? say archwalk evaluate BENCHMARK ARCH.json, or DIR --on FOLDER")
    from archwalk.estimators.benchmarks import load_benchmark

    evaluation = load_benchmark(options.what, options.seed).evaluate(options.architecture)
    if options.json:
        print_json(evaluation.as_dict())
    else:
        OUT.print(str(evaluation), highlight=False)
