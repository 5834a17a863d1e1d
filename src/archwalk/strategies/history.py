"""What searchers that learn a model of one trial have in common: what was evaluated, and candidates beside it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from archwalk.estimators.base import Floats
from archwalk.jit import make_streams
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.strategies.per_trial import finite_rewards

_TRIES = 20

Chances = Sequence[float]
"""Of one edit, of two, ...; they sum to 1."""


class History:
    """Architectures (E, L) that a trial has evaluated, repeats included, with their rewards (E,)."""

    def __init__(self, space: SearchSpace) -> None:
        self.space = space
        self.codes_EL = np.empty((0, space.code_length), np.int32)
        self.rewards_E = np.empty(0)
        self._first: dict[bytes, int] = {}  # where an architecture was evaluated first

    def __len__(self) -> int:
        return len(self.rewards_E)

    def add(self, codes_KL: Codes, rewards_K: Floats) -> None:
        """Remember what was evaluated."""
        for e, code_L in enumerate(codes_KL, start=len(self)):
            self._first.setdefault(code_L.tobytes(), e)
        self.codes_EL = np.concatenate([self.codes_EL, codes_KL])
        self.rewards_E = np.concatenate([self.rewards_E, rewards_K])

    def targets(self) -> Floats:
        """Rewards (E,) that a model can learn: finite ones."""
        return finite_rewards(self.rewards_E)

    def reward_of(self, code_L: Codes) -> float | None:
        """What the first evaluation of an architecture gave, as a finite number; None if there was none."""
        first = self._first.get(code_L.tobytes())
        return None if first is None else float(self.targets()[first])

    def ranking(self) -> Codes:
        """Different architectures that were evaluated, the best first; of equals the one evaluated first."""
        return distinct(self.codes_EL[np.argsort(-self.rewards_E, kind="stable")])

    def unseen(self, codes_BL: Codes) -> Codes:
        """Those that were not evaluated yet, each once, in their order."""
        codes_BL = distinct(codes_BL)
        return codes_BL[[code_L.tobytes() not in self._first for code_L in codes_BL]]

    def near_the_best(self, wanted: int, parents: int, chances: Chances, rng: np.random.Generator) -> Codes:
        """Candidates (B, L) that were not evaluated yet, never none: mutants of the best architecture, and where
        these are too few of the next ones, up to `parents`.

        Where everything around was evaluated, sampled architectures; where those were too, one that was.
        """
        found_BL = self.codes_EL[:0]
        for parent_L in self.ranking()[:parents]:
            more_BL = mutants(self.space, np.repeat(parent_L[None], wanted, axis=0), chances, rng)
            found_BL = self.unseen(np.concatenate([found_BL, more_BL]))
            if len(found_BL) >= wanted:
                break
        return found_BL[:wanted] if len(found_BL) else self.sampled(wanted, rng)

    def around_the_best(self, wanted: int, parents: int, chances: Chances, rng: np.random.Generator) -> Codes:
        """Like `near_the_best`, but of up to `wanted` mutants each of the best `parents` has as many."""
        best_PL = self.ranking()[:parents]
        turns_BL = best_PL[np.arange(wanted) % len(best_PL)]
        found_BL = self.unseen(mutants(self.space, turns_BL, chances, rng))
        return found_BL if len(found_BL) else self.sampled(wanted, rng)

    def sampled(self, wanted: int, rng: np.random.Generator) -> Codes:
        """Up to `wanted` sampled architectures that were not evaluated yet; if none is found, one that was."""
        for _ in range(_TRIES):
            new_BL = self.unseen(self.space.sample(rng, wanted))
            if len(new_BL):
                return new_BL
        return self.space.sample(rng, 1)

    def state_dict(self) -> dict[str, Any]:
        """All of it."""
        return {"codes": self.codes_EL.copy(), "rewards": self.rewards_E.copy()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.codes_EL, self.rewards_E = self.codes_EL[:0], self.rewards_E[:0]
        self._first = {}
        self.add(np.array(state["codes"]), np.array(state["rewards"]))


def distinct(codes_BL: Codes) -> Codes:
    """Each architecture once, where it stands first."""
    first: dict[bytes, int] = {}
    for b, code_L in enumerate(codes_BL):
        first.setdefault(code_L.tobytes(), b)
    return codes_BL[list(first.values())]


def mutants(space: SearchSpace, parents_BL: Codes, chances: Chances, rng: np.random.Generator) -> Codes:
    """A mutant (B, L) of each parent, some random edits of the space away: one with the first of the `chances`, two
    with the second, and so on.
    """
    streams_B = make_streams(rng, len(parents_BL))
    edits_B = rng.choice(len(chances), len(parents_BL), p=chances)
    mutants_BL = parents_BL.copy()
    for edit in range(len(chances)):
        rows = np.flatnonzero(edits_B >= edit)
        streams_R = streams_B[rows]
        codes_RNL, count_R = space.sample_neighbours(mutants_BL[rows], 1, streams_R)
        streams_B[rows] = streams_R
        moved_R = count_R > 0
        mutants_BL[rows[moved_R]] = codes_RNL[moved_R, 0]
    return mutants_BL
