"""How large a reproduction is: the paper's protocol, and shorter ones that take hours, minutes or seconds."""

from dataclasses import dataclass

from archwalk.errors import unknown


@dataclass(frozen=True)
class Scale:
    """`sets` of `starts` architectures for one episode each, `trials` searches, for every agent.

    `repeats`: how often a strategy that is not trained runs, each time drawing anew (Cassimon et al. 2024: as many as
    agents). `fit_values` and `fit_samples` are the values and the Monte-Carlo samples of the goodness-of-fit test,
    `training_steps` the length of trainings that a reproduction starts itself (None: the preset's), and
    `training_seeds` how many it starts for each value of a setting. The paper's agent, where it is asked for, trains
    for `agent_steps` with `agent_seeds` seeds.
    """

    name: str
    sets: int
    starts: int
    repeats: int
    trials: int
    fit_values: int
    fit_samples: int
    training_steps: int | None
    training_seeds: int
    agent_steps: int | None
    agent_seeds: int
    timing_seconds: float


SCALES = {
    scale.name: scale
    for scale in (
        Scale("smoke", 2, 200, 1, 6, 100, 49, 6_000, 1, 6_000, 2, 0.02),
        Scale("small", 3, 2_000, 1, 300, 500, 399, 60_000, 1, 300_000, 3, 0.2),
        Scale("medium", 3, 5_000, 2, 500, 1_000, 999, 300_000, 3, 1_000_000, 3, 0.5),
        Scale("full", 5, 10_000, 5, 500, 10_000, 1_000, None, 5, None, 5, 1.0),
    )
}
"""Cassimon et al. 2024 (section 4.1.1): 5 agents x 5 sets of 10,000 starts. It does not say how many searches its
Figure 10 has.
"""


def find_scale(name: str) -> Scale:
    """A scale by name. Raises UsageError."""
    if name not in SCALES:
        raise unknown("scale", name, SCALES)
    return SCALES[name]
