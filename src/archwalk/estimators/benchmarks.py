"""Benchmarks by name: a space, an estimator on it, and the objective that stands in every result."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.data import nasbench_graph as graph_files
from archwalk.data.added.names import added_names, is_added
from archwalk.data.architectures import code_of
from archwalk.data.catalogue import load_table, table_path
from archwalk.data.nasbench201_cells import TASKS as NASBENCH201_TASKS
from archwalk.data.table import Table
from archwalk.errors import DataError, UsageError, unknown
from archwalk.estimators.base import (
    Estimator,
    Floats,
    WeightSharing,
    WeightSharingEstimator,
    fidelities_of,
)
from archwalk.estimators.evaluation import Evaluation
from archwalk.estimators.evaluator import Evaluator
from archwalk.estimators.fingerprints import Fingerprint
from archwalk.estimators.measurements import (
    ACCURACY,
    COSTS,
    ENERGY,
    LATENCY,
    MACS,
    PARAMETERS,
    SECONDS,
    Columns,
    Measurements,
    Scored,
)
from archwalk.estimators.measurements import TEST_ACCURACY as TEST
from archwalk.estimators.metrics import (
    TEST_ACCURACY,
    VALIDATION,
    VALIDATION_ACCURACY,
    Metric,
    Objective,
    single,
)
from archwalk.estimators.table import (
    RANDOM_RUN,
    MultiFidelityRandomRun,
    MultiFidelityTable,
    RandomRunEstimator,
    TableEstimator,
)
from archwalk.registry import Registry
from archwalk.spaces.architecture import Architecture
from archwalk.spaces.base import Codes, SearchSpace, remake
from archwalk.spaces.nasbench101.space import NASBench101
from archwalk.spaces.nasbench201.space import NASBench201
from archwalk.spaces.nasbench_graph.canonical import OPERATIONS
from archwalk.spaces.nasbench_graph.size import PUBLISHED
from archwalk.spaces.nasbench_graph.space import PROTEINS_OPERATIONS, NASBenchGraph
from archwalk.spaces.task import CIFAR10, Task


@dataclass(frozen=True)
class Benchmark:
    """A search problem. `name` is the full name without the objective, say `nas-bench-graph:cora`."""

    name: str
    space: SearchSpace
    estimator: Estimator
    provenance: Mapping[str, str]
    task: Task | None = None
    """What the networks that were scored are for; None: what the space says."""
    size: Any = None
    """How large they are; None: as the space says."""
    known: Measurements | None = None
    """What is known of architectures beside the reward, where the estimator does not say it."""

    def architecture(self, code_L: Codes) -> Architecture:
        """The architecture of a code (L,), with the network that was scored."""
        return Architecture(self.space, code_L, self.task, self.size)

    @property
    def measurements(self) -> Measurements:
        """All metrics of architectures, for searches with several goals: the estimator's own where it has `measure`."""
        estimator: Any = self.estimator
        return self.known or (estimator if hasattr(estimator, "measure") else Scored(estimator))

    @property
    def evaluation(self) -> str:
        """How architectures are scored: by a "table", a "surrogate", or "on demand" where the estimator is silent."""
        how: str = getattr(self.estimator, "evaluation", "on demand")
        return how

    @property
    def trained(self) -> int | None:
        """Networks that the estimator has trained itself, since it was made; None where it trains none."""
        count: int | None = getattr(self.estimator, "trained", None)
        return count

    @property
    def failures(self) -> list[str]:
        """Why networks could not be trained, of those that were asked for since the estimator was made."""
        reasons: list[str] = getattr(self.estimator, "failures", [])
        return reasons

    @property
    def objective(self) -> Objective:
        """What reward and report are."""
        return self.estimator.objective

    @property
    def fingerprint(self) -> Fingerprint:
        """All that its scores depend on: another one where name, objective, space, settings or data are others.

        An estimator says its part by a `fingerprint` of its own; of one without, the provenance stands for it.
        """
        space, scores = self.space, getattr(self.estimator, "fingerprint", None)
        return {
            "name": self.name,
            "objective": self.objective.name,
            "space": {"name": space.name, "length": space.code_length, "features": space.feature_count},
            **({"provenance": dict(self.provenance)} if scores is None else scores),
        }

    def evaluate(self, architecture: object) -> Evaluation:
        """What one architecture is worth, given in any way that `code_of` knows.

        Raises UsageError for what is no architecture of the space.
        """
        code_L = code_of(self.space, architecture)
        scores = Evaluator.seeded(self.estimator).scores(code_L[None])
        return Evaluation.of(
            self.architecture(code_L), self.objective,
            *(float(values_B[0]) for values_B in (scores.reward_B, scores.report_B, scores.seconds_B)),
        )  # fmt: skip

    @property
    def fidelities(self) -> tuple[int, ...]:
        """Numbers of epochs after which an architecture can be scored, ascending; (1,) where there is no choice."""
        return fidelities_of(self.estimator)

    @property
    def share_weights(self) -> WeightSharing | None:
        """What makes a supernet on the benchmark's task; None where its networks cannot share weights."""
        estimator = self.estimator
        return estimator.share_weights if isinstance(estimator, WeightSharingEstimator) else None


