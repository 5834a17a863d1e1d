"""A search by the agent: it begins with what was good elsewhere, and then asks for the highest upper bound."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archwalk.agents.transfer.outlook import Described, Outlook, Pool, choose_first, to_targets
from archwalk.estimators.base import Floats
from archwalk.jit import Streams
from archwalk.learning.transfer_kernel import Singles
from archwalk.spaces.base import Codes
from archwalk.strategies.base import Trials
from archwalk.strategies.history import History, distinct, mutants
from archwalk.strategies.per_trial import PerTrial, Searcher
from archwalk.strategies.recommending import recommendations
from archwalk.strategies.walker import Episodes, take_walks

if TYPE_CHECKING:
    from archwalk.agents.transfer.agent import TransferAgent

EDIT_CHANCES = (0.5, 0.3, 0.2)
"""Of mutants one, two and three edits away."""

SAMPLED, MUTANTS, PARENTS = 500, 500, 8
"""Candidates where a space is not looked at as a whole: samples, and mutants of the best."""

REDRAWN_EVERY = 5
"""Queries, after which such candidates are drawn anew."""

_FIRST_SAMPLES = 2_000


class TransferSearcher(Searcher):
    """One trial.

    How many deviations are added to the mean is drawn anew for every query, from half to one and a half times
    `optimism`: given one agent all else is determined, and trials would not differ.
    """

    settings: TransferAgent

    def __init__(self, trial: Trials, settings: TransferAgent) -> None:
        super().__init__(trial, settings)
        self.history = History(self.space)
        self.redrawn = 0
        self.pool_NL = np.empty((0, self.space.code_length), np.int32)
        self._outlook: Outlook | None = None
        self._profiles: list[Singles] = []

    def propose(self) -> Codes:
        """What to begin with, all at once, then one at a time."""
        agent = self.settings
        if not len(self.history):
            if agent.whole is not None:
                candidates = agent.whole.candidates
            else:
                candidates = agent.describe(distinct(self.space.sample(self.rng, _FIRST_SAMPLES)))
            first_KL: Codes = candidates.codes_NL[choose_first(candidates.profiles_NK, agent.shape.first)]
            return first_KL
        if agent.whole is None and (not self.redrawn or len(self.history) >= self.redrawn + REDRAWN_EVERY):
            self._redraw()
        outlook = self._conditioned()
        targets_E = to_targets(self.history.targets(), agent.shape.bound_share)
        bound_N = outlook.bounds(targets_E, agent.shape.optimism * self.rng.uniform(0.5, 1.5))
        place = int(bound_N.argmax())
        if not outlook.free_N[place]:
            return self.history.sampled(1, self.rng)
        next_KL: Codes = outlook.pool.candidates.codes_NL[place][None]
        return next_KL

    def learn(self, codes_KL: Codes, rewards_K: Floats) -> None:
        """The process is conditioned when it is asked."""
        self.history.add(codes_KL, rewards_K)

    def _redraw(self) -> None:
        best_PL = self.history.ranking()[:PARENTS]
        near_NL = mutants(self.space, best_PL[np.arange(MUTANTS) % len(best_PL)], EDIT_CHANCES, self.rng)
        self.pool_NL = self.history.unseen(np.concatenate([near_NL, self.space.sample(self.rng, SAMPLED)]))
        self.redrawn, self._outlook = len(self.history), None
        if not len(self.pool_NL):
            self.pool_NL = self.history.sampled(1, self.rng)

    def _conditioned(self) -> Outlook:
        """The outlook, told of all that was evaluated."""
        agent, codes_EL = self.settings, self.history.codes_EL
        if self._outlook is None:
            pool = agent.whole or Pool(self.space, agent.kernel, agent.describe(self.pool_NL))
            self._outlook = Outlook(pool)
        seen = self._outlook.posterior.seen
        if agent.whole is not None:
            for e in range(seen, len(codes_EL)):
                self._outlook.add_candidate(int(codes_EL[e, 0]), codes_EL[:e, 0])
            return self._outlook
        for code_L in codes_EL[len(self._profiles) :]:  # each alone: the bits do not depend on the others
            self._profiles.append(agent.profiles(code_L[None])[0])
        known = Described.of(self.space, codes_EL, np.stack(self._profiles))
        for e in range(seen, len(codes_EL)):
            self._outlook.add(known.rows(np.array([e])), known.rows(np.arange(e)))
        return self._outlook

    def recommend(self) -> Codes:
        """Of what was evaluated, the architecture (L,) of the highest mean by the process: noise is left out."""
        targets_E = to_targets(self.history.targets(), self.settings.shape.bound_share)
        known_E = np.where(np.isfinite(self.history.rewards_E), 0.0, -np.inf)
        smooth_E = self._conditioned().posterior.smooth(targets_E) + known_E
        best_L: Codes = self.history.codes_EL[int(smooth_E.argmax())]
        return best_L

    def state_dict(self) -> dict[str, Any]:
        """What was evaluated, and among what it looks."""
        return super().state_dict() | {
            "history": self.history.state_dict(), "pool": self.pool_NL.copy(), "redrawn": self.redrawn,
        }  # fmt: skip

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        super().load_state_dict(state)
        self.history.load_state_dict(state["history"])
        self.pool_NL, self.redrawn = np.array(state["pool"]), int(state["redrawn"])
        self._outlook, self._profiles = None, []


class TransferSearch(PerTrial):
    """See the file. Trials are independent."""

    query = "an architecture: what the sources name, then the highest upper bound; none twice while others are left"
    searcher_class = TransferSearcher
    searchers: list[TransferSearcher]  # type: ignore[assignment]

    def __init__(self, trials: Trials, agent: TransferAgent) -> None:
        super().__init__(trials, agent)
        self.agent = agent

    def findings(self, codes_TQL: Codes, rewards_TQ: Floats) -> list[Any]:
        """What is recommended of each trial: not always the best by reward, where rewards are noisy."""
        return recommendations(self.searchers, codes_TQL, rewards_TQ)

    def improve(
        self,
        starts_BL: Codes,
        evaluate: Callable[[Codes], Floats] | None = None,
        visited: list[Codes] | None = None,
    ) -> Episodes:
        """Walk once from each start, to the best neighbour by the mean profile as long as that is better: what the
        sources have in common, without an evaluation. For `visited` see `take_walks`.
        """
        return take_walks(self.trials.space, self._climb, starts_BL, self.trials.rng, visited=visited)

    def _climb(self, codes_RKL: Codes, count_R: NDArray[np.int32], streams_R: Streams) -> NDArray[np.int64]:
        present_RK = np.arange(codes_RKL.shape[1]) <= count_R[:, None]
        worth_RK = np.full(present_RK.shape, -np.inf)
        profiles_TK = self.agent.profiles(codes_RKL[present_RK])
        worth_RK[present_RK] = profiles_TK.mean(axis=1)
        action_R: NDArray[np.int64] = worth_RK.argmax(axis=1)
        return action_R
