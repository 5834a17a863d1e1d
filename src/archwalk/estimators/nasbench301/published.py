"""Predictions of NAS-Bench-301 v1.0 itself that others have published: what other surrogates are compared with.

The authors of NASLib computed zero-cost proxies of 1,218 random DARTS architectures and kept the prediction of
v1.0's XGB ensemble beside them: {"[[(input, operation), ...], [...]]": {"val_accuracy": percent, ...}, ...}.

Source: `zc_nasbench301_725.json` and `zc_nasbench301_500.json`, in the history of github.com/automl/NASLib
(Apache-2.0).
"""

import json
from ast import literal_eval
from pathlib import Path

import numpy as np

from archwalk.errors import DataError
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
        try:
            content = json.loads(path.read_text())
            cells = content.get("nasbench301", content)["cifar10"]
            accuracies |= {text: float(figures["val_accuracy"]) for text, figures in cells.items()}
            edges = np.array([literal_eval(text) for text in accuracies], np.int32).reshape(-1, 2, 8, 2)
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror}") from error
        except (ValueError, SyntaxError, KeyError, TypeError, AttributeError) as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise DataError(f"{path} does not hold predictions of NAS-Bench-301 ({reason})") from error
    return canonical_codes(edges[..., 0], edges[..., 1]), np.array(list(accuracies.values()))
