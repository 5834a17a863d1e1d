"""An agent that was trained on one task, trained further on the next, against one that is trained anew (Cassimon et al.
2024b).

    python benchmarks/further_training.py --pair nasbench201:cifar10,nasbench201:cifar100 --out runs/further.json

Of each pair of tasks of one space, in both orders: an agent is trained on the first, then with its weights on the
second (`archwalk train --from`), beside one that begins there with weights of its own; all else is alike, and the seeds
are. Every so many environment steps both walk greedily from the same starts, which costs no training query: told is
the mean reward of where the walks end. `--out` keeps every training, so that the same call goes on after a kill.
"""

import argparse
import json
import time
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import torch

from archwalk.agents.base import Agent
from archwalk.agents.catalogue import TRAINERS
from archwalk.agents.further import FurtherTrainer
from archwalk.data.files import write_atomically
from archwalk.estimators.benchmarks import Benchmark, load_benchmark
from archwalk.estimators.evaluator import Evaluator
from archwalk.experiments.bootstrap import percentiles
from archwalk.experiments.presets import choose_preset
from archwalk.experiments.protocol import spawn
from archwalk.experiments.settings import make_settings

SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)
"""Of the steps, after which the agents walk."""

Curve = dict[str, list[float]]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--pair", action="append", required=True, metavar="A,B", help="two tasks of one space"
    )
    parser.add_argument("--strategy", default="dqn")
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--set", action="append", default=[], dest="assignments", metavar="KEY=VALUE")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--walks", type=int, default=200)
    parser.add_argument("--out", type=Path, default=Path("runs/further.json"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    kept: dict[str, Curve] = json.loads(options.out.read_text()) if options.out.exists() else {}
    for pair in options.pair:
        tasks = pair.split(",")
        for seed in range(options.seeds):
            measure(tasks, seed, options, kept)
        for first, second in permutations(tasks, 2):
            show(first, second, options, kept)


def measure(tasks: list[str], seed: int, options: argparse.Namespace, kept: dict[str, Curve]) -> None:
    """All trainings of a pair with one seed that were not made yet."""
    if all(
        name(*order, seed, options) in kept for order in [*[("", t) for t in tasks], *permutations(tasks, 2)]
    ):
        return
    benchmarks = [load_benchmark(task) for task in tasks]
    new = [train(benchmark, seed, options) for benchmark in benchmarks]
    for task, (_, curve) in zip(tasks, new, strict=True):
        kept[name("", task, seed, options)] = curve
    for first, second in permutations(range(2)):
        _, curve = train(benchmarks[second], seed, options, new[first][0])
        kept[name(tasks[first], tasks[second], seed, options)] = curve
        options.out.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(options.out, json.dumps(kept, indent=1) + "\n")


def name(first: str, second: str, seed: int, options: argparse.Namespace) -> str:
    """Of a training on a task, after one on a first if there is one."""
    return " ".join(
        [options.strategy, *options.assignments, f"{options.steps} {options.walks} {first}>{second} {seed}"]
    )


def train(
    benchmark: Benchmark, seed: int, options: argparse.Namespace, source: Agent | None = None
) -> tuple[Agent, Curve]:
    """An agent, and where it walked while it was trained."""
    settings_class, factory = TRAINERS.load(options.strategy)
    preset = choose_preset(options.strategy, benchmark.name, None)
    changes = [*options.assignments, f"{settings_class.length}={options.steps}"]
    settings = make_settings(settings_class, preset, changes)
    trainer = factory(benchmark, settings, seed)
    if source is not None:
        assert isinstance(trainer, FurtherTrainer)
        trainer.begin_from(source)
    starts_BL = benchmark.space.sample(spawn(0, 21), options.walks)
    curve: Curve = {"steps": [], "queries": [], "reward": []}
    started = time.process_time()

    def look() -> None:
        finals_BL = trainer.agent().improve(starts_BL, spawn(0, 22)).finals_BL
        reward_B = Evaluator.seeded(benchmark.estimator).scores(finals_BL).reward_B
        for key, value in (
            ("steps", trainer.done), ("queries", trainer.ledger.queries), ("reward", float(np.nanmean(reward_B))),
        ):  # fmt: skip
            curve[key].append(value)

    rows = trainer.run()
    for share in SHARES:
        while trainer.done < share * trainer.total and next(rows, None) is not None:
            pass
        look()
    print(
        f"{benchmark.name}, seed {seed}, {'anew' if source is None else 'further'}: "
        f"{time.process_time() - started:.0f} s, {trainer.ledger.queries} queries, "
        + " ".join(f"{value:.2f}" for value in curve["reward"]),
        flush=True,
    )
    return trainer.agent(), curve


def show(first: str, second: str, options: argparse.Namespace, kept: dict[str, Curve]) -> None:
    """Means over seeds, and the difference with its bootstrap interval over seeds."""
    rows: dict[str, Any] = {
        word: [kept[name(before, second, seed, options)] for seed in range(options.seeds)]
        for word, before in (("anew", ""), ("further", first))
    }
    reward = {word: np.array([row["reward"] for row in found]) for word, found in rows.items()}
    gained_SK = reward["further"] - reward["anew"]
    drawn_RS = np.random.default_rng(0).integers(0, len(gained_SK), (2_000, len(gained_SK)))
    low_K, high_K = percentiles(gained_SK[drawn_RS].mean(axis=1))
    print(f"{first} > {second} (mean over {options.seeds} seeds)")
    for k, share in enumerate(SHARES):
        queries = np.mean([row["queries"][k] for found in rows.values() for row in found])
        print(
            f"  {share:4.0%} of the steps, {queries:6.0f} queries: anew {reward['anew'][:, k].mean():.2f}, further "
            f"{reward['further'][:, k].mean():.2f}, {gained_SK[:, k].mean():+.2f} [{low_K[k]:+.2f}, {high_K[k]:+.2f}]"
        )


if __name__ == "__main__":
    main()
