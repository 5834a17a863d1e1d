"""Settings of SPOS."""

from dataclasses import dataclass

from archwalk.strategies.checks import Count, CountOrZero, Share, check_settings


@dataclass(frozen=True)
class SPOSSettings:
    """A path plays and learns for `path_rollouts` rollouts before another is drawn; the supernet is trained for `steps`
    timesteps (0: as many as one training from scratch). A path's proxy is its mean score in `episodes` of at most
    `episode_steps` steps.

    The rest is for spaces that are not numbered, Guo et al.'s evolution (2020, section 3.4): `generations` of a
    `population` that was not looked at before, half of it crossings of the best `parents`, half of it mutations of
    them, a decision each with probability `mutation`.
    """

    steps: CountOrZero = 0
    path_rollouts: Count = 1
    episodes: Count = 32
    episode_steps: Count = 5_000
    generations: Count = 20
    population: Count = 50
    parents: Count = 10
    mutation: Share = 0.1

    def __post_init__(self) -> None:
        check_settings(self)
