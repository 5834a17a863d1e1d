"""Which decisions matter: a functional analysis of variance (Hutter et al. 2014) of an additive model of the ranks.

The model is a ridge regression on the values of all decisions, fitted to the ranks of the rewards, so that a few very
bad architectures do not decide. Functional ANOVA asks how much the model varies with one decision, all values of it
being equally likely, whatever the others are: of an additive model that is exact. What decisions do only together is
not seen; how much of the ranks the model explains at all is said beside it, by cross-validation.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from archwalk.estimators.added.models import fit_ridge, predict_ridge
from archwalk.estimators.base import Floats
from archwalk.report.explorer.explored import Explored
from archwalk.report.explorer.levels import levels_of

LEAST, MOST = 20, 2_000
"""Architectures that the model is fitted to."""
_FOLDS = 5
_MOST_DECISIONS = 100


def importance(explored: Explored) -> dict[str, Any] | None:
    """Shares of the model's variance by decision, the largest first, and of the ranks that the model explains; None
    where too few architectures have a reward, or nothing differs.
    """
    worth_U = np.array(explored.mean_upward())
    known = np.flatnonzero(np.isfinite(worth_U))
    if len(known) > MOST:
        known = known[np.linspace(0, len(known) - 1, MOST).astype(int)]
    if len(known) < LEAST or np.ptp(worth_U[known]) == 0:
        return None
    levels = levels_of(list(explored.names), [explored.decisions[number] for number in known])[
        :_MOST_DECISIONS
    ]
    if not levels:
        return None
    one_hot = [one.at_U[:, None] == np.arange(len(one.values)) for one in levels]
    features_UF = np.concatenate(one_hot, axis=1).astype(np.uint8)
    ranks_U = _ranks(worth_U[known])
    weights_F = fit_ridge(features_UF, ranks_U)["weights"]
    rows: list[dict[str, Any]] = []
    at = 0
    for one in levels:
        effect_V = weights_F[at : at + len(one.values)]
        at += len(one.values)
        rows.append(
            {"name": one.name, "share": float(effect_V.var()), "best": one.values[int(effect_V.argmax())]}
        )
    total = sum(row["share"] for row in rows) or 1.0
    for row in rows:
        row["share"] = round(row["share"] / total, 4)
    rows.sort(key=lambda row: -row["share"])
    return {
        "rows": rows,
        "explained": round(_explained(features_UF, ranks_U), 4),
        "architectures": len(known),
    }


def _ranks(values_U: Floats) -> Floats:
    """Mean ranks of equal values, of mean 0 and deviation 1."""
    from scipy.stats import rankdata

    ranks_U: Floats = rankdata(values_U)
    scaled_U: Floats = (ranks_U - ranks_U.mean()) / ranks_U.std()
    return scaled_U


def _explained(features_UF: Any, target_U: Floats) -> float:
    """Share of the variance, of targets that the model has not seen."""
    fold_U = np.random.default_rng(0).permutation(len(target_U)) % _FOLDS
    predicted_U = np.empty(len(target_U))
    for fold in range(_FOLDS):
        seen_U = fold_U != fold
        model = fit_ridge(features_UF[seen_U], target_U[seen_U])
        predicted_U[~seen_U] = predict_ridge(model, features_UF[~seen_U])
    return float(1 - ((target_U - predicted_U) ** 2).mean() / target_U.var())
