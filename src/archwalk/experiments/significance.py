"""Whether strategies differ: paired over the trials of a comparison, which have the same seeds and starts.

Wilcoxon's signed-rank test for each pair with Holm's correction over all pairs, the groups that it leaves undivided
and the Friedman test, as Demsar (2006) has them for his critical-difference diagram; ranks over queries and
performance profiles (Agarwal et al. 2021) show where the differences lie.

Of a strategy with several trained agents, a trial is the mean over its agents. P values then speak of these agents
over all trials; the intervals of differences draw agents too, and so speak of trainings.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from archwalk.estimators.base import Floats
from archwalk.estimators.metrics import Metric
from archwalk.experiments.bootstrap import BOOTSTRAP_SAMPLES, Bootstrap, mean_interval, percentiles
from archwalk.experiments.differences import (
    Differences,
    Friedman,
    Pair,
    Profile,
    Ranks,
    Shares,
    Significance,
)
from archwalk.experiments.statistics import interval, known, known_mean, number, numbers

LEVEL = 0.05
EXACT_UP_TO = 200
"""Differences that are not zero: up to here p values are exact, beyond them the normal approximation is near."""

DECIMALS = 9
"""Reports nearer to each other than this are equal: what is left is rounding."""

PROFILE_POINTS = 101

_AT_ONCE = 16
"""Numbers of queries at which ranks are computed at a time, so that memory is bounded."""

TEST = (
    "Wilcoxon signed-rank, two-sided, paired over trials (mean over agents in each trial); zero differences are "
    "ranked and then left out (Pratt), ties have mean ranks; exact over all signs given these ranks up to "
    f"{EXACT_UP_TO} differences that are not zero, beyond them the normal approximation with its correction for ties"
)
CORRECTION = "Holm, over all pairs of strategies at one number of queries"

Reports = Mapping[str, Floats]
"""By strategy: report of the best so far, (G, T, Q). Trial t of one is paired with trial t of every other."""

REPORT = Metric("report")
"""What reports are where nothing else is said: higher is better."""


def signed_rank(differences_T: Floats) -> float:
    """The two-sided p value of Wilcoxon's signed-rank test; 1 where all differences are zero (see `TEST`)."""
    from scipy.stats import rankdata, wilcoxon

    differences_T = np.round(differences_T, DECIMALS)
    ranks_T, other_T = rankdata(np.abs(differences_T)), differences_T != 0
    if not other_T.any():
        return 1.0
    if other_T.sum() <= EXACT_UP_TO:
        return _exact(ranks_T[other_T], differences_T[other_T] > 0)
    return float(wilcoxon(differences_T, zero_method="pratt", correction=False, method="approx").pvalue)


def _exact(ranks_E: Floats, positive_E: NDArray[np.bool_]) -> float:
    """Share of all 2^E signs whose sum of positive ranks is as far from its mean. Ranks may end in a half."""
    doubled_E = np.round(2 * ranks_E).astype(int)
    total = int(doubled_E.sum())
    shares = np.zeros(total + 1)  # of each sum of positive doubled ranks
    shares[0] = 1.0
    for rank in doubled_E:
        shares[rank:] = (shares[rank:] + shares[: total + 1 - rank]) / 2
        shares[:rank] /= 2
    found = abs(2 * int(doubled_E[positive_E].sum()) - total)
    far = np.abs(2 * np.arange(total + 1) - total) >= found
    return min(1.0, float(shares[far].sum()))


def holm(p_K: Sequence[float]) -> list[float]:
    """P values corrected for K tests (Holm 1979): the k-th smallest times K - k + 1, never less than one before."""
    corrected, least = [0.0] * len(p_K), 0.0
    for position, k in enumerate(sorted(range(len(p_K)), key=lambda k: p_K[k])):
        least = max(least, min(1.0, p_K[k] * (len(p_K) - position)))
        corrected[k] = least
    return corrected


def least_p(pairs: Sequence[Pair]) -> list[float]:
    """The least `p_holm` that each pair could have had with its trials: if in every pair one had always been better."""
    return holm([min(1.0, 2.0 ** (1 - pair.trials)) for pair in pairs])


def friedman(values_KT: Floats) -> Friedman | None:
    """Whether K strategies rank alike over T trials: statistic and p; None for fewer than three, or one trial."""
    from scipy.stats import friedmanchisquare

    values_KT = np.round(values_KT, DECIMALS)
    if len(values_KT) < 3 or values_KT.shape[1] < 2:
        return None
    if (values_KT == values_KT[0]).all():
        return Friedman(statistic=0.0, p=1.0)
    statistic, p = friedmanchisquare(*values_KT)
    return Friedman(statistic=float(statistic), p=float(p))


