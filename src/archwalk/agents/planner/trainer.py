"""The planning agent: a learned model of accuracy, exact planning on it, and a network that walks by the plan.

Moves are known and deterministic, so all that must be learned is what architectures are worth. Each round the
model is fitted to the architectures evaluated so far and names the next ones to evaluate. At the end its
opinion is planned over, V(s) = max(accuracy(s), max over neighbours V(t) - price), and a network learns from
features where moves lead. The two walk by features alone: the ensemble says what stopping is worth, the network
what moving is; neither sees ids or the table.
"""

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.agents.accuracy_model import AccuracyModel
from archwalk.agents.base import Agent
from archwalk.agents.distillation import Distiller
from archwalk.agents.further import take_over
from archwalk.agents.planner.agent import PlannerAgent, PlannerShape
from archwalk.agents.planner.settings import PlannerSettings
from archwalk.environments.walks import Sampler
from archwalk.errors import UsageError
from archwalk.estimators.base import Floats
from archwalk.estimators.benchmarks import Benchmark
from archwalk.learning.ensemble import LogEnsemble, predict
from archwalk.spaces.base import EnumerableSpace
from archwalk.strategies.value_iteration import iterate_values

_ALL_EVERY = 5
"""Rounds. In the others the model is asked about a shortlist."""

_SHORT = 20_000
"""Architectures on the shortlist for each member, and for the upper bounds."""

_SMALL = 100_000
"""A space of at most so many architectures is looked at as a whole in every round."""


