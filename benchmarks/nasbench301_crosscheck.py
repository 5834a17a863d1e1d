"""NAS-Bench-301 (YAHPO surrogate) against the 1,218 published predictions of v1.0; its guard; its speed.

Needs the files under ARCHWALK_DATA: nasbench301/yahpo and nasbench301/naslib.
"""

import argparse
import statistics
import sys
import time

import numpy as np
from scipy.stats import kendalltau, spearmanr

from archwalk.data.catalogue import find_files
from archwalk.data.files import data_folder
from archwalk.estimators.base import Floats
from archwalk.estimators.nasbench301.guard import guarded, is_trusted
from archwalk.estimators.nasbench301.published import read_official_predictions
from archwalk.estimators.nasbench301.yahpo import YAHPOSurrogate, load_yahpo
from archwalk.spaces.base import Codes
from archwalk.spaces.darts.code import OPERATIONS
from archwalk.spaces.darts.space import DARTS


def agreement(name: str, official_M: Floats, scores_M: Floats) -> str:
    slope, offset = np.polyfit(scores_M, official_M, 1)
    deviation = np.std(official_M - slope * scores_M - offset)
    return (
        f"{name:14} Spearman {spearmanr(official_M, scores_M).statistic:.4f}   "
        f"Kendall {kendalltau(official_M, scores_M).statistic:.4f}   "
        f"official ~ {slope:.4f} * score + {offset:.3f}, residual deviation {deviation:.3f}   "
        f"mean difference {np.mean(scores_M - official_M):+.2f}"
    )


def with_operations(codes_BL: Codes, name: str, cells: tuple[int, ...]) -> Codes:
    """The architectures with one operation everywhere in some of the cells."""
    edges = codes_BL.copy().reshape(-1, 2, 8, 2)
    edges[:, cells, :, 1] = OPERATIONS.index(name)
    return edges.reshape(codes_BL.shape)


def milliseconds(surrogate: YAHPOSurrogate, codes_BL: Codes) -> float:
    """Median of an evaluation of the batch, the features included."""
    surrogate.evaluate(codes_BL)
    times = []
    for _ in range(max(5, 200 // len(codes_BL))):
        start = time.perf_counter()
        surrogate.evaluate(codes_BL)
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--degenerate", type=int, default=1000, help="random architectures of each kind")
    options = parser.parse_args()
    folder = data_folder()
    if folder is None:
        sys.exit("ARCHWALK_DATA is unset: the published predictions are looked for there")
    surrogate = load_yahpo(find_files("nasbench301-yahpo"))
    codes, official_M = read_official_predictions(folder / "nasbench301" / "naslib")
    scores_M, _ = surrogate.predict(codes)
    print(f"{len(codes):,} architectures, {is_trusted(codes).sum():,} of them trusted by the guard")
    print(agreement("as it is", official_M, scores_M))
    print(agreement("guarded", official_M, guarded(scores_M, codes)))

    random_codes = DARTS().sample(np.random.default_rng(0), options.degenerate)
    kinds = {"random": random_codes}
    for name in ("skip_connect", "max_pool_3x3", "avg_pool_3x3"):
        kinds[f"{name}, both cells"] = with_operations(random_codes, name, (0, 1))
        kinds[f"{name}, normal cell"] = with_operations(random_codes, name, (0,))
        kinds[f"{name}, reduction cell"] = with_operations(random_codes, name, (1,))
    print(f"\n{'operations':30} mean as it is   max as it is   mean guarded   max guarded   trusted")
    for kind, kind_codes in kinds.items():
        scores, _ = surrogate.predict(kind_codes)
        safe = guarded(scores, kind_codes)
        print(
            f"{kind:30} {scores.mean():13.2f} {scores.max():14.2f} {safe.mean():14.2f} {safe.max():13.2f} "
            f"{100 * is_trusted(kind_codes).mean():8.1f} %"
        )

    print("\nrows    ms, one thread")
    for n in (1, 50, 1024):
        print(f"{n:4} {milliseconds(surrogate, DARTS().sample(np.random.default_rng(1), n)):17.2f}")


if __name__ == "__main__":
    main()
