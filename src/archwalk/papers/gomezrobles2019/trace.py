"""What agents that build did, as arrays: the episodes of a trial, and every network that it evaluated."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from archwalk.estimators.base import Estimator, Floats, Scores
from archwalk.spaces.base import Codes

Trial = dict[str, Any]
"""`episodes` and `evaluated`, as `episode_columns` and `Witness.taken` have them, the benchmark's name, and seconds."""

COLUMNS = {
    "step": "charts/step",
    "reward": "charts/reward",
    "best": "charts/best",
    "length": "charts/length",
    "entropy": "charts/entropy",
    "branched": "charts/branched",
}


def episode_columns(rows: Iterable[Mapping[str, float]]) -> dict[str, Floats]:
    """The rows of an `EpisodeLog` as columns (E,), `actions` (E, A) the shares of actions; accuracies in percent."""
    every = list(rows)
    columns = {
        name: np.array([row.get(key, np.nan) for row in every], np.float64) for name, key in COLUMNS.items()
    }
    actions = sum(1 for key in every[0] if key.startswith("actions/")) if every else 0
    shares_EA = [[row[f"actions/{a}"] for a in range(actions)] for row in every]
    columns["actions"] = np.array(shares_EA, np.float64).reshape(len(every), actions)
    for name in ("reward", "best"):
        columns[name] *= 100
    return columns


class Witness:
    """Passes an estimator's scores on and keeps them, in the order in which they were asked for."""

    def __init__(self, estimator: Estimator) -> None:
        self.estimator = estimator
        self.objective = estimator.objective
        self._codes: list[Codes] = []
        self._scores: list[Scores] = []

    def evaluate(self, codes_BL: Codes) -> Scores:
        """Score codes (B, L)."""
        scores = self.estimator.evaluate(codes_BL)
        self._codes.append(codes_BL.copy())
        self._scores.append(scores)
        return scores

    def taken(self) -> dict[str, Any]:
        """`codes` (Q, L), and `reward`, `report`, `seconds` (Q,) each."""
        names = ("reward", "report", "seconds")
        if not self._codes:
            return {"codes": np.empty((0, 1), np.int32)} | {name: np.empty(0) for name in names}
        return {"codes": np.concatenate(self._codes)} | {
            name: np.concatenate([getattr(scores, f"{name}_B") for scores in self._scores]) for name in names
        }


def best_networks(evaluated: Mapping[str, Any], count: int) -> list[tuple[Codes, float, float]]:
    """The different networks of highest reward, best first: code (L,), reward, report. The first asked for leads; what
    has no reward is left out.
    """
    codes_QL, reward_Q = evaluated["codes"], evaluated["reward"]
    found: list[tuple[Codes, float, float]] = []
    for q in np.argsort(-reward_Q, kind="stable"):
        if len(found) == count or np.isnan(reward_Q[q]):
            break
        if not any(np.array_equal(codes_QL[q], code_L) for code_L, _, _ in found):
            found.append((codes_QL[q], float(reward_Q[q]), float(evaluated["report"][q])))
    return found
