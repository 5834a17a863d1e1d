"""What the paper's figures show of trials: means of 50 episodes, shares of actions, rewards of a stretch of steps."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from archwalk.estimators.base import Floats
from archwalk.experiments.bootstrap import mean_interval
from archwalk.experiments.protocol import spawn
from archwalk.papers.gomezrobles2019.trace import Trial

EPISODES = 50
"""Of a mean and a deviation in the paper's figures 9, 12, 14 and 15."""

Curve = dict[str, list[float]]


def group_size(trials: Sequence[Trial]) -> int:
    """50 episodes, the paper's; fewer where a trial has not four times as many (ours), so that there is a curve."""
    return min(EPISODES, max(1, min(len(trial["episodes"]["step"]) for trial in trials) // 4))


def curve(trials: Sequence[Trial], measure: str, size: int) -> Curve:
    """Mean and deviation of every `size` episodes, those of all seeds together, for as long as every seed has them.

    `episode` is the last of them, `step` the steps taken by then, a mean over seeds. The deviation is that of single
    episodes (the paper had one run). Empty where there are no such values.
    """
    columns = [trial["episodes"] for trial in trials]
    bins = min(len(column["step"]) for column in columns) // size
    values_SBE = np.array([column[measure][: bins * size].reshape(bins, size) for column in columns])
    values_BK = values_SBE.swapaxes(0, 1).reshape(bins, size * len(columns))
    ends_SB = np.array([column["step"][size - 1 : bins * size : size] for column in columns])
    known_B = np.isfinite(values_BK).any(axis=1)
    mean_B, std_B = values_BK[known_B].mean(axis=1), values_BK[known_B].std(axis=1)
    return {
        "episode": (size * np.arange(1, bins + 1)[known_B]).tolist(),
        "step": ends_SB.mean(axis=0)[known_B].tolist(),
        "mean": mean_B.tolist(),
        "std": std_B.tolist(),
    }


def shares(trials: Sequence[Trial], seed: int) -> dict[str, Any]:
    """Shares of actions of whole trials in percent (A,): mean over seeds, its 95 % bootstrap interval."""
    mean_A, low_A, high_A = mean_interval(action_shares(trials)[None], spawn(seed, 41))
    return {"mean": mean_A.tolist(), "lo": low_A.tolist(), "hi": high_A.tolist()}


def action_shares(trials: Sequence[Trial]) -> Floats:
    """Shares of actions of each trial in percent (S, A)."""
    every = [trial["episodes"] for trial in trials]
    counts_SA = np.array([(one["actions"] * one["length"][:, None]).sum(axis=0) for one in every])
    found_SA: Floats = 100 * counts_SA / counts_SA.sum(axis=1, keepdims=True)
    return found_SA


def stretch_reward(trial: Trial, first: float, last: float) -> float:
    """Mean reward a step, in percent, of the episodes that end behind step `first` and not behind step `last`."""
    columns = trial["episodes"]
    inside_E = (columns["step"] > first) & (columns["step"] <= last)
    if not inside_E.any():
        return float("nan")
    return float(columns["reward"][inside_E].sum() / columns["length"][inside_E].sum())
