"""A few episodes of a strategy, step by step, for whoever wants to see how it walks."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import signature
from itertools import pairwise
from typing import Any

import numpy as np

from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.evaluator import Evaluator
from archwalk.experiments.evaluated import Walk
from archwalk.experiments.protocol import Method, spawn
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.strategies.base import Trials

WALKS = 3
"""Episodes of each strategy that a result keeps."""


def take_walks(benchmark: Benchmark, method: Method, starts_BL: Codes, seed: int) -> list[Walk]:
    """One episode of the method's first agent from each start, with the reward after each step.

    None of strategies that do not walk, and none where an evaluation would cost a training.
    """
    if benchmark.evaluation == "on demand":
        return []
    strategy: Any = method.factories[0](Trials(benchmark.space, 1, spawn(seed, 12)))
    if not hasattr(strategy, "improve") or "visited" not in signature(strategy.improve).parameters:
        return []
    evaluator = Evaluator.seeded(benchmark.estimator, spawn(seed, 13))
    visited: list[Codes] = []
    strategy.improve(starts_BL, evaluator.rewards, visited=visited)
    return [
        _walk(benchmark, method.name, evaluator, [start_L, *(codes_BL[b] for codes_BL in visited)])
        for b, start_L in enumerate(starts_BL)
    ]


def _walk(benchmark: Benchmark, name: str, evaluator: Evaluator, places: Sequence[Codes]) -> Walk:
    """Of where a walk was after each step; it stays where it has stopped."""
    moved = [places[0], *(after for before, after in pairwise(places) if not np.array_equal(before, after))]
    codes_SL = np.stack(moved)
    scores = evaluator.scores(codes_SL)
    edits = tuple(edit_kind(benchmark.space, *pair) for pair in pairwise(codes_SL))
    return Walk(name, codes_SL, scores.reward_B, scores.report_B, edits)


def edit_kind(space: SearchSpace, before_L: Codes, after_L: Codes) -> str:
    """Which edit leads from one architecture to the other."""
    found = space.neighbours(before_L[None])
    at = np.flatnonzero((found.codes_EL == after_L).all(axis=1))
    return space.edit_kinds[found.kinds_E[at[0]]] if len(at) else "edit"
