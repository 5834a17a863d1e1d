"""What is true: the scores of all agents trained from scratch, a game and a space at a time (section 5.3)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from archwalk.errors import ArchwalkError, DataError, UsageError
from archwalk.estimators.base import Floats
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.policies.estimator import MEAN_RETURN, PolicyEstimator
from archwalk.estimators.policies.tables import (
    PolicyTable,
    PolicyTableEstimator,
    collect,
    parse_table,
)
from archwalk.papers.mazyavkina2020.sizes import find_size, seeds_of
from archwalk.papers.setup import Setup, benchmark_settings
from archwalk.spaces.networks import network_settings
from archwalk.spaces.policy_cnn.numbered import NumberedPolicyCNN
from archwalk.spaces.policy_cnn.papers import NATURE_CNN

OBJECTIVE = MEAN_RETURN.name
"""By which the best of the top is chosen."""

METRICS = ("mean_return", "max_return")


@dataclass(frozen=True)
class Ground:
    """A game and a space, with the table of all N agents. `label` is as in figures: `MinAtar-Breakout, space 1`."""

    label: str
    benchmark: Benchmark
    policies: PolicyEstimator
    space: NumberedPolicyCNN
    table: PolicyTable

    @property
    def name(self) -> str:
        """The benchmark's."""
        return self.benchmark.name

    @property
    def steps(self) -> int:
        """Timesteps of one training, whole updates."""
        settings = self.policies.policy_settings
        return settings.updates * settings.ppo.batch

    def scores(self, metric: str) -> Floats:
        """Raw scores (N,) by one of `METRICS`, means over the table's seeds."""
        score_NS: Floats = getattr(self.table, f"{metric}_NS")
        score_N: Floats = score_NS.mean(axis=1)
        return score_N

    def kernels(self, architecture: int) -> list[int]:
        """Kernel sizes of the blocks of an architecture."""
        return [kernel for kernel, _ in self.space.options(np.array([architecture], np.int32))]

    @property
    def nature_cnn(self) -> int | None:
        """The network of Mnih et al. (2015) by its kernels, scaled as the space is; None where it is no member."""
        wanted = [layer["kernel_size"] for layer in NATURE_CNN["convolutions"]]
        return next((i for i in range(self.space.size) if self.kernels(i) == wanted), None)


def find_grounds(setup: Setup) -> list[Ground]:
    """All whose agents are known, or can be trained here; a note names the others.

    Raises DataError where none is left, UsageError for benchmarks of something else.
    """
    loaded = _load(setup)
    to_train = [one for one in loaded if isinstance(one.estimator, PolicyEstimator)]
    if to_train and setup.scale.name == "full":
        setup.note(_price(setup, to_train))
    tables = _train(setup, to_train) | {
        one.name: one.estimator.table for one in loaded if isinstance(one.estimator, PolicyTableEstimator)
    }
    labels = [_label(one) for one in loaded]
    for label, one in zip(labels, loaded, strict=True):
        if failed := tables[one.name].failed:
            count = tables[one.name].mean_return_NS.size
            setup.note(
                f"{label}: {len(failed)} of {count} trainings failed and score the game's lowest: "
                + "; ".join(sorted(set(failed)))
            )
    return [
        _ground(label if labels.count(label) == 1 else one.name, one, tables[one.name])
        for label, one in zip(labels, loaded, strict=True)
    ]


def identities(setup: Setup) -> list[dict[str, Any]]:
    """What changes when the agents that are known do."""
    return [
        benchmark_settings(one) | {"table": digest(one.estimator.table)}
        if isinstance(one.estimator, PolicyTableEstimator)
        else benchmark_settings(one)
        for one in _load(setup)
    ]


def digest(table: PolicyTable) -> str:
    """Of its scores."""
    return hashlib.sha256(table.mean_return_NS.tobytes() + table.max_return_NS.tobytes()).hexdigest()[:12]


def _load(setup: Setup) -> list[Benchmark]:
    found = []
    for name in find_size(setup).benchmarks:
        try:
            (benchmark,) = setup.load_each([name])
        except UsageError:
            raise
        except ArchwalkError as error:
            setup.note(f"Left out: {name}: {error}")
            continue
        if not isinstance(benchmark.estimator, PolicyEstimator | PolicyTableEstimator):
            raise UsageError(
                f"{name} is no benchmark of agents: say policy-cnn:GAME:SPACE or policy:GAME:SPACE"
            )
        if not isinstance(benchmark.space, NumberedPolicyCNN):
            raise UsageError(f"{name} is too large: all of its agents would be trained")
        found.append(benchmark)
    if not found:
        raise DataError(f"of no game and space the agents are known. {setup.notes[0]}")
    return found


def _label(benchmark: Benchmark) -> str:
    word = benchmark.space.name.rpartition("-")[2]
    space = f"space {word}" if word.isdigit() else benchmark.space.name
    return f"{_policies(benchmark).game.name}, {space}"


def _policies(benchmark: Benchmark) -> PolicyEstimator:
    estimator: Any = benchmark.estimator
    found: PolicyEstimator = estimator if isinstance(estimator, PolicyEstimator) else estimator.policies
    return found


def _ground(label: str, benchmark: Benchmark, table: PolicyTable) -> Ground:
    policies = _policies(benchmark)
    said = {key: text for key, text in benchmark.provenance.items() if key != "seed"}
    known = Benchmark(
        benchmark.name,
        benchmark.space,
        PolicyTableEstimator(MEAN_RETURN, table, policies),
        {**said, "seeds": ", ".join(map(str, table.seeds)), "scores": digest(table)},
    )
    space: Any = policies.policies
    return Ground(label, known, policies, space, table)


def _train(setup: Setup, benchmarks: Sequence[Benchmark]) -> dict[str, PolicyTable]:
    """Tables by name, of which all agents are trained from scratch through the store, one estimator a seed."""
    seeds, tables = seeds_of(setup, find_size(setup).table_seeds), {}
    for at, one in enumerate(benchmarks):
        policies = _policies(one)
        codes_NL = np.arange(one.space.size, dtype=np.int32)[:, None]  # type: ignore[attr-defined]
        estimators = [policies.with_seed(seed, setup.workers) for seed in seeds]
        for turn, estimator in enumerate(estimators):
            begun = at * len(seeds) + turn

            def tell(done: int, total: int, begun: int = begun) -> None:
                setup.tell((begun + done / total) / (len(benchmarks) * len(seeds)), "agents from scratch")

            with estimator:
                estimator.outcomes(codes_NL, tell)
        tables[one.name] = parse_table(collect(estimators), one.name, policies.game.lowest)
    return tables


def training_of(policies: PolicyEstimator) -> dict[str, Any]:
    """What agents and supernets of a game and a space depend on."""
    return {
        "game": policies.game.fingerprint,
        **network_settings(policies.space, policies.size),
        "training": policies.policy_settings.as_dict(),
    }


def _price(setup: Setup, benchmarks: Sequence[Benchmark]) -> str:
    """How many timesteps a call has to play."""
    size = find_size(setup)
    steps = sum(
        one.estimator.policy_settings.steps  # type: ignore[attr-defined]
        * (one.space.size * size.table_seeds + len(size.methods) * size.seeds)  # type: ignore[attr-defined]
        for one in benchmarks
    )
    return (
        f"Scale full: all agents and supernets play {steps:,} timesteps. At 340 a second, which one core reaches on "
        f"Atari with the Nature CNN, that is {steps / 340 / 86_400:,.0f} days of a core, and longer with five "
        "convolutions; what is finished is kept."
    )
