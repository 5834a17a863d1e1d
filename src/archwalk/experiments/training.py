"""Training an agent into a run folder, resumable to the bit."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from archwalk.agents.base import Paid
from archwalk.agents.catalogue import TRAINERS
from archwalk.agents.trainable import DistributedTrainerFactory, Trainer
from archwalk.environments.walks import Sampler
from archwalk.errors import UsageError
from archwalk.estimators.benchmarks import Benchmark, load_benchmark
from archwalk.experiments.presets import describe_settings
from archwalk.experiments.runs import RunFolder, now
from archwalk.learning.engines import make_engine
from archwalk.versions import versions

CHECKPOINT_SECONDS = 60.0

Progress = Callable[[int, int, dict[str, float]], None]


@dataclass(frozen=True)
class Place:
    """Where a training runs; it changes no bit of the result, but for the device.

    `engine` and `address` are those of `make_engine`, `device` is that of the learner's network.
    """

    engine: str = "local"
    address: str | None = None
    device: str = "cpu"


HERE = Place()


def train_agent(
    benchmark: Benchmark,
    strategy: str,
    settings: Any,
    *,
    seed: int,
    out: Path,
    preset: str | None = None,
    starts: Sampler | None = None,
    progress: Progress | None = None,
    place: Place = HERE,
    asked: str | None = None,
) -> RunFolder:
    """Train from the beginning. `progress` is told what is done, of how much, and the latest metrics.

    `asked` is the whole name that the benchmark was loaded by, under this seed, where its own name and its objective
    do not say everything (a resumed run loads it again).

    Raises UsageError if `out` holds a run or the strategy cannot be trained on this benchmark or in this place.
    """
    with _trainer(strategy, benchmark, settings, seed, starts, place) as trainer:
        run = RunFolder(out)
        run.create(
            {
                "kind": "agent",
                "strategy": strategy,
                "benchmark": benchmark.name,
                "asked": asked,
                "objective": benchmark.objective.name,
                "space": benchmark.space.name,
                "features": benchmark.space.feature_count,
                "preset": preset,
                "settings": describe_settings(settings),
                "seed": seed,
                "place": asdict(place),
                "created": now(),
                "versions": versions(),
            }
        )
        return _train(run, trainer, 0.0, progress)


def resume_training(out: Path, progress: Progress | None = None, place: Place = HERE) -> RunFolder:
    """Go on where the last checkpoint was; the result is the same to the bit as without the interruption.

    The place may be another one than before. Raises DataError if there is no run in `out`, UsageError if its
    benchmark is not known here.
    """
    run = RunFolder(out)
    config = run.config()
    if run.finished:
        return run
    strategy, seed, asked = config["strategy"], config["seed"], config.get("asked")
    if asked:
        benchmark = load_benchmark(asked, seed)
    else:
        benchmark = load_benchmark(f"{config['benchmark']}:{config['objective']}")
    settings = TRAINERS.load(strategy)[0](**config["settings"])
    with _trainer(strategy, benchmark, settings, seed, None, place) as trainer:
        state = run.restore()
        if state is not None:
            trainer.load_state_dict(state["trainer"])
        return _train(run, trainer, state["seconds"] if state else 0.0, progress)


@contextmanager
def _trainer(
    strategy: str, benchmark: Benchmark, settings: Any, seed: int, starts: Sampler | None, place: Place
) -> Iterator[Trainer]:
    """A trainer at its beginning, and the engine that it needs until it is done."""
    _, factory = TRAINERS.load(strategy)
    if isinstance(factory, DistributedTrainerFactory):
        with make_engine(place.engine, address=place.address) as engine:
            yield factory(benchmark, settings, seed, starts, engine=engine, device=place.device)
    elif place != HERE:
        raise UsageError(
            f"{strategy} trains in this process, on the CPU; leave --engine, --address, --device out"
        )
    else:
        yield factory(benchmark, settings, seed, starts)


def _train(run: RunFolder, trainer: Trainer, seconds_before: float, progress: Progress | None) -> RunFolder:
    started = saved = time.perf_counter()
    rounds, between = trainer.run(), True
    window: list[dict[str, float]] = []

    def seconds() -> float:
        return seconds_before + time.perf_counter() - started

    def checkpoint() -> None:
        run.checkpoint({"trainer": trainer.state_dict(), "seconds": seconds()})

    try:
        while True:
            between = False
            metrics = next(rounds, None)
            between = True
            if metrics is None:
                break
            window.append(metrics)
            if len(window) == trainer.log_every:
                run.log(_average(window) | _paid(trainer) | {"seconds": round(seconds(), 2)})
                window = []
                if time.perf_counter() - saved > CHECKPOINT_SECONDS:
                    checkpoint()
                    saved = time.perf_counter()
            if progress:
                progress(trainer.done, trainer.total, metrics)
    except KeyboardInterrupt:
        if between:  # amid a step the state is neither that before nor that after it
            checkpoint()
        raise
    agent = trainer.agent()
    agent.paid = Paid(trainer.ledger.queries, trainer.ledger.unique, seconds())
    run.finish(agent)
    return run


def _paid(trainer: Trainer) -> dict[str, Any]:
    return {
        "steps": trainer.done,
        "queries": trainer.ledger.queries,
        "unique": trainer.ledger.unique,
    }


def _average(window: list[dict[str, float]]) -> dict[str, float]:
    names = sorted({name for metrics in window for name in metrics})
    means = {}
    for name in names:
        values = [m[name] for m in window if name in m and not np.isnan(m[name])]
        if values:
            means[name] = float(np.mean(values))
    return means
