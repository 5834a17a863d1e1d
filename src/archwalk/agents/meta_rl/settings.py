"""Settings of the deep meta-RL agent."""

from dataclasses import dataclass
from typing import ClassVar

from archwalk.agents.building.problem import BuildingRules, Construction
from archwalk.agents.meta_rl.agent import RecurrentShape
from archwalk.learning.a2c import A2CSettings
from archwalk.strategies.checks import Count, CountOrZero, NotNegative, Positive, Share, check_settings


@dataclass(frozen=True)
class RecurrentSettings:
    """How an actor-critic with an LSTM learns to build (Gomez Robles and Vanschoren 2019, sections 4.2.4 and 4.2.5);
    values are Gomez Robles and Vanschoren's, but that the limit of actions truncates.

    The network is updated after `n_step` steps, Gomez Robles and Vanschoren's j. `learning_rate`, `rmsprop_decay` and
    `rmsprop_epsilon` are RMSProp's. `action_limit` (0: the environment's own), `limit_terminates`, `sigma`, `masks`,
    `recall` and `relative` are `BuildingRules`.
    """

    n_step: Count = 5
    gamma: Share = 0.9
    entropy_weight: NotNegative = 0.01
    value_weight: NotNegative = 0.5
    learning_rate: Positive = 1e-3
    rmsprop_decay: Share = 0.99
    rmsprop_epsilon: Positive = 1e-5
    gradient_clip: Positive = 0.5
    width: Count = 128
    action_limit: CountOrZero = 0
    limit_terminates: bool = False
    sigma: Share = 0.0
    masks: bool = False
    recall: bool = False
    relative: bool = False

    def __post_init__(self) -> None:
        check_settings(self)

    @property
    def rules(self) -> BuildingRules:
        """What the agent may do and what it sees."""
        return BuildingRules(
            self.action_limit,
            self.limit_terminates,
            self.sigma,
            history=True,
            masks=self.masks,
            recall=self.recall,
            relative=self.relative,
        )

    def shape(self, construction: Construction) -> RecurrentShape:
        """That of the network for what is seen and done in a problem."""
        return RecurrentShape(construction.inputs, construction.actions, self.rules, self.width)

    @property
    def learning(self) -> A2CSettings:
        """How the network learns."""
        return A2CSettings(
            self.gamma, self.entropy_weight, self.value_weight, self.learning_rate, self.rmsprop_decay,
            self.rmsprop_epsilon, self.gradient_clip,
        )  # fmt: skip


@dataclass(frozen=True)
class MetaRLSettings(RecurrentSettings):
    """Deep meta-RL (Gomez Robles and Vanschoren 2019): `RecurrentSettings`, and how long training is.

    Training is a sequence of trials: the benchmark that training is asked for, then those named in `then` (commas
    between), the whole `rounds` times (Gomez Robles and Vanschoren 2019: once). The first trial lasts `steps` steps,
    each other one `later_steps` (0: as many), over all `environments` together. The network is updated at a trial's
    end, too.

    Returns end with an episode, as in the OpenAI baselines. `across_episodes` lets them run on to the end of the
    trial, which is what Gomez Robles and Vanschoren's text says is maximised (section 4.2.4).

    In a trial the layers have other names (`ActionNames`) in a share `shuffled` of the environments, so that which are
    good must be found out within it.
    """

    length: ClassVar[str] = "steps"
    """The setting that says how long training is."""

    steps: Count = 8_000
    later_steps: CountOrZero = 0
    then: str = ""
    rounds: Count = 1
    environments: Count = 1
    across_episodes: bool = False
    shuffled: Share = 0.0

    @property
    def later_benchmarks(self) -> list[str]:
        """The names in `then`."""
        return [name.strip() for name in self.then.split(",") if name.strip()]
