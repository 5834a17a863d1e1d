"""What walking gives a learner: presentations before and after a step, and transitions of them as it sees them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.agents.policy import see
from archwalk.environments.walks import Step, Walks
from archwalk.estimators.base import Floats
from archwalk.learning.double_dqn import Transitions
from archwalk.learning.replay import Batch
from archwalk.spaces.base import SearchSpace


def take_step(walks: Walks, action_B: NDArray[np.integer[Any]]) -> tuple[Batch, Step, Batch]:
    """Step all walks: (what they presented, the step, what they present now).

    What they present now is also that where episodes ended; restarting those walks changes neither.
    """
    before = {"codes": walks.codes_BKL, "count": walks.count_B}
    step = walks.step(action_B)
    after = {"codes": walks.codes_BKL, "count": walks.count_B}
    walks.codes_BKL, walks.count_B = walks.codes_BKL.copy(), walks.count_B.copy()
    return before, step, after


def ended_accuracies(walks: Walks, step: Step) -> Floats:
    """Rewards in percent of the architectures in which walks ended (E,), for after the step and before the restart."""
    return walks.settings.shaping.invert(walks.shaped_B[step.done_B])


def see_transitions(space: SearchSpace, batch: Batch) -> Transitions:
    """Transitions of codes, as replay keeps them, with the features that the learner sees."""
    alive_B = batch["discount"] > 0
    return Transitions(
        see(space, batch["observation.codes"], batch["observation.count"]),
        batch["action"],
        batch["return"],
        see(space, batch["next.codes"][alive_B], batch["next.count"][alive_B]),
        batch["discount"],
    )
