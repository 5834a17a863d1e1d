"""Policies that other libraries have trained on `archwalk/Incremental-v0`, as agents: they search and are compared.

    def choose(observation):
        return model.predict(observation, action_masks=observation["mask"] == 1, deterministic=True)[0]

    agent = ExternalAgent(environment.benchmark.space, choose)
    archwalk.compare([agent, "local-search"], "nas-bench-graph:cora", budget=100)

From the command line, an agent that `my_policy.py` makes takes part as `--strategies my_policy.py:agent`.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from archwalk.agents.base import Agent, Paid
from archwalk.environments.observations import Observation
from archwalk.environments.walks import WalkSettings
from archwalk.errors import UsageError
from archwalk.jit import Streams
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.strategies.base import Trials
from archwalk.strategies.walker import Walker

Choose = Callable[[Observation], NDArray[np.integer[Any]]]
"""Takes observations as `IncrementalVectorEnv` gives them, `features` (R, N + 1, F) and `mask` (R, N + 1); gives
actions (R,), 0 to stop."""


class ExternalAgent(Agent):
    """Walks by a policy of any library. An episode is a query; an action that there is not ends it.

    `neighbours` is how many the policy was presented with in training, `paid` what the training has cost: an
    environment's `ledger` knows it. It is saved by the library that trained it, not by archwalk.
    """

    name: ClassVar[str] = "external"

    def __init__(
        self,
        space: SearchSpace,
        choose: Choose,
        *,
        neighbours: int = WalkSettings.neighbours,
        paid: Paid | None = None,
        label: str = "",
    ) -> None:
        super().__init__(space)
        self.choose, self.neighbours, self.paid = choose, neighbours, paid or Paid()
        self.__name__ = label or getattr(choose, "__name__", type(choose).__name__)

    def strategy(self, trials: Trials) -> "ExternalWalker":
        """See `Agent`."""
        return ExternalWalker(trials, self)

    def state(self) -> dict[str, Any]:
        """Raises UsageError: see the class."""
        raise UsageError("a policy of another library is saved by that library")

    @classmethod
    def from_state(cls, state: Mapping[str, Any], space: SearchSpace) -> Self:
        """Raises UsageError: see the class."""
        raise UsageError("a policy of another library is loaded by that library")


class ExternalWalker(Walker):
    """A search by a policy of another library."""

    def __init__(self, trials: Trials, agent: ExternalAgent) -> None:
        super().__init__(trials)
        self.agent = agent
        self.neighbours = agent.neighbours

    def choose(self, codes_RKL: Codes, count_R: NDArray[np.int32], streams_R: Streams) -> NDArray[np.int64]:
        """Ask the policy. Raises UsageError for what is no action for each row."""
        mask_RK = np.arange(codes_RKL.shape[1]) <= count_R[:, None]
        features_RKF = self.trials.space.features(codes_RKL)
        action_R = np.asarray(self.agent.choose({"features": features_RKF, "mask": mask_RK.astype(np.int8)}))
        if action_R.shape != count_R.shape or action_R.dtype.kind not in "iu":
            raise UsageError(
                f"a policy must give an integer for each of {len(count_R)} observations, not {action_R.dtype} of "
                f"shape {action_R.shape}"
            )
        return np.where((action_R < 0) | (action_R > count_R), 0, action_R).astype(np.int64)
