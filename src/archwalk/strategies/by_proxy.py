"""Proxies as a help for searchers that learn a model: which architectures come first, and features of all.

White, Zela, Ru, Liu and Hutter, How Powerful are Performance Predictors in Neural Architecture Search?, NeurIPS 2021,
add such features to a predictor (OMNI). Networks, images and weights are those of the strategy `zero-cost` by default.
"""

import numpy as np

from archwalk.estimators.zero_cost import load_proxy
from archwalk.spaces.base import Codes, Features, SearchSpace
from archwalk.strategies.base import Trials
from archwalk.strategies.history import distinct
from archwalk.strategies.zero_cost import ZeroCostSettings, scorer

_CANDIDATES = 100
_REFERENCE = 200
_TENTHS = np.arange(1, 10) / 10


def first_of(trial: Trials, wanted: int, proxy: str) -> Codes:
    """The first (K, L) that a trial evaluates, K at most `wanted`: its starts, or where a proxy is named the best by it
    of sampled ones, which costs no query.
    """
    if not proxy:
        return distinct(trial.next_starts(wanted)[0])
    sampled_NL = distinct(trial.space.sample(trial.rng, max(wanted, _CANDIDATES)))
    score_N = scorer(trial.space, ZeroCostSettings(proxy=proxy)).scores(sampled_NL)
    best_KL: Codes = sampled_NL[np.argsort(-score_N, kind="stable")[:wanted]]
    return best_KL


class ProxyFeatures:
    """Of codes (B, L): for each of P proxies whether a score is above each tenth of those of a fixed sample, (B, 9 P).

    Bits, as all other features are. Raises UsageError where a proxy cannot score the networks of the space.
    """

    def __init__(self, space: SearchSpace, proxies: tuple[str, ...]) -> None:
        self._scorers = [scorer(space, ZeroCostSettings(proxy=proxy)) for proxy in proxies]
        reference_NL = space.sample(np.random.default_rng(0), _REFERENCE)
        self._tenths = [
            np.quantile(one.scores(reference_NL), _TENTHS, method="lower") for one in self._scorers
        ]

    def __call__(self, codes_BL: Codes) -> Features:
        """See the class."""
        bits = [
            one.scores(codes_BL)[:, None] > tenths_9
            for one, tenths_9 in zip(self._scorers, self._tenths, strict=True)
        ]
        return np.concatenate(bits, axis=1).astype(np.uint8)


def proxy_names(text: str) -> tuple[str, ...]:
    """Names with commas between. Raises UsageError for one that there is not."""
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        load_proxy(name)
    return names
