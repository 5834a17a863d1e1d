"""NASBOT: Bayesian optimisation with a Gaussian process over architectures (Kandasamy et al., NeurIPS 2018).

The kernel falls with the OTMANN distance (`spaces/otmann.py`), the next architecture is the one of largest expected
improvement, and that is looked for by an evolutionary algorithm.

From the paper and its code: the kernel a exp(-sum_i b d_i) + (1 - a) exp(-sum_i b' e_i^2), times a scale, over the
distances d_i and their normalised forms e_i for the four structure costs; the acquisition; parents from all that was
looked at, better ones more often; how many modifications a mutant has, and about how many are looked at (code: 50 to
500). Ours: one b and one b' for all four, which are chosen, as the share a and the noise are, by the marginal
likelihood on a small grid, with the scale in closed form (the paper fits each by an optimiser); mutants are the space's
edits (the paper: nine kinds of modifications, of widths too).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import unknown
from archwalk.estimators.base import Floats
from archwalk.learning.gaussian_process import Decomposed, expected_improvement, upper_confidence_bound
from archwalk.spaces.base import Codes
from archwalk.spaces.capabilities import require_graphs
from archwalk.spaces.otmann import Otmann
from archwalk.strategies.base import Trials
from archwalk.strategies.checks import Count, CountOrZero, check_settings
from archwalk.strategies.history import History, distinct, mutants
from archwalk.strategies.per_trial import PerTrial, Searcher

ACQUISITIONS = ("ei", "ucb")
STRUCTURE_COSTS = (0.1, 0.2, 0.4, 0.8)
"""Paper: nu_str; that of labels is 1."""

EDIT_CHANCES = (0.5, 0.25, 0.125, 0.075, 0.05)
"""Code: how many modifications a mutant has."""

_PARENT_SCALE = 2.0  # code
_RATES = (0.03, 0.1, 0.3, 1.0)  # b: the distances of random cells of NAS-Bench-101 are some 2 each
_NORMALISED_RATES = (1.0, 4.0, 16.0)  # b'
_SHARES = (0.0, 0.5, 1.0)
_NOISES = (0.001, 0.01, 0.1)


@dataclass(frozen=True)
class NasbotSettings:
    """`initial` architectures, then one at a time: the one of largest `acquisition` (`ei` or `ucb`) among
    `candidates` mutants of the best `parents`, and among `generations` further generations of `offspring` mutants of
    those. The kernel is fitted anew after every `refit` evaluations.
    """

    initial: Count = 10
    acquisition: str = "ei"
    candidates: Count = 60
    parents: Count = 10
    generations: CountOrZero = 2
    offspring: Count = 30
    refit: Count = 7

    def __post_init__(self) -> None:
        check_settings(self)
        if self.acquisition not in ACQUISITIONS:
            raise unknown("acquisition", self.acquisition, ACQUISITIONS)


@dataclass(frozen=True)
class Kernel:
    """Rates b and b', the share a of the first part, and noise as a share of the scale."""

    rate: float
    normalised_rate: float
    share: float
    noise: float

    def of(self, distances_2SMN: Floats) -> Floats:
        """The kernel's values (M, N); 1 where nothing lies between."""
        first = np.exp(-self.rate * distances_2SMN[0].sum(axis=0))
        second = np.exp(-self.normalised_rate * (distances_2SMN[1] ** 2).sum(axis=0))
        values: Floats = self.share * first + (1 - self.share) * second
        return values


def fit_kernel(distances_2SEE: Floats, targets_E: Floats) -> Kernel:
    """The kernel of largest marginal likelihood on the grid."""
    best, likelihood = Kernel(_RATES[0], _NORMALISED_RATES[0], 1.0, _NOISES[-1]), -np.inf
    for share in _SHARES:
        rates = _RATES if share > 0 else _RATES[:1]
        normalised_rates = _NORMALISED_RATES if share < 1 else _NORMALISED_RATES[:1]
        for rate, normalised_rate in product(rates, normalised_rates):
            matrix = Decomposed.of(Kernel(rate, normalised_rate, share, 0.0).of(distances_2SEE))
            for noise in _NOISES:
                found, _ = matrix.log_likelihood(targets_E, noise)
                if found > likelihood:
                    best, likelihood = Kernel(rate, normalised_rate, share, noise), found
    return best


