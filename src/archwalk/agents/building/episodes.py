"""What the episodes of a trial amounted to: the numbers that Gomez Robles and Vanschoren's figures 9 to 13 are drawn
from.
"""

from typing import Any

import numpy as np

from archwalk.environments.builds import Builds, BuildStep
from archwalk.estimators.base import Floats
from archwalk.spaces.nsc import NSC


class EpisodeLog:
    """Follows B environments and keeps a row of metrics of each episode that ended, until it is taken.

    `charts/reward` is the sum of an episode's rewards, `charts/best` the highest of them, `charts/best_so_far` the
    highest in the trial, all as fractions; `charts/length` its actions, `charts/entropy` the policy's, a mean over
    them, and `actions/NUMBER` their shares. `charts/step` are the trial's steps when it ended, `charts/trial` the
    number of the trial. With branches, `charts/branched` is 1 if what was built is no chain.
    """

    def __init__(self, batch: int, actions: int) -> None:
        self.trial = self.steps = 0
        self.best_so_far = 0.0
        self.reward_B, self.best_B, self.entropy_B = np.zeros(batch), np.zeros(batch), np.zeros(batch)
        self.counts_BA = np.zeros((batch, actions), np.int64)
        self.rows: list[dict[str, float]] = []

    def begin(self, trial: int) -> None:
        """A trial begins; of episodes that the last one cut off nothing is said."""
        self.trial, self.steps, self.best_so_far = trial, 0, 0.0
        self._forget(slice(None))

    def _forget(self, rows: Any) -> None:
        for values in (self.reward_B, self.best_B, self.entropy_B, self.counts_BA):
            values[rows] = 0

    def add(self, builds: Builds, step: BuildStep, entropy_B: Floats, more: dict[str, float]) -> None:
        """Enter a step, before the environments that ended are restarted; `more` stands in each row."""
        batch = len(entropy_B)
        self.steps += batch
        self.reward_B += step.reward_B
        self.best_B = np.maximum(self.best_B, step.reward_B)
        self.entropy_B += entropy_B
        self.counts_BA[np.arange(batch), builds.last_action_B] += 1
        self.best_so_far = max(self.best_so_far, float(step.reward_B.max()))
        ended = np.flatnonzero(step.done_B).tolist()
        self.rows += [self._row(b, builds, step) | more for b in ended]
        self._forget(ended)

    def _row(self, b: int, builds: Builds, step: BuildStep) -> dict[str, float]:
        length = int(self.counts_BA[b].sum())
        row = {
            "charts/trial": float(self.trial),
            "charts/step": float(self.steps),
            "charts/reward": float(self.reward_B[b]),
            "charts/best": float(self.best_B[b]),
            "charts/best_so_far": self.best_so_far,
            "charts/length": float(length),
            "charts/entropy": float(self.entropy_B[b] / length),
        }
        if isinstance(builds.space, NSC) and builds.space.table.branches:
            row["charts/branched"] = float(builds.space.branched(step.codes_BL[b][None])[0])
        return row | {f"actions/{a}": float(n / length) for a, n in enumerate(self.counts_BA[b])}

    def state_dict(self) -> dict[str, Any]:
        """Everything, with the rows that were not taken yet."""
        return {
            "trial": self.trial,
            "steps": self.steps,
            "best_so_far": self.best_so_far,
            "reward": self.reward_B.copy(),
            "best": self.best_B.copy(),
            "entropy": self.entropy_B.copy(),
            "counts": self.counts_BA.copy(),
            "rows": [dict(row) for row in self.rows],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.trial, self.steps = int(state["trial"]), int(state["steps"])
        self.best_so_far = float(state["best_so_far"])
        self.reward_B, self.best_B = np.array(state["reward"]), np.array(state["best"])
        self.entropy_B, self.counts_BA = np.array(state["entropy"]), np.array(state["counts"])
        self.rows = [dict(row) for row in state["rows"]]
