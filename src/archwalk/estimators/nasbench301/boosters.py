"""Models of xgboost read as trees, without xgboost: no version of it reads all the forms that it has written.

A pickled Booster holds a snapshot, {"Config": settings, "Model": model}, as

    UBJSON since xgboost 1.6, JSON text in 1.3 to 1.5, binary until 1.2 (`binary_boosters.py`);

`Booster.save_model` writes the model alone, in the same forms. Only what this package has a use for is read:
sums of trees with one value a leaf and splits by a threshold, fitted to a squared error.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.data.decoding import decode_json, reading
from archwalk.estimators.nasbench301.binary_boosters import MODEL, SNAPSHOT, read_binary
from archwalk.estimators.nasbench301.trees import Nodes, Trees, make_trees
from archwalk.estimators.nasbench301.ubjson import read_ubjson

_OBJECTIVES = ("reg:squarederror", "reg:linear")
"""Whose prediction is the sum itself; the second is the first's old name."""


def read_booster(content: bytes, source: str) -> Trees:
    """The trees of a serialised Booster; `source` names it in errors.

    Raises DataError if it is damaged or another kind of model.
    """
    with reading(source, "holds no regression trees of xgboost"):
        if content.startswith((SNAPSHOT, MODEL)):
            nodes, objective, booster = read_binary(content)
        else:
            nodes, objective, booster = _read_document(_parse(content))
        if objective not in _OBJECTIVES or booster != "gbtree":
            raise ValueError(f"{booster} with objective {objective}")
        return make_trees(nodes)


def _parse(content: bytes) -> Any:
    """A JSON or UBJSON document: the first goes on with a quote or white space, the second with a length."""
    if content[:1] != b"{":
        raise ValueError(f"it begins with {content[:4]!r}")
    if content[1:2] in (b'"', b" ", b"\n", b"\r", b"\t"):
        return decode_json(content, dict[str, Any], "the model")
    return read_ubjson(content)


def _read_document(document: Any) -> tuple[Nodes, str, str]:
    """The trees, the objective and the booster of a model, or of a snapshot that holds one."""
    learner = document.get("Model", document)["learner"]
    parameters, booster = learner["learner_model_param"], learner["gradient_booster"]
    if int(parameters.get("num_target", 1)) != 1 or int(parameters["num_class"]) > 1:
        raise ValueError("several outputs")
    trees = booster["model"]["trees"]
    base = float(np.float32(parameters["base_score"].strip("[]")))  # since 3.1 a list of one, as text
    nodes = _join(trees, base, int(parameters["num_feature"]))
    return nodes, learner["objective"]["name"], booster["name"]


def _join(trees: list[dict[str, Any]], base: float, features: int) -> Nodes:
    if any(np.any(tree.get("split_type", 0)) for tree in trees):
        raise ValueError("splits by category")
    columns = ("left_children", "right_children", "split_indices", "split_conditions", "default_left")
    parts = [[np.asarray(tree[column]) for column in columns] for tree in trees]
    counts = [len(part[0]) for part in parts]
    if 0 in counts or any(len(column) != len(part[0]) for part in parts for column in part):
        raise ValueError("a tree's columns have different lengths")
    root_T = np.cumsum([0, *counts[:-1]]).astype(np.int32)[: len(counts)]
    offset_N = np.repeat(root_T, counts)
    left_N, right_N, feature_N, value_N, missing_left_N = (
        np.concatenate([part[i] for part in parts]) if parts else np.empty(0) for i in range(len(columns))
    )
    return Nodes(
        _move(left_N, offset_N),
        _move(right_N, offset_N),
        feature_N.astype(np.int32),
        value_N.astype(np.float32),
        missing_left_N.astype(bool),
        root_T,
        base,
        features,
    )


def _move(child_N: NDArray[Any], offset_N: NDArray[np.int32]) -> NDArray[np.int32]:
    """Children counted in the model instead of in their tree; -1 stays."""
    return np.where(child_N >= 0, child_N + offset_N, -1).astype(np.int32)
