"""Steps a second of the construction environment with random actions, on one core, with scores that cost nothing.

Chains are looked up in a table; with branches every network is brought into its canonical form first.
"""

import argparse
import statistics
import time

import numpy as np

from archwalk.environments.construction import ConstructionVectorEnv
from archwalk.estimators.base import Scores
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.metrics import accuracies
from archwalk.estimators.table import TableEstimator
from archwalk.spaces.base import Codes
from archwalk.spaces.nsc import Chain

BATCH = 256


class Worthless:
    """Scores every network 1 %."""

    objective = accuracies("made-up")

    def evaluate(self, codes_BL: Codes) -> Scores:
        ones = np.ones(len(codes_BL))
        return Scores(ones, ones, ones)


def rate(envs: ConstructionVectorEnv, steps: int) -> float:
    """Steps a second of all environments together."""
    envs.reset()
    rng = np.random.default_rng(0)
    action_SB = rng.integers(0, len(envs.action_names), (steps, envs.num_envs))
    started = time.perf_counter()
    for action_B in action_SB:
        envs.step(action_B)
    return steps * envs.num_envs / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--steps", type=int, default=500)
    options = parser.parse_args()
    space = Chain()
    values = np.linspace(10, 90, space.size)
    table = Benchmark("made-up", space, TableEstimator(accuracies("made-up"), values, values), {})
    cases = {
        "chains of 4, 1 environment": ConstructionVectorEnv(table),
        f"chains of 4, {BATCH} environments": ConstructionVectorEnv(table, BATCH),
        f"multi-branch of 10, {BATCH} environments": ConstructionVectorEnv(
            Worthless(), BATCH, config="gomezrobles2019-multi-branch"
        ),
    }
    for name, envs in cases.items():
        rate(envs, 10)  # compile
        rates = [rate(envs, options.steps) for _ in range(options.runs)]
        print(f"{name:40} {statistics.median(rates):>9,.0f} steps/s (median of {options.runs})")


if __name__ == "__main__":
    main()
