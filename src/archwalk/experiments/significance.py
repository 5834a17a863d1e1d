"""Whether strategies differ: paired over the trials of a comparison, which have the same seeds and starts.

Wilcoxon's signed-rank test for each pair with Holm's correction over all pairs, the groups that it leaves undivided
and the Friedman test, as Demsar (2006) has them for his critical-difference diagram; ranks over queries and
performance profiles (Agarwal et al. 2021) show where the differences lie.

Of a strategy with several trained agents, a trial is the mean over its agents. P values then speak of these agents
over all trials; the intervals of differences draw agents too, and so speak of trainings.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.estimators.base import Floats
from archwalk.experiments.statistics import BOOTSTRAP_SAMPLES, mean_interval

LEVEL = 0.05
EXACT_UP_TO = 200
"""Differences that are not zero: up to here p values are exact, beyond them the normal approximation is near."""

DECIMALS = 9
"""Reports nearer to each other than this are equal: what is left is rounding."""

PROFILE_POINTS = 101

TEST = (
    "Wilcoxon signed-rank, two-sided, paired over trials (mean over agents in each trial); zero differences are "
    "ranked and then left out (Pratt), ties have mean ranks; exact over all signs given these ranks up to "
    f"{EXACT_UP_TO} differences that are not zero, beyond them the normal approximation with its correction for ties"
)
CORRECTION = "Holm, over all pairs of strategies at one number of queries"

Reports = Mapping[str, Floats]
"""By strategy: report of the best so far, (G, T, Q). Trial t of one is paired with trial t of every other."""


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


def friedman(values_KT: Floats) -> dict[str, float] | None:
    """Whether K strategies rank alike over T trials: statistic and p; None for fewer than three, or one trial."""
    from scipy.stats import friedmanchisquare

    values_KT = np.round(values_KT, DECIMALS)
    if len(values_KT) < 3 or values_KT.shape[1] < 2:
        return None
    if (values_KT == values_KT[0]).all():
        return {"statistic": 0.0, "p": 1.0}
    statistic, p = friedmanchisquare(*values_KT)
    return {"statistic": float(statistic), "p": float(p)}


def superiority(one_T: Floats, other_T: Floats) -> float:
    """Share of the trials in which one is above the other; equal ones count half."""
    difference_T = np.round(one_T - other_T, DECIMALS)
    return float(((difference_T > 0) + 0.5 * (difference_T == 0)).mean())


def mean_ranks(values_KTQ: Sequence[Floats]) -> Floats:
    """Mean rank (K, Q) over trials of each of K strategies, 1 the highest value; equal ones share their mean rank."""
    from scipy.stats import rankdata

    trials = len(values_KTQ[0])
    total_KQ = np.zeros((len(values_KTQ), values_KTQ[0].shape[1]))
    for t in range(trials):
        total_KQ += rankdata(-np.round([values_TQ[t] for values_TQ in values_KTQ], DECIMALS), axis=0)
    return total_KQ / trials


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
    are drawn beside them.
    """
    trials = next(iter(reports.values())).shape[1]
    weights_ST = rng.multinomial(trials, np.full(trials, 1 / trials), size=samples) / trials
    means = {}
    for name, report_GTQ in reports.items():
        agents = len(report_GTQ)
        shares_SG = rng.multinomial(agents, np.full(agents, 1 / agents), size=samples) / agents
        means[name] = sum(shares_SG[:, g, None] * (weights_ST @ report_GTQ[g]) for g in range(agents))
    tails = [(1 - level) / 2, (1 + level) / 2]
    ends = {
        pair: np.quantile(means[pair[0]] - means[pair[1]], tails, axis=0) for pair in combinations(reports, 2)
    }
    return {pair: (low_Q, high_Q) for pair, (low_Q, high_Q) in ends.items()}


