"""Surrogates of tables with gaps: the kind of regression is chosen by cross-validation, whose figures go into every
result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
from scipy.stats import kendalltau, spearmanr

from archwalk.data.added.adding import LEAST_LEARNED
from archwalk.data.decoding import convert, reading, to_plain
from archwalk.data.states import read_state, write_state
from archwalk.errors import DataError, UsageError
from archwalk.estimators.added.models import KINDS, Arrays, available
from archwalk.estimators.base import Floats
from archwalk.spaces.base import Features

FOLDS = 5
MOST_JUDGED, MOST_FITTED = 10_000, 50_000
"""Architectures, drawn by lot from more, that cross-validation and the last fit learn from."""

_ROWS = 65_536


class Quality(msgspec.Struct, frozen=True):
    """How well a regression predicts architectures that it has not seen: over folds, each predicted by the others."""

    kind: str
    spearman: float
    kendall: float
    error: float
    """Mean absolute error, in the metric's unit."""

    def __str__(self) -> str:
        ranks = f"Spearman {self.spearman:.3f}, Kendall {self.kendall:.3f}"
        return f"{self.kind}: {ranks}, mean absolute error {self.error:.3g}"


@dataclass(frozen=True)
class Surrogate:
    """A fitted regression; `qualities` are those of all kinds that were tried, the chosen one first."""

    kind: str
    centre: float
    spread: float
    arrays: Arrays
    qualities: tuple[Quality, ...]
    seen: int

    def __call__(self, features_BF: Features) -> Floats:
        """Predictions (B,)."""
        predict = KINDS[self.kind].predict
        parts = [
            predict(self.arrays, features_BF[at : at + _ROWS]) for at in range(0, len(features_BF), _ROWS)
        ]
        values_B: Floats = self.centre + self.spread * np.concatenate([*parts, np.empty(0)])
        return values_B

    @property
    def provenance(self) -> str:
        """One line for every result."""
        return f"fitted to {self.seen:,} architectures; {FOLDS}-fold cross-validation of {self.qualities[0]}"


def fit_surrogate(
    features_EF: Features, value_E: Floats, tell: Callable[[str], None] = lambda _: None
) -> Surrogate:
    """Choose and fit; `tell` is told what is being tried. Raises UsageError for too few architectures, or all alike."""
    if len(value_E) < LEAST_LEARNED:
        raise UsageError(
            f"a surrogate needs {LEAST_LEARNED} architectures, not {len(value_E)}; --mode known searches among them"
        )
    if np.ptp(value_E) == 0:
        raise UsageError("all architectures of the table have the same value: there is nothing to learn")
    rng = np.random.default_rng(0)
    judged = rng.permutation(len(value_E))[:MOST_JUDGED]
    qualities = []
    for kind in available():
        tell(kind.name)
        qualities.append(judge(kind.name, features_EF[judged], value_E[judged]))
    qualities.sort(key=lambda quality: -quality.spearman)
    chosen = qualities[0].kind
    tell(f"{chosen}, on all")
    fitted = rng.permutation(len(value_E))[:MOST_FITTED]
    centre, spread = _scale(value_E[fitted])
    arrays = KINDS[chosen].fit(features_EF[fitted], (value_E[fitted] - centre) / spread)
    return Surrogate(chosen, centre, spread, arrays, tuple(qualities), len(fitted))


def judge(kind: str, features_EF: Features, value_E: Floats) -> Quality:
    """Cross-validate one kind. The order of architectures is taken for random."""
    predicted_E = np.empty(len(value_E))
    fold_E = np.arange(len(value_E)) % FOLDS
    for fold in range(FOLDS):
        seen = fold_E != fold
        centre, spread = _scale(value_E[seen])
        arrays = KINDS[kind].fit(features_EF[seen], (value_E[seen] - centre) / spread)
        predicted_E[~seen] = centre + spread * KINDS[kind].predict(arrays, features_EF[~seen])
    spearman, kendall = (
        float(np.nan_to_num(measure(predicted_E, value_E).statistic)) for measure in (spearmanr, kendalltau)
    )
    return Quality(kind, spearman, kendall, float(np.abs(predicted_E - value_E).mean()))


def _scale(value_E: Floats) -> tuple[float, float]:
    return float(value_E.mean()), float(value_E.std()) or 1.0


def write_surrogate(path: Path, surrogate: Surrogate) -> None:
    """Write as one safetensors file, whole or not at all."""
    write_state(path, vars(surrogate) | {"qualities": to_plain(surrogate.qualities)})


def read_surrogate(path: Path) -> Surrogate:
    """Raises DataError where the file is damaged."""
    try:
        with reading("it", "holds something else"):
            state = read_state(path)
            arrays = state.pop("arrays")
            found = convert(state | {"arrays": {}}, Surrogate, "it", "a surrogate")
            if found.kind not in KINDS or not all(isinstance(array, np.ndarray) for array in arrays.values()):
                raise DataError("it holds another kind of regression")
            return replace(found, arrays=arrays)
    except DataError as error:
        raise DataError(
            f"{path} is no whole surrogate ({error}); delete it, and it is fitted again"
        ) from error
