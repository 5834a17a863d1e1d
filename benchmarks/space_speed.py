"""Time to build the NAS-Bench-101 space with its neighbour graph, in fresh processes, warm and cold."""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile

CHILD = """
import time
from archwalk.spaces.nasbench101.space import NASBench101
start = time.perf_counter()
space = NASBench101()
edges, size = space.graph.edges, space.size
print(time.perf_counter() - start, size, edges)
"""


def measure(numba_cache: str) -> float:
    environment = os.environ | {"NUMBA_CACHE_DIR": numba_cache}
    out = subprocess.run(
        [sys.executable, "-c", CHILD], env=environment, capture_output=True, text=True, check=True
    )
    seconds, size, edges = out.stdout.split()
    assert (int(size), int(edges)) == (423_624, 10_890_938)
    return float(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        cold = measure(folder)
        warm = [measure(folder) for _ in range(runs)]
    print("423,624 cells and 10,890,938 edges, import of the package not counted")
    print(f"cold numba cache: {cold:6.2f} s")
    print(
        f"warm numba cache: {statistics.median(warm):6.2f} s (median of {runs}, {min(warm):.2f}-{max(warm):.2f})"
    )


if __name__ == "__main__":
    main()