def compare_pairs(reports: Reports, rng: np.random.Generator) -> list[list[dict[str, Any]]]:
    """For each of Q numbers of queries all pairs, as a record has them; `difference` is that of one less other.

    Strategies may have run unequally many trials: a pair is compared over those that both have.
    """
    pairs = list(combinations(reports, 2))
    counts = {pair: min(reports[name].shape[1] for name in pair) for pair in pairs}
    cut = {
        trials: {name: report[:, :trials] for name, report in reports.items() if report.shape[1] >= trials}
        for trials in sorted(set(counts.values()))
    }
    intervals = {trials: difference_intervals(some, rng) for trials, some in cut.items()}
    rows: list[list[dict[str, Any]]] = []
    for q in range(next(iter(reports.values())).shape[2]):
        at_q = []
        for pair in pairs:
            one_T, other_T = (cut[counts[pair]][name][:, :, q].mean(axis=0) for name in pair)
            low_Q, high_Q = intervals[counts[pair]][pair]
            at_q.append(
                {
                    "one": pair[0],
                    "other": pair[1],
                    "trials": counts[pair],
                    "difference": float((one_T - other_T).mean()),
                    "ci95": [float(low_Q[q]), float(high_Q[q])],
                    "superiority": superiority(one_T, other_T),
                    "p": signed_rank(one_T - other_T),
                }
            )
        for row, p_holm in zip(at_q, holm([row["p"] for row in at_q]), strict=True):
            row["p_holm"] = p_holm
        rows.append(at_q)
    return rows


def judge(reports: Reports, queries: Sequence[int], rng: np.random.Generator) -> dict[str, Any] | None:
    """What the record of a comparison says of differences, at these numbers of queries; None where none can be tested.

    Friedman's test and the ranks are over the trials that all strategies have.
    """
    common = min(report_GTQ.shape[1] for report_GTQ in reports.values())
    if len(reports) < 2 or common < 2:
        return None
    at = np.array(queries) - 1
    shown = {name: report_GTQ[:, :, at] for name, report_GTQ in reports.items()}
    values_KTQ = [report_GTQ[:, :common].mean(axis=0) for report_GTQ in shown.values()]
    ranks_KQ = mean_ranks(values_KTQ)
    after = {}
    for q, pairs in enumerate(compare_pairs(shown, rng)):
        ranks = dict(zip(reports, map(float, ranks_KQ[:, q]), strict=True))
        differ = {frozenset((row["one"], row["other"])): row["p_holm"] < LEVEL for row in pairs}
        after[str(queries[q])] = {
            "friedman": friedman(np.stack([values_TQ[:, q] for values_TQ in values_KTQ])),
            "ranks": ranks,
            "groups": undivided(sorted(ranks, key=ranks.__getitem__), differ),
            "pairs": pairs,
        }
    return {"test": TEST, "correction": CORRECTION, "level": LEVEL, "trials": common, "after": after}


def rank_curves(reports: Reports, queries: Sequence[int]) -> dict[str, Any] | None:
    """Mean rank of each strategy after these numbers of queries, over the trials that all have."""
    common = min(report_GTQ.shape[1] for report_GTQ in reports.values())
    if len(reports) < 2:
        return None
    at = np.array(queries) - 1
    ranks_KQ = mean_ranks([report_GTQ[:, :common, at].mean(axis=0) for report_GTQ in reports.values()])
    return {
        "trials": common,
        "queries": list(queries),
        "mean": dict(zip(reports, ranks_KQ.tolist(), strict=True)),
    }


def profiles(reports: Reports, queries: int, rng: np.random.Generator) -> dict[str, Any] | None:
    """Share of the runs (agents and trials) whose report after so many queries is at least tau, with 95 % bands.

    None for one strategy, or where one has one run. Tau goes from the lowest of all, or the quantile of 1/200 where
    that is higher, to the highest.
    """
    ends = {name: report_GTQ[:, :, queries - 1] for name, report_GTQ in reports.items()}
    every = np.concatenate([end_GT.reshape(-1) for end_GT in ends.values()])
    low, high = np.quantile(every, 0.005), every.max()
    if len(ends) < 2 or min(end_GT.size for end_GT in ends.values()) < 2 or low == high:
        return None
    tau_P = np.linspace(low, high, PROFILE_POINTS)
    shares = {}
    for name, end_GT in ends.items():
        mean_P, low_P, high_P = mean_interval((end_GT[:, :, None] >= tau_P - 10**-DECIMALS) * 1.0, rng)
        shares[name] = {"share": mean_P.tolist(), "lo": low_P.tolist(), "hi": high_P.tolist()}
    return {"queries": queries, "tau": tau_P.tolist(), "strategies": shares}
