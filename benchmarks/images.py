"""From images to a network: the search by the clock, the plain network with all the time, random search.

    python benchmarks/images.py --out runs/images              all cells, some hours with the machine to itself
    python benchmarks/images.py --out runs/images --only digits --seeds 1

Every cell (data, method, seed) is kept in OUT when it is done, so that a run that was stopped goes on; the table is
printed from what is there. The test images are looked at once, at the end of a cell. Throughput: --throughput.

On a machine that others use as well, a clock on the wall says little. With --processor-time, a minute is as much
processor time as all cores give in a minute (of this process and all that it starts): a core that has nothing to do
then costs nothing, which the share of busy cores in the cells shows.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from archwalk.data.files import write_atomically
from archwalk.data.images import ImageSet, ImageSettings, load_images
from archwalk.data.images.base import TEST
from archwalk.errors import ArchwalkError
from archwalk.estimators.rungs.fitting import fit
from archwalk.estimators.rungs.pixels import Batches
from archwalk.estimators.rungs.settings import RecipeSettings
from archwalk.estimators.rungs.training import Climb, RungTraining
from archwalk.estimators.store.database import Store
from archwalk.experiments.clock.final import train_winner
from archwalk.experiments.clock.journal import Clock, Journal
from archwalk.experiments.clock.judging import Judgement
from archwalk.experiments.clock.plan import Schedule
from archwalk.experiments.clock.searching import ClockSettings, Session, search_by_the_clock
from archwalk.spaces.base import Codes
from archwalk.spaces.convnet import MEMBERS, ConvNet, Limits
from archwalk.spaces.convnet.code import WIDTHS

METHODS = ("plain network", "random search", "archwalk")
CORES = len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    images: str
    pixels: int
    minutes: float
    goal: str
    limits: Limits = field(default_factory=Limits)


ROWS = {
    "digits": Row("digits", 32, 2, ">= 98.5"),
    "fashion-mnist": Row("fashion-mnist", 32, 10, ">= 94.8"),
    "cifar10": Row("cifar10", 32, 10, ">= 77.5"),
    "flowers5": Row("flowers5", 64, 10, "above the plain network"),
    "dtd10": Row("dtd10", 64, 10, "above the plain network"),
    "cifar10-50k": Row("cifar10", 32, 10, "3 points above the plain network", Limits(max_parameters=50_000)),
}


def main() -> None:
    """Compute the cells that are not there yet, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", choices=ROWS, action="append", help="rows, all by default")
    parser.add_argument("--method", choices=METHODS, action="append", help="columns, all by default")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--minutes", type=float, help="instead of those of the rows; for each another OUT")
    parser.add_argument("--processor-time", action="store_true", help="minutes are those of all cores busy")
    parser.add_argument(
        "--throughput", action="store_true", help="images a second in fp32 and bf16, and nothing else"
    )
    options = parser.parse_args()
    if options.throughput:
        print_throughput()
        return
    now = seconds_of_all_cores if options.processor_time else time.monotonic
    rows = ROWS if options.minutes is None else {
        name: replace(row, minutes=options.minutes) for name, row in ROWS.items()
    }  # fmt: skip
    for name in options.only or ROWS:
        for seed in range(options.seeds):
            for method in options.method or METHODS:
                place = options.out / f"{name}-{method.replace(' ', '-')}-{seed}.json"
                if not place.is_file():
                    try:
                        cell = computed(rows[name], method, seed, options.out / place.stem, now)
                    except ArchwalkError as error:
                        print(f"{name}: {error}", flush=True)
                        continue
                    write_atomically(place, json.dumps(cell) + "\n")
                    print(f"{place.stem}: {cell['accuracy']:.2f} %", flush=True)
    print_table(options.out, rows)


def computed(row: Row, method: str, seed: int, out: Path, now: Callable[[], float]) -> dict[str, Any]:
    """One cell: test accuracy and what it took."""
    images = load_images(row.images, ImageSettings(pixels=row.pixels, enlarge=False, split="given"))
    schedule = Schedule(at_random=method == "random search")
    settings = ClockSettings(row.minutes, row.limits, schedule=schedule, seed=seed)
    started, processor = time.monotonic(), processor_seconds()
    if method == "plain network":
        found = plain(images, settings, out, now)
    else:
        store = Store(str(out / "store.sqlite"))
        result = search_by_the_clock(images, settings, out, store, CORES, lambda told: None, now=now)
        trained = sum(one["seconds"] for one in result["tried"])
        found = {
            "accuracy": result["test"]["accuracy"], "parameters": result["parameters"], "where": result["seconds"],
            "networks": len({str(one["architecture"]) for one in result["tried"]}), "trained": trained,
        }  # fmt: skip
    seconds = time.monotonic() - started
    cell = found | {"wall_seconds": seconds, "processor_seconds": processor_seconds() - processor}
    return cell | {"clock": "processor" if now is seconds_of_all_cores else "wall"}


