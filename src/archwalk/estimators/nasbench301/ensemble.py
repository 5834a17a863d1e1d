"""The XGB surrogate of NAS-Bench-301 (Zela et al., ICLR 2022): boosted trees, several models, their mean.

Read from the official folder, `xgb_v1.0` of the published models: one folder a member, with three files:

    surrogate_model.model   a pickled xgboost Booster
    model_config.json       how it was fitted
    data_config.json        on what, and the seed

(file names may have a prefix, the same for the three). The pickle is read as data: no class in it is looked up
and no code of it runs; xgboost is not needed.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.data.decoding import read_json
from archwalk.data.nasbench301 import MEMBER_MODEL, ensemble_files, member_configs
from archwalk.data.pickles import NUMPY, Function, StandIns, read_pickle
from archwalk.errors import DataError
from archwalk.estimators.base import Floats, Scores
from archwalk.estimators.metrics import Metric, single
from archwalk.estimators.nasbench301.boosters import read_booster
from archwalk.estimators.nasbench301.features import XGB_CONSTANTS, XGB_NAMES, xgb_features
from archwalk.estimators.nasbench301.trees import Trees
from archwalk.spaces.base import Codes


@dataclass(frozen=True)
class Member:
    """One model of an ensemble."""

    name: str
    """Its folder within the ensemble's."""
    seed: int
    trees: Trees


@dataclass(frozen=True)
class Ensemble:
    """Models of the same features."""

    members: tuple[Member, ...]

    @property
    def features(self) -> int:
        """F, the features of a row."""
        return self.members[0].trees.features

    def predict(self, rows_BF: NDArray[np.float32]) -> Floats:
        """The mean (B,) of the members' predictions for rows (B, F).

        The members are float32 as xgboost's, their mean is float64; the official code's is float32, so that
        the last digits differ.
        """
        members_MB = [member.trees.predict(rows_BF) for member in self.members]
        mean_B: Floats = np.mean(members_MB, axis=0, dtype=np.float64)
        return mean_B


XGB_SURROGATE = single(
    "xgb-surrogate",
    Metric("validation accuracy of NAS-Bench-301's XGB ensemble", "%"),
    "reward and report: validation accuracy of NAS-Bench-301's XGB ensemble (mean of members)",
)


class XGBSurrogate:
    """Validation accuracy in percent, as NAS-Bench-301's XGB surrogate predicts it without noise.

    Reward and report are both the prediction; there is no test accuracy. What training would have cost is not
    said (NaN). The order of the features is derived, not checked against an official model: see `XGB_NAMES`.
    """

    objective = XGB_SURROGATE
    evaluation = "surrogate"

    def __init__(self, ensemble: Ensemble) -> None:
        """Raises DataError if the ensemble is of another benchmark."""
        if ensemble.features != len(XGB_NAMES):
            raise DataError(
                f"these models take {ensemble.features} features, NAS-Bench-301's {len(XGB_NAMES)}: "
                "they are another benchmark's"
            )
        for member in ensemble.members:
            asked = np.intersect1d(member.trees.feature_C, XGB_CONSTANTS)
            if len(asked):
                raise DataError(
                    f"the model {member.name} asks for {XGB_NAMES[asked[0]]!r}, which is constant in "
                    "NAS-Bench-301's data: its features are in another order, or it is another benchmark's"
                )
        self.ensemble = ensemble

    def evaluate(self, codes_BL: Codes) -> Scores:
        """Score codes (B, 32) of `archwalk.spaces.darts`."""
        mean_B = self.ensemble.predict(xgb_features(codes_BL))
        return Scores(mean_B, mean_B.copy(), np.full(len(mean_B), np.nan))


def read_ensemble(folder: Path) -> Ensemble:
    """Read all members below `folder`, in the order of their names.

    Raises DataError if there is none, a file is absent, damaged or no pickled Booster, or the members are of
    different kinds.
    """
    models = [path for path in ensemble_files(folder) if path.name.endswith(MEMBER_MODEL)]
    models.sort(key=lambda path: _natural(str(path.relative_to(folder))))
    members = tuple(_read_member(path, folder) for path in models)
    if len({member.trees.features for member in members}) > 1:
        raise DataError(f"{folder} has models of different features in it; give the folder of one ensemble")
    return Ensemble(members)


def _read_member(path: Path, folder: Path) -> Member:
    model, data = (read_json(config, dict[str, Any], "a configuration") for config in member_configs(path))
    if model.get("model") != "xgb" or model.get("param:bananas_enc"):
        kind = "path encodings" if model.get("param:bananas_enc") else f"the kind {model.get('model')!r}"
        raise DataError(f"{path} is a model of {kind}, not of XGB; give the folder xgb_v1.0")
    seed = data.get("seed")
    if not isinstance(seed, int):
        raise DataError(f"the data configuration beside {path} names no seed")
    return Member(
        str(path.parent.relative_to(folder)), seed, read_booster(read_pickled_booster(path), str(path))
    )


def _natural(text: str) -> list[str | int]:
    """For sorting: member_2 before member_10."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", text)]


class _PickledBooster:
    """Stands for `xgboost.core.Booster`: keeps the bytes of its state, {"handle": bytearray, ...}."""

    content: bytes | None = None

    def __setstate__(self, state: object) -> None:
        handle = state.get("handle") if isinstance(state, dict) else None
        if not isinstance(handle, bytes | bytearray):
            raise ValueError("a Booster without a model")
        self.content = bytes(handle)


def _bytearray(*arguments: object) -> bytes:
    """Stands for `bytearray`, of bytes alone: of a number, it would fill the memory with zeros."""
    if len(arguments) != 1 or not isinstance(arguments[0], bytes):
        raise ValueError("bytearray of something else than bytes")
    return arguments[0]


_BOOSTER: StandIns = {
    **NUMPY,  # for the best score of early stopping
    ("xgboost.core", "Booster"): _PickledBooster,
    ("builtins", "bytearray"): Function(_bytearray),
}


def read_pickled_booster(path: Path) -> bytes:
    """The serialised model in a pickled Booster. Raises DataError."""
    booster = read_pickle(path, _BOOSTER)
    if not isinstance(booster, _PickledBooster) or booster.content is None:
        raise DataError(f"{path} is not a pickled Booster of xgboost")
    return booster.content
