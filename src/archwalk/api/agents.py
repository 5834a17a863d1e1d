"""Agents that learn to search: trained into a run folder, loaded from it, and set to work on an architecture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from archwalk.agents.base import Paid
from archwalk.agents.catalogue import TRAINERS
from archwalk.agents.shipped import load_shipped
from archwalk.api.progress import Bar, progress_bar
from archwalk.data.architectures import code_of
from archwalk.errors import ArchwalkError, UsageError
from archwalk.estimators.benchmarks import Benchmark, load_benchmark
from archwalk.experiments.protocol import spawn
from archwalk.experiments.records import Training, training_curve
from archwalk.experiments.runs import Place, RunConfig, RunFolder
from archwalk.experiments.training import resume_training, train_agent
from archwalk.experiments.walks import edit_kind
from archwalk.spaces.architecture import Architecture
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.spaces.catalogue import load_space
from archwalk.strategies.base import Trials
from archwalk.strategies.walker import Walker
from archwalk.tracking.following import following

if TYPE_CHECKING:
    import pandas

    from archwalk.agents.base import Agent
    from archwalk.tracking.step import Callback


@dataclass(frozen=True)
class Edit:
    """One step of a walk: the kind of edit, one of the space's `edit_kinds`, and where it led."""

    kind: str
    architecture: Architecture


@dataclass(frozen=True)
class Improvement:
    """A walk from an architecture to one that the agent takes for better, by `edits` in their order.

    `before` and `after` are what the benchmark says of start and end; None where it was not asked.
    """

    start: Architecture
    found: Architecture
    edits: tuple[Edit, ...]
    before: Any = None
    after: Any = None


class TrainedAgent:
    """An agent in its run folder. Made by `archwalk.train` and `archwalk.load_agent`."""

    def __init__(self, run: RunFolder, space: SearchSpace) -> None:
        self.run = run
        self.space = space
        self.agent = run.agent(space)

    @property
    def path(self) -> Path:
        """The run folder."""
        return self.run.path

    @property
    def paid(self) -> Paid:
        """What its training cost."""
        return self.agent.paid

    @cached_property
    def config(self) -> RunConfig:
        """What it was trained on, how, and by which versions."""
        return self.run.config()

    @property
    def benchmark(self) -> str:
        """The name of what it was trained on, with the objective."""
        return benchmark_of(self.config)

    def improve(
        self, architecture: object, *, benchmark: Benchmark | str | None = None, seed: int = 0
    ) -> Improvement:
        """A few edits from your architecture to a better one, without an evaluation on the way.

        `architecture` may be given in any way that `code_of` knows. With a `benchmark`, it says what was
        gained. Raises UsageError for an agent that builds from nothing.
        """
        return improve_by(self.agent, architecture, benchmark, seed, f"the agent in {self.path}")

    def table(self) -> Benchmark | None:
        """What it was trained on, where that is here and answers without training a network; else None."""
        try:
            found = load_benchmark(self.benchmark, self.config.seed)
        except ArchwalkError:
            return None
        return None if found.evaluation == "on demand" else found

    def training(self, benchmark: Benchmark | None = None) -> Training:
        """Curves of its training; `benchmark` is what it was trained on, where that cannot be loaded by its name."""
        if benchmark is None or benchmark.name != self.config.benchmark:
            benchmark = load_benchmark(self.benchmark, self.config.seed)
        return training_curve(self.run.metrics(), benchmark.objective.reward)

    def metrics(self) -> pandas.DataFrame:
        """The log of its training: a row every so many steps. Needs pandas."""
        from archwalk.api.frames import data_frame

        return data_frame(self.run.metrics())

    def __repr__(self) -> str:
        return f"TrainedAgent({str(self.path)!r}: {self.config.strategy} trained on {self.benchmark})"


def improve_by(
    agent: Agent, architecture: object, benchmark: Benchmark | str | None, seed: int, what: str
) -> Improvement:
    """See `TrainedAgent.improve`; `what` names the agent in an error."""
    space = agent.space
    start_L = code_of(space, architecture)
    strategy = agent(Trials(space, 1, spawn(seed, 0)))
    if not hasattr(strategy, "improve"):
        raise UsageError(f"{what} builds from nothing; it improves no architecture")
    visited: list[Codes] = [start_L[None]]
    cast(Walker, strategy).improve(start_L[None], visited=visited)
    walked_SL = np.concatenate(visited)
    before = after = None
    if benchmark is not None:
        judge = load_benchmark(benchmark) if isinstance(benchmark, str) else benchmark
        before, after = (judge.evaluate(Architecture(space, walked_SL[i])) for i in (0, -1))
    start, *stops = (Architecture(space, code_L) for code_L in walked_SL)
    edits = tuple(
        Edit(edit_kind(space, *pair), stop) for pair, stop in zip(pairwise(walked_SL), stops, strict=True)
    )
    return Improvement(start, stops[-1] if stops else start, edits, before, after)


