"""Trains the planning agent for several goals.

As the planner does for one goal: a model learns what architectures reach, from those evaluated so far, and names the
next ones; at the end walks are planned on the neighbour graph, exactly, and a network learns from features where moves
lead. Here a model learns each goal; each of the next ones is what one member, by a preference drawn by lot, takes for
the best (as Thompson sampling does, with Knowles' scalarisation, ParEGO 2006); and walks are planned for many
preferences, which the network sees beside the features (as in Abels et al., Dynamic weights in multi-objective deep
reinforcement learning, ICML 2019, where returns were learned and not planned).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from archwalk.agents.policy import GreedyPolicy
from archwalk.agents.preference_planner.agent import (
    PreferencePlannerAgent,
    PreferenceShape,
    planned_preferences,
)
from archwalk.agents.preference_planner.settings import PreferencePlannerSettings
from archwalk.environments.walks import Sampler
from archwalk.errors import UsageError
from archwalk.estimators.base import Floats
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.measurements import Measurements, find_metric
from archwalk.jit import Streams
from archwalk.learning.ensemble import EnsembleLearner, predict
from archwalk.spaces.base import Codes, EnumerableSpace
from archwalk.spaces.capabilities import rewritten_features
from archwalk.strategies.goals.pareto import front
from archwalk.strategies.value_iteration import iterate_values
from archwalk.strategies.walker import take_walks

_PORTION = 200
"""Updates of the distillation between two looks at where the walks lead."""

_LOOKS, _WALKS = 8, 32
"""Preferences of each look, and walks by each."""


class GoalLedger:
    """Counts what the training pays for: evaluations of all goals at once."""

    def __init__(self, measurements: Measurements, goals: tuple[str, ...], upward: tuple[bool, ...]) -> None:
        self.measurements, self.goals = measurements, goals
        self._signs_G = np.where(upward, 1.0, -1.0)
        self.queries = 0
        self._seen: set[bytes] = set()

    @property
    def unique(self) -> int:
        """Different architectures."""
        return len(self._seen)

    def record(self, codes_BL: Codes) -> None:
        """Enter codes (B, L) that are paid for."""
        self.queries += len(codes_BL)
        self._seen.update(code_L.tobytes() for code_L in codes_BL)

    def measure(self, codes_BL: Codes) -> Floats:
        """Values (B, G), turned so that higher is better; NaN where there is none."""
        self.record(codes_BL)
        measured = self.measurements.measure(codes_BL)
        if not measured:  # nothing could be evaluated
            return np.full((len(codes_BL), len(self.goals)), np.nan)
        columns = [measured[find_metric(measured, goal)] for goal in self.goals]
        return np.stack(columns, axis=1) * self._signs_G


class PreferencePlannerTrainer:
    """The same seed gives the same bits, also across state_dict."""

    log_every = 1

    def __init__(
        self,
        benchmark: Benchmark,
        settings: PreferencePlannerSettings,
        seed: int,
        starts: Sampler | None = None,
    ) -> None:
        space = benchmark.space
        if not isinstance(space, EnumerableSpace):
            raise UsageError(
                f"the preference planner needs a space that can be enumerated; {space.name} cannot"
            )
        self.space, self.settings = space, settings
        self.starts = starts or space.sample
        goals, upward = _goals(benchmark.measurements, settings)
        self.ledger = GoalLedger(benchmark.measurements, goals, upward)
        self.shape = PreferenceShape(settings.neighbours, settings.width, settings.members, goals, upward)
        pick_seed, network_seed, plan_seed = np.random.SeedSequence(seed).spawn(3)
        self.rng = np.random.default_rng(pick_seed)
        self.network = PreferencePlannerAgent.fresh(
            space, self.shape, int(network_seed.generate_state(1)[0])
        ).network
        self.weights_KG = planned_preferences(
            len(goals), settings.preferences, np.random.default_rng(plan_seed)
        )
        self.learner = EnsembleLearner(
            self.network.models,
            learning_rate=settings.model_learning_rate,
            weight_decay=settings.weight_decay,
        )
        self.optimiser = torch.optim.Adam(
            self.network.move.parameters(), lr=settings.distil_learning_rate, fused=True
        )
        self.distilled = 0
        self.ids_E = np.empty(0, np.int32)
        self.values_EG: Floats = np.empty((0, len(goals)))
        self._plan_KN: Floats | None = None

    @property
    def evaluations(self) -> int:
        """How many architectures will be evaluated."""
        return min(self.settings.evaluations, self.space.size)

    @property
    def total(self) -> int:
        """Evaluations and updates of the distillation together."""
        return self.evaluations + self.settings.distil_updates

    @property
    def done(self) -> int:
        """How many of `total` are done."""
        return len(self.ids_E) + self.distilled

    def run(self) -> Iterator[dict[str, float]]:
        """Train to the end, yielding metrics after every round and every portion of the distillation."""
        while (room := self.evaluations - len(self.ids_E)) > 0:
            settings = self.settings
            if len(self.ids_E):
                error = self._learn(self._pick(min(settings.round, room)), settings.updates)
            else:
                error = self._learn(self._sample(min(settings.initial, room)), settings.first_updates)
            yield self._charts() | {"losses/model": error}
        while self.distilled < self.settings.distil_updates:
            yield self._charts() | {"losses/distillation": self._distil()}

    def agent(self) -> PreferencePlannerAgent:
        """See `Trainer`."""
        return PreferencePlannerAgent(self.space, self.shape, copy.deepcopy(self.network))

    def _charts(self) -> dict[str, float]:
        best_G = np.nanmax(self.values_EG, axis=0) * np.where(self.shape.upward, 1, -1)
        points = len(front(self.values_EG))
        charts = {
            f"charts/best_{goal}": float(best) for goal, best in zip(self.shape.goals, best_G, strict=True)
        }
        return charts | {"charts/front": float(points)}

    def _sample(self, n: int) -> NDArray[np.int32]:
        """Up to `n` different architectures from the starts that were not evaluated yet, at least one."""
        drawn = np.setdiff1d(self.starts(self.rng, 4 * n)[:, 0], self.ids_E)
        if not len(drawn):
            drawn = np.setdiff1d(np.arange(self.space.size, dtype=np.int32), self.ids_E)
        return self.rng.permutation(drawn)[:n].astype(np.int32)

    def _pick(self, n: int) -> NDArray[np.int32]:
        """What members take for the best by preferences drawn by lot, and a few samples: different and new ones."""
        values_MGN = _of_all(self.network.values, self.space)
        random = round(self.settings.random * n)
        open_N = np.ones(self.space.size, np.bool_)
        open_N[self.ids_E] = False
        picked: list[int] = []
        for place in range(min(n - random, int(open_N.sum()))):
            weights_G = torch.from_numpy(self.rng.dirichlet(np.ones(len(self.shape.goals)))).float()
            worth_N = self.network.worth(
                torch.from_numpy(values_MGN[place % len(values_MGN)]), weights_G
            ).numpy()
            picked.append(int(np.where(open_N, worth_N, -np.inf).argmax()))
            open_N[picked[-1]] = False
        sampled = np.setdiff1d(self._sample(max(1, random)), picked)
        return np.concatenate([np.array(picked, np.int32), sampled])[:n].astype(np.int32)

    def _learn(self, ids: NDArray[np.int32], updates: int) -> float:
        """Evaluate architectures, which is paid for, and fit the models to all so far; gives the last error."""
        self.values_EG = np.concatenate([self.values_EG, self.ledger.measure(ids[:, None])])
        self.ids_E = np.concatenate([self.ids_E, ids])
        known = np.flatnonzero(~np.isnan(self.values_EG).any(axis=1))
        if not len(known):
            raise UsageError("no architecture that was evaluated has a value of every goal")
        known_EG = self.values_EG[known]
        best_FG = known_EG[front(known_EG)]
        ideal_G, nadir_G = best_FG.max(axis=0), best_FG.min(axis=0)
        spread_G = np.where(ideal_G > nadir_G, ideal_G - nadir_G, np.maximum(np.abs(ideal_G), 1e-9))
        mean_G, scale_G = known_EG.mean(axis=0), np.maximum(known_EG.std(axis=0), 1e-9)
        for name, value in (
            ("mean_G", mean_G), ("scale_G", scale_G), ("ideal_G", ideal_G), ("nadir_G", ideal_G - spread_G)
        ):  # fmt: skip
            getattr(self.network, name).copy_(torch.from_numpy(value))
        targets_EG = ((known_EG - mean_G) / scale_G).astype(np.float32)
        codes_EL, networks = self.ids_E[known][:, None], self.settings.members * len(self.shape.goals)
        goal_K1 = (np.arange(networks) % len(self.shape.goals))[:, None]
        shape = networks, min(self.settings.model_batch, len(known))

        def draw() -> tuple[torch.Tensor, torch.Tensor]:
            rows_KB = self.rng.integers(0, len(known), shape)
            features = torch.from_numpy(
                rewritten_features(self.space, codes_EL[rows_KB.ravel()], self.rng)
            ).float()
            return features.view(*shape, -1), torch.from_numpy(targets_EG[rows_KB, goal_K1])

        return self.learner.fit(draw, updates=updates)

    def plan(self) -> Floats:
        """V(s) = max(stop(s), max over neighbours V(t) - 1) by each preference, (K, N), in steps."""
        self.network.unit.fill_(self.settings.step_price)
        values_GN = torch.from_numpy(_of_all(self.network.values, self.space).mean(axis=0))
        worth_KN = [
            self.network.worth(values_GN, weights_G).double().numpy()
            for weights_G in torch.from_numpy(self.weights_KG).float()
        ]
        plans = [iterate_values(self.space.graph, worth_N, price=1.0)[0] for worth_N in worth_KN]
        return np.stack(plans).astype(np.float32)

    def _distil(self) -> float:
        """Fit `move` to the plans for some updates; gives the last error."""
        if self._plan_KN is None:
            self._plan_KN = self.plan()
        settings, loss = self.settings, torch.zeros(())
        seen_E2 = self._look_around()
        portion = min(_PORTION, settings.distil_updates - self.distilled)
        half = settings.distil_batch // 2
        for _ in range(portion):
            anywhere_B2 = self.rng.integers(0, (len(self.weights_KG), self.space.size), (half, 2))
            rows_B = self.rng.integers(0, len(seen_E2), settings.distil_batch - half)
            chosen_B, ids_B = np.concatenate([anywhere_B2, seen_E2[rows_B]]).T
            for group in self.optimiser.param_groups:
                group["lr"] = settings.distil_learning_rate * (1 - self.distilled / settings.distil_updates)
            features = torch.from_numpy(self.space.features(ids_B[:, None].astype(np.int32))).float()
            weights = torch.from_numpy(self.weights_KG[chosen_B]).float()
            wanted = torch.from_numpy(self._plan_KN[chosen_B, ids_B] - 1)
            loss = functional.smooth_l1_loss(self.network.moving(features, weights), wanted)
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimiser.step()
            self.distilled += 1
        return float(loss.detach())

    def _look_around(self) -> NDArray[np.int64]:
        """(preference, architecture) of all that walks by the network are presented with, (E, 2)."""
        seen: list[NDArray[np.int64]] = []
        for k in self.rng.choice(len(self.weights_KG), min(_LOOKS, len(self.weights_KG)), replace=False):
            policy = GreedyPolicy(
                self.space, self.network.prefer(torch.from_numpy(self.weights_KG[k]).float())
            )

            def choose(
                codes_RKL: Codes,
                count_R: NDArray[np.int32],
                _: Streams,
                k: int = int(k),
                by: GreedyPolicy = policy,
            ) -> NDArray[np.int64]:
                ids = np.unique(codes_RKL[codes_RKL[:, :, 0] >= 0][:, 0])
                seen.append(np.stack([np.full(len(ids), k), ids], axis=1))
                return by.act(codes_RKL, count_R)

            starts_BL = self.starts(self.rng, _WALKS)
            take_walks(self.space, choose, starts_BL, self.rng, neighbours=self.settings.neighbours)
        return np.concatenate(seen)

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on."""
        return {
            "rng": self.rng.bit_generator.state,
            "network": dict(self.network.state_dict()),
            "models": self.learner.optimiser.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "distilled": self.distilled,
            "ids": self.ids_E,
            "values": self.values_EG,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.rng.bit_generator.state = state["rng"]
        self.network.load_state_dict(state["network"])
        self.learner.optimiser.load_state_dict(state["models"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.distilled = int(state["distilled"])
        self.ids_E, self.values_EG = np.array(state["ids"]), np.array(state["values"])
        self.ledger.record(self.ids_E[:, None])


def _of_all(values: Any, space: EnumerableSpace) -> NDArray[np.float32]:
    """What the members take the goals of all architectures for, (members, G, N)."""
    return predict(values, space.feature_table).astype(np.float32)


def _goals(
    measurements: Measurements, settings: PreferencePlannerSettings
) -> tuple[tuple[str, ...], tuple[bool, ...]]:
    """Names and directions of the goals. Raises UsageError for fewer than two, and for one that there is not."""
    known = measurements.metrics
    named = [(name, True) for name in settings.maximise] + [(name, False) for name in settings.minimise]
    if len(named) < 2:
        raise UsageError(
            "which goals? say --maximise METRIC --minimise METRIC, two at least"
            + (f"; there are {', '.join(known)}" if known else "")
        )
    names = [find_metric(known, name) if known else name for name, _ in named]
    if len(set(names)) < len(names):
        raise UsageError(f"a goal is named twice: {', '.join(names)}")
    return tuple(names), tuple(up for _, up in named)
