"""Training of the deep Q-network that builds: one environment, replay, one update a step."""

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np

from archwalk.agents.building.episodes import EpisodeLog
from archwalk.agents.building.problem import Construction, refuse_starts
from archwalk.agents.construction_dqn.agent import ConstructionDQNAgent, ValueShape
from archwalk.agents.construction_dqn.settings import ConstructionDQNSettings
from archwalk.agents.trainable import StepTrainer
from archwalk.environments.walks import Sampler
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.ledger import TrainingLedger
from archwalk.learning.double_dqn import DoubleDQN
from archwalk.learning.exploration import Linear, explore
from archwalk.learning.replay import Replay
from archwalk.learning.returns import NStepReturns


class ConstructionDQNTrainer(StepTrainer):
    """Trains a policy on one benchmark; the same seed gives the same bits, also across state_dict.

    `run` yields a row of metrics for each episode (`EpisodeLog`; a Q-network has no entropy).
    """

    log_every = 1

    def __init__(
        self,
        benchmark: Benchmark,
        settings: ConstructionDQNSettings,
        seed: int,
        starts: Sampler | None = None,
    ) -> None:
        refuse_starts(starts)
        self.space, self.settings = benchmark.space, settings
        act_seed, replay_seed, network_seed, draw_seed = np.random.SeedSequence(seed).spawn(4)
        self.act_rng, self.replay_rng = np.random.default_rng(act_seed), np.random.default_rng(replay_seed)
        self.ledger = TrainingLedger(benchmark.estimator, np.random.default_rng(draw_seed))
        self.construction = Construction(benchmark.space, self.ledger, 1, settings.rules)
        inputs, actions = self.construction.inputs, self.construction.actions
        self.shape = ValueShape(inputs, actions, settings.rules, settings.width, settings.layers)
        seed32 = int(network_seed.generate_state(1)[0])
        self.network = ConstructionDQNAgent.fresh(self.space, self.shape, seed32).network
        self.learner = DoubleDQN(
            self.network, target_every=settings.target_every, gradient_clip=settings.gradient_clip
        )
        self.replay = Replay(settings.capacity)
        self.returns = NStepReturns(settings.n_step, settings.gamma)
        self.epsilon = Linear(settings.epsilon_start, settings.epsilon_end, settings.epsilon_fraction)
        self.episodes = EpisodeLog(1, actions)
        self.losses: dict[str, float] = {}
        self.steps = 0

    def agent(self) -> ConstructionDQNAgent:
        """See `Trainer`."""
        return ConstructionDQNAgent(self.space, self.shape, copy.deepcopy(self.network))

    def run(self) -> Iterator[dict[str, float]]:
        """Train to the end, yielding metrics of each episode."""
        while self.steps < self.settings.steps:
            self._act()
            if self.replay.size >= min(self.settings.learning_starts, self.settings.capacity):
                batch = self.replay.sample(self.replay_rng, self.settings.batch)
                seen = self.network.transitions(batch)
                self.losses = self.learner.update(seen, self.settings.learning_rate)
            while self.episodes.rows:
                yield self.episodes.rows.pop(0)

    def _act(self) -> None:
        construction, builds = self.construction, self.construction.builds
        before_BX, epsilon = construction.look(), self.epsilon(self.steps / self.settings.steps)
        count_B = np.array([construction.actions - 1], np.int32)
        action_B = explore(self.network.best(before_BX), count_B, epsilon, self.act_rng)
        step = construction.step(action_B)
        transitions = self.returns.push(
            {"inputs": before_BX}, action_B, step.reward_B, {"inputs": construction.look()}, step.terminated_B,
            step.truncated_B,
        )  # fmt: skip
        if transitions:
            self.replay.add(transitions)
        self.steps += 1
        updates = {"charts/target_updates": float(self.learner.target_updates)}
        more = {"charts/epsilon": epsilon} | updates | self.losses
        self.episodes.add(builds, step, np.array([np.nan]), more)
        construction.restart(step.done_B)

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on."""
        return {
            "steps": self.steps,
            "act_rng": self.act_rng.bit_generator.state,
            "replay_rng": self.replay_rng.bit_generator.state,
            "construction": self.construction.state_dict(),
            "ledger": self.ledger.state_dict(),
            "learner": self.learner.state_dict(),
            "replay": self.replay.state_dict(),
            "returns": self.returns.state_dict(),
            "episodes": self.episodes.state_dict(),
            "losses": dict(self.losses),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.steps = int(state["steps"])
        self.act_rng.bit_generator.state = state["act_rng"]
        self.replay_rng.bit_generator.state = state["replay_rng"]
        self.construction.load_state_dict(state["construction"])
        for part in ("ledger", "learner", "replay", "returns", "episodes"):
            getattr(self, part).load_state_dict(state[part])
        self.losses = dict(state["losses"])
