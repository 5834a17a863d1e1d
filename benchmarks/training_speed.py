"""Networks trained a second at the small settings, and what share of the cores' time goes into training."""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from archwalk.estimators.images import SMALL, TrainedEstimator
from archwalk.estimators.images.benchmark import NETWORKS, SCALES, training_benchmark
from archwalk.estimators.store import open_store
from archwalk.spaces.nasbench101.space import NASBench101


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", default="digits", help="a data set or a folder")
    parser.add_argument("--networks", type=int, default=200, help="cells of at most 5 vertices")
    parser.add_argument("--workers", type=int, help="default: one a core")
    options = parser.parse_args()
    space = NASBench101(max_vertices=5)
    codes_BL = np.random.default_rng(0).permutation(space.size)[: options.networks, None].astype(np.int32)
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(str(Path(folder) / "store.sqlite"))
        benchmark = training_benchmark(
            space,
            options.images,
            SMALL,
            store,
            size=NETWORKS["cells"].sizes["small"],
            images=SCALES["small"][0],
            workers=options.workers,
        )
        estimator = benchmark.estimator
        assert isinstance(estimator, TrainedEstimator)
        with estimator:
            warm = estimator.workers
            estimator.evaluate(codes_BL[:warm])  # the processes start
            began, driver = time.perf_counter(), time.process_time()
            seconds_B = estimator.evaluate(codes_BL[warm:]).seconds_B
            wall, driver = time.perf_counter() - began, time.process_time() - driver
            began = time.perf_counter()
            estimator.evaluate(codes_BL)
        share = seconds_B.sum() / wall / estimator.workers
        print(f"{len(seconds_B)} networks, {estimator.workers} workers: {len(seconds_B) / wall:.2f} a second")
        print(f"a network: {seconds_B.mean():.3f} s of a core, the slowest {seconds_B.max():.3f} s")
        print(f"share of the workers' time that is training: {share:.1%}")
        print(f"the driver: {1000 * driver / len(seconds_B):.1f} ms a network, store and all")
        print(f"asked again: {1000 * (time.perf_counter() - began):.1f} ms for all of them")


if __name__ == "__main__":
    main()
