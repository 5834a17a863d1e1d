"""What every item of a reproduction works with: benchmarks, strategies, starts, and what is computed already."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archwalk.data.files import sha256_of
from archwalk.errors import DataError, UsageError
from archwalk.estimators.benchmarks import Benchmark, load_benchmark
from archwalk.experiments.parts import Part, keep_all
from archwalk.experiments.protocol import Method
from archwalk.experiments.runs import AGENT, CONFIG, RunFolder, load_methods
from archwalk.papers.scales import Scale
from archwalk.strategies.catalogue import STRATEGIES

BASELINES = ("local-search", "random-walk", "random-search")

Tell = Callable[[float, str], None]
"""Told how much of an item is done (0 to 1), and what is being done."""


@dataclass(frozen=True)
class NamedMethod:
    """A strategy of a reproduction; `identity` changes when the trained agents do."""

    method: Method
    identity: str

    @property
    def name(self) -> str:
        """As in figures."""
        return self.method.name


@dataclass
class Setup:
    """One call of a reproduction.

    `agents` are run folders, or folders of them; `groups` are those given as NAME=RUNS, for ablations.
    `objective` and `benchmark`, where given, stand in for the paper's; `strategy` is trained where an item
    trains agents itself; finished parts are kept in `out`. `workers` processes run strategies that think about one
    trial at a time; results do not depend on how many.
    """

    scale: Scale
    seed: int
    out: Path
    agents: Sequence[str] = ()
    groups: Mapping[str, str] = field(default_factory=dict)
    objective: str | None = None
    benchmark: str | None = None
    strategy: str | None = None
    workers: int = 1
    tell: Tell = lambda done, text: None
    load: Callable[[str, int], Benchmark] = load_benchmark
    notes: list[str] = field(default_factory=list)
    _loaded: dict[str, Benchmark] = field(default_factory=dict)

    def note(self, text: str) -> None:
        """Something that the reader of this item must know."""
        if text not in self.notes:
            self.notes.append(text)

    def find_benchmark(self, name: str) -> Benchmark:
        """The paper's benchmark under the objective of this call, or the one that the call names instead.

        Raises DataError where its data is not here.
        """
        return self._load(self.benchmark) if self.benchmark else self.find_paper_benchmark(name)

    def find_paper_benchmark(self, name: str) -> Benchmark:
        """The paper's benchmark under the objective of this call, whatever benchmark the call names."""
        return self._load(f"{name}:{self.objective or 'test-mean'}" if name == "nasbench101" else name)

    def find_benchmarks(self, names: Sequence[str]) -> list[Benchmark]:
        """The data sets of an item that goes over several, or those that the call names instead, commas between.

        Raises DataError where data is not here, UsageError if the call names another number of them.
        """
        chosen = self.benchmark.split(",") if self.benchmark else list(names)
        if len(chosen) != len(names):
            raise UsageError(
                f"--benchmark names {len(chosen)} in place of the {len(names)} of this item: {', '.join(names)}"
            )
        return self.load_each(chosen)

    def load_each(self, names: Sequence[str]) -> list[Benchmark]:
        """Benchmarks by name, whatever the call names."""
        return [self._load(name) for name in names]

    def _load(self, full: str) -> Benchmark:
        if full not in self._loaded:
            self._loaded[full] = self.load(full, self.seed)
        return self._loaded[full]

    def named_methods(self, benchmark: Benchmark) -> list[NamedMethod]:
        """The trained agents that were given and fit the benchmark's space, then the baselines."""
        fitting = [name for name in self.agents if self._fits(name, benchmark)]
        trained = load_methods(fitting, benchmark.space)
        every = [NamedMethod(c, identity(name)) for c, name in zip(trained, fitting, strict=True)]
        if not every:
            self.note(
                f"No agent trained in the space of {benchmark.name} was given, so the baselines stand alone. "
                "--train trains the paper's first; --agents takes run folders of archwalk train."
            )
        repeats = self.scale.repeats
        return every + [
            NamedMethod(Method(name, (STRATEGIES.load(name),) * repeats), f"{name} x {repeats}")
            for name in BASELINES
        ]

    def _fits(self, name: str, benchmark: Benchmark) -> bool:
        """Whether the runs of a folder were made in the benchmark's space (checked again when they load)."""
        folders = run_folders(Path(name))
        if not folders:
            raise DataError(f"{name} is not a run folder (no {CONFIG}) and holds none")
        config = RunFolder(folders[0]).config()
        if config.space != benchmark.space.name:
            return False
        trained_on = f"{config.benchmark}:{config.objective}"
        if trained_on != f"{benchmark.name}:{benchmark.objective.name}":
            self.note(f"The agent in {name} was trained on {trained_on}.")
        return True

    def keep(
        self, stem: str, settings: Mapping[str, Any], compute: Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        """What `compute` gives, from `out` if it was computed there before (see `Part`)."""
        return Part(stem, settings, compute).get(self.out)

    def keep_all(self, parts: Sequence[Part], text: str) -> list[dict[str, Any]]:
        """The same of several parts, by as many processes as the call allows; `text` says what they are."""
        return keep_all(self.out, parts, self.workers, lambda done: self.tell(done, text))


def benchmark_settings(benchmark: Benchmark) -> dict[str, Any]:
    """What every record must say of its benchmark."""
    objective = benchmark.objective
    return {
        "benchmark": benchmark.name,
        "objective": objective.name,
        "objective_meaning": objective.meaning,
        "provenance": dict(benchmark.provenance),
        "evaluation": benchmark.evaluation,
    }


def run_folders(path: Path) -> list[Path]:
    """The run folder, or those in the folder."""
    return [path] if (path / CONFIG).exists() else sorted(p.parent for p in path.glob(f"*/{CONFIG}"))


def identity(runs: str) -> str:
    """What changes when the agents in a run folder, or in a folder of them, do."""
    folders = run_folders(Path(runs))
    return sha256_of(*(folder / AGENT for folder in folders if (folder / AGENT).exists()))
