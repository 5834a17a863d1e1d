"""The climbing agent: a learned model of accuracy, and walks that follow it.

Where a space is too large to enumerate, the model is asked only about the neighbours that a walk is presented
with. A move is worth what the model takes its target for, less a toll: below zero the toll lets a walk go on
through somewhat worse architectures, since the next step shows other neighbours. Which toll is best is found by
walking on the model, which costs no evaluation. The agent sees features only.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.environments.walks import Sampler
from archwalk.estimators.benchmarks import Benchmark
from archwalk.learning.ensemble import ClimbingNetwork, predict
from archwalk.spaces.base import Codes
from archwalk.strategies.accuracy_model import AccuracyModel
from archwalk.strategies.climber.settings import ClimberSettings
from archwalk.strategies.policy import GreedyPolicy
from archwalk.strategies.trainable import NetworkSettings, make_network
from archwalk.strategies.walker import take_walks

_TOLLS = (0.0, -0.02, -0.05, -0.1, -0.2, -0.4)
"""Percentage points of accuracy."""

_TRIAL_WALKS = 256
"""Walks on the model for each toll."""


class ClimberTrainer:
    """Trains a climbing agent; the same seed gives the same bits, also across state_dict."""

    log_every = 1

    def __init__(
        self, benchmark: Benchmark, settings: ClimberSettings, seed: int, starts: Sampler | None = None
    ) -> None:
        self.space = benchmark.space
        self.settings = settings
        self.starts = starts or benchmark.space.sample
        walk_seed, fit_seed, network_seed = np.random.SeedSequence(seed).spawn(3)
        self.walk_rng = np.random.default_rng(walk_seed)
        self.network_settings = NetworkSettings(
            settings.neighbours, settings.width, members=settings.members, kind="climbing"
        )
        seed32 = int(network_seed.generate_state(1)[0])
        network = make_network(self.network_settings, self.space.feature_count, seed32)
        assert isinstance(network, ClimbingNetwork)
        self.network = network
        self.model = AccuracyModel(benchmark, settings, network.model, np.random.default_rng(fit_seed))
        self.ledger = self.model.ledger

    @property
    def total(self) -> int:
        """How many architectures will be evaluated."""
        return self.settings.evaluations

    @property
    def done(self) -> int:
        """How many were evaluated."""
        return len(self.model)

    def run(self) -> Iterator[dict[str, float]]:
        """Train to the end, yielding metrics after every round."""
        while (room := self.total - self.done) > 0:
            picked_BL = self._pick(min(self.settings.round, room)) if self.done else self.starts(
                self.walk_rng, self.settings.initial
            )  # fmt: skip
            metrics = self.model.learn(picked_BL)
            if self.done == self.total:
                self.model.fit(self.settings.last_updates)
                self._choose_toll()
            yield metrics

    def _pick(self, n: int) -> Codes:
        """Where walks of each member stop, those that are new; samples for the rest, of which a few always.

        At most `n`, and at least one, a repeat where nothing new was drawn.
        """
        settings = self.settings
        sampled = max(1, round(settings.random * n))
        each = max(1, (n - sampled) // settings.members)
        stops = [
            self._walk(self.network.of_member(member), self.starts(self.walk_rng, each))
            for member in range(settings.members)
        ]
        found_BL = self.model.unseen(np.concatenate(stops))[: n - sampled]
        drawn_BL = self.starts(self.walk_rng, n)
        new_BL = self.model.unseen(np.concatenate([found_BL, drawn_BL]))
        return (new_BL if len(new_BL) else drawn_BL)[:n]

    def _walk(self, network: ClimbingNetwork, starts_BL: Codes) -> Codes:
        """Where walks by a network stop, (B, L)."""
        policy = GreedyPolicy(self.space, network)

        def choose(codes_RKL: Codes, count_R: NDArray[np.int32], _: object) -> NDArray[np.int64]:
            return policy.act(codes_RKL, count_R)

        neighbours = self.settings.neighbours
        return take_walks(self.space, choose, starts_BL, self.walk_rng, neighbours=neighbours).finals_BL

    def _choose_toll(self) -> None:
        """The toll with which walks on the model end highest."""
        starts_BL = self.starts(self.walk_rng, _TRIAL_WALKS)
        reached = []
        for toll in _TOLLS:
            self.network.toll.fill_(toll * self.settings.sharpness / 100)
            finals_BL = self._walk(self.network, starts_BL)
            reached.append(predict(self.network.model, self.space.features(finals_BL)).mean())
        best = _TOLLS[int(np.argmax(reached))]
        self.network.toll.fill_(best * self.settings.sharpness / 100)

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on."""
        return {
            "walk_rng": self.walk_rng.bit_generator.state,
            "network": dict(self.network.state_dict()),
            "model": self.model.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.walk_rng.bit_generator.state = state["walk_rng"]
        self.network.load_state_dict(state["network"])
        self.model.load_state_dict(state["model"])
