"""NAS-Bench-301 (YAHPO surrogate): a network fitted by the authors of YAHPO Gym to NAS-Bench-301's trainings.

It is not NAS-Bench-301 v1.0, whose surrogate is an ensemble of boosted trees (`ensemble.py`): on the 1,218
architectures whose v1.0 prediction is published, the rank correlation of the two is 0.904 (Spearman) or 0.735
(Kendall), and its accuracies are 1.3 points higher. Figures of the one are no figures of the other. Searches end
at 96.6 percent, a point above the best score among the 1,218: nobody has checked the surrogate up there.

Source: Pfisterer et al., YAHPO Gym, AutoML 2022; github.com/slds-lmu/yahpo_data (Apache-2.0), folder nb301:
`new_model.onnx` of October 2021, whose figures are given here (the later `model_v2.onnx` agrees with v1.0 at
0.59), and `encoding_v2.json`.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archwalk.data.decoding import read_json
from archwalk.data.nasbench301 import YAHPO_MODELS, yahpo_files
from archwalk.errors import DataError
from archwalk.estimators.base import Floats, Scores
from archwalk.estimators.metrics import Metric, single
from archwalk.estimators.nasbench301.features import (
    ARCHITECTURE_NAMES,
    YAHPO_INPUTS,
    YAHPO_OPERATIONS,
    yahpo_features,
)
from archwalk.estimators.nasbench301.guard import MEANING, guarded
from archwalk.estimators.nasbench301.onnx_models import open_model
from archwalk.spaces.base import Codes

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

EPOCH = 98
"""Of training, at which architectures are scored: the last that the surrogate knows."""

_INACTIVE = "#na#"
_PREFIX = "NetworkSelectorDatasetInfo_COLON_darts_COLON_"
_ROWS_AT_ONCE = 1024


YAHPO_SURROGATE = single(
    "yahpo-surrogate",
    Metric("validation accuracy of NAS-Bench-301 (YAHPO surrogate)", "%"),
    f"reward and report: validation accuracy of NAS-Bench-301 (YAHPO surrogate) (not v1.0; {MEANING})",
)


class YAHPOSurrogate:
    """Validation accuracy in percent of NAS-Bench-301 (YAHPO surrogate) after 98 epochs, guarded.

    Reward and report are both that accuracy; there is no test accuracy. What `guard.py` does not trust is cut.
    Seconds are those of the training, as the surrogate predicts them. Deterministic; scores do not depend on
    what else is in the batch.
    """

    objective = YAHPO_SURROGATE
    evaluation = "surrogate"

    def __init__(self, session: "InferenceSession", folder: Path | None = None) -> None:
        """`folder` is where it came from, and where it is read again when it is unpickled.

        Raises DataError if the model takes other inputs.
        """
        inputs = {value.name: (value.type, value.shape[1:]) for value in session.get_inputs()}
        wanted = {
            "x_cat": ("tensor(int32)", [len(ARCHITECTURE_NAMES)]),
            "x_cont": ("tensor(float)", [1]),
        }
        if inputs != wanted or [value.shape[1:] for value in session.get_outputs()] != [[2]]:
            raise DataError(f"the ONNX model is not YAHPO's {YAHPO_MODELS[0]}: it has inputs {inputs}")
        self.session = session
        self.folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return load_yahpo, (self.folder,)

    def evaluate(self, codes_BL: Codes) -> Scores:
        """Score codes (B, 32) of `archwalk.spaces.darts`."""
        accuracy_B, seconds_B = self.predict(codes_BL)
        accuracy_B = np.clip(guarded(accuracy_B, codes_BL), 0, 100)
        return Scores(accuracy_B, accuracy_B.copy(), seconds_B)

    def predict(self, codes_BL: Codes) -> tuple[Floats, Floats]:
        """What the surrogate itself says of codes (B, 32): accuracy in percent and seconds, (B,) each.

        Rows that repeat are computed once: sorting a batch costs a hundredth of computing it.
        """
        if len(codes_BL) == 1:
            outputs_B2 = self._run(yahpo_features(codes_BL))
            return outputs_B2[:, 0], np.maximum(outputs_B2[:, 1], 0)
        packed_B = np.ascontiguousarray(codes_BL, np.uint8).view(f"V{codes_BL.shape[1]}").ravel()
        _, first_U, row_B = np.unique(packed_B, return_index=True, return_inverse=True)
        features_UF = yahpo_features(codes_BL[first_U])
        outputs = [
            self._run(features_UF[start : start + _ROWS_AT_ONCE])
            for start in range(0, len(features_UF), _ROWS_AT_ONCE)
        ]
        outputs_U2 = np.concatenate([np.empty((0, 2)), *outputs])
        accuracy_B, seconds_B = outputs_U2[row_B].T
        return accuracy_B, np.maximum(seconds_B, 0)

    def _run(self, features_UF: NDArray[np.int32]) -> Floats:
        epochs_U1 = np.full((len(features_UF), 1), EPOCH, np.float32)
        (outputs_U2,) = self.session.run(None, {"x_cat": features_UF, "x_cont": epochs_U1})
        return np.asarray(outputs_U2, np.float64)


def load_yahpo(folder: Path) -> YAHPOSurrogate:
    """The surrogate of a folder that has the model and its encoding.

    Raises DataError if one is absent, damaged or another's, MissingExtraError without onnxruntime.
    """
    model, encoding = yahpo_files(folder)
    _check_encoding(encoding)
    return YAHPOSurrogate(open_model(model), folder)


def _check_encoding(path: Path) -> None:
    """Compare the published integer codes with those of `features.py`. Raises DataError."""
    published = read_json(path, dict[str, Any], "an encoding")
    if published != expected_encoding():
        raise DataError(f"{path} is not the encoding that this version of archwalk knows")


def expected_encoding() -> dict[str, dict[str, int]]:
    """What YAHPO's `encoding_v2.json` holds: the integer of each value of each hyperparameter."""
    encoding = {}
    for name in ARCHITECTURE_NAMES:
        values = YAHPO_OPERATIONS if name.startswith("edge") else YAHPO_INPUTS[int(name[-1]) - 2]
        encoding[_PREFIX + name] = {_INACTIVE: 0, **values}
    return encoding