def improve_in(
    space: SearchSpace | str, architecture: object, *, benchmark: Benchmark | str | None = None, seed: int = 0
) -> Improvement:
    """Improve an architecture by the agent of the package that knows the space; see `TrainedAgent.improve`.

    Raises UsageError where none does.
    """
    where = load_space(space) if isinstance(space, str) else space
    return improve_by(load_shipped(where), architecture, benchmark, seed, "the agent of the package")


def train(
    agent: str,
    benchmark: Benchmark | str,
    *,
    out: str | Path | None = None,
    maximise: str | Sequence[str] = (),
    minimise: str | Sequence[str] = (),
    preset: str | None = None,
    settings: Mapping[str, Any] | None = None,
    steps: int | None = None,
    seed: int = 0,
    source: str | Path | None = None,
    engine: str = "local",
    address: str | None = None,
    device: str = "cpu",
    callbacks: Sequence[Callback] = (),
    progress: bool | None = None,
) -> TrainedAgent:
    """Train an agent (`archwalk.list_agents`) on a benchmark into the run folder `out`.

    Without `preset` it has our own settings for the benchmark, if there are some; `settings` change them, and `steps`
    says how long: environment steps, or evaluated architectures. An agent for several goals (`preference-planner`) is
    told them by `maximise` and `minimise`, metrics of the benchmark. A training that is stopped goes on by
    `archwalk.resume`. With `source`, the run folder of an agent of the same kind and space, it is trained further: it
    begins with that agent's weights, and what that one has cost counts. Where it runs is said by `engine` ("local",
    "processes", "ray"), `address` (a Ray cluster's) and `device` (of the learner's network); only the device changes
    bits. `callbacks` are told of every line of the log (`archwalk.tracking`). Raises UsageError where `out` holds a
    run, or the agent cannot be trained on this benchmark, there, or from this source.
    """
    asked = benchmark if isinstance(benchmark, str) else None
    settings_class = TRAINERS.load(agent)[0]
    changes = dict(settings or {}) | ({settings_class.length: steps} if steps is not None else {})
    goals = {"maximise": maximise, "minimise": minimise}
    for way, names in goals.items():
        if names and not hasattr(settings_class, way):
            raise UsageError(
                f"{agent} is trained for the benchmark's own reward; preference-planner takes goals"
            )
        if names:
            changes[way] = (names,) if isinstance(names, str) else tuple(names)
    problem = load_benchmark(benchmark, seed) if isinstance(benchmark, str) else benchmark
    folder = (
        Path(out)
        if out is not None
        else Path("runs") / f"{agent}-{asked or problem.name}-{seed}".replace(":", "-")
    )
    with (
        progress_bar(f"training on {problem.name}, {problem.objective.name}", shown=progress) as bar,
        following(callbacks) as logged,
    ):
        run = train_agent(
            problem, agent, changes, preset=preset, seed=seed, out=folder, asked=asked,
            source=Path(source) if source is not None else None, place=Place(engine, address, device),
            progress=_shower(bar), logged=logged,
        )  # fmt: skip
    return TrainedAgent(run, problem.space)


def resume(
    out: str | Path,
    *,
    engine: str = "local",
    address: str | None = None,
    device: str = "cpu",
    callbacks: Sequence[Callback] = (),
    progress: bool | None = None,
) -> TrainedAgent:
    """Go on with a stopped training; the agent is the same to the bit. Raises DataError where there is none."""
    folder = Path(out)
    with (
        progress_bar(f"training in {folder}", shown=progress) as bar,
        following(callbacks) as logged,
    ):
        resume_training(folder, progress=_shower(bar), place=Place(engine, address, device), logged=logged)
    return load_agent(folder)


def load_agent(path: str | Path) -> TrainedAgent:
    """The agent in a run folder. Raises DataError where there is none, or its training is not finished."""
    run = RunFolder(Path(path))
    return TrainedAgent(run, _space_of(run))


def benchmark_of(config: RunConfig) -> str:
    """The name of the benchmark, with its objective, that a run's config names."""
    return config.asked or f"{config.benchmark}:{config.objective}"


def _space_of(run: RunFolder) -> SearchSpace:
    """The space that an agent was trained in: its benchmark's, or by its name where the benchmark is not here."""
    config = run.config()
    try:
        return load_benchmark(benchmark_of(config), config.seed).space
    except ArchwalkError:
        return load_space(config.space)


def _shower(bar: Bar) -> Callable[[int, int, dict[str, float]], None]:
    """Shows progress, and the metrics that are charts."""

    def show_metrics(done: int, total: int, metrics: dict[str, float]) -> None:
        charts = (
            f"{k.removeprefix('charts/')} {v:.4g}" for k, v in metrics.items() if k.startswith("charts/")
        )
        bar.to(done, total, "  ".join(charts))

    return show_metrics
