"""The climbing agent: a learned model of accuracy, and walks that follow it.

Where a space is too large to enumerate, the model is asked only about the neighbours that a walk is presented
with. A move is worth what the model takes its target for, less a toll: below zero the toll lets a walk go on
through somewhat worse architectures, since the next step shows other neighbours. Which toll is best is found by
walking on the model, which costs no evaluation. In the end a small network learns to speak as the model does, so
that a walk takes a millisecond. The agent sees features only.
"""

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from archwalk.agents.accuracy_model import AccuracyModel
from archwalk.agents.climber.agent import ClimberAgent, ClimberShape
from archwalk.agents.climber.settings import ClimberSettings
from archwalk.agents.distillation import Distiller
from archwalk.agents.policy import GreedyPolicy
from archwalk.environments.walks import Sampler
from archwalk.estimators.base import Floats
from archwalk.estimators.benchmarks import Benchmark
from archwalk.learning.ensemble import ClimbingNetwork, LogEnsemble, Perceptrons, predict
from archwalk.learning.seeding import made_from
from archwalk.spaces.base import Codes
from archwalk.strategies.walker import take_walks

_TOLLS = (0.0, -0.02, -0.05, -0.1, -0.2, -0.4)
"""Percentage points of accuracy."""

_SAMPLES = 4_096
"""Architectures, not evaluated, that say which features differ."""

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
        walk_seed, fit_seed, network_seed, look_seed = np.random.SeedSequence(seed).spawn(4)
        self.walk_rng, fit_rng = np.random.default_rng(walk_seed), np.random.default_rng(fit_seed)
        features, network_seeds = self.space.feature_count, network_seed.generate_state(2)
        self.teacher = made_from(
            int(network_seeds[0]),
            lambda: LogEnsemble(Perceptrons(settings.members, features, settings.width, hidden=2)),
        )
        self.teacher.scale.fill_(100 / settings.sharpness)  # from here on in points of accuracy
        varied = self._varied_columns(np.random.default_rng(look_seed))
        self.shape = ClimberShape(settings.neighbours, settings.distil_width, len(varied))
        self.network = ClimberAgent.fresh(self.space, self.shape, int(network_seeds[1])).network
        self.network.model[0].index.copy_(torch.from_numpy(varied))  # type: ignore[index]
        self.model = AccuracyModel(benchmark, settings, self.teacher, fit_rng)
        self.distiller = Distiller(self.network.model, settings, self.space, self.starts, self.walk_rng)
        self.ledger = self.model.ledger

    def _varied_columns(self, rng: np.random.Generator) -> NDArray[np.intp]:
        """The features that differ among sampled architectures: most of a DARTS cell's never do."""
        features_NF = self.space.features(self.starts(rng, _SAMPLES))
        return np.flatnonzero(features_NF.min(axis=0) != features_NF.max(axis=0))

    @property
    def total(self) -> int:
        """Evaluations and updates of the distillation together."""
        return self.settings.evaluations + self.settings.distil_updates

    @property
    def done(self) -> int:
        """How many of `total` are done."""
        return len(self.model) + self.distiller.done

    def run(self) -> Iterator[dict[str, float]]:
        """Train to the end, yielding metrics after every round and every portion of the distillation."""
        settings = self.settings
        while (room := settings.evaluations - len(self.model)) > 0:
            picked_BL = self._pick(min(settings.round, room)) if len(self.model) else self.starts(
                self.walk_rng, settings.initial
            )  # fmt: skip
            metrics = self.model.learn(picked_BL)
            if len(self.model) == settings.evaluations:
                self.model.fit(settings.last_updates)
                self.teacher.offset.fill_(float(self._judge(self.model.codes_EL).mean()))
            yield metrics
        while self.distiller.remaining:
            error = self.distiller.take_portion(self.network, self._judge)
            if not self.distiller.remaining:
                self._choose_toll()
            yield {
                "charts/best_reward": float(self.model.accuracy_E.max()),
                "losses/distillation": error,
            }

    def agent(self) -> ClimberAgent:
        """See `Trainer`."""
        return ClimberAgent(self.space, self.shape, copy.deepcopy(self.network))

    def _judge(self, codes_BL: Codes) -> Floats:
        """What the ensemble takes architectures (B,) for, in points of accuracy."""
        return predict(self.teacher, self.space.features(codes_BL))

    def _pick(self, n: int) -> Codes:
        """Where walks of each member stop, those that are new; samples for the rest, of which a few always.

        At most `n`, and at least one, a repeat where nothing new was drawn.
        """
        settings = self.settings
        sampled = max(1, round(settings.random * n))
        each = max(1, (n - sampled) // settings.members)
        stops = [
            self._walk(ClimbingNetwork(self.teacher.of_member(member)), self.starts(self.walk_rng, each))
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
        """The toll with which walks by the network end where the model sees most."""
        starts_BL = self.starts(self.walk_rng, _TRIAL_WALKS)
        reached = []
        for toll in _TOLLS:
            self.network.toll.fill_(toll)
            reached.append(self._judge(self._walk(self.network, starts_BL)).mean())
        self.network.toll.fill_(_TOLLS[int(np.argmax(reached))])

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on."""
        return {
            "walk_rng": self.walk_rng.bit_generator.state,
            "network": dict(self.network.state_dict()),
            "teacher": dict(self.teacher.state_dict()),
            "model": self.model.state_dict(),
            "distiller": self.distiller.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.walk_rng.bit_generator.state = state["walk_rng"]
        for part in ("network", "teacher", "model", "distiller"):
            getattr(self, part).load_state_dict(state[part])