def plain(images: ImageSet, settings: ClockSettings, out: Path, now: Callable[[], float]) -> dict[str, Any]:
    """The plain three-stage residual network, which has the whole time for itself; no wider than the limits allow."""
    session = Session(images, settings, None, CORES)
    code_L = plain_network(session.space)
    journal = Journal(out / "journal.jsonl")
    journal.clear()
    final = train_winner(
        session.training, Climb(code_L, (0,)), session.arrays, settings.seed, Clock(0.0, now), journal,
        until=60 * settings.minutes, threads=CORES, told=lambda done, loss: None, stopped=lambda: False,
    )  # fmt: skip
    places = np.flatnonzero(images.part_N == TEST)
    judged = Judgement.of(session.chances(final.network, places), images.labels_N[places])
    parameters = int(session.space.costs(code_L[None]).parameters_B[0])
    return {
        "accuracy": judged.accuracy,
        "parameters": parameters,
        "epochs": final.images / (images.part_N != TEST).sum(),
    }


def plain_network(space: ConvNet) -> Codes:
    """The member, or the one of three rising widths that uses most of the weights that are allowed."""
    code_L = space.parse(MEMBERS["three-stage"])
    if space.allowed_B(code_L[None])[0]:
        return code_L
    found = []
    for widths in combinations_with_replacement(WIDTHS, 3):
        stages = [
            stage | {"width": w} for stage, w in zip(MEMBERS["three-stage"]["stages"], widths, strict=True)
        ]
        found.append(space.parse({"activation": "relu", "stages": stages}))
    codes = np.stack(found)
    codes = codes[space.allowed_B(codes)]
    largest: Codes = codes[space.costs(codes).parameters_B.argmax()]
    return largest


def processor_seconds() -> float:
    """Of this process and of all that it started, whether they live or not."""
    return _ticks("self") / os.sysconf("SC_CLK_TCK")


def _ticks(process: str) -> int:
    place = Path("/proc") / process
    try:
        fields = (place / "stat").read_text().rpartition(")")[2].split()
        children = " ".join(path.read_text() for path in place.glob("task/*/children")).split()
    except OSError:  # it has ended, and its parent has its time
        return 0
    own_and_ended = sum(map(int, fields[11:15]))
    return own_and_ended + sum(map(_ticks, children))


def seconds_of_all_cores() -> float:
    """A clock that goes as fast as that on the wall while all cores work for this process and those it started."""
    return processor_seconds() / CORES


def print_table(out: Path, rows: dict[str, Row]) -> None:
    """Means over seeds, with the deviation, of the cells that are there."""
    clocks = set()
    print(f"\n| data | minutes | {' | '.join(METHODS)} | goal |\n|{'---|' * (3 + len(METHODS))}")
    for name, row in rows.items():
        columns = []
        for method in METHODS:
            files = sorted(out.glob(f"{name}-{method.replace(' ', '-')}-[0-9].json"))
            cells = [json.loads(file.read_text()) for file in files]
            clocks |= {cell["clock"] for cell in cells}
            values = [cell["accuracy"] for cell in cells]
            spread = f" +- {statistics.stdev(values):.2f}" if len(values) > 1 else ""
            columns.append(f"{statistics.mean(values):.2f}{spread} ({len(values)})" if values else "-")
        print(f"| {name} | {row.minutes:g} | {' | '.join(columns)} | {row.goal} |")
    print(f"\n{CORES} cores; minutes by: {', '.join(sorted(clocks))}")


def print_throughput() -> None:
    """Images a second of a core in trainings of the plain network, batch 256, A B A B: medians and their ratio."""
    rng = np.random.default_rng(0)
    shape = (1, 28, 28)
    arrays: dict[str, NDArray[Any]] = {
        "images": rng.integers(0, 256, (1024, *shape), dtype=np.uint8), "labels": rng.integers(0, 10, 1024),
        "part": np.zeros(1024, np.uint8),
    }  # fmt: skip
    space = ConvNet(shape, 10)
    rates: dict[str, list[float]] = {"fp32": [], "bf16": []}
    for _ in range(3):
        for arithmetic, found in rates.items():
            recipe = RecipeSettings(batch=256, shift=3, arithmetic=arithmetic)  # type: ignore[arg-type] # one of both
            training = RungTraining(space, "noise", "", recipe, "cpu", Path())
            torch.manual_seed(0)
            network = training.fresh(space.parse(MEMBERS["three-stage"]))
            batches = iter(Batches(arrays, np.arange(1024), recipe, [0], "cpu"))
            fit(network, batches, recipe, lambda step: step / 2)
            started = time.process_time()
            fit(network, batches, recipe, lambda step: step / 6)
            found.append(6 * 256 / (time.process_time() - started))
    medians = {name: statistics.median(found) for name, found in rates.items()}
    print(f"{torch.get_num_threads()} threads; images a second of one core: {medians}")
    print(f"ratio {medians['bf16'] / medians['fp32']:.2f}")


if __name__ == "__main__":
    main()