Loader = Callable[[list[str], int], Benchmark]
"""Takes the words after the name (task, objective) and the seed of what the estimator trains itself."""

FUNCTION, COMMAND = "function", "command"
"""Benchmarks of objectives of the user's (`estimators/objectives/`)."""

BENCHMARKS: Registry[Loader] = Registry(
    "benchmark",
    "archwalk.benchmarks",
    {
        "nasbench101": "archwalk.estimators.benchmarks:load_nasbench101",
        "ec-nas-4v": "archwalk.estimators.benchmarks:load_ec_nas_4v",
        "ec-nas-5v": "archwalk.estimators.benchmarks:load_ec_nas_5v",
        "nasbench201": "archwalk.estimators.benchmarks:load_nasbench201",
        "nasbench301": "archwalk.estimators.nasbench301.benchmark:load_nasbench301",
        "nas-bench-graph": "archwalk.estimators.benchmarks:load_nasbench_graph",
        "images": "archwalk.estimators.images.benchmark:load_images_benchmark",
        "digits-cells": "archwalk.estimators.images.tables:DIGITS_CELLS",
        "chain-digits": "archwalk.estimators.images.tables:CHAIN_DIGITS",
        "chain-mnist5k": "archwalk.estimators.images.tables:CHAIN_MNIST5K",
        "chain-fashion-mnist": "archwalk.estimators.images.tables:CHAIN_FASHION_MNIST",
        "chain-omniglot": "archwalk.estimators.images.tables:CHAIN_OMNIGLOT",
        "chain-dtd10": "archwalk.estimators.images.tables:CHAIN_DTD10",
        COMMAND: "archwalk.estimators.objectives.benchmark:load_command",
        FUNCTION: "archwalk.estimators.objectives.benchmark:load_function",
        "policy": "archwalk.estimators.policies.benchmark:load_policy_benchmark",
        "policy-cnn": "archwalk.estimators.policies.tables:load_policy_table",
        "zero-cost": "archwalk.estimators.zero_cost.benchmark:load_zero_cost",
    },
)

TEST_MEAN = single("test-mean", TEST_ACCURACY, "reward and report: mean test accuracy (noise-free setting)")
RUN0 = Objective(
    "run0",
    Metric("test accuracy of run 0", "%"),
    Metric("test accuracy of the other runs", "%"),
    "reward: test accuracy of run 0, report: test accuracy of the other runs (mean)",
)
VALIDATION_12 = Objective(
    "validation-12",
    VALIDATION_ACCURACY,
    TEST_ACCURACY,
    "reward: validation accuracy, report: test accuracy, both after 12 epochs (means over runs)",
)


def load_benchmark(name: str, seed: int = 0) -> Benchmark:
    """The benchmark of a name such as `nasbench101:test-mean` or `nas-bench-graph:cora`.

    Raises UsageError for an unknown name, DataError where its data is not here.
    """
    head, *rest = name.split(":")
    if head in BENCHMARKS.names():
        return BENCHMARKS.load(head)(rest, seed)
    if is_added(head):
        from archwalk.estimators.added.benchmark import load_added

        return load_added(head, rest)
    raise unknown("benchmark", head, [*BENCHMARKS.names(), *added_names()])