def superiority(one_T: Floats, other_T: Floats) -> float | None:
    """Share of the trials in which one is above the other; equal ones count half. None where there are no trials."""
    if not len(one_T):
        return None
    difference_T = np.round(one_T - other_T, DECIMALS)
    return float(((difference_T > 0) + 0.5 * (difference_T == 0)).mean())


def mean_ranks(values_KTQ: Sequence[Floats]) -> Floats:
    """Mean rank (K, Q) over trials of each of K strategies, 1 the highest value; equal ones share their mean rank.

    A trial in which a value is not known does not count; NaN where none does.
    """
    known_TQ: NDArray[np.bool_] = np.logical_and.reduce([np.isfinite(values_TQ) for values_TQ in values_KTQ])
    rounded_KTQ = [np.where(known_TQ, np.round(values_TQ, DECIMALS), np.nan) for values_TQ in values_KTQ]
    counted_Q = known_TQ.sum(axis=0)
    doubled_KQ = np.tile(counted_Q, (len(rounded_KTQ), 1))
    for k, one_TQ in enumerate(rounded_KTQ):
        for other_TQ in rounded_KTQ:
            doubled_KQ[k] += 2 * (other_TQ > one_TQ).sum(axis=0) + (other_TQ == one_TQ).sum(axis=0)
    with np.errstate(invalid="ignore"):
        ranks_KQ: Floats = doubled_KQ / 2 / counted_Q
    return ranks_KQ


def undivided(order: Sequence[str], differ: Mapping[frozenset[str], bool]) -> list[list[str]]:
    """The largest runs of `order` in which no two differ: what a critical-difference diagram joins by a bar."""
    groups: list[list[str]] = []
    for first in range(len(order)):
        last = first
        while last + 1 < len(order) and not any(
            differ[frozenset((one, order[last + 1]))] for one in order[first : last + 1]
        ):
            last += 1
        group = list(order[first : last + 1])
        if len(group) > 1 and not (groups and set(group) <= set(groups[-1])):
            groups.append(group)
    return groups


def difference_intervals(
    reports: Reports, rng: np.random.Generator, level: float = 0.95, samples: int = BOOTSTRAP_SAMPLES
) -> dict[tuple[str, str], tuple[Floats, Floats]]:
    """For each pair, the ends (Q,) of the bootstrap percentile interval of the mean difference, equally many trials.

    All strategies have the same trials in a sample, so that what trials have in common cancels; the agents of each
    are drawn beside them. A trial in which a report of the pair is not known is in no sample of the pair.
    """
    common = Bootstrap(next(iter(reports.values()))[:1], rng, samples)
    shares, means = dict[str, Floats](), dict[str, Floats]()
    for name, report_GTQ in reports.items():
        agents = len(report_GTQ)
        shares[name] = rng.multinomial(agents, np.full(agents, 1 / agents), size=samples) / agents
        means[name] = _sample_means(report_GTQ, shares[name], common)
    ends = {}
    for pair in combinations(reports, 2):
        known_TQ = known_trials(*(reports[name] for name in pair))
        one_SQ, other_SQ = (
            means[name]
            if known_TQ.all()
            else _sample_means(np.where(known_TQ, reports[name], np.nan), shares[name], common)
            for name in pair
        )
        ends[pair] = percentiles(one_SQ - other_SQ, level)
    return ends


def _sample_means(report_GTQ: Floats, shares_SG: Floats, trials: Bootstrap) -> Floats:
    """Means (S, Q) of the samples that have these shares of agents and these trials."""
    means: Floats = np.add.reduce(
        [shares_SG[:, g, None] * trials.means(report_TQ[None]) for g, report_TQ in enumerate(report_GTQ)]
    )
    return means


def known_trials(*reports: Floats) -> NDArray[np.bool_]:
    """The trials (T, Q) in which every agent's report (G, T, Q) is known."""
    known_TQ: NDArray[np.bool_] = np.logical_and.reduce([np.isfinite(one).all(axis=0) for one in reports])
    return known_TQ


