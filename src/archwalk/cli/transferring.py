"""The command transfer: train over source tasks, search one that was left out."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from rich.table import Table

from archwalk.cli.common import OUT, note
from archwalk.cli.numbers import COUNT
from archwalk.cli.options import add_json, add_out, add_seed, add_settings, add_workers, read_settings
from archwalk.data.decoding import encode_json
from archwalk.errors import UsageError
from archwalk.late import use_one_thread

if TYPE_CHECKING:
    from archwalk.experiments.transfer_records import Transfer


def add_commands(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "transfer", help="train one agent over source tasks, search a task that it has not seen"
    )
    parser.add_argument(
        "family", metavar="FAMILY",
        help="nas-bench-graph, nasbench201, nasbench201-12, chains, a table of yours that has several tasks, or "
        "benchmarks of one space with commas between",
    )  # fmt: skip
    parser.add_argument(
        "--target", action="append", default=[], metavar="B", help="the task left out; may repeat"
    )
    parser.add_argument("--leave-one-out", action="store_true", help="every task is the target once")
    parser.add_argument(
        "--strategies", default="pretrained,mean-rank,graph-gp,local-search",
        help="pretrained, mean-rank and rgpe learn from the sources, all others search from scratch; the first is "
        "tested against the rest",
    )  # fmt: skip
    parser.add_argument("--budget", type=COUNT, default=150, help="queries in each trial (default 150)")
    parser.add_argument(
        "--trials", type=COUNT, default=20, help="searches of each strategy and agent (default 20)"
    )
    parser.add_argument(
        "--agents", type=COUNT, default=1, help="trainings for each target, from --seed on (default 1)"
    )
    parser.add_argument(
        "--sources", type=COUNT, metavar="N", help="train on so many of the other tasks (default: on all)"
    )
    add_seed(parser)
    add_settings(parser)
    add_workers(parser)
    add_out(parser, "folder for result.json, and for what is done: the same call goes on there after a kill")
    add_json(parser)
    parser.set_defaults(run=run_transfer)


def run_transfer(options: argparse.Namespace) -> None:
    """Run it; print and keep its result."""
    from archwalk.api.transferring import transfer

    if bool(options.target) == options.leave_one_out:
        raise UsageError(
            "which task is left out? say --target BENCHMARK, or --leave-one-out for each in turn"
        )
    use_one_thread()
    record = transfer(
        options.family, options.strategies.split(","), targets=options.target, budget=options.budget,
        trials=options.trials, seeds=range(options.seed, options.seed + options.agents),
        settings=read_settings(options.assignments, ["transfer"]).get("transfer"), workers=options.workers,
        sources=options.sources, out=options.out, command=options.command_line, progress=True,
    )  # fmt: skip
    if options.json:
        sys.stdout.write(encode_json(record) + "\n")
    else:
        _print(record)


def _print(record: Transfer) -> None:
    shown = [queries for queries in (5, 10, 30, 50, 150) if queries <= record.budget]
    if record.budget not in shown:
        shown.append(record.budget)
    table = Table(
        title="best reward so far: 0 the median of a task, 1 its best; mean over tasks [95 % interval]"
    )
    for title in ("strategy", *(f"{queries} queries" for queries in shown)):
        table.add_column(title)
    for name, after in record.overall.items():
        cells = [
            f"{after[queries].mean:.3f} [{after[queries].ci95[0]:.3f}, {after[queries].ci95[1]:.3f}]"
            for queries in shown
        ]
        table.add_row(name, *cells)
    OUT.print(table)
    OUT.print(_tasks(record))
    reported = next(iter(record.tasks.values())).report.name
    for name, pick in record.recommended.items():
        note(
            f"{name}: mean {reported} of what it recommends {pick.recommended:.3f}, of its best by reward "
            f"{pick.by_reward:.3f}; difference [{pick.ci95[0]:.3f}, {pick.ci95[1]:.3f}]"
        )
    for pair in record.pairs.get(record.budget, []):
        note(
            f"{pair.one} less {pair.other} after {record.budget} queries: {pair.difference:+.3f} "
            f"[{pair.ci95[0]:+.3f}, {pair.ci95[1]:+.3f}], p {pair.p:.3g} over {len(record.tasks)} tasks"
        )
    if any(task.source.queries for task in record.tasks.values()):
        costs = [task.source for task in record.tasks.values()]
        note(
            f"training an agent cost {sum(cost.queries for cost in costs) / len(costs):,.0f} queries of its "
            f"{len(costs[0].sources)} source tasks and {sum(cost.seconds for cost in costs) / len(costs):.0f} seconds"
        )


def _tasks(record: Transfer) -> Table:
    """What each strategy found on each task, in the task's own metric."""
    metrics = [
        f"{task.reward.name}, {task.reward.unit}" if task.reward.unit else task.reward.name
        for task in record.tasks.values()
    ]
    alike = len(set(metrics)) == 1
    table = Table(
        title=f"best {metrics[0] if alike else 'reward of each task'} after {record.budget} queries"
    )
    for title in ("task", *([] if alike else ["reward"]), *record.overall, "best there is"):
        table.add_column(title)
    for (target, task), metric in zip(record.tasks.items(), metrics, strict=True):
        rewards = [strategy.best_after[record.budget].reward_mean for strategy in task.strategies.values()]
        cells = ["-" if reward is None else f"{reward:.2f}" for reward in rewards]
        table.add_row(target, *([] if alike else [metric]), *cells, f"{task.best_reward:.2f}")
    return table