class PlannerTrainer:
    """Trains a planning agent; the same seed gives the same bits, also across state_dict."""

    log_every = 1

    def __init__(
        self, benchmark: Benchmark, settings: PlannerSettings, seed: int, starts: Sampler | None = None
    ) -> None:
        space = benchmark.space
        if not isinstance(space, EnumerableSpace):
            raise UsageError(
                f"the planner needs a space that can be enumerated; {space.name} cannot, but climber can walk it"
            )
        self.space = space
        self.settings = settings
        self.starts = starts or space.sample
        pick_seed, fit_seed, network_seed = np.random.SeedSequence(seed).spawn(3)
        self.pick_rng, self.fit_rng = np.random.default_rng(pick_seed), np.random.default_rng(fit_seed)
        self.shape = PlannerShape(settings.neighbours, settings.width, settings.members)
        seed32 = int(network_seed.generate_state(1)[0])
        self.network = PlannerAgent.fresh(space, self.shape, seed32).network
        assert isinstance(self.network.stop, LogEnsemble)
        self.stop = self.network.stop
        self.model = AccuracyModel(benchmark, settings, self.stop, self.fit_rng, half=True)
        self.ledger = self.model.ledger
        self.distiller = Distiller(
            self.network.move, settings, space, self.starts, self.fit_rng, space.sample_uniform, half=True
        )
        self._value_N: Floats | None = None
        self._picks, self._shortlist = 0, np.empty(0, np.int64)

    def begin_from(self, agent: Agent) -> None:
        """See `FurtherTrainer`. The ensemble's answer is put into the unit of this task's accuracy again."""
        take_over(self.network, self.agent(), agent)
        self.stop.scale.fill_(1)
        self.stop.offset.zero_()

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
        return len(self.model) + self.distiller.done

    def run(self) -> Iterator[dict[str, float]]:
        """Train to the end, yielding metrics after every round and every portion of the distillation."""
        while (room := self.evaluations - len(self.model)) > 0:
            if len(self.model):
                ids = self._pick(min(self.settings.round, room))
            else:
                ids = self._sample(min(self.settings.initial, room))
            metrics = self.model.learn(ids[:, None])
            if len(self.model) == self.evaluations and self.settings.last_updates:
                self.model.tell_apart(self.settings.last_updates, self.settings.last_sharpness)
            yield metrics
        while self.distiller.remaining:
            yield {
                "charts/best_reward": float(self.model.accuracy_E.max()),
                "losses/distillation": self._distil(),
            }

    def agent(self) -> PlannerAgent:
        """See `Trainer`."""
        return PlannerAgent(self.space, self.shape, copy.deepcopy(self.network))

    def _sample(self, n: int) -> NDArray[np.int32]:
        """Up to `n` different architectures from the starts that were not evaluated yet, at least one."""
        drawn = self.model.unseen(self.starts(self.pick_rng, 4 * n))
        if not len(drawn):
            drawn = self.model.unseen(np.arange(self.space.size, dtype=np.int32)[:, None])
        return self.pick_rng.permutation(drawn[:, 0])[:n]

    def _pick(self, n: int) -> NDArray[np.int32]:
        """Each member's favourites, the best upper bounds, and a few samples: different and new ones."""
        settings = self.settings
        ids = self._looked_at()
        predicted_KN = self.model.predict(self.space.feature_table[ids])
        wanted_KN = np.concatenate([predicted_KN, [predicted_KN.mean(0) + predicted_KN.std(0)]])
        if len(ids) == self.space.size:
            self._shortlist = np.unique([_best(wanted_N, _SHORT) for wanted_N in wanted_KN])
        wanted_KN[:, np.isin(ids, self.model.codes_EL[:, 0])] = -np.inf
        random, bounds = round(settings.random * n), round(settings.optimism * n)
        counts = [max(1, (n - random - bounds) // settings.members)] * settings.members + [bounds]
        picked = ids[np.unique(np.concatenate([_best(*row) for row in zip(wanted_KN, counts, strict=True)]))]
        picked = np.concatenate([picked, np.setdiff1d(self._sample(max(1, random)), picked)])
        self._picks += 1
        return self.pick_rng.permutation(picked)[:n].astype(np.int32)

    def _looked_at(self) -> NDArray[np.int64]:
        """The architectures that the model is asked about: all of them every few rounds, and in a large space between
        those rounds the most promising then, with the neighbours of what was evaluated since.
        """
        if self._picks % _ALL_EVERY == 0 or self.space.size <= _SMALL:
            return np.arange(self.space.size)
        since_EL = self.model.codes_EL[-_ALL_EVERY * self.settings.round :]
        return np.union1d(self._shortlist, self.space.neighbours(since_EL).codes_EL[:, 0])

    def stop_values(self) -> Floats:
        """What the walking network takes stopping at each architecture (N,) to be worth."""
        return predict(self.stop, self.space.feature_table)

    def plan(self) -> Floats:
        """V(s) = max(stop(s), max over neighbours V(t) - 1), (N,): stop as the network sees it, in steps."""
        value_N, _ = iterate_values(self.space.graph, self.stop_values(), price=1.0)
        return value_N

    def _distil(self) -> float:
        """Fit `move` to the plan for some updates; gives the last error."""
        if self._value_N is None:
            self.stop.scale.fill_(100 / self.settings.planning_sharpness / self.settings.step_price)
            self.stop.offset.zero_()
            self.stop.offset.fill_(float(self.stop_values().max()))
            self._value_N = self.plan()
        value_N = self._value_N
        return self.distiller.take_portion(self.network, lambda codes_BL: value_N[codes_BL[:, 0]] - 1)

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on."""
        return {
            "pick_rng": self.pick_rng.bit_generator.state,
            "picks": self._picks,
            "shortlist": self._shortlist,
            "network": dict(self.network.state_dict()),
            "model": self.model.state_dict(),
            "distiller": self.distiller.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.pick_rng.bit_generator.state = state["pick_rng"]
        self._picks, self._shortlist = int(state["picks"]), np.array(state["shortlist"])
        for part in ("network", "model", "distiller"):
            getattr(self, part).load_state_dict(state[part])


def _best(values_N: Floats, n: int) -> NDArray[np.intp]:
    """The `n` places of highest value, without those of -inf."""
    places = np.argpartition(-values_N, min(n, len(values_N) - 1))[:n]
    return places[np.isfinite(values_N[places])]
