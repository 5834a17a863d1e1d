"""How far proxies rank architectures as a benchmark does, and whether better than the size of the network does."""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.stats import kendalltau, rankdata

from archwalk.errors import UsageError
from archwalk.estimators.base import Floats
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.evaluator import Evaluator
from archwalk.estimators.zero_cost.benchmark import benchmark_scorer
from archwalk.estimators.zero_cost.catalogue import load_proxy
from archwalk.estimators.zero_cost.view import View
from archwalk.experiments.bootstrap import percentiles
from archwalk.experiments.protocol import spawn
from archwalk.experiments.runs import now
from archwalk.experiments.statistics import interval, number
from archwalk.spaces.base import Codes
from archwalk.spaces.capabilities import numbered
from archwalk.strategies.history import distinct
from archwalk.versions import versions

BASELINE = "parameters"
"""What a proxy has to beat."""

_SAMPLES = 2_000
_LEAST = 10

Tell = Callable[[str, float], None]
"""Is told which proxy of which benchmark is next, and which share of all is done."""


class Correlation(Struct, frozen=True, kw_only=True):
    """One proxy against the rewards of a benchmark."""

    spearman: float | None
    """Rank correlation; null where the proxy scores all alike."""
    ci95: tuple[float, float] | None
    """95 % bootstrap interval over architectures."""
    kendall: float | None
    """Kendall's tau b."""
    ahead: float | None
    """Spearman's correlation less that of the number of parameters, on the same architectures."""
    ahead_ci95: tuple[float, float] | None
    """95 % bootstrap interval of that difference."""
    without: int
    """Architectures of which it has no score; they rank last."""
    milliseconds: float
    """Processor time of one score, the building of the network included."""


class Ranked(Struct, frozen=True, kw_only=True):
    """Proxies on one benchmark."""

    objective: str
    """What the rewards are."""
    architectures: int
    """Different ones, by lot: of all where the space is numbered, else by its distribution of starts."""
    shown: dict[str, str]
    """Which networks, which images, and the shape of the batch."""
    proxies: dict[str, Correlation]
    """By name."""


class ProxyRanks(Struct, frozen=True, kw_only=True):
    """A whole `result.json` of `archwalk proxies`."""

    kind: Literal["proxies"] = "proxies"
    """What the file is."""
    format: Literal[1] = 1
    """Of this file."""
    archwalk: str
    """The version that made it."""
    created: str
    """When, UTC."""
    command: str | None = None
    """The call, where there was a command line."""
    versions: dict[str, str]
    """Of what results depend on."""
    seed: int
    """Of architectures, weights and images."""
    benchmarks: dict[str, Ranked]
    """By name."""


def rank_proxies(
    benchmarks: Sequence[Benchmark],
    proxies: Sequence[str],
    *,
    architectures: int,
    view: View,
    command: str | None = None,
    tell: Tell | None = None,
) -> ProxyRanks:
    """Score some architectures of each benchmark by each proxy, and correlate the scores with the rewards.

    Raises UsageError for too few architectures, a name twice, or rewards that are all alike.
    """
    for name in proxies:
        load_proxy(name)
    names = [benchmark.name for benchmark in benchmarks]
    for what, given in (("proxy", list(proxies)), ("benchmark", names)):
        if len(set(given)) < len(given):
            raise UsageError(f"a {what} is named twice")
    if architectures < _LEAST:
        raise UsageError(f"a rank correlation takes at least {_LEAST} architectures, not {architectures}")
    found: dict[str, Ranked] = {}
    for place, benchmark in enumerate(benchmarks):
        found[benchmark.name] = _rank(
            benchmark, proxies, architectures, view, partial(_tell, tell, benchmark.name, place, len(names))
        )
    return ProxyRanks(
        archwalk=versions()["archwalk"], created=now(), command=command, versions=versions(), seed=view.seed,
        benchmarks=found,
    )  # fmt: skip


def _tell(tell: Tell | None, benchmark: str, place: int, benchmarks: int, proxy: str, share: float) -> None:
    if tell:
        tell(f"{benchmark} {proxy}", (place + share) / benchmarks)


