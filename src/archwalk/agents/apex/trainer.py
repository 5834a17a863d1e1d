"""Training by Ape-X: actors fill the shards of a prioritised replay while a learner learns from them."""

import copy
from collections.abc import Iterator
from functools import partial
from typing import Any, Literal

import numpy as np
import torch

from archwalk.agents.apex.actor import Actor, Block
from archwalk.agents.apex.agent import ApexAgent
from archwalk.agents.apex.settings import ApexSettings
from archwalk.agents.base import Agent
from archwalk.agents.experience import see_transitions
from archwalk.agents.further import take_over
from archwalk.agents.trainable import StepTrainer
from archwalk.environments.walks import Sampler
from archwalk.errors import UsageError
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.ledger import TrainingLedger
from archwalk.learning.double_dqn import DoubleDQN
from archwalk.learning.engines import Engine, Pending
from archwalk.learning.engines.local import LocalEngine
from archwalk.learning.engines.worker_group import WorkerGroup, results
from archwalk.learning.prioritised import priorities
from archwalk.learning.shard import Draw, ReplayShard

_NETWORK, _ACTORS, _SHARDS = range(3)
"""What a seed is spawned for."""


class ApexTrainer(StepTrainer):
    """Trains Cassimon et al.'s agent; the same seed gives the same bits on every engine, also across state_dict.

    Training goes in rounds. In each, every actor collects a block by the weights it was given last, and meanwhile the
    learner takes the updates that are due for all steps before. Then the blocks go to the shards in turn, in the
    order of the actors. So nothing depends on who is faster (ours; Cassimon et al.'s actors and learner run free),
    and actors lag by at most one round.

    Between rounds nothing is under way, and that is where `state_dict` may be called. Where an actor or a shard is
    lost, `run` ends with WorkerLostError: training goes on from the last state, with workers that are new.
    """

    log_every = 1
    distributed: Literal[True] = True

    def __init__(
        self,
        benchmark: Benchmark,
        settings: ApexSettings,
        seed: int,
        starts: Sampler | None = None,
        *,
        engine: Engine | None = None,
        device: str = "cpu",
    ) -> None:
        """Raises UsageError for a device that is not here."""
        self.benchmark = benchmark
        self.settings = settings
        self.engine = engine or LocalEngine()
        self.ledger = TrainingLedger(benchmark.estimator)
        network_seed = np.random.SeedSequence(seed, spawn_key=(_NETWORK,))
        seed32 = int(network_seed.generate_state(1)[0])
        fresh = ApexAgent.fresh(benchmark.space, settings.shape(), seed32)
        self.network = fresh.network.to(_find_device(device))
        self.learner = DoubleDQN(
            self.network,
            target_every=settings.target_updates,
            gradient_clip=settings.gradient_clip,
        )
        self.actors = WorkerGroup(
            self.engine, "actor", settings.actors, partial(_actor, benchmark, settings, starts),
            seed=seed, key=_ACTORS,
        )  # fmt: skip
        self.shards = WorkerGroup(
            self.engine, "shard", settings.shards, partial(_shard, settings), seed=seed, key=_SHARDS
        )
        self.steps = 0
        self.blocks = 0
        self.next_shard = 0
        self._told: list[Pending] = []
        self._broadcast()

    def begin_from(self, agent: Agent) -> None:
        """See `FurtherTrainer`."""
        take_over(self.network, self.agent(), agent)
        self.learner.target.load_state_dict(self.network.state_dict())
        self._broadcast()

    def agent(self) -> ApexAgent:
        """See `Trainer`."""
        network = copy.deepcopy(self.network).cpu()
        return ApexAgent(self.benchmark.space, self.settings.shape(), network)

    def run(self) -> Iterator[dict[str, float]]:
        """Train to the end, yielding metrics after every round."""
        while self.steps < self.settings.steps:
            yield self._round()
        if self.settings.updates_after(self.steps) > self.learner.updates:
            yield self._learn() | self._counts()

    def _round(self) -> dict[str, float]:
        collecting = self.actors.submit_all("collect", self.shared)
        metrics = self._learn()
        blocks: list[Block] = results(collecting)
        for block in blocks:
            self._remember(block)
        self._settle()
        if self.steps - self.broadcast_at >= self.settings.sync_delay * self.settings.actors:
            self._broadcast()
        return metrics | self._counts() | _course(blocks)

    def _broadcast(self) -> None:
        """What the actors walk by from the next round on."""
        self.weights = {
            name: tensor.cpu().numpy().copy() for name, tensor in self.network.state_dict().items()
        }
        self.shared = self.engine.share(self.weights)
        self.broadcast_at = self.steps

    def _remember(self, block: Block) -> None:
        if block.transitions:
            shard = self.blocks % len(self.shards)
            self._told.append(self.shards.submit(shard, "add", block.transitions, block.priorities_B))
        self.blocks += 1
        self.steps += block.steps
        self.ledger.record(block.evaluated_EL)

    def _settle(self) -> None:
        """Wait until the shards have done what they were told."""
        results(self._told)
        self._told = []

    def _learn(self) -> dict[str, float]:
        """Take the updates that are due, as far as there is something to learn from."""
        rows = []
        for _ in range(self.settings.updates_after(self.steps) - self.learner.updates):
            drawn = self._draw()
            if drawn is None:
                break
            shard, (batch, rows_B, weights_B) = drawn
            seen = see_transitions(self.benchmark.space, batch)
            metrics, errors_B = self.learner.update_weighted(seen, self.settings.learning_rate, weights_B)
            told = self.shards.submit(shard, "update", rows_B, priorities(errors_B, self.settings.per_eps))
            self._told.append(told)
            rows.append(
                metrics | {"losses/error": float(errors_B.mean()), "charts/weight": float(weights_B.mean())}
            )
        self._settle()
        return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]} if rows else {}

    def _draw(self) -> tuple[int, Draw] | None:
        """A batch from the next shard that has one, and its index; None if none has."""
        for _ in range(len(self.shards)):
            shard = self.next_shard
            self.next_shard = (shard + 1) % len(self.shards)
            call = self.shards.submit(shard, "sample", self.settings.batch, self.settings.per_beta)
            drawn: Draw | None = call.result()
            if drawn is not None:
                batch, rows_B, weights_B = drawn
                return shard, (
                    {name: values.copy() for name, values in batch.items()},
                    rows_B,
                    weights_B.copy(),
                )
        return None

    def _counts(self) -> dict[str, float]:
        return {
            "charts/updates": float(self.learner.updates),
            "charts/target_updates": float(self.learner.target_updates),
        }

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next round depends on, the workers' states too."""
        return {
            "steps": self.steps,
            "blocks": self.blocks,
            "next_shard": self.next_shard,
            "weights": self.weights,
            "broadcast_at": self.broadcast_at,
            "learner": self.learner.state_dict(),
            "ledger": self.ledger.state_dict(),
            "actors": self.actors.state_dict(),
            "shards": self.shards.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        for name in ("steps", "blocks", "next_shard", "broadcast_at"):
            setattr(self, name, int(state[name]))
        self.weights = {name: np.asarray(array) for name, array in state["weights"].items()}
        shapes = {name: tuple(tensor.shape) for name, tensor in self.learner.online.state_dict().items()}
        if self.weights and shapes != {name: array.shape for name, array in self.weights.items()}:
            raise ValueError("the weights that the actors have are those of another network")
        self.shared = self.engine.share(self.weights)
        for part in ("learner", "ledger", "actors", "shards"):
            getattr(self, part).load_state_dict(state[part])


def _find_device(name: str) -> torch.device:
    try:
        device = torch.device(name)
        torch.empty(1, device=device).cpu()  # what is on "meta" has no values
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        here = "cpu, cuda" if torch.cuda.is_available() else "cpu"
        raise UsageError(f"the device {name!r} cannot be used here; there is: {here}") from error
    return device


def _actor(
    benchmark: Benchmark,
    settings: ApexSettings,
    starts: Sampler | None,
    index: int,
    seed: np.random.SeedSequence,
) -> "partial[Actor]":
    return partial(Actor, benchmark.space, benchmark.estimator, settings, index, seed, starts)


def _shard(settings: ApexSettings, index: int, seed: np.random.SeedSequence) -> "partial[ReplayShard]":
    capacity, starts = settings.capacity // settings.shards, settings.learning_starts // settings.shards
    return partial(ReplayShard, capacity, settings.per_alpha, starts, seed)


def _course(blocks: list[Block]) -> dict[str, float]:
    """How the episodes went that ended: in all, and of the last actor, which explores least."""
    course = {
        "charts/return": [block.return_E for block in blocks],
        "charts/end_reward": [block.end_reward_E for block in blocks],
        "charts/greedy_end_reward": [block.end_reward_E for block in blocks[-1:]],
    }
    ended = {name: np.concatenate(parts) for name, parts in course.items()}
    return {name: float(values_E.mean()) for name, values_E in ended.items() if len(values_E)}
