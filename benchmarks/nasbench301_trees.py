"""Speed of the trees of NAS-Bench-301's form against xgboost's own, and that both say the same, bit by bit.

Ten copies of the published example member (another benchmark's, 1,991 trees of depth 3), and ten of a deeper
model trained here. Everything on one core unless --threads says otherwise. Needs nasbench301/xgb-pickle-example
under ARCHWALK_DATA, and xgboost.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import xgboost
from numpy.typing import NDArray

from archwalk.data.files import data_folder
from archwalk.data.nasbench301 import MEMBER_MODEL
from archwalk.estimators.nasbench301.boosters import read_booster
from archwalk.estimators.nasbench301.ensemble import read_pickled_booster
from archwalk.estimators.nasbench301.trees import Trees

Rows = NDArray[np.float32]
Predict = Callable[[Rows], NDArray[np.float32]]

MEMBERS = 10
BATCHES = (1, 50, 4900)


def example() -> tuple[xgboost.Booster, bytes]:
    folder = data_folder()
    if folder is None:
        sys.exit("ARCHWALK_DATA is unset: the example member is looked for there")
    content = read_pickled_booster(
        next(Path(folder, "nasbench301/xgb-pickle-example").glob(f"*{MEMBER_MODEL}"))
    )
    booster = xgboost.Booster()
    booster.__setstate__({"handle": bytearray(content)})
    return booster, content


def deep(rounds: int) -> tuple[xgboost.Booster, bytes]:
    rng = np.random.default_rng(0)
    rows = rng.integers(-1, 7, (4000, 56)).astype(np.float32)
    accuracies = 90 + rows[:, :12].sum(axis=1) / 10 + rng.normal(0, 0.5, 4000)
    settings = {"max_depth": 8, "learning_rate": 0.05, "min_child_weight": 5, "nthread": 1}
    booster = xgboost.train(settings, xgboost.DMatrix(rows, label=accuracies), num_boost_round=rounds)
    return booster, bytes(booster.save_raw("ubj"))


def milliseconds(predict: Callable[[], object], budget: float) -> float:
    """Median of the calls that fit in `budget` seconds, at least three."""
    predict()
    start = time.perf_counter()
    times: list[float] = []
    while len(times) < 3 or (time.perf_counter() - start < budget and len(times) < 100):
        before = time.perf_counter()
        predict()
        times.append(time.perf_counter() - before)
    return 1e3 * statistics.median(times)


def predict_all(predict: Predict, rows: Rows) -> None:
    """An ensemble's work."""
    for _ in range(MEMBERS):
        predict(rows)


def compare(booster: xgboost.Booster, trees: Trees, threads: int, budget: float) -> None:
    booster.set_param({"nthread": threads})
    rng = np.random.default_rng(0)
    print(f"{'rows':>6} {'DMatrix':>10} {'inplace':>10} {'archwalk':>10}   ms for {MEMBERS} members")
    for n in BATCHES:
        rows = rng.integers(-1, 7, (n, trees.features)).astype(np.float32)
        rows[rng.random(rows.shape) < 0.02] = np.nan
        ways: dict[str, Predict] = {
            "DMatrix": lambda rows: booster.predict(xgboost.DMatrix(rows, nthread=threads)),
            "inplace": booster.inplace_predict,
            "archwalk": trees.predict,
        }
        results = {name: predict(rows) for name, predict in ways.items()}
        same = all(np.array_equal(result, results["archwalk"]) for result in results.values())
        times = [milliseconds(partial(predict_all, predict, rows), budget) for predict in ways.values()]
        print(
            f"{n:6} "
            + " ".join(f"{t:10.2f}" for t in times)
            + ("   equal bit by bit" if same else "   DIFFERENT")
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--budget", type=float, default=1.0, help="seconds for each figure")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])
    for name, (booster, content) in {"example member": example(), "depth 8": deep(500)}.items():
        start = time.perf_counter()
        trees = read_booster(content, name)
        print(
            f"{name}: {len(trees.root_T):,} trees, {len(trees.leaf_N):,} nodes, {len(trees.feature_C)} questions, "
            f"read in {time.perf_counter() - start:.2f} s"
        )
        compare(booster, trees, options.threads, options.budget)


if __name__ == "__main__":
    main()
