"""Settings of SPOS."""

from dataclasses import dataclass

from archwalk.errors import UsageError
from archwalk.strategies.checks import check_at_least_one, check_shares


@dataclass(frozen=True)
class SPOSSettings:
    """A path plays and learns for `path_rollouts` rollouts before another is drawn; the supernet is trained for `steps`
    timesteps (0: as many as one training from scratch). A path's proxy is its mean score in `episodes` of at most
    `episode_steps` steps.

    The rest is for spaces that are not numbered, Guo et al.'s evolution (2020, section 3.4): `generations` of a
    `population` that was not looked at before, half of it crossings of the best `parents`, half of it mutations of
    them, a decision each with probability `mutation`.
    """

    steps: int = 0
    path_rollouts: int = 1
    episodes: int = 32
    episode_steps: int = 5_000
    generations: int = 20
    population: int = 50
    parents: int = 10
    mutation: float = 0.1

    def __post_init__(self) -> None:
        check_at_least_one(
            self, "path_rollouts", "episodes", "episode_steps", "generations", "population", "parents"
        )
        check_shares(self, "mutation")
        if self.steps < 0:
            raise UsageError(
                f"steps must not be negative (0: as one training from scratch), not {self.steps}"
            )
