"""Random search on a table, exactly: what the best of a few architectures drawn at random is, and tests against it."""

from collections.abc import Sequence
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from archwalk.estimators.base import Floats
from archwalk.experiments.bootstrap import BOOTSTRAP_SAMPLES
from archwalk.experiments.significance import DECIMALS


def best_weights(score_N: Floats, draws: int) -> Floats:
    """Probability (N,) that an architecture is the best of `draws` different ones, all sets being equally likely.

    The one of rank r from below is if the others are among the r - 1 below it: C(r - 1, draws - 1) of C(N, draws). Of
    equal ones the later is ranked higher, which changes no score.
    """
    size = len(score_N)
    draws = min(draws, size)
    weight_N = np.empty(size)
    weight_N[np.argsort(score_N, kind="stable")] = [
        comb(below, draws - 1) / comb(size, draws) for below in range(size)
    ]
    return weight_N


def percentiles(score_N: Floats, weight_N: Floats) -> Floats:
    """Where each score (N,) lies in the distribution of weights (N,) on the scores: the weight below it and half of the
    weight at it, from 0 to 1. Its mean under these weights is one half.
    """
    score_N = np.round(score_N, DECIMALS)
    below_NN, same_NN = score_N[None] < score_N[:, None], score_N[None] == score_N[:, None]
    place_N: Floats = (below_NN + 0.5 * same_NN) @ weight_N
    return place_N


def sum_test(place_S: Sequence[float], null: Sequence[tuple[Floats, Floats]]) -> tuple[float, float]:
    """One-sided p value of the sum of S places being so high by chance, and the least p value that there can be.

    Exact: `null` has the values and the weights of each place, of which all sums are formed.
    """
    sums: Floats = np.zeros(1)
    weights: Floats = np.ones(1)
    for value_N, weight_N in null:
        every = np.round(np.add.outer(sums, value_N).ravel(), DECIMALS)
        sums, at = np.unique(every, return_inverse=True)
        weights = np.bincount(at, np.multiply.outer(weights, weight_N).ravel()).astype(np.float64)
    reached = np.flatnonzero(weights > 0)
    as_high = sums >= sum(place_S) - 10.0 ** (1 - DECIMALS)
    return float(min(1.0, weights[as_high].sum())), float(weights[reached[-1]])


def relabel_test(
    place_S: Sequence[float],
    tops_S: Sequence[NDArray[np.integer[Any]]],
    null_SN: Floats,
    rng: np.random.Generator,
    samples: int = BOOTSTRAP_SAMPLES,
) -> float:
    """One-sided p value of the sum of S places where the table's scores are dealt out to the architectures anew,
    `samples` times, and every seed finds the best of its own top: of as many as random search trains. A liking that all
    seeds share is thus one piece of luck and not S.

    Places (S, N) of all architectures rise with the scores, so that the highest of a top is that of its best.
    """
    size = null_SN.shape[1]
    by_chance: Floats = np.zeros(samples)
    deal_RN = rng.permuted(np.tile(np.arange(size), (samples, 1)), axis=1)
    for top_K, null_N in zip(tops_S, null_SN, strict=True):
        by_chance += null_N[deal_RN[:, top_K]].max(axis=1)
    return float((1 + (by_chance >= sum(place_S) - 10.0 ** (1 - DECIMALS)).sum()) / (1 + samples))


def repeat_search(score_N: Floats, draws: int, repeats: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """The architectures (repeats,) that random search returns: the best of `draws` different ones, drawn anew each
    time (section 5.4; that they differ is ours).
    """
    size = len(score_N)
    drawn_RK = rng.permuted(np.tile(np.arange(size), (repeats, 1)), axis=1)[:, :draws]
    best_R: NDArray[np.intp] = drawn_RK[np.arange(repeats), score_N[drawn_RK].argmax(axis=1)]
    return best_R


def top_shares(score_N: Floats) -> Floats:
    """Rank from above in percent of the table, (N,): the best of 25 is in the top 4 %. Equal ones share their mean."""
    share_N: Floats = 100 * rankdata(-np.round(score_N, DECIMALS)) / len(score_N)
    return share_N