def _rank(
    benchmark: Benchmark,
    proxies: Sequence[str],
    architectures: int,
    view: View,
    tell: Tell,
) -> Ranked:
    codes_BL = _draw(benchmark, architectures, view.seed)
    reward_B = benchmark.objective.reward.upward(
        Evaluator.seeded(benchmark.estimator).scores(codes_BL).reward_B
    )
    codes_BL, reward_B = codes_BL[np.isfinite(reward_B)], reward_B[np.isfinite(reward_B)]
    if len(reward_B) < _LEAST or reward_B.min() == reward_B.max():
        raise UsageError(f"the rewards of {benchmark.name} are all alike: there is nothing to rank by")
    scores: dict[str, Floats] = {}
    seconds: dict[str, float] = {}
    shown: Mapping[str, str] = {}
    wanted = list(dict.fromkeys([BASELINE, *proxies]))
    for place, name in enumerate(wanted):
        tell(name, place / len(wanted))
        scorer, shown = benchmark_scorer(benchmark, name, view)
        started = time.process_time()
        scores[name] = scorer.scores(codes_BL)
        seconds[name] = (time.process_time() - started) / len(codes_BL)
    samples_SB = spawn(view.seed, 14).integers(0, len(reward_B), (_SAMPLES, len(reward_B)))
    means = {name: spearmans(score_B, reward_B, samples_SB) for name, score_B in scores.items()}
    return Ranked(
        objective=benchmark.objective.meaning,
        architectures=len(codes_BL),
        shown=dict(shown),
        proxies={
            name: _correlation(scores[name], reward_B, means[name], means[BASELINE], seconds[name])
            for name in proxies
        },
    )


def _draw(benchmark: Benchmark, wanted: int, seed: int) -> Codes:
    rng, space = spawn(seed, 15), benchmark.space
    if (whole := numbered(space)) is not None:
        ids_B = rng.choice(whole.size, min(wanted, whole.size), replace=False)
        return np.sort(ids_B)[:, None].astype(np.int32)
    return distinct(space.sample(rng, 2 * wanted))[:wanted]


Spearmans = tuple[float, Floats]
"""Of all architectures, and of each bootstrap sample (S,); NaN where all are alike."""


def spearmans(one_B: Floats, other_B: Floats, samples_SB: NDArray[np.integer]) -> Spearmans:
    """Rank correlation of scores (B,) with others, and those of samples (S, B) of their places."""
    whole = np.arange(len(one_B))[None]
    return float(_spearman(one_B, other_B, whole)[0]), _spearman(one_B, other_B, samples_SB)


def _spearman(one_B: Floats, other_B: Floats, samples_SB: NDArray[np.integer]) -> Floats:
    ranks = [rankdata(values_B[samples_SB], axis=1) for values_B in (one_B, other_B)]
    one_SB, other_SB = (rank_SB - rank_SB.mean(axis=1, keepdims=True) for rank_SB in ranks)
    with np.errstate(invalid="ignore"):
        found_S: Floats = (one_SB * other_SB).sum(axis=1) / np.sqrt(
            (one_SB**2).sum(axis=1) * (other_SB**2).sum(axis=1)
        )
    return found_S


def _correlation(
    score_B: Floats, reward_B: Floats, own: Spearmans, baseline: Spearmans, seconds: float
) -> Correlation:
    tau = float(kendalltau(score_B, reward_B).statistic) if np.isfinite(own[0]) else np.nan
    return Correlation(
        spearman=number(own[0]), ci95=_ends(own[1]), kendall=number(tau),
        ahead=number(own[0] - baseline[0]), ahead_ci95=_ends(own[1] - baseline[1]),
        without=int((~np.isfinite(score_B)).sum()), milliseconds=1_000 * seconds,
    )  # fmt: skip


def _ends(values_S: Floats) -> tuple[float, float] | None:
    return interval(*(float(end[0]) for end in percentiles(values_S[:, None])))
