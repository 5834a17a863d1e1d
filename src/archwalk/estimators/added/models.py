"""Regressions from features of architectures, as arrays: fitted, stored and asked without pickle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.estimators.base import Floats
from archwalk.jit import kernel
from archwalk.spaces.base import Features

Arrays = Mapping[str, NDArray[Any]]
Fit = Callable[[Features, Floats], Arrays]
"""Arrays of a model of targets (E,) of mean 0 and deviation 1 by features (E, F)."""

Predict = Callable[[Arrays, Features], Floats]

_RIDGES = 10.0 ** np.arange(-2, 5)
_NETWORKS, _WIDTH, _HIDDEN = 3, 64, 2
_UPDATES = 1_200
_BATCH = 128


@dataclass(frozen=True)
class Kind:
    """A way to predict: how it is fitted, and how its arrays are asked."""

    name: str
    fit: Fit
    predict: Predict


def fit_ridge(features_EF: Features, target_E: Floats) -> Arrays:
    """Linear, with the penalty of least error when each architecture is left out (generalised cross-validation)."""
    x_EF = features_EF.astype(np.float64)
    centre_F = x_EF.mean(axis=0)
    u_EK, s_K, vt_KF = np.linalg.svd(x_EF - centre_F, full_matrices=False)
    seen_K = u_EK.T @ target_E
    best, weights_F = np.inf, np.zeros(len(centre_F))
    for ridge in _RIDGES:
        shrunk_K = s_K**2 / (s_K**2 + ridge)
        residual_E = target_E - u_EK @ (shrunk_K * seen_K)
        freedom = len(target_E) - shrunk_K.sum() - 1
        error = np.inf if freedom <= 0 else float(residual_E @ residual_E) / freedom**2
        if error < best:
            best, weights_F = error, vt_KF.T @ (s_K / (s_K**2 + ridge) * seen_K)
    return {"weights": weights_F, "offset": np.array([-centre_F @ weights_F])}


def predict_ridge(arrays: Arrays, features_BF: Features) -> Floats:
    """See `fit_ridge`."""
    values_B: Floats = features_BF @ arrays["weights"] + arrays["offset"][0]
    return values_B


def fit_networks(features_EF: Features, target_E: Floats) -> Arrays:
    """The mean of three perceptrons that differ by their first weights and the order of what they see."""
    from archwalk.learning.ensemble import Perceptrons
    from archwalk.learning.perceptron_training import fit_epochs
    from archwalk.learning.seeding import made_from

    networks = made_from(0, lambda: Perceptrons(_NETWORKS, features_EF.shape[1], _WIDTH, _HIDDEN))
    epochs = int(np.clip(_UPDATES * _BATCH // len(target_E), 10, 200))
    fit_epochs(
        networks, features_EF, target_E, np.random.default_rng(0),
        error="squared", epochs=epochs, batch=_BATCH, learning_rate=1e-3,
    )  # fmt: skip
    return {name: tensor.detach().numpy() for name, tensor in networks.state_dict().items()}


def predict_networks(arrays: Arrays, features_BF: Features) -> Floats:
    """See `fit_networks`."""
    x_KBH = np.broadcast_to(features_BF.astype(np.float32), (_NETWORKS, *features_BF.shape))
    for layer in range(_HIDDEN + 1):
        x_KBH = np.maximum(x_KBH, 0) if layer else x_KBH
        x_KBH = x_KBH @ arrays[f"weights.{layer}"] + arrays[f"biases.{layer}"]
    values_B: Floats = x_KBH[:, :, 0].mean(axis=0).astype(np.float64)
    return values_B


def fit_forest(features_EF: Features, target_E: Floats) -> Arrays:
    """Scikit-learn's random forest of 100 trees, a third of the features at each node."""
    from sklearn.ensemble import RandomForestRegressor

    forest = RandomForestRegressor(100, max_features=1 / 3, min_samples_leaf=2, random_state=0)
    forest.fit(features_EF, target_E)
    return _trees([tree.tree_ for tree in forest.estimators_], 1 / len(forest.estimators_), 0.0)


def fit_boosting(features_EF: Features, target_E: Floats) -> Arrays:
    """Scikit-learn's gradient boosting: 300 trees of depth 5, each on 70 % of the architectures."""
    from sklearn.ensemble import GradientBoostingRegressor

    boosting = GradientBoostingRegressor(
        n_estimators=300, learning_rate=0.08, max_depth=5, subsample=0.7, max_features=1 / 3, random_state=0
    )
    boosting.fit(features_EF, target_E)
    return _trees(
        [tree.tree_ for tree in boosting.estimators_[:, 0]], boosting.learning_rate, float(target_E.mean())
    )


def _trees(trees: list[object], share: float, offset: float) -> Arrays:
    """All nodes in a row: the feature asked for (-1: a leaf), where a node goes for 0 and for 1, and its value."""
    sizes = [tree.node_count for tree in trees]  # type: ignore[attr-defined]
    firsts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32)

    def joined(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(tree, name) for tree in trees])

    shift = np.repeat(firsts, sizes)
    return {
        "feature": np.where(joined("children_left") < 0, -1, joined("feature")).astype(np.int32),
        "zero": (joined("children_left") + shift).astype(np.int32),
        "one": (joined("children_right") + shift).astype(np.int32),
        "value": share * joined("value").reshape(-1),
        "first": firsts,
        "offset": np.array([offset]),
    }


def predict_trees(arrays: Arrays, features_BF: Features) -> Floats:
    """The sum of the trees' values."""
    values_B = np.full(len(features_BF), arrays["offset"][0])
    nodes = arrays["feature"], arrays["zero"], arrays["one"], arrays["value"]
    _ask_trees(np.ascontiguousarray(features_BF), *nodes, arrays["first"], values_B)
    return values_B


@kernel
def _ask_trees(features_BF, feature, zero, one, value, first, values_B):  # type: ignore[no-untyped-def]
    for b in range(len(features_BF)):
        for t in range(len(first)):
            node = first[t]
            while feature[node] >= 0:
                node = one[node] if features_BF[b, feature[node]] else zero[node]
            values_B[b] += value[node]


RIDGE = Kind("ridge regression", fit_ridge, predict_ridge)
NETWORKS = Kind("an ensemble of networks", fit_networks, predict_networks)
FOREST = Kind("a random forest", fit_forest, predict_trees)
BOOSTING = Kind("gradient boosting", fit_boosting, predict_trees)

KINDS = {kind.name: kind for kind in (RIDGE, NETWORKS, FOREST, BOOSTING)}


def available() -> list[Kind]:
    """All kinds; those of scikit-learn where it is installed."""
    import importlib.util

    if importlib.util.find_spec("sklearn") is None:
        return [RIDGE, NETWORKS]
    return list(KINDS.values())
