"""Predictions of NAS-Bench-301 v1.0 itself that others have published: what other surrogates are compared with.

The authors of NASLib computed zero-cost proxies of 1,218 random DARTS architectures and kept the prediction of
v1.0's XGB ensemble beside them: {"[[(input, operation), ...], [...]]": {"val_accuracy": percent, ...}, ...}.

Source: `zc_nasbench301_725.json` and `zc_nasbench301_500.json`, in the history of github.com/automl/NASLib
(Apache-2.0).
"""

from ast import literal_eval
from pathlib import Path
from typing import Any

import numpy as np

from archwalk.data.decoding import decode_json, reading
from archwalk.data.files import read_file
from archwalk.estimators.base import Floats
from archwalk.spaces.base import Codes
from archwalk.spaces.darts.code import canonical_codes

_FILES = ("zc_nasbench301_725.json", "zc_nasbench301_500.json")


def read_official_predictions(folder: Path) -> tuple[Codes, Floats]:
    """Different architectures (M, 32) and their predicted accuracies (M,) in percent, of both files.

    Raises DataError if one is absent or damaged.
    """
    accuracies: dict[str, float] = {}
    for name in _FILES:
        path = folder / name
        with reading(str(path), "does not hold predictions of NAS-Bench-301"):
            content = decode_json(read_file(path), dict[str, Any], "it")
            cells = content.get("nasbench301", content)["cifar10"]
            accuracies |= {text: float(figures["val_accuracy"]) for text, figures in cells.items()}
            edges = np.array([literal_eval(text) for text in accuracies], np.int32).reshape(-1, 2, 8, 2)
    return canonical_codes(edges[..., 0], edges[..., 1]), np.array(list(accuracies.values()))