def load_nasbench101(words: list[str], seed: int) -> Benchmark:
    """NAS-Bench-101 with its whole table."""
    return _cell_benchmark("nasbench101", 7, words)


def load_ec_nas_4v(words: list[str], seed: int) -> Benchmark:
    """EC-NAS-Bench: the 91 cells of at most 4 vertices, four budgets of epochs."""
    return _cell_benchmark("ec-nas-4v", 4, words)


def load_ec_nas_5v(words: list[str], seed: int) -> Benchmark:
    """EC-NAS-Bench: the 2,532 cells of at most 5 vertices."""
    return _cell_benchmark("ec-nas-5v", 5, words)


def load_nasbench201(words: list[str], seed: int) -> Benchmark:
    """NAS-Bench-201 on one of its tasks."""
    task = words[0] if words else ""
    if task not in NASBENCH201_TASKS:
        raise unknown("task of nasbench201", task, NASBENCH201_TASKS)
    space = _nasbench201_space()
    table = _load_numbered_table("nasbench201", space.numbering)
    columns = {
        objective: (f"{task}.{reward}", f"{task}.{report}")
        for objective, (reward, report) in _NASBENCH201_COLUMNS.items()
    }
    name = f"nasbench201:{task}"
    objective = _table_objective(name, table, columns, words[1:], "validation accuracies after 200 epochs")
    reward, report = columns[objective]
    seconds = table.columns.get(f"{reward}_seconds")
    estimator = TableEstimator(objective, table[reward], table[report], seconds)
    return Benchmark(name, space, estimator, table.provenance, NASBENCH201_IMAGES[task])


def load_nasbench_graph(words: list[str], seed: int) -> Benchmark:
    """NAS-Bench-Graph on one graph: reward validation, report test."""
    graph = words[0] if words else ""
    if graph not in graph_files.GRAPHS:
        raise unknown("graph of nas-bench-graph", graph, graph_files.GRAPHS)
    objective = one_objective(words[1:], [VALIDATION])
    space, rows = _graph_space(graph == "proteins"), graph_files.read_graph(graph)
    at = np.searchsorted(rows.hashes_N, space.hashes)
    if len(rows.hashes_N) != space.size or not np.array_equal(rows.hashes_N[at], space.hashes):
        raise DataError(
            f"the table of {graph} in nas-bench-graph does not cover the space; reinstall the package"
        )
    estimator = TableEstimator(objective, rows.validation_N[at], rows.test_N[at])
    provenance = {"source": "nas-bench-graph (PyPI), Apache-2.0"}
    known = Columns(
        {ACCURACY: objective.reward, TEST: objective.report, LATENCY: COSTS[LATENCY], PARAMETERS: COSTS[PARAMETERS]},
        {
            ACCURACY: rows.validation_N[at], TEST: rows.test_N[at], LATENCY: 1000 * rows.latency_N[at],
            PARAMETERS: rows.parameters_N[at].astype(np.float64),
        },
    )  # fmt: skip
    return Benchmark(f"nas-bench-graph:{graph}", space, estimator, provenance, *PUBLISHED[graph], known)


def _cell_benchmark(name: str, max_vertices: int, words: list[str]) -> Benchmark:
    space = _cell_space(max_vertices)
    table = _load_numbered_table(name, space.numbering)
    objective = _table_objective(name, table, _OBJECTIVE_COLUMNS, words)
    estimator = _cell_estimator(table, objective)
    return Benchmark(name, space, estimator, table.provenance, known=_cell_columns(table, objective))


def _cell_columns(table: Table, objective: Objective) -> Columns:
    """Accuracies under the objective, and the costs that the file has."""
    reward, report = _OBJECTIVE_COLUMNS[objective]
    found = {ACCURACY: (objective.reward, table[reward]), TEST: (objective.report, table[report])}
    for name, column in (
        (PARAMETERS, "parameters"),
        (MACS, "flops"),
        (SECONDS, "training_seconds"),
        (ENERGY, "energy_kwh"),
    ):
        if column in table:
            found[name] = COSTS[name], table[column]
    return Columns(
        {name: metric for name, (metric, _) in found.items()},
        {name: _full_training(values) for name, (_, values) in found.items()},
    )


