"""Bayesian optimisation of several goals: a Gaussian process on graphs for each, and expected hypervolume improvement.

Source: Emmerich, Deutz and Klinkenberg, Hypervolume-based expected improvement, CEC 2011; with independent Gaussians
the expectation is a sum over boxes that what is not dominated falls into, in closed form: the strips between the points
of the front for two goals, slices of such strips for more. Nothing is sampled, so that no library of Monte-Carlo
estimates (BoTorch) is needed. There are some F^(G - 1) boxes for a front of F, so that with three goals and more the
most crowded points are left out (ours), and five goals are refused. The processes
are those of `strategies/graph_gp.py`, of rewards as they are. A batch is chosen one after the other, each as if those
before had come out as expected (ours; a "Kriging believer"). What breaks a limit or has no value counts as the worst
that was seen (ours).
"""

from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from scipy.special import ndtr

from archwalk.errors import UsageError
from archwalk.estimators.base import Floats
from archwalk.learning.gaussian_process import MaternBlocks, fit_blocks
from archwalk.spaces.base import Codes
from archwalk.spaces.capabilities import numbered
from archwalk.spaces.graph_features import Distances, featuriser, squared_distances
from archwalk.strategies.base import Trials
from archwalk.strategies.goals.base import Archive, GoalSearcher
from archwalk.strategies.goals.pareto import crowding, front, reference_point
from archwalk.strategies.graph_gp import EDIT_CHANCES, GraphGPSettings, Outlook, choose_told
from archwalk.strategies.history import distinct, mutants

_CANDIDATES = 2_000

_MOST_POINTS = {1: 10**9, 2: 10**9, 3: 50, 4: 20}
"""Points of a front, by the number of goals, that boxes are made of."""

_AT_ONCE = 256
"""Boxes, so that memory is bounded."""


class GraphGPGoals(GoalSearcher):
    """See the module; `initial`, `batch`, `steps` and `most` of the settings are used."""

    settings_class: ClassVar[type[Any] | None] = GraphGPSettings

    def __init__(self, trial: Trials, goals: int, budget: int, settings: Any = None) -> None:
        super().__init__(trial, goals, budget, settings)
        if goals > max(_MOST_POINTS):
            raise UsageError(
                f"graph-gp weighs {max(_MOST_POINTS)} goals at most by expected hypervolume; take nsga2, or another "
                "strategy"
            )
        self.archive = Archive(self.space.code_length, goals)
        self.featurise = featuriser(self.space)
        self._units_S = 1 / self.featurise.units_S
        blocks = len(self._units_S)
        self._centre = np.array([0.0] * blocks + [0.0, -4.0])
        self._spread = np.array([1.0] * blocks + [0.5, 1.5])
        self._logs = [self._centre] * goals

    def propose(self, left: int) -> Codes:
        """The starts, then batches."""
        if not len(self.archive):
            return distinct(self.trial.next_starts(min(self.settings.initial, left))[0])
        values_EG = self._targets()
        outlooks = [self._condition(goal, values_EG[:, goal]) for goal in range(self.goals)]
        candidates_NL = self._candidates()
        expected = [outlook.expect(candidates_NL) for outlook in outlooks]
        mean_NG, deviation_NG = (np.stack(part, axis=1) for part in zip(*expected, strict=True))
        front_FG = values_EG[front(values_EG)]
        chosen: list[int] = []
        for _ in range(min(self.settings.batch, left, len(candidates_NL))):
            gain_N = hypervolume_improvement(mean_NG, deviation_NG, front_FG, reference_point(front_FG))
            gain_N[chosen] = -1.0
            chosen.append(int(gain_N.argmax()))
            believed = np.concatenate([front_FG, mean_NG[chosen[-1:]]])
            front_FG = believed[front(believed)]
        return candidates_NL[chosen]

    def learn(self, codes_KL: Codes, values_KG: Floats, violations_K: Floats) -> None:
        """The processes are conditioned when they are asked."""
        self.archive.add(codes_KL, values_KG, violations_K)

    def _targets(self) -> Floats:
        """Values (E, G), standardised; the worst where there is none that counts."""
        values_EG, allowed_E = self.archive.values_EG, self.archive.allowed_E
        known_EG = values_EG[allowed_E] if allowed_E.any() else np.nan_to_num(values_EG)
        values_EG = np.where(allowed_E[:, None], values_EG, known_EG.min(axis=0))
        if not allowed_E.any():  # towards where limits are kept
            values_EG = np.repeat(-np.minimum(self.archive.violations_E, 1e9)[:, None], self.goals, axis=1)
        spread_G = np.maximum(values_EG.std(axis=0), 1e-9)
        targets: Floats = (values_EG - values_EG.mean(axis=0)) / spread_G
        return targets

    def _condition(self, goal: int, targets_E: Floats) -> Outlook:
        told_K = choose_told(targets_E, self.settings.most)
        known, targets_K = self.featurise(self.archive.codes_EL[told_K]), targets_E[told_K]
        squared_SKK = squared_distances(known, known) * self._units_S[:, None, None]
        found = fit_blocks(
            squared_SKK, targets_K, self._logs[goal], self._centre, self._spread, self.settings.steps
        )
        self._logs[goal] = found.logs
        kernel = MaternBlocks(found.logs)
        distances = Distances(known, kernel.weights_S * self._units_S)
        return Outlook(self.featurise, distances, kernel.posterior(squared_SKK, targets_K))

    def _candidates(self) -> Codes:
        """What was not evaluated yet: neighbours or mutants of the front, and samples; something else where all was."""
        allowed = np.flatnonzero(self.archive.allowed_E)
        values_EG = self.archive.values_EG
        best = allowed[front(values_EG[allowed])] if len(allowed) else [self.archive.violations_E.argmin()]
        best_PL = distinct(self.archive.codes_EL[best])
        sampled_NL = self.space.sample(self.rng, _CANDIDATES)
        if (whole := numbered(self.space)) is not None:
            near_NL = whole.neighbours(best_PL).codes_EL
            near_NL = near_NL[self.rng.permutation(len(near_NL))[:_CANDIDATES]]
        else:
            near_NL = mutants(
                self.space, best_PL[np.arange(_CANDIDATES) % len(best_PL)], EDIT_CHANCES, self.rng
            )
        both_NL = distinct(np.concatenate([near_NL, sampled_NL]))
        new_NL = both_NL[[self.archive.find(code_L) is None for code_L in both_NL]]
        return new_NL if len(new_NL) else both_NL[:1]


