"""Transfer between sizes of cells on NAS-Bench-101: learned on cells of at most 6 vertices, used on those of 7.

    python benchmarks/transfer_sizes.py --agents 3 --trials 10

The agent pays for a sample of the small cells and never sees a large one; then it searches among all cells, beside
searches from scratch. With one source nothing tells how tasks differ, so that kernel and settings are what is expected
beforehand. Mean test accuracy (`test-mean`), best so far, and how many of the queries are cells of 7 vertices.
"""

import argparse
from functools import partial

import numpy as np
import torch

from archwalk.agents.base import Paid
from archwalk.agents.transfer.agent import TransferAgent
from archwalk.agents.transfer.settings import TransferSettings
from archwalk.agents.transfer.trainer import TransferTrainer
from archwalk.estimators.benchmarks import Benchmark, load_benchmark
from archwalk.experiments.protocol import Method, run_search
from archwalk.experiments.runs import load_method
from archwalk.spaces.base import Codes
from archwalk.spaces.nasbench101.space import NASBench101

TOLD = (1, 5, 10, 20, 30, 50)


def draw_small(small: int, rng: np.random.Generator, wanted: int) -> Codes:
    """Different cells of the first `small`, (wanted, 1): numbers ascend with vertices."""
    return np.sort(rng.choice(small, wanted, replace=False))[:, None].astype(np.int32)


def train(benchmark: Benchmark, samples: int, seed: int) -> TransferAgent:
    """On cells of at most six vertices."""
    small = NASBench101(6).size
    trainer = TransferTrainer(benchmark, TransferSettings(samples=samples), seed, partial(draw_small, small))
    for _ in trainer.run():
        pass
    assert trainer.codes_EL.max() < small
    agent = trainer.agent()
    agent.paid = Paid(trainer.ledger.queries, trainer.ledger.unique)
    return agent


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--agents", type=int, default=3)
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--samples", type=int, default=4_000)
    parser.add_argument("--strategies", default="graph-gp,random-search")
    options = parser.parse_args()
    torch.set_num_threads(1)
    benchmark = load_benchmark("nasbench101:test-mean")
    agents = [train(benchmark, options.samples, seed) for seed in range(options.agents)]
    methods = [Method("transfer", tuple(agents), tuple(range(options.agents)))]
    methods += [load_method(name, benchmark.space, benchmark.name) for name in options.strategies.split(",")]
    small = NASBench101(6).size
    for method in methods:
        search = run_search(benchmark, method, budget=max(TOLD), trials=options.trials, seed=0)
        best_ETQ = np.stack([curves.reward_TQ for curves in search.curves])
        large = np.mean([(ledger.codes_TQL >= small).mean() for ledger in search.ledgers])
        shown = ", ".join(f"{told}: {best_ETQ[:, :, told - 1].mean():.2f}" for told in TOLD)
        print(f"{method.name}: {shown}; {large:.0%} of the queries have 7 vertices", flush=True)


if __name__ == "__main__":
    main()
