"""Options of commands that take an objective of the user's in place of a benchmark."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from archwalk.cli.common import add_store_option
from archwalk.cli.numbers import COUNT_OR_ZERO
from archwalk.cli.options import require_benchmark
from archwalk.errors import UsageError

if TYPE_CHECKING:
    from archwalk.estimators.benchmarks import Benchmark

_OURS = ("space", "report", "limit_seconds", "retries", "store", "fidelities")
"""Options that are of an objective alone."""


def add_objective_options(parser: argparse.ArgumentParser) -> None:
    """An objective, its space, and how it is evaluated; `--workers` evaluate side by side then."""
    from archwalk.learning.engines import ENGINES

    group = parser.add_argument_group("an objective of your own", "in place of --benchmark")
    group.add_argument(
        "--space", metavar="SPACE", help="a name, FILE.toml that declares one, or FILE.py:NAME"
    )
    group.add_argument(
        "--objective", metavar="FILE.py:FUNCTION", help="takes an architecture; or MODULE:FUNCTION"
    )
    group.add_argument(
        "--command", dest="objective_command", metavar="COMMAND",
        help="as in 'sh train.sh {json}' or '... {file}'; its last line is a number or a JSON object of numbers",
    )  # fmt: skip
    group.add_argument("--report", metavar="METRIC", help="what results are judged by (default: the same)")
    group.add_argument(
        "--limit-seconds", type=float, metavar="S", help="an evaluation that takes longer is ended"
    )
    group.add_argument(
        "--retries", type=COUNT_OR_ZERO, metavar="N", help="of an evaluation that fails (default 0)"
    )
    group.add_argument(
        "--fidelities", type=_numbers, metavar="N,N,...",
        help="how far it may train: the function is called with fidelity=N, a command has {fidelity} (for bohb)",
    )  # fmt: skip
    group.add_argument("--engine", choices=ENGINES, help="where --workers work (default processes)")
    add_store_option(group)
    goals = parser.add_argument_group("goals")
    several: dict[str, Any] = {"metavar": "METRIC", "action": "append", "default": []}
    goals.add_argument(
        "--maximise", help="a metric; of an objective its first number where none is named", **several
    )
    goals.add_argument("--minimise", help="a metric of which lower is better", **several)


def add_front_options(parser: argparse.ArgumentParser) -> None:
    """Limits, and from where a front is measured."""
    for name, words in (
        ("--limit", "as in parameters=100000 (at most), 'accuracy>=70'; may be said several times"),
        ("--reference", "METRIC=NUMBER for each goal: the point from which hypervolumes are taken"),
    ):
        parser.add_argument(name, metavar="METRIC=NUMBER", action="append", default=[], help=words)


def has_several_goals(options: argparse.Namespace) -> bool:
    """Whether a search is one for a front: several goals, a limit, or a goal of a benchmark that has its own reward."""
    goals = [*options.maximise, *options.minimise]
    if options.reference and len(goals) < 2:
        raise UsageError("--reference is for several goals: say --maximise and --minimise")
    return len(goals) > 1 or bool(options.limit) or (bool(goals) and not has_objective(options))


def has_objective(options: argparse.Namespace) -> bool:
    """Whether an objective was named."""
    return options.objective is not None or options.objective_command is not None


def chosen_benchmark(options: argparse.Namespace) -> tuple[Benchmark, int]:
    """The benchmark that was named, or that of an objective; and the workers that are left for trials.

    Raises UsageError for what does not go together.
    """
    from archwalk.estimators.benchmarks import load_benchmark

    if not has_objective(options):
        for name in _OURS:
            if getattr(options, name) is not None:
                raise UsageError(
                    f"--{name.replace('_', '-')} is for --objective or --command: say one of them"
                )
        return load_benchmark(require_benchmark(options), options.seed), options.workers
    if options.benchmark is not None:
        raise UsageError("say --benchmark, or an objective and its --space")
    if options.space is None:
        raise UsageError(
            "which space? say --space FILE.toml (archwalk list spaces names those that there are)"
        )
    from archwalk.api.objectives import objective_benchmark

    benchmark = objective_benchmark(
        options.space, options.objective, command=options.objective_command, report=options.report,
        **_single_goal(options), workers=options.workers,
        engine=options.engine or "processes", limit_seconds=options.limit_seconds, retries=options.retries or 0,
        store=options.store, fidelities=options.fidelities or (),
    )  # fmt: skip
    return benchmark, 1


def _single_goal(options: argparse.Namespace) -> dict[str, Any]:
    """The reward of an objective, where one goal is named."""
    goals = {"maximise": options.maximise, "minimise": options.minimise}
    if sum(map(len, goals.values())) != 1:
        return {}
    return {word: names[0] for word, names in goals.items() if names}


def _numbers(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"takes whole numbers such as 1,3,9, not {text!r}") from None
