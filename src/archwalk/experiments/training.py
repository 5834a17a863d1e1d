"""Training an agent into a run folder, resumable to the bit."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from archwalk.agents.base import Agent, Paid
from archwalk.agents.catalogue import TRAINERS
from archwalk.agents.further import FurtherTrainer
from archwalk.agents.trainable import DistributedTrainerFactory, Trainer
from archwalk.data.decoding import WRONG_CONTENT, convert
from archwalk.environments.walks import Sampler
from archwalk.errors import ArchwalkError, DataError, UsageError
from archwalk.estimators.benchmarks import Benchmark, load_benchmark
from archwalk.estimators.fingerprints import require_same
from archwalk.experiments.presets import choose_preset
from archwalk.experiments.runs import CONFIG, HERE, Checkpoint, Place, RunConfig, RunFolder, Source, now
from archwalk.experiments.settings import describe_settings, make_settings
from archwalk.learning.engines import WorkerLostError, make_engine
from archwalk.versions import versions

CHECKPOINT_SECONDS = 60.0

_LOSSES = 3
"""Of workers from one checkpoint on: then it is not bad luck."""

_log = logging.getLogger(__name__)

Progress = Callable[[int, int, dict[str, float]], None]
Logged = Callable[[RunConfig, dict[str, float]], None]


def train_agent(
    benchmark: Benchmark | str,
    strategy: str,
    settings: Any = (),
    *,
    seed: int,
    out: Path,
    preset: str | None = None,
    starts: Sampler | None = None,
    source: Path | None = None,
    progress: Progress | None = None,
    place: Place = HERE,
    asked: str | None = None,
    logged: Logged | None = None,
) -> RunFolder:
    """Train from the beginning. `progress` is told what is done, of how much, and the latest metrics; `logged` what the
    run is, and every line of its log.

    `settings` are those of the trainer, an instance of its settings' class, or else changes (by name, or as KEY=VALUE)
    of the preset that is named, of the default one without a name. `asked` is the whole name that the benchmark was
    loaded by, under this seed, where it was loaded already: a resumed run loads it again by that. With `source`, the
    run folder of an agent of the same strategy and space, training begins with that agent's weights; all else is as
    without, and what the source has cost is added to what this training does.

    Raises UsageError if `out` holds a run or the strategy cannot be trained on this benchmark, in this place, from this
    source or with these settings.
    """
    settings_class, _ = TRAINERS.load(strategy)
    if isinstance(benchmark, str):
        asked = benchmark
        benchmark = load_benchmark(benchmark, seed)
    if not isinstance(settings, settings_class):
        chosen = choose_preset(strategy, asked or benchmark.name, preset)
        settings = make_settings(settings_class, chosen, settings)
        preset = chosen.name if chosen else None
    learned = RunFolder(source).agent(benchmark.space) if source else None
    config = RunConfig(
        strategy=strategy,
        benchmark=benchmark.name,
        asked=asked,
        objective=benchmark.objective.name,
        space=benchmark.space.name,
        features=benchmark.space.feature_count,
        preset=preset,
        settings=describe_settings(settings),
        seed=seed,
        own_starts=starts is not None,
        source=_describe_source(source, learned) if source and learned else None,
        fingerprint=benchmark.fingerprint,
        place=place,
        created=now(),
        versions=versions(),
    )
    begin = partial(_trainer, strategy, benchmark, settings, seed, starts, place, learned)
    return _train(RunFolder(out), begin, progress, logged, config, learned)


def resume_training(
    out: Path,
    progress: Progress | None = None,
    place: Place = HERE,
    *,
    benchmark: Benchmark | None = None,
    starts: Sampler | None = None,
    logged: Logged | None = None,
) -> RunFolder:
    """Go on where the last checkpoint was; the result is the same to the bit as without the interruption.

    The place may be another one than before. The benchmark is loaded by the name that the run was begun with, unless it
    is handed in; `starts` are those that the training was begun with. Raises DataError if there is no run in `out`, or
    the benchmark is not what it was, UsageError if it is not known here.
    """
    run = RunFolder(out)
    config = run.config()
    settings_class, _ = TRAINERS.load(config.strategy)
    settings = convert(config.settings, settings_class, f"{out / CONFIG}", f"a config of {config.strategy}")
    if run.finished:
        return run
    if config.own_starts != (starts is not None):
        needed = (
            "with starts of its own; hand them in again" if config.own_starts else "without starts of its own"
        )
        raise UsageError(f"the training in {out} was begun {needed}")
    if benchmark is None:
        benchmark = load_benchmark(config.asked or f"{config.benchmark}:{config.objective}", config.seed)
    require_same(config.fingerprint, benchmark.fingerprint, f"the training in {out}")
    begin = partial(
        _trainer,
        config.strategy,
        benchmark,
        settings,
        config.seed,
        starts,
        place,
        run.source(benchmark.space),
    )
    return _train(run, begin, progress, logged)


def _load(trainer: Trainer, checkpoint: Checkpoint, run: RunFolder) -> None:
    with _fitting(run):
        trainer.load_state_dict(checkpoint.trainer)


@contextmanager
def _fitting(run: RunFolder) -> Iterator[None]:
    """Around the first use of a checkpoint: what its state does not fit is one line."""
    try:
        yield
    except (*WRONG_CONTENT, DataError) as error:
        why = " ".join(str(error).split())
        raise ArchwalkError(
            f"the checkpoint in {run.path} does not fit this version of archwalk: {why}"
        ) from error


@contextmanager
def _trainer(
    strategy: str,
    benchmark: Benchmark,
    settings: Any,
    seed: int,
    starts: Sampler | None,
    place: Place,
    learned: Agent | None,
) -> Iterator[Trainer]:
    """A trainer at its beginning, or with what an agent has learned, and the engine that it needs until it is done."""
    _, factory = TRAINERS.load(strategy)
    if isinstance(factory, DistributedTrainerFactory):
        with make_engine(place.engine, address=place.address) as engine:
            trainer = factory(benchmark, settings, seed, starts, engine=engine, device=place.device)
            yield _begun(strategy, trainer, learned)
    elif place != HERE:
        raise UsageError(
            f"{strategy} trains in this process, on the CPU; leave --engine, --address, --device out"
        )
    else:
        yield _begun(strategy, factory(benchmark, settings, seed, starts), learned)


def _begun(strategy: str, trainer: Trainer, learned: Agent | None) -> Trainer:
    if learned is not None:
        if not isinstance(trainer, FurtherTrainer):
            raise UsageError(f"{strategy} always begins anew; dqn, apex and planner can be trained further")
        trainer.begin_from(learned)
    return trainer


def _describe_source(source: Path, learned: Agent) -> Source:
    config = RunFolder(source).config()
    return Source(
        str(source),
        config.asked or f"{config.benchmark}:{config.objective}",
        config.seed,
        **asdict(learned.paid),
    )


def _train(
    run: RunFolder,
    begin: Callable[[], AbstractContextManager[Trainer]],
    progress: Progress | None,
    logged: Logged | None,
    config: RunConfig | None = None,
    learned: Agent | None = None,
) -> RunFolder:
    """Train to the end from the last checkpoint on; with a config from the beginning, or what was `learned` before.

    When a worker is lost, so is what training has come to since its last checkpoint: it goes on from there with fresh
    workers, so that it ends as if nothing had happened. Raises ArchwalkError where that does not help.
    """
    losses, reached, alone = 0, -1, False
    with ExitStack() as held:
        while True:
            try:
                with begin() as trainer:
                    if not alone:
                        held.enter_context(run.alone())
                        alone = True
                        if config is not None:
                            run.create(config, learned)
                        if run.finished:  # while this one waited to be alone
                            return run
                    checkpoint = run.restore()
                    if checkpoint is not None:
                        _load(trainer, checkpoint, run)
                    losses, reached = losses if trainer.done == reached else 0, trainer.done
                    return _train_on(run, trainer, checkpoint, progress, logged)
            except WorkerLostError as error:
                losses += 1
                if losses == _LOSSES:
                    raise ArchwalkError(
                        f"{error}, which has happened {_LOSSES} times since the last checkpoint; is there enough "
                        "memory? --resume goes on from there"
                    ) from error
                _log.warning(
                    "archwalk: %s; the training goes on from its last checkpoint with fresh ones", error
                )


def _train_on(
    run: RunFolder,
    trainer: Trainer,
    begun: Checkpoint | None,
    progress: Progress | None,
    logged: Logged | None,
) -> RunFolder:
    started = saved = time.perf_counter()
    rounds, between, first = trainer.run(), True, begun is not None
    window = list(begun.window) if begun else []

    def seconds() -> float:
        return (begun.seconds if begun else 0.0) + time.perf_counter() - started

    def log() -> None:
        row = _average(window) | _paid(trainer) | {"seconds": round(seconds(), 2)}
        if logged:  # first: who is told remembers it, so that a stop in between loses and repeats no line
            logged(run.config(), row)
        run.log(row)
        window.clear()

    def checkpoint() -> None:
        run.checkpoint(trainer.state_dict(), window, seconds())

    try:
        while True:
            between = False
            with _fitting(run) if first else nullcontext():
                metrics = next(rounds, None)
            first, between = False, True
            if metrics is None:
                break
            window.append(metrics)
            if len(window) == trainer.log_every:
                log()
                if time.perf_counter() - saved > CHECKPOINT_SECONDS:
                    checkpoint()
                    saved = time.perf_counter()
            if progress:
                progress(trainer.done, trainer.total, metrics)
    except KeyboardInterrupt:
        if between:  # amid a step the state is neither that before nor that after it
            with suppress(WorkerLostError):
                checkpoint()
        raise
    if window:
        log()
    agent = trainer.agent()
    ledger = trainer.ledger
    agent.paid = Paid(ledger.queries, ledger.unique, seconds(), getattr(ledger, "unscored", 0))
    if (source := run.config().source) is not None:
        agent.paid += Paid(source.queries, source.unique, source.seconds, source.unscored)
    run.finish(agent)
    return run


def _paid(trainer: Trainer) -> dict[str, float]:
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