def _full_training(values: NDArray[Any]) -> Floats:
    """Means (N,) over the runs of the longest training of figures (N,), (N, R) or (N, E, R)."""
    if values.ndim == 3:
        values = values[:, -1]
    return np.asarray(values if values.ndim == 1 else np.nanmean(values, axis=1), np.float64)


def _load_numbered_table(name: str, numbering: str) -> Table:
    table = load_table(name)
    if table.provenance.get("numbering") != numbering:
        raise DataError(
            f"{table_path(name)} was made by another version of archwalk; delete it and import {name} again"
        )
    return table


def _table_objective(
    name: str,
    table: Table,
    columns: Mapping[Objective, tuple[str, str]],
    words: list[str],
    wanted: str = "validation accuracies",
) -> Objective:
    """The objective that `words` ask for, or the first of `columns` that the table has (with a note)."""
    offered = [objective for objective, names in columns.items() if all(column in table for column in names)]
    objective = one_objective(words, offered, columns)
    if not words and objective != VALIDATION:
        print(f"archwalk: this {name} table has no {wanted}; using {objective.name}", file=sys.stderr)
    return objective


_OBJECTIVE_COLUMNS = {
    VALIDATION: ("validation_mean", "test_mean"),
    TEST_MEAN: ("test_mean", "test_mean"),
    RUN0: ("run0", "rest_mean"),
    RANDOM_RUN: ("validation", "test"),
}

NASBENCH201_IMAGES = {
    "cifar10": CIFAR10,
    "cifar100": Task((3, 32, 32), 100),
    "ImageNet16-120": Task((3, 16, 16), 120),
}

_NASBENCH201_COLUMNS = {
    VALIDATION: ("validation_mean", "test_mean"),
    TEST_MEAN: ("test_mean", "test_mean"),
    VALIDATION_12: ("validation_12", "test_12"),
}


def _cell_estimator(table: Table, objective: Objective) -> Estimator:
    reward, report = (table[column] for column in _OBJECTIVE_COLUMNS[objective])
    epochs = tuple(int(number) for number in table.provenance.get("epochs", "").split(",") if number)
    if objective == RANDOM_RUN:
        if len(epochs) > 1:
            return MultiFidelityRandomRun(epochs, reward, report[:, -1])
        return RandomRunEstimator(reward[:, -1], report[:, -1])
    seconds_FN = table["training_seconds"].mean(axis=2).T if "training_seconds" in table else None
    if len(epochs) > 1 and "validation" in table:
        reward_FN = np.concatenate([_shorter_rewards(table, objective), reward[None]])
        return MultiFidelityTable(objective, epochs, reward_FN, report, seconds_FN)
    return TableEstimator(objective, reward, report, None if seconds_FN is None else seconds_FN[-1])


def _shorter_rewards(table: Table, objective: Objective) -> Floats:
    """What an objective's reward is after each number of epochs but the largest: (F - 1, N)."""
    runs_NFR = table["validation" if objective == VALIDATION else "test"][:, :-1].astype(np.float64)
    shorter_NF: Floats = runs_NFR[..., 0] if objective == RUN0 else runs_NFR.mean(axis=2)
    return shorter_NF.T


def one_objective(
    words: list[str], offered: Sequence[Objective], official: Iterable[Objective] = ()
) -> Objective:
    """The objective that the words behind a benchmark's name ask for, the first of those offered where there are none.

    `official` are those that a complete file would have. Raises UsageError with the nearest right name.
    """
    if len(words) > 1:
        raise UsageError(f"a benchmark takes one objective, not {':'.join(words)!r}")
    known = {objective.name: objective for objective in offered}
    name = words[0] if words else next(iter(known))
    if name not in known:
        hint = "; the official file has it" if name in {objective.name for objective in official} else ""
        raise UsageError(f"{unknown('objective', name, known)}{hint}")
    return known[name]


def _nasbench201_space() -> NASBench201:
    space: NASBench201 = remake(NASBench201)
    return space


def _cell_space(max_vertices: int) -> NASBench101:
    space: NASBench101 = remake(NASBench101, max_vertices, 9)
    return space


def _graph_space(proteins: bool) -> NASBenchGraph:
    space: NASBenchGraph = remake(NASBenchGraph, PROTEINS_OPERATIONS if proteins else OPERATIONS)
    return space
