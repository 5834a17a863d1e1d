"""NAS-Bench-301 by name: `nasbench301:yahpo` and `nasbench301:xgb`."""

from collections.abc import Callable, Mapping
from pathlib import Path

from archwalk.data.catalogue import DATA_SETS, find_files
from archwalk.data.files import sha256_of
from archwalk.data.nasbench301 import ensemble_files, yahpo_files
from archwalk.errors import UsageError, unknown
from archwalk.estimators.base import Estimator
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.nasbench301.ensemble import XGBSurrogate, read_ensemble
from archwalk.estimators.nasbench301.guard import MEANING
from archwalk.estimators.nasbench301.yahpo import EPOCH, load_yahpo
from archwalk.spaces.darts.space import DARTS


def load_nasbench301(words: list[str], seed: int) -> Benchmark:
    """DARTS architectures, scored by one of NAS-Bench-301's surrogates."""
    surrogate, *objective = words or [""]
    if surrogate not in _SURROGATES:
        raise unknown("surrogate of nasbench301", surrogate, _SURROGATES)
    folder = find_files(f"nasbench301-{surrogate}")
    estimator, provenance = _SURROGATES[surrogate](folder)
    if objective not in ([], [estimator.objective.name]):
        raise UsageError(f"nasbench301:{surrogate} has one objective, {estimator.objective.name}")
    name = f"nasbench301:{surrogate}"
    return Benchmark(name, DARTS(), estimator, {"benchmark": name, "source": folder.name, **provenance})


Provenance = Mapping[str, str]


def _yahpo(folder: Path) -> tuple[Estimator, Provenance]:
    estimator = load_yahpo(folder)
    model, _ = yahpo_files(folder)
    return estimator, {
        "surrogate": "NAS-Bench-301 (YAHPO surrogate), not v1.0",
        "origin": DATA_SETS["nasbench301-yahpo"].source,
        "model": model.name,
        "sha256": sha256_of(model),
        "epoch": str(EPOCH),
        "guard": MEANING,
    }


def _xgb(folder: Path) -> tuple[Estimator, Provenance]:
    ensemble = read_ensemble(folder)
    return XGBSurrogate(ensemble), {
        "surrogate": f"NAS-Bench-301, XGB ensemble of {len(ensemble.members)}: mean of the members, without noise",
        "origin": DATA_SETS["nasbench301-xgb"].source,
        "sha256": sha256_of(*ensemble_files(folder)),
        "features": "order derived from ConfigSpace, not checked against an official model",
    }


_SURROGATES: Mapping[str, Callable[[Path], tuple[Estimator, Provenance]]] = {"yahpo": _yahpo, "xgb": _xgb}
