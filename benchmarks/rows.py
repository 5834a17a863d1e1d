"""What the table of speeds measures: one row a piece of work, alone in its process.

`python benchmarks/rows.py NAME` prints processor seconds a unit and the peak of memory as JSON. It runs under an older
archwalk too, so that `speed.py --before` can lay the two side by side. What a row prepares is not timed; the work runs
once before, smaller, so that kernels are compiled.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

Work = Callable[[], object]
CELLS, GRAPHS = "nasbench101:test-mean", "nas-bench-graph:cora"


@dataclass(frozen=True)
class Row:
    """`make` prepares work and says how many units it does; `unit` is what a figure is in, `scale` a second of it."""

    name: str
    unit: str
    scale: float
    make: Callable[[], tuple[Work, int]]
    peer: str = ""


ROWS: dict[str, Row] = {}


def row(
    name: str, unit: str, scale: float = 1.0, peer: str = ""
) -> Callable[[Callable[[], tuple[Work, int]]], Callable[[], tuple[Work, int]]]:
    """A row of the table, or, with a name that ends in `/peer`, what it is compared with."""

    def add(make: Callable[[], tuple[Work, int]]) -> Callable[[], tuple[Work, int]]:
        ROWS[name] = Row(name, unit, scale, make, peer)
        return make

    return add


def search(strategy: str, benchmark: str, queries: int, trials: int = 1) -> tuple[Work, int]:
    """A search, after a short one."""
    from archwalk.estimators.benchmarks import load_benchmark
    from archwalk.experiments.protocol import run_search
    from archwalk.experiments.runs import load_contestants

    problem = load_benchmark(benchmark)
    (contestant,) = load_contestants([strategy], problem.space, benchmark)
    run_search(problem, contestant, budget=min(queries, 30), trials=1, seed=0)
    return lambda: run_search(problem, contestant, budget=queries, trials=trials, seed=1), 1


for _queries in (150, 300, 600, 3200):
    row(f"graph-gp, {_queries} queries", "s")(lambda queries=_queries: search("graph-gp", CELLS, queries))  # type: ignore[misc]
for _queries in (150, 300):
    row(f"bananas, {_queries} queries", "s")(lambda queries=_queries: search("bananas", CELLS, queries))  # type: ignore[misc]


@row("tpe, a query", "ms", 1e3, peer="Optuna")
def tpe() -> tuple[Work, int]:
    return search("tpe", CELLS, 150)[0], 150


@row("tpe, a query/peer", "ms", 1e3)
def tpe_by_optuna() -> tuple[Work, int]:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sizes = (*[2] * 21, *[3] * 5)
    space = {f"{c}": optuna.distributions.CategoricalDistribution(range(n)) for c, n in enumerate(sizes)}

    def work() -> None:
        sampler = optuna.samplers.TPESampler(n_startup_trials=20, multivariate=False, seed=0)
        study = optuna.create_study(sampler=sampler, direction="maximize")
        for _ in range(150):
            trial = study.ask(space)
            study.tell(trial, sum(trial.params.values()))

    return work, 150


@row("compare, 10,000 trials of 3 strategies", "s")
def compare() -> tuple[Work, int]:
    from archwalk.estimators.benchmarks import load_benchmark
    from archwalk.experiments.comparison import compare
    from archwalk.experiments.runs import load_contestants

    problem = load_benchmark(CELLS)
    names = ["random-search", "local-search", "regularized-evolution"]
    contestants = load_contestants(names, problem.space, CELLS)
    compare(problem, contestants, budget=20, trials=3, seed=0)
    return lambda: compare(problem, contestants, budget=150, trials=10_000, seed=1), 1


def otmann(operations: int) -> tuple[Work, int]:
    """Distances of two graphs of so many operations: the assignment alone."""
    from archwalk.spaces import otmann as module

    costs, best = np.random.default_rng(0).uniform(0, 3, (operations, operations)), np.empty(1 << operations)
    if hasattr(module, "_assign_many"):
        assign = module._assign_many
        assign(costs, operations, operations)
        return lambda: [assign(costs, operations, operations) for _ in range(1000)], 1000
    earlier: Any = module._assign  # type: ignore[attr-defined]
    earlier(costs[:3], 3, 3, best)
    times = 20 if operations < 15 else 1
    return lambda: [earlier(costs, operations, operations, best) for _ in range(times)], times


for _operations in (12, 20):
    row(f"OTMANN, {_operations} operations", "us", 1e6, peer="SciPy")(lambda n=_operations: otmann(n))  # type: ignore[misc]


def assign_by_scipy(operations: int) -> tuple[Work, int]:
    from scipy.optimize import linear_sum_assignment

    costs = np.minimum(np.random.default_rng(0).uniform(0, 3, (operations, operations)), 2)
    return lambda: [linear_sum_assignment(costs) for _ in range(1000)], 1000


for _operations in (12, 20):
    row(f"OTMANN, {_operations} operations/peer", "us", 1e6)(lambda n=_operations: assign_by_scipy(n))  # type: ignore[misc]


STEPS = 20_000


@row("gymnasium.make, a step", "us", 1e6, peer="a plain Python environment")
def plain_environment() -> tuple[Work, int]:
    import gymnasium

    import archwalk  # noqa: F401 - registers it

    env = gymnasium.make("archwalk/Incremental-v0", benchmark=GRAPHS)
    actions = np.random.default_rng(0).integers(1, 20, STEPS).tolist()

    def work(steps: int = STEPS) -> None:
        env.reset(seed=0)
        for action in actions[:steps]:
            _, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                env.reset()

    work(1000)
    return work, STEPS


@row("gymnasium.make, a step/peer", "us", 1e6)
def naive_environment() -> tuple[Work, int]:
    """What one would write: lists of neighbours, a table of features, a list of accuracies."""
    from archwalk.estimators.benchmarks import load_benchmark

    problem = load_benchmark(GRAPHS)
    space, reward = problem.space, problem.estimator.reward_N.tolist()  # type: ignore[attr-defined]
    graph, table = space.graph, space.feature_table  # type: ignore[attr-defined]
    around = [graph.targets_E[a:b].tolist() for a, b in zip(graph.offsets, graph.offsets[1:], strict=False)]
    rng = np.random.default_rng(0)
    actions = rng.integers(1, 20, STEPS).tolist()

    def show(at: int) -> tuple[list[int], dict[str, Any]]:
        shown = [at, *around[at][:50]]
        features, mask = np.zeros((51, table.shape[1]), np.uint8), np.zeros(51, np.int8)
        features[: len(shown)] = table[shown]
        mask[: len(shown)] = 1
        return shown, {"features": features, "mask": mask}

    def work() -> None:
        at, steps = 0, 0
        shown, _ = show(at)
        for action in actions:
            before, steps = at, steps + 1
            at = shown[action] if action < len(shown) else at
            _ = float(np.exp(6 * (reward[at] / 100 - 1)) - np.exp(6 * (reward[before] / 100 - 1)))
            if steps == 16:
                at, steps = int(rng.integers(len(around))), 0
            shown, _ = show(at)

    return work, STEPS


def sb3(environments: Any) -> tuple[Work, int]:
    """Steps of 256 environments as Stable-Baselines3 takes them."""
    actions = np.random.default_rng(0).integers(1, 20, (STEPS // 256, 256))

    def work() -> None:
        environments.reset()
        for action_B in actions:
            environments.step(action_B)

    work()
    return work, len(actions) * 256


@row("VecEnv for SB3, a step", "us", 1e6, peer="its DummyVecEnv over gymnasium.make")
def sb3_vector() -> tuple[Work, int]:
    from archwalk.environments.incremental import IncrementalVectorEnv
    from archwalk.environments.sb3 import SB3VecEnv

    return sb3(SB3VecEnv(IncrementalVectorEnv(GRAPHS, 256)))


@row("VecEnv for SB3, a step/peer", "us", 1e6)
def sb3_dummy() -> tuple[Work, int]:
    import gymnasium
    from stable_baselines3.common.vec_env import DummyVecEnv

    import archwalk  # noqa: F401 - registers it
    from archwalk.estimators.benchmarks import load_benchmark

    problem = load_benchmark(GRAPHS)
    makers = [lambda: gymnasium.make("archwalk/Incremental-v0", benchmark=problem)] * 256
    return sb3(DummyVecEnv(makers))


def train(agent: str, benchmark: str, **settings: Any) -> tuple[Work, int]:
    """A training to its end."""
    from archwalk.agents.catalogue import TRAINERS
    from archwalk.estimators.benchmarks import load_benchmark
    from archwalk.experiments.presets import default_preset

    try:
        from archwalk.experiments.settings import make_settings
    except ImportError:  # before 0.2
        from archwalk.experiments.presets import make_settings  # type: ignore[attr-defined, no-redef]

    problem = load_benchmark(benchmark)
    settings_class, trainer = TRAINERS.load(agent)
    chosen = make_settings(settings_class, default_preset(agent, benchmark), settings)

    def work() -> None:
        for _ in trainer(problem, chosen, 0).run():
            pass

    return work, 1


@row("planner, trained on NAS-Bench-101", "s")
def planner() -> tuple[Work, int]:
    return train("planner", CELLS)


@row("climber, trained on NAS-Bench-101", "s")
def climber() -> tuple[Work, int]:
    return train("climber", CELLS)


ENTRIES = 100_000


def make_export(path: Path, entries: int = ENTRIES) -> None:
    """A file of so many trainings of made-up networks."""
    from archwalk.estimators.store.records import Evaluation, Outcome, Problem
    from archwalk.estimators.store.transfer import export_evaluations

    settings = {"arithmetic": "float32 on cpu", "epochs": 5, "metric": "accuracy", "rate": 0.1}
    problems = [Problem("cells", "digits", "f" * 64, settings, seed) for seed in range(3)]
    curves = {name: [round(90 - 0.1 * epoch, 3) for epoch in range(5)] for name in ("validation", "loss")}

    def make(number: int) -> Evaluation:
        outcome = Outcome("done", "", number % 9999 / 100, 90.0, 1000, 1.5, curves, {"torch": "2.9"})
        architecture = f'{{"ops":["conv3x3","maxpool3x3","conv1x1"],"vertices":{number // 3}}}'
        return Evaluation(problems[number % 3], architecture, outcome, "2026-01-01T00:00:00+00:00")

    export_evaluations([make(number) for number in range(entries)], path)


@row("store import, 100,000 rows", "s")
def store_import() -> tuple[Work, int]:
    from archwalk.cli.main import main

    folder = Path(_folder().name)
    make_export(folder / "rows.csv")
    make_export(folder / "few.csv", 10)
    main(["store", "import", str(folder / "few.csv"), "--store", str(folder / "few.sqlite"), "--json"])
    asked = ["store", "import", str(folder / "rows.csv"), "--store", str(folder / "rows.sqlite"), "--json"]
    return lambda: main(asked), 1


@row("store list, of 100,000 rows", "s")
def store_list() -> tuple[Work, int]:
    from archwalk.cli.main import main

    folder = Path(_folder().name)
    make_export(folder / "rows.csv")
    importing = ["import", str(folder / "rows.csv"), "--store", str(folder / "rows.sqlite"), "--json"]
    subprocess.run([sys.executable, "-m", "archwalk", "store", *importing], check=True, capture_output=True)
    return lambda: main(["store", "list", "--store", str(folder / "rows.sqlite")]), 1


_FOLDERS: list[TemporaryDirectory[str]] = []


def _folder() -> TemporaryDirectory[str]:
    """A folder that goes when the process ends."""
    _FOLDERS.append(TemporaryDirectory())
    return _FOLDERS[-1]


@row("YAHPO, one architecture", "us", 1e6, peer="onnxruntime alone")
def yahpo() -> tuple[Work, int]:
    from archwalk.estimators.benchmarks import load_benchmark

    problem = load_benchmark("nasbench301:yahpo")
    codes_BL = problem.space.sample(np.random.default_rng(0), 1000)

    def work() -> None:
        for b in range(1000):
            problem.estimator.evaluate(codes_BL[b : b + 1])

    work()
    return work, 1000


@row("YAHPO, one architecture/peer", "us", 1e6)
def yahpo_alone() -> tuple[Work, int]:
    from archwalk.estimators.benchmarks import load_benchmark
    from archwalk.estimators.nasbench301.features import yahpo_features

    problem = load_benchmark("nasbench301:yahpo")
    session: Any = problem.estimator.session  # type: ignore[attr-defined]
    rows_BF = yahpo_features(problem.space.sample(np.random.default_rng(0), 1000))
    epochs = np.full((1, 1), 98, np.float32)

    def work() -> None:
        for b in range(1000):
            session.run(None, {"x_cat": rows_BF[b : b + 1], "x_cont": epochs})

    work()
    return work, 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(ROWS), metavar="NAME")
    options = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    work, units = ROWS[options.name].make()
    started = time.process_time()
    work()
    seconds = (time.process_time() - started) / units
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(json.dumps({"seconds": seconds, "megabytes": megabytes}))


if __name__ == "__main__":
    main()