class NasbotSearcher(Searcher):
    """One trial. Distances between what was evaluated are kept."""

    def __init__(self, trial: Trials, settings: NasbotSettings) -> None:
        super().__init__(trial, settings)
        self.settings: NasbotSettings = settings
        self.history = History(self.space)
        self.otmann = Otmann(require_graphs(self.space, "nasbot"), STRUCTURE_COSTS)
        self.kernel: Kernel | None = None
        self._fitted = 0  # evaluations that the kernel was fitted to
        self._known = self.otmann.positions(self.history.codes_EL)
        self._distances = np.zeros((2, len(STRUCTURE_COSTS), 0, 0))

    def propose(self) -> Codes:
        """The starts, then one at a time."""
        if not len(self.history):
            return distinct(self.trial.next_starts(self.settings.initial)[0])
        rewards_E = self.history.targets()
        centre, spread = float(rewards_E.mean()), max(float(rewards_E.std()), 1e-9)
        targets_E = (rewards_E - centre) / spread
        if self.kernel is None or len(self.history) - self._fitted >= self.settings.refit:
            self.kernel, self._fitted = fit_kernel(self._distances, targets_E), len(self.history)
        return self._most_promising(self.kernel, targets_E)

    def _most_promising(self, kernel: Kernel, targets_E: Floats) -> Codes:
        """The evolutionary search for the largest acquisition; its architecture (1, L)."""
        settings = self.settings
        matrix = Decomposed.of(kernel.of(self._distances))
        _, scale = matrix.log_likelihood(targets_E, kernel.noise)

        def acquire(codes_NL: Codes) -> Floats:
            cross_NE = kernel.of(self.otmann.distances(self.otmann.positions(codes_NL), self._known))
            mean_N, deviation_N = matrix.posterior(
                cross_NE, np.ones(len(codes_NL)), targets_E, kernel.noise, scale
            )
            if settings.acquisition == "ucb":
                return upper_confidence_bound(mean_N, deviation_N, len(self.history))
            return expected_improvement(mean_N, deviation_N, float(targets_E.max()))

        pool_NL = self.history.around_the_best(settings.candidates, settings.parents, EDIT_CHANCES, self.rng)
        values_N = acquire(pool_NL)
        for _ in range(settings.generations):
            parents = choose_parents(values_N, settings.offspring, self.rng)
            born_NL = mutants(self.space, pool_NL[parents], EDIT_CHANCES, self.rng)
            every_NL = self.history.unseen(np.concatenate([pool_NL, born_NL]))
            if len(every_NL) > len(pool_NL):  # the pool has no repeats and comes first
                values_N = np.concatenate([values_N, acquire(every_NL[len(pool_NL) :])])
                pool_NL = every_NL
        best = int(values_N.argmax())
        return pool_NL[best : best + 1]

    def learn(self, codes_KL: Codes, rewards_K: Floats) -> None:
        """The new distances; the process is fitted when it is asked."""
        self.history.add(codes_KL, rewards_K)
        self._measure(codes_KL)

    def _measure(self, codes_KL: Codes) -> None:
        new = self.otmann.positions(codes_KL)
        old, self._known = self._known, self._known.join(new)
        rows = self.otmann.distances(new, self._known)
        before = len(old.labels_BCV)
        square = np.zeros((*rows.shape[:2], before + len(codes_KL), before + len(codes_KL)))
        square[:, :, :before, :before] = self._distances
        square[:, :, before:] = rows
        square[:, :, :before, before:] = rows[..., :before].swapaxes(2, 3)
        self._distances = square

    def state_dict(self) -> dict[str, Any]:
        """What was evaluated, and the kernel; distances follow."""
        kernel = None if self.kernel is None else [*vars(self.kernel).values()]
        own = {"history": self.history.state_dict(), "kernel": kernel, "fitted": self._fitted}
        return super().state_dict() | own

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        super().load_state_dict(state)
        self.history.load_state_dict(state["history"])
        self.kernel = None if state["kernel"] is None else Kernel(*state["kernel"])
        self._fitted = state["fitted"]
        self._known = self._known[:0]
        self._distances = self._distances[:, :, :0, :0]
        self._measure(self.history.codes_EL)


def choose_parents(values_N: Floats, wanted: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Places (wanted,) of parents: the chance is exponential in the value, of which two deviations count one
    (the paper's code).
    """
    spread = float(values_N.std())
    weights_N = (
        np.exp((values_N - values_N.max()) / (_PARENT_SCALE * spread))
        if spread > 0
        else np.ones(len(values_N))
    )
    return rng.choice(len(values_N), wanted, p=weights_N / weights_N.sum())


class Nasbot(PerTrial):
    """See the module."""

    settings_class: ClassVar[type[NasbotSettings]] = NasbotSettings
    searcher_class = NasbotSearcher
