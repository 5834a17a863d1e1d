"""Training: actors, replay and learner in one loop."""

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np

from archwalk.agents.base import Agent
from archwalk.agents.dqn.agent import DQNAgent, PointerShape
from archwalk.agents.dqn.settings import DQNSettings
from archwalk.agents.experience import ended_accuracies, see_transitions, take_step
from archwalk.agents.further import take_over
from archwalk.agents.policy import GreedyPolicy
from archwalk.agents.trainable import StepTrainer
from archwalk.environments.walks import Sampler, Walks
from archwalk.errors import DataError
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.ledger import TrainingLedger
from archwalk.learning.double_dqn import DoubleDQN
from archwalk.learning.exploration import Linear, explore
from archwalk.learning.replay import Batch, Replay
from archwalk.learning.returns import NStepReturns


class DQNTrainer(StepTrainer):
    """Trains an agent on a benchmark; the same seed gives the same bits, also across state_dict."""

    log_every = 100
    settings: DQNSettings

    def __init__(
        self, benchmark: Benchmark, settings: DQNSettings, seed: int, starts: Sampler | None = None
    ) -> None:
        self.benchmark = benchmark
        self.settings = settings
        walk_seed, act_seed, replay_seed, network_seed, draw_seed = np.random.SeedSequence(seed).spawn(5)
        self.act_rng = np.random.default_rng(act_seed)
        self.replay_rng = np.random.default_rng(replay_seed)
        self.ledger = TrainingLedger(benchmark.estimator, np.random.default_rng(draw_seed))
        rng = np.random.default_rng(walk_seed)
        space = benchmark.space
        rules = settings.walk(self._reference(rng))
        self.walks = Walks(space, self.ledger, settings.environments, rules, rng, starts)
        self.shape = PointerShape(
            settings.neighbours, settings.width, settings.layers, settings.heads, settings.duelling
        )
        seed32 = int(network_seed.generate_state(1)[0])
        self.network = DQNAgent.fresh(space, self.shape, seed32).network
        self.learner = DoubleDQN(self.network, target_every=settings.target_every)
        self.policy = GreedyPolicy(space, self.network)
        self.moves = Replay(settings.capacity)
        self.stops = Replay(settings.capacity)
        self.returns = NStepReturns(settings.n_step, settings.gamma)
        self.epsilon = Linear(settings.epsilon_start, settings.epsilon_end, settings.epsilon_fraction)
        self.learning_rate = Linear(settings.learning_rate, settings.learning_rate_end)
        self.steps = 0
        self.walks.reset()

    def begin_from(self, agent: Agent) -> None:
        """See `FurtherTrainer`."""
        take_over(self.network, self.agent(), agent)
        self.learner.target.load_state_dict(self.network.state_dict())

    def _reference(self, rng: np.random.Generator) -> float:
        if self.settings.reference is not None:
            return self.settings.reference
        codes_BL = self.benchmark.space.sample(rng, self.settings.calibration)
        reward_B = self.ledger.rewards(codes_BL)
        if np.isnan(reward_B).all():
            raise DataError(
                f"{self.benchmark.name} has no score for any of {len(reward_B)} sampled architectures"
            )
        return float(np.nanmedian(reward_B)) / 100

    def agent(self) -> DQNAgent:
        """See `Trainer`."""
        return DQNAgent(self.benchmark.space, self.shape, copy.deepcopy(self.network))

    @property
    def progress(self) -> float:
        """Share of the steps that are done."""
        return self.steps / self.settings.steps

    def run(self) -> Iterator[dict[str, float]]:
        """Train to the end, yielding metrics after every step of all environments."""
        while self.steps < self.settings.steps:
            metrics = self._act()
            if self.stops.size + self.moves.size >= self.settings.learning_starts:
                for _ in range(self.settings.updates):
                    metrics |= self._learn()
            yield metrics

    def _act(self) -> dict[str, float]:
        walks = self.walks
        codes_BKL, count_B = walks.codes_BKL, walks.count_B
        epsilon = self.epsilon(self.progress)
        action_B = explore(self.policy.act(codes_BKL, count_B), count_B, epsilon, self.act_rng)
        before, step, after = take_step(walks, action_B)
        transitions = self.returns.push(
            before, action_B, step.reward_B, after, step.terminated_B, step.truncated_B
        )
        if transitions:
            self._remember(transitions)
        end_reward_E = ended_accuracies(walks, step)
        walks.restart(step.done_B)
        self.steps += walks.batch
        stopped = step.reward_B[step.terminated_B]
        return {
            "charts/epsilon": epsilon,
            "charts/updates": float(self.learner.updates),
            "charts/target_updates": float(self.learner.target_updates),
            "charts/reward": float(step.reward_B.mean()),
            "charts/stop_reward": float(stopped.mean()) if len(stopped) else float("nan"),
            "charts/end_reward": float(end_reward_E.mean()) if len(end_reward_E) else float("nan"),
        }

    def _learn(self) -> dict[str, float]:
        """Update from a batch of which at least `stop_share` are terminations: only those are certain."""
        total, held = self.settings.batch, self.stops.size / (self.stops.size + self.moves.size)
        stops = round(total * max(held, self.settings.stop_share)) if self.stops.size else 0
        parts = [
            replay.sample(self.replay_rng, n)
            for replay, n in ((self.stops, stops), (self.moves, total - stops))
            if n and replay.size
        ]
        batch = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        seen = see_transitions(self.benchmark.space, batch)
        return self.learner.update(seen, self.learning_rate(self.progress))

    def _remember(self, transitions: Batch) -> None:
        ended_B = transitions["discount"] == 0
        for replay, rows_B in ((self.stops, ended_B), (self.moves, ~ended_B)):
            if rows_B.any():
                replay.add({name: values[rows_B] for name, values in transitions.items()})

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on."""
        return {
            "steps": self.steps,
            "act_rng": self.act_rng.bit_generator.state,
            "replay_rng": self.replay_rng.bit_generator.state,
            "walks": self.walks.state_dict(),
            "ledger": self.ledger.state_dict(),
            "learner": self.learner.state_dict(),
            "stops": self.stops.state_dict(),
            "moves": self.moves.state_dict(),
            "returns": self.returns.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.steps = int(state["steps"])
        self.act_rng.bit_generator.state = state["act_rng"]
        self.replay_rng.bit_generator.state = state["replay_rng"]
        for part in ("walks", "ledger", "learner", "stops", "moves", "returns"):
            getattr(self, part).load_state_dict(state[part])
