"""The command proxies: how far networks that were never trained tell what training would."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE
from rich.table import Table

from archwalk.cli.common import OUT, note
from archwalk.cli.numbers import COUNT
from archwalk.cli.options import add_json, add_out, add_seed, add_settings, read_settings
from archwalk.late import use_one_thread

if TYPE_CHECKING:
    from archwalk.experiments.proxies import ProxyRanks


def add_commands(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "proxies", help="rank correlations of zero-cost proxies with what benchmarks say of architectures"
    )
    parser.add_argument(
        "benchmarks", nargs="+", metavar="BENCHMARK", help="digits-cells, nasbench201:cifar10"
    )
    parser.add_argument("--proxies", default="", metavar="P,P", help="some of them (default: all)")
    parser.add_argument(
        "--architectures", type=COUNT, default=200, metavar="N", help="scored, by lot (default 200)"
    )
    add_seed(parser)
    add_settings(parser)
    add_out(parser, "folder for result.json and proxies.svg")
    add_json(parser)
    parser.set_defaults(run=run_proxies)


def run_proxies(options: argparse.Namespace) -> None:
    """Score, correlate, print."""
    from archwalk.api.proxies import rank_proxies
    from archwalk.data.decoding import encode_json

    use_one_thread()
    record = rank_proxies(
        options.benchmarks, [name for name in options.proxies.split(",") if name],
        architectures=options.architectures, seed=options.seed,
        settings=read_settings(options.assignments, ["proxies"]).get("proxies"), out=options.out,
        command=options.command_line, progress=True,
    )  # fmt: skip
    if options.json:
        sys.stdout.write(encode_json(record) + "\n")
    else:
        _print(record)


def _print(record: ProxyRanks) -> None:
    for benchmark, ranked in record.benchmarks.items():
        table = Table(
            title=f"{benchmark}: rank correlation over {ranked.architectures} architectures", box=SIMPLE
        )
        for title in ("proxy", "Spearman", "above parameters by", "no score", "ms each"):
            table.add_column(title, no_wrap=True)
        for name, one in ranked.proxies.items():
            table.add_row(
                name, _with_interval(one.spearman, one.ci95), _with_interval(one.ahead, one.ahead_ci95),
                str(one.without), f"{one.milliseconds:.1f}",
            )  # fmt: skip
        OUT.print(table)
        note(f"{ranked.objective}; networks: {ranked.shown['networks']}, images: {ranked.shown['images']}")


def _with_interval(value: float | None, ends: tuple[float, float] | None) -> str:
    if value is None or ends is None:
        return "-" if value is None else f"{value:.2f}"
    return f"{value:.2f} [{ends[0]:.2f}, {ends[1]:.2f}]"
