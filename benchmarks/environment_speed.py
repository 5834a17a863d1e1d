"""Steps a second of the incremental environment on NAS-Bench-101, on one core, against the naive way.

The naive way keeps matrices, edits them and tells cells apart by the published hash, as Cassimon et al.'s code did
before its tables. The table's values are made up: they do not matter for speed.
"""

import argparse
import statistics
import time

import numpy as np

from archwalk.environments.walks import Walks, WalkSettings
from archwalk.estimators.ledger import TrainingLedger
from archwalk.estimators.metrics import accuracies
from archwalk.estimators.table import TableEstimator
from archwalk.spaces.nasbench101.hashing import md5_hash
from archwalk.spaces.nasbench101.space import NASBench101

BATCH = 1024


def vectorised(space: NASBench101, steps: int, features: bool) -> float:
    """Steps a second of 1,024 walks taking random actions."""
    values = np.linspace(80, 95, space.size)
    ledger = TrainingLedger(TableEstimator(accuracies("made-up"), values, values))
    walks = Walks(space, ledger, BATCH, WalkSettings(), np.random.default_rng(0))
    walks.reset()
    action_SB = np.random.default_rng(1).integers(1, 26, size=(steps, BATCH))
    started = time.perf_counter()
    for action_B in action_SB:
        step = walks.step(action_B)
        walks.restart(step.done_B)
        if features:
            space.features(walks.codes_BKL)
    return steps * BATCH / (time.perf_counter() - started)


def naive(space: NASBench101, steps: int) -> float:
    """Steps a second when every step hashes each of its neighbours, with the neighbours given for free."""
    rng = np.random.default_rng(0)
    current_L = space.sample(rng, 1)[0]
    started = time.perf_counter()
    for _ in range(steps):
        found = space.neighbours(current_L[None])
        cells = [space.cell(code_L) for code_L in found.codes_EL[:50]]
        hashes = [md5_hash(cell.matrix.tolist(), cell.labels) for cell in cells]
        current_L = found.codes_EL[rng.integers(len(hashes))]
    return steps / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--steps", type=int, default=500)
    options = parser.parse_args()
    space = NASBench101()
    vectorised(space, 10, features=True)  # compile, build the tables
    for name, features in (("codes", False), ("features", True)):
        rates = [vectorised(space, options.steps, features) for _ in range(options.runs)]
        print(
            f"{BATCH} walks, {name:8}: {statistics.median(rates) / 1e6:.2f} M steps/s (median of {options.runs})"
        )
    rates = [naive(space, 50) for _ in range(options.runs)]
    print(f"naive, hashes:           {statistics.median(rates):.0f} steps/s (median of {options.runs})")


if __name__ == "__main__":
    main()