def hypervolume_improvement(
    mean_NG: Floats, deviation_NG: Floats, front_FG: Floats, reference_G: Floats
) -> Floats:
    """What N independent Gaussians are expected to add to the hypervolume of a front, (N,)."""
    if front_FG.shape[1] == 1:
        return _exceeding(mean_NG[:, 0], deviation_NG[:, 0], np.array([front_FG.max()]))[:, 0]
    if front_FG.shape[1] > 2:
        return _over_boxes(mean_NG, deviation_NG, *open_boxes(thinned(front_FG), reference_G))
    order = np.argsort(-front_FG[:, 0], kind="stable")
    edges = np.append(front_FG[order, 0], reference_G[0])  # of the strips, from the best on
    heights = np.concatenate([reference_G[1:], front_FG[order, 1]])
    right_NF = _exceeding(mean_NG[:, 0], deviation_NG[:, 0], edges)
    widths_NF = np.diff(right_NF, axis=1, prepend=0.0)
    gained_N: Floats = (widths_NF * _exceeding(mean_NG[:, 1], deviation_NG[:, 1], heights)).sum(axis=1)
    return gained_N


def _over_boxes(mean_NG: Floats, deviation_NG: Floats, lower_CG: Floats, upper_CG: Floats) -> Floats:
    """The sum over boxes of the volume of each that Gaussians are expected to dominate, (N,)."""
    gained_N = np.zeros(len(mean_NG))
    for first in range(0, len(lower_CG), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        product_NC = np.ones((len(mean_NG), len(lower_CG[part])))
        for mean_N, deviation_N, low_C, high_C in zip(
            mean_NG.T, deviation_NG.T, lower_CG[part].T, upper_CG[part].T, strict=True
        ):
            product_NC *= _exceeding(mean_N, deviation_N, low_C) - _exceeding(mean_N, deviation_N, high_C)
        gained_N += product_NC.sum(axis=1)
    return gained_N


def open_boxes(front_FG: Floats, reference_G: Floats) -> tuple[Floats, Floats]:
    """What dominates a reference point and is not dominated by a front, as boxes without a common part: their lower and
    upper corners (C, G), infinite where they are open.
    """
    goals = len(reference_G)
    front_FG = front_FG[(front_FG > reference_G).all(axis=1)]
    if not len(front_FG):
        return reference_G[None].copy(), np.full((1, goals), np.inf)
    if goals == 1:
        return front_FG.max(axis=0)[None], np.full((1, 1), np.inf)
    order_FG = front_FG[np.argsort(-front_FG[:, -1], kind="stable")]
    edges = np.concatenate([[np.inf], order_FG[:, -1], reference_G[-1:]])
    lowers, uppers = [], []
    for above, (high, low) in enumerate(pairwise(edges)):
        if low == high:
            continue
        inside_PG = order_FG[:above, :-1]  # what dominates in this slice
        lower_CG, upper_CG = open_boxes(inside_PG[front(inside_PG)], reference_G[:-1])
        lowers.append(np.column_stack([lower_CG, np.full(len(lower_CG), low)]))
        uppers.append(np.column_stack([upper_CG, np.full(len(upper_CG), high)]))
    return np.concatenate(lowers), np.concatenate(uppers)


def thinned(front_FG: Floats) -> Floats:
    """A front without its most crowded points, where it has more than boxes are made of."""
    while len(front_FG) > _MOST_POINTS[front_FG.shape[1]]:
        front_FG = np.delete(front_FG, crowding(front_FG).argmin(), axis=0)
    return front_FG


def _exceeding(mean_N: Floats, deviation_N: Floats, bound_F: Floats) -> Floats:
    """E[max(0, Y - bound)] of Gaussians, (N, F)."""
    deviation_N = np.maximum(deviation_N, 1e-12)[:, None]
    finite_F = np.isfinite(bound_F)
    if not finite_F.all():  # nothing exceeds what is infinite
        exceeding_NF = np.zeros((len(mean_N), len(bound_F)))
        exceeding_NF[:, finite_F] = _exceeding(mean_N, deviation_N[:, 0], bound_F[finite_F])
        return exceeding_NF
    over_NF = mean_N[:, None] - bound_F
    z_NF = over_NF / deviation_N
    expected: Floats = over_NF * ndtr(z_NF) + deviation_N * np.exp(-0.5 * z_NF**2) / np.sqrt(2 * np.pi)
    return expected
