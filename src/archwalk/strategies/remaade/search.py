"""ReMAADE: REINFORCE with an autoregressive policy over an architecture's decisions (Krishna et al. 2020)."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import UsageError
from archwalk.estimators.base import Floats
from archwalk.learning.autoregressive import LSTM, MAADE, MADE, NADE, Independent, Policy, Strings
from archwalk.learning.autoregressive.reinforce import Reinforce, ReinforceSettings
from archwalk.spaces.base import Codes
from archwalk.strategies.base import Strategy, Trials
from archwalk.strategies.remaade.settings import RemaadeSettings

_ROUNDS = 64
"""How often strings are drawn for a batch before what is still missing is sampled from the space (ours)."""


class ReMAADE(Strategy):
    """Draws batches of strings from a policy for each trial and learns from their rewards (Krishna et al. 2020,
    section 7).

    Strings that name no valid architecture are drawn again, at no query. All trials are computed together, as
    stacked weights. Works on any space's `choices`.
    """

    query = "an evaluated architecture: every valid string that is drawn, repeats included"
    settings_class: ClassVar[type[RemaadeSettings]] = RemaadeSettings

    def __init__(self, trials: Trials, settings: RemaadeSettings | None = None) -> None:
        super().__init__(trials)
        self.settings = settings or RemaadeSettings()
        self.policy = make_policy(self.settings, trials.space.choices)
        self.learner = Reinforce(self.policy, _learning(self.settings), trials.trials, trials.rng)
        t, n, batch = trials.trials, self.policy.strings.length, self.settings.batch
        self.orders_TSN = self._draw_orders(max(1, self.settings.orders))
        self.choices_TBN = np.zeros((t, batch, n), np.int64)
        self.position_TBN = np.zeros((t, batch, n), np.int64)
        self.codes_TBL = np.zeros((t, batch, trials.space.code_length), np.int32)
        self.rewards_TB = np.zeros((t, batch))
        self.told = batch

    def _propose(self, n: int) -> Codes:
        if self.told == self.settings.batch:
            self._draw_batch()
            self.told = 0
        return self.codes_TBL[:, self.told : self.told + n].copy()

    def _learn(self, codes_TNL: Codes, rewards_TN: Floats) -> None:
        self.rewards_TB[:, self.told : self.told + rewards_TN.shape[1]] = rewards_TN
        self.told += rewards_TN.shape[1]
        if self.told == self.settings.batch:
            self.learner.learn(self.choices_TBN, self.position_TBN, _fractions(self.rewards_TB))

    def _draw_batch(self) -> None:
        """Fill the batch of every trial with valid strings; trials that have too few draw again."""
        space, rng, batch = self.trials.space, self.trials.rng, self.settings.batch
        filled_T = np.zeros(self.trials.trials, np.int64)
        for _ in range(_ROUNDS):
            rows = np.flatnonzero(filled_T < batch)
            if not len(rows):
                return
            position_RBN = self._draw_positions(rows)
            choices_RBN = self.learner.sample(rows, position_RBN, rng.random(position_RBN.shape))
            strings = choices_RBN.reshape(-1, choices_RBN.shape[2]).astype(np.int32)
            codes_RBL = space.from_choices(strings).reshape(len(rows), batch, -1)
            valid_RB = codes_RBL[:, :, 0] >= 0
            place_RB = filled_T[rows, None] + valid_RB.cumsum(axis=1) - 1
            valid_RB &= place_RB < batch
            r, b = np.nonzero(valid_RB)
            at = rows[r], place_RB[r, b]
            self.choices_TBN[at], self.position_TBN[at] = choices_RBN[r, b], position_RBN[r, b]
            self.codes_TBL[at] = codes_RBL[r, b]
            filled_T[rows] += valid_RB.sum(axis=1)
        self._fill(filled_T)

    def _fill(self, filled_T: NDArray[np.int64]) -> None:
        """A policy that has come to draw invalid strings alone is shown valid ones."""
        missing_TB = np.arange(self.settings.batch) >= filled_T[:, None]
        codes_ML = self.trials.space.sample(self.trials.rng, int(missing_TB.sum()))
        self.codes_TBL[missing_TB] = codes_ML
        self.choices_TBN[missing_TB] = self.trials.space.to_choices(codes_ML)
        self.position_TBN[missing_TB] = self.orders_TSN[np.nonzero(missing_TB)[0], 0]

    def _draw_orders(self, orders: int) -> NDArray[np.int64]:
        """The places (T, S, N) of the decisions in each trial's factorisation orders: the space's own, then random
        ones (Krishna et al. 2020, equation 10: S permutations; that the first is the natural one is ours).
        """
        shape = self.trials.trials, orders, self.policy.strings.length
        natural = np.broadcast_to(np.arange(shape[2]), shape)
        drawn = self.trials.rng.permuted(natural, axis=2)
        drawn[:, 0] = natural[:, 0]
        return drawn

    def _draw_positions(self, rows: NDArray[np.intp]) -> NDArray[np.int64]:
        """An order for each string of a batch, (R, B, N)."""
        rng, (_, orders, n) = self.trials.rng, self.orders_TSN.shape
        shape = len(rows), self.settings.batch
        if self.settings.orders == 0:
            return rng.permuted(np.broadcast_to(np.arange(n), (*shape, n)), axis=2)
        positions: NDArray[np.int64] = self.orders_TSN[rows[:, None], rng.integers(0, orders, shape)]
        return positions

    _ARRAYS = ("orders_TSN", "choices_TBN", "position_TBN", "codes_TBL", "rewards_TB")

    def state_dict(self) -> dict[str, Any]:
        """State between a tell and an ask."""
        arrays = {name: getattr(self, name).copy() for name in self._ARRAYS}
        return super().state_dict() | arrays | {"learner": self.learner.state_dict(), "told": self.told}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        super().load_state_dict(state)
        self.learner.load_state_dict(state["learner"])
        for name in self._ARRAYS:
            setattr(self, name, np.array(state[name]))
        self.told = int(state["told"])


def make_policy(settings: RemaadeSettings, choices: tuple[int, ...]) -> Policy:
    """The policy over strings of decisions with so many values each. Raises UsageError where there is no decision."""
    if not choices:
        raise UsageError("a space without decisions cannot be searched by a policy")
    strings = Strings(choices, settings.families)
    if settings.policy == "maade":
        return MAADE(strings, settings.width, settings.blocks)
    others: dict[str, Callable[[Strings, int], Policy]] = {
        "made": MADE, "nade": NADE, "lstm": LSTM, "independent": Independent,
    }  # fmt: skip
    return others[settings.policy](strings, settings.width)


def parameter_counts(policy: str, choices: tuple[int, ...], width: int) -> dict[str, int]:
    """Weights of one policy: of its `context` representation, which Krishna et al.'s Table 2 compares, and in
    `total`.
    """
    made = make_policy(RemaadeSettings(policy=policy, width=width), choices)  # type: ignore[arg-type]
    counts = {name: int(np.prod(shape)) for name, (shape, _) in made.shapes().items()}
    return {"context": sum(counts[name] for name in made.context_shapes()), "total": sum(counts.values())}


def _learning(settings: RemaadeSettings) -> ReinforceSettings:
    return ReinforceSettings(
        settings.objective, settings.epochs, settings.clip, settings.learning_rate, settings.optimiser,
        settings.baseline_momentum, settings.entropy,
    )  # fmt: skip


def _fractions(rewards_TB: Floats) -> Floats:
    """Rewards as fractions; in place of one that is not finite the least finite one of its trial's batch."""
    finite_TB = np.isfinite(rewards_TB)
    least_T = np.where(finite_TB, rewards_TB, np.inf).min(axis=1)
    least_T = np.where(np.isfinite(least_T), least_T, 0.0)
    return np.where(finite_TB, rewards_TB, least_T[:, None]) / 100