def compare_pairs(reports: Reports, rng: np.random.Generator, metric: Metric = REPORT) -> list[list[Pair]]:
    """For each of Q numbers of queries all pairs.

    Strategies may have run unequally many trials: a pair is compared over those that both have, and in which the
    reports of both are known. `metric` is what reports are.
    """
    pairs = list(combinations(reports, 2))
    counts = {pair: min(reports[name].shape[1] for name in pair) for pair in pairs}
    cut = {
        trials: {name: report[:, :trials] for name, report in reports.items() if report.shape[1] >= trials}
        for trials in sorted(set(counts.values()))
    }
    intervals = {trials: difference_intervals(some, rng) for trials, some in cut.items()}
    rows: list[list[Pair]] = []
    for q in range(next(iter(reports.values())).shape[2]):
        tests = []
        for pair in pairs:
            one_GT, other_GT = (cut[counts[pair]][name][:, :, q] for name in pair)
            known_T = known_trials(one_GT[:, :, None], other_GT[:, :, None])[:, 0]
            low_Q, high_Q = intervals[counts[pair]][pair]
            tests.append(
                (one_GT[:, known_T].mean(axis=0), other_GT[:, known_T].mean(axis=0), low_Q[q], high_Q[q])
            )
        p_K = [signed_rank(one_T - other_T) for one_T, other_T, *_ in tests]
        rows.append(
            [
                Pair(
                    one=pair[0],
                    other=pair[1],
                    trials=len(one_T),
                    difference=number(known_mean(one_T - other_T)),
                    ci95=interval(low, high),
                    superiority=superiority(metric.upward(one_T), metric.upward(other_T)),
                    p=p,
                    p_holm=p_holm,
                )
                for pair, (one_T, other_T, low, high), p, p_holm in zip(
                    pairs, tests, p_K, holm(p_K), strict=True
                )
            ]
        )
    return rows


def judge(
    reports: Reports, queries: Sequence[int], rng: np.random.Generator, metric: Metric = REPORT
) -> Significance | None:
    """What a result says of differences, at these numbers of queries; None where none can be tested.

    Friedman's test and the ranks are over the trials that all strategies have, and in which all reports are known.
    """
    common = min(report_GTQ.shape[1] for report_GTQ in reports.values())
    if len(reports) < 2 or common < 2:
        return None
    at = np.array(queries) - 1
    shown = {name: report_GTQ[:, :, at] for name, report_GTQ in reports.items()}
    values_KTQ = [metric.upward(report_GTQ[:, :common]).mean(axis=0) for report_GTQ in shown.values()]
    ranks_KQ = mean_ranks(values_KTQ)
    after = {}
    for q, pairs in enumerate(compare_pairs(shown, rng, metric)):
        ranks = dict(zip(reports, ranks_KQ[:, q].tolist(), strict=True))
        differ = {frozenset((row.one, row.other)): row.p_holm < LEVEL for row in pairs}
        values_KT = np.stack([values_TQ[:, q] for values_TQ in values_KTQ])
        after[queries[q]] = Differences(
            friedman=friedman(values_KT[:, np.isfinite(values_KT).all(axis=0)]),
            ranks={name: number(rank) for name, rank in ranks.items()},
            groups=undivided(sorted(ranks, key=ranks.__getitem__), differ),
            pairs=pairs,
        )
    return Significance(test=TEST, correction=CORRECTION, level=LEVEL, trials=common, after=after)


def rank_curves(reports: Reports, queries: Sequence[int], metric: Metric = REPORT) -> Ranks | None:
    """Mean rank of each strategy after these numbers of queries, over the trials that all have."""
    common = min(report_GTQ.shape[1] for report_GTQ in reports.values())
    if len(reports) < 2:
        return None
    parts_KB = [
        mean_ranks(
            [metric.upward(report_GTQ[:, :common, at]).mean(axis=0) for report_GTQ in reports.values()]
        )
        for at in np.split(np.array(queries) - 1, range(_AT_ONCE, len(queries), _AT_ONCE))
    ]
    ranks_KQ = np.concatenate(parts_KB, axis=1)
    return Ranks(
        trials=common,
        queries=list(queries),
        mean={name: numbers(ranks_Q) for name, ranks_Q in zip(reports, ranks_KQ, strict=True)},
    )


def profiles(
    reports: Reports, queries: int, rng: np.random.Generator, metric: Metric = REPORT
) -> Profile | None:
    """Share of the runs (agents and trials) whose report after so many queries is tau or better, with 95 % bands.

    None for one strategy, or where one has one run. Tau goes from the worst of all, or the quantile of 1/200 where
    that is better, to the best; a run whose report is not known reaches nothing.
    """
    ends = {name: metric.upward(report_GTQ[:, :, queries - 1]) for name, report_GTQ in reports.items()}
    every = known(np.concatenate([end_GT.reshape(-1) for end_GT in ends.values()]))
    if len(ends) < 2 or not len(every) or min(end_GT.size for end_GT in ends.values()) < 2:
        return None
    low, high = np.quantile(every, 0.005), every.max()
    if low == high:
        return None
    tau_P = np.linspace(low, high, PROFILE_POINTS)
    order = slice(None, None, 1 if metric.higher_is_better else -1)  # tau ascends
    shares = {}
    for name, end_GT in ends.items():
        ends_P = mean_interval((end_GT[:, :, None] >= tau_P - 10**-DECIMALS) * 1.0, rng)
        share, lo, hi = (values_P[order].tolist() for values_P in ends_P)
        shares[name] = Shares(share=share, lo=lo, hi=hi)
    return Profile(queries=queries, tau=metric.upward(tau_P)[order].tolist(), strategies=shares)
