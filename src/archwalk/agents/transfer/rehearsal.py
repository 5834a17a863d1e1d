"""A search of a known task as if it were new, among architectures that were evaluated on it already."""

import numpy as np

from archwalk.agents.transfer.outlook import Described, Outlook, Pool, choose_first, to_targets
from archwalk.estimators.base import Floats
from archwalk.learning.transfer_kernel import TransferKernel
from archwalk.spaces.base import SearchSpace

MOST = 4_000
"""Architectures among which is searched."""

JUDGED = (5, 10, 20, 40, 80, 160)
"""Queries after which the best so far counts, each as much."""


def rehearse(
    space: SearchSpace,
    kernel: TransferKernel,
    described: Described,
    targets_EK: Floats,
    source: int,
    *,
    first: int,
    optimism: float,
    queries: int,
    bound_share: float,
) -> float:
    """Search one source by the profiles over the others: the mean best so far, 0 the median, 1 the best there is.

    `targets_EK` are what was learned on each source.
    """
    others = np.arange(targets_EK.shape[1]) != source
    some = np.arange(min(len(described), MOST))
    candidates = described.rows(some)
    candidates = Described(candidates.codes_NL, candidates.features, candidates.profiles_NK[:, others])
    values_N = targets_EK[some, source]
    outlook = Outlook(Pool(space, kernel, candidates))
    places: list[int] = []
    queries = min(queries, len(some))
    waiting = list(choose_first(candidates.profiles_NK, first))[:queries]
    while True:
        for place in waiting:
            outlook.add_candidate(int(place), np.array(places, np.int64))
            places.append(int(place))
        if len(places) >= queries:
            break
        targets_E = to_targets(values_N[places], bound_share)
        waiting = [int(outlook.bounds(targets_E, optimism).argmax())]
    best, usual = float(values_N.max()), float(np.median(values_N))
    best_E = (np.maximum.accumulate(values_N[places]) - usual) / max(best - usual, 1e-9)
    return float(np.mean([best_E[min(at, queries) - 1] for at in JUDGED if at <= queries] or [best_E[-1]]))
