"""What the engines carry: blocks of 1,024 transitions to the driver, weights of a million floats to the workers.

A transition is two observations of 51 architectures (int32), an action, a return, a discount and a priority.
Workers do nothing but hand over a block that they have; so this is the ceiling that an engine sets to actors.
"""

import argparse
import statistics
import time
from collections import deque
from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import ArchwalkError
from archwalk.learning.engines import ENGINES, Worker, make_engine

TRANSITIONS = 1024
WEIGHTS = 1_000_000
IN_FLIGHT = 2


class Actor:
    """Has a block to give, and reads weights once."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.block = {
            "observation": rng.integers(0, 423_624, (TRANSITIONS, 51), np.int32),
            "next": rng.integers(0, 423_624, (TRANSITIONS, 51), np.int32),
            "action": rng.integers(0, 51, TRANSITIONS),
            **{name: rng.random(TRANSITIONS, np.float32) for name in ("return", "discount", "priority")},
        }

    def act(self) -> dict[str, NDArray[np.generic]]:
        return self.block

    def load(self, weights: Mapping[str, NDArray[np.float32]]) -> float:
        return sum(float(array.sum()) for array in weights.values())


def blocks(workers: list[Worker], count: int) -> float:
    """Blocks a second that the driver copies into a buffer, as a replay does; two calls a worker are under way."""
    pending = deque((worker, worker.submit("act")) for worker in workers * IN_FLIGHT)
    buffer = {name: np.zeros_like(array) for name, array in Actor(0).block.items()}
    started = time.perf_counter()
    for _ in range(count):
        worker, first = pending.popleft()
        block = first.result()
        pending.append((worker, worker.submit("act")))
        for name, array in block.items():
            buffer[name][:] = array
    rate = count / (time.perf_counter() - started)
    for _, rest in pending:
        rest.result()
    return rate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engines", nargs="+", default=ENGINES)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--blocks", type=int, default=1000)
    parser.add_argument("--broadcasts", type=int, default=100)
    options = parser.parse_args()
    weights = {"weights": np.random.default_rng(0).random(WEIGHTS, np.float32)}
    print(f"{options.workers} workers; median of {options.runs} runs")
    for name in options.engines:
        try:
            engine = make_engine(name, workers=options.workers)
        except ArchwalkError as error:
            print(f"{name:10} {error}")
            continue
        with engine:
            workers = [engine.spawn(partial(Actor, i), f"actor {i}") for i in range(options.workers)]
            block_rates, weight_rates = [], []
            blocks(workers, 20)
            for _ in range(options.runs):
                block_rates.append(blocks(workers, options.blocks))
                started = time.perf_counter()
                for _ in range(options.broadcasts):
                    shared = engine.share(weights)
                    for pending in [worker.submit("load", shared) for worker in workers]:
                        pending.result()
                weight_rates.append(options.broadcasts / (time.perf_counter() - started))
        print(
            f"{name:10} {statistics.median(block_rates):6.0f} blocks of {TRANSITIONS:,} transitions/s   "
            f"{statistics.median(weight_rates):6.0f} broadcasts of {WEIGHTS:,} floats to all workers/s"
        )


if __name__ == "__main__":
    main()
