"""Searches by the clock on images, and the networks that they leave: search --minutes, predict, evaluate."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich.table import Table

from archwalk.cli.common import OUT, note, print_json
from archwalk.cli.numbers import COUNT
from archwalk.cli.objectives import has_objective
from archwalk.cli.options import read_callbacks
from archwalk.errors import UsageError

_KIND = "images"
_CLOCKED = (
    "max_parameters",
    "max_macs",
    "max_megabytes",
    "max_latency_ms",
    "pixels",
    "engine",
    "address",
    "device",
)
"""Options that only a search by the clock has."""


def add_commands(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the commands of this file."""
    predict = commands.add_parser(
        "predict", help="name the class of images by a network that a search has left"
    )
    predict.add_argument("folder", metavar="DIR", type=Path, help="what `archwalk search --minutes` wrote")
    predict.add_argument("images", metavar="IMAGE", nargs="+")
    predict.add_argument("--json", action="store_true")
    predict.set_defaults(run=run_predict)


def add_clock_options(search: argparse.ArgumentParser) -> None:
    """What a search by the clock can be told."""
    group = search.add_argument_group(
        "by the clock", "with --benchmark images:FOLDER and no strategy: a network that is trained to the end"
    )
    group.add_argument("--minutes", type=_positive, help="for everything, in place of --budget")
    group.add_argument("--max-parameters", type=COUNT, help="weights that the network may have")
    group.add_argument("--max-macs", type=COUNT, help="multiplications for one image")
    group.add_argument("--max-megabytes", type=_positive, help="of weights and feature maps for one image")
    group.add_argument(
        "--max-latency-ms", type=_positive, help="for one image, measured on one thread of this machine"
    )
    group.add_argument("--pixels", type=COUNT, help="most height and width; smaller images stay (default 32)")
    group.add_argument("--address", help="of a Ray cluster")
    group.add_argument("--device", choices=("auto", "cpu", "cuda"), help="default auto")


def is_clocked(options: argparse.Namespace) -> bool:
    """Whether a search is one by the clock. Raises UsageError for what does not go together."""
    if options.minutes is None:
        for name in _CLOCKED:
            if getattr(options, name) is not None and not (name == "engine" and has_objective(options)):
                raise UsageError(f"--{name.replace('_', '-')} is for a search by the clock: say --minutes")
        if options.strategy is None:
            raise UsageError("say a STRATEGY, or --minutes for a search by the clock on images:FOLDER")
        if options.budget is None:
            raise UsageError("required: --budget, the queries of each trial")
        return False
    given = {"strategy": options.strategy, "--budget": options.budget, "--preset": options.preset}
    if wrong := next((name for name, value in given.items() if value is not None), None):
        raise UsageError(f"a search by the clock has no {wrong}: leave it out, or --minutes")
    if options.out is None:
        raise UsageError("a search by the clock leaves a network: say where to, --out DIR")
    return True


def run_by_the_clock(options: argparse.Namespace) -> None:
    """Search, train, write, and say what came of it."""
    from archwalk.api.images import PIXELS, search_images

    result = search_images(
        _folder(options.benchmark),
        options.minutes,
        out=options.out,
        pixels=options.pixels or PIXELS,
        max_parameters=options.max_parameters,
        max_macs=options.max_macs,
        max_megabytes=options.max_megabytes,
        max_latency_ms=options.max_latency_ms,
        seed=options.seed,
        engine=options.engine or "processes",
        address=options.address,
        workers=options.workers if options.workers > 1 else None,
        device=options.device or "auto",
        callbacks=read_callbacks(options),
    ).result
    note(f"wrote {', '.join(result['files'])} and a page to {options.out}")
    if options.json:
        print_json({key: value for key, value in result.items() if key not in ("tried", "wrong")})
    else:
        _show(result)


def _folder(benchmark: str) -> str:
    kind, _, folder = benchmark.partition(":")
    if kind != _KIND or not folder:
        raise UsageError(f"a search by the clock is for --benchmark images:FOLDER, not {benchmark!r}")
    return folder


def _show(result: dict[str, Any]) -> None:
    test = result["test"]
    low, high = test["interval95"]
    table = Table("what", "value", show_header=False)
    table.add_row(
        "test accuracy", f"{test['accuracy']:.2f} % ({low:.2f} to {high:.2f}), {test['images']} images"
    )
    table.add_row("balanced accuracy", f"{test['balanced_accuracy']:.2f} %")
    table.add_row("parameters", f"{result['parameters']:,}")
    table.add_row("MACs an image", f"{result['macs']:,}")
    table.add_row("memory for one image", f"{result['megabytes']:.2f} MB")
    table.add_row("latency of one image", f"{result['latency_ms']:.2f} ms on one thread here")
    table.add_row("networks tried", f"{len({str(one['architecture']) for one in result['tried']})}")
    OUT.print(table)


def run_predict(options: argparse.Namespace) -> None:
    """Name the class of images."""
    from archwalk.experiments.clock.using import TrainedNetwork

    found = TrainedNetwork(options.folder).predict(*options.images)
    if options.json:
        print_json({"predictions": [vars(one) for one in found]})
        return
    for one in found:
        OUT.print(
            f"{one.image}: {one.label} ({100 * one.chance:.1f} %)",
            highlight=False,
            soft_wrap=True,
        )


def evaluate_network(folder: Path, images: Path, as_json: bool) -> None:
    """Judge a network that a search has left on other images."""
    from archwalk.experiments.clock.using import TrainedNetwork

    judged, left_out = TrainedNetwork(folder).evaluate(images)
    if left_out:
        note(f"{len(left_out)} images cannot be read and are left out: {', '.join(left_out[:20])}")
    if as_json:
        print_json(judged.as_dict() | {"left_out": left_out})
        return
    low, high = judged.interval
    OUT.print(
        f"accuracy {judged.accuracy:.2f} % ({low:.2f} to {high:.2f}), balanced {judged.balanced:.2f} %, "
        f"{judged.images} images"
    )


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"it is a number above 0, not {text!r}")
    return value
