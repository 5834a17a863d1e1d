"""Searching a benchmark with one strategy, and comparing several from the same starts."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from archwalk.api.agents import TrainedAgent
from archwalk.api.methods import as_methods
from archwalk.api.progress import progress_bar
from archwalk.api.results import Result
from archwalk.data.files import make_folder
from archwalk.errors import UsageError
from archwalk.estimators.benchmarks import Benchmark, load_benchmark
from archwalk.experiments import comparison
from archwalk.experiments.live import LiveJournal
from archwalk.experiments.protocol import Search
from archwalk.experiments.watching import Watcher
from archwalk.spaces.base import SearchSpace
from archwalk.tracking.following import SearchFollower

if TYPE_CHECKING:
    from archwalk.api.objectives import Where
    from archwalk.tracking.step import Callback

SUPERNETS = "supernets"
"""Folder of what a search that is stopped goes on from."""


def search(
    strategy: object,
    benchmark: Benchmark | SearchSpace | str,
    *,
    budget: int,
    objective: Callable[..., object] | str | None = None,
    command: str | None = None,
    maximise: str | None = None,
    minimise: str | None = None,
    report: str | None = None,
    limit_seconds: float | None = None,
    retries: int = 0,
    fidelities: Sequence[int] = (),
    engine: str = "processes",
    store: Where = None,
    trials: int = 1,
    seed: int = 0,
    workers: int = 1,
    episodes: int = 0,
    settings: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    callbacks: Sequence[Callback] = (),
    progress: bool | None = None,
) -> Result:
    """Search a benchmark with one strategy, or a space with an objective of your own; `result.best` is the architecture
    of best reward.

    `strategy` is a name (`archwalk.list_strategies`), a preset's name, the run folder of a trained agent, a
    `TrainedAgent`, or a class that makes a `Strategy` of `Trials`; `settings` change those of its default preset.
    Each of `trials` independent trials has `budget` queries; what one query is stands in the result. With `episodes`,
    strategies that can start anywhere walk once from that many starts too. `workers` processes share the trials of
    strategies that think about one at a time. With `out` the result is saved there, and a one-shot search that was
    killed goes on. `callbacks` are told of every evaluation (`archwalk.tracking`). The same seed gives the same result
    to the bit. Raises errors of `archwalk.errors`.
    """
    if objective is not None or command is not None:
        if isinstance(benchmark, Benchmark):
            raise UsageError("an objective is searched in a space, not on a benchmark")
        from archwalk.api.objectives import objective_benchmark

        benchmark = objective_benchmark(
            benchmark, objective, command=command, maximise=maximise, minimise=minimise, report=report,
            workers=workers, engine=engine, limit_seconds=limit_seconds, retries=retries, store=store,
            fidelities=fidelities,
        )  # fmt: skip
        workers = 1  # they evaluate
    return compare(
        [strategy], benchmark, budget=budget, trials=trials, seed=seed, workers=workers, episodes=episodes,
        settings={str(strategy): settings} if settings else None, out=out, callbacks=callbacks, progress=progress,
    )  # fmt: skip


def compare(
    strategies: Sequence[object] | Mapping[str, object],
    benchmark: Benchmark | SearchSpace | str,
    *,
    budget: int,
    trials: int = 1,
    seed: int = 0,
    workers: int = 1,
    episodes: int = 0,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    out: str | Path | None = None,
    command: str | None = None,
    callbacks: Sequence[Callback] = (),
    progress: bool | None = None,
) -> Result:
    """Run several strategies from the same starts and test their differences.

    `strategies` are as in `search`, with labels of your own where it is a mapping; `settings` are by name or label.
    Everything else is as in `search`. `command` is kept with the result.
    """
    problem = load_benchmark(benchmark, seed) if isinstance(benchmark, str) else benchmark
    if not isinstance(problem, Benchmark):
        raise UsageError("a space alone cannot be searched; say objective=, or objective_benchmark(space, f)")
    methods = as_methods(strategies, problem.space, problem.name, settings)
    folder = Path(out) if out is not None else None
    searches: dict[str, Search] = {}
    watchers: list[Watcher] = [SearchFollower(one, problem.space) for one in callbacks]
    if folder:
        watchers.append(LiveJournal(make_folder(folder)))
    total = budget * sum(method.agents for method in methods)
    with progress_bar("queries a trial", total, progress) as bar:
        record = comparison.compare(
            problem, methods, budget=budget, trials=trials, seed=seed, episode_starts=episodes,
            progress=bar.to, workers=workers, supernet=bar.beside("supernet").to,
            keep_in=folder / SUPERNETS if folder else None, command=command, searches=searches,
            watchers=watchers,
        )  # fmt: skip
    agents = [one for one in _values(strategies) if isinstance(one, TrainedAgent)]
    if len(agents) == 1:
        record = msgspec.structs.replace(record, training=agents[0].training(problem))
    result = Result(record, problem, searches)
    if folder:
        result.save(folder)
        shutil.rmtree(folder / SUPERNETS, ignore_errors=True)  # nothing is to be resumed
    return result


def _values(strategies: Sequence[object] | Mapping[str, object]) -> list[object]:
    return list(strategies.values() if isinstance(strategies, Mapping) else strategies)
