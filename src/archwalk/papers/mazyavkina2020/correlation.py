"""What the paper does not show: whether the proxy ranks the architectures as training from scratch does."""

from itertools import combinations
from typing import Any

import numpy as np
from scipy.stats import kendalltau, spearmanr

from archwalk.estimators.base import Floats
from archwalk.experiments.records import plain
from archwalk.experiments.significance import friedman
from archwalk.papers.estimates import estimate
from archwalk.papers.item import Answer, Item
from archwalk.papers.mazyavkina2020.chance import best_weights, top_shares
from archwalk.papers.mazyavkina2020.searching import (
    Search,
    Study,
    depends,
    run_studies,
    study_settings,
)
from archwalk.papers.mazyavkina2020.sizes import TOP
from archwalk.papers.setup import Setup

MEASURES = {"spearman": spearmanr, "kendall": kendalltau}


def compute(setup: Setup, benchmark: str) -> Answer:
    """Correlations over all architectures, seed by seed, and the ranks of what was found."""
    studies = run_studies(setup)
    return Answer(
        study_settings(setup, studies),
        {"grounds": {study.ground.label: correlations(study, setup.seed) for study in studies}},
    )


def correlations(study: Study, seed: int) -> dict[str, Any]:
    """Of every method; `between_seeds` is how well the table's own seeds agree, `ceiling` what that leaves for a proxy,
    `friedman` whether its networks differ at all, `random_share` what random search of `TOP` trainings finds in the
    mean.
    """
    truth_N, share_N = study.truth_N, top_shares(study.truth_N)
    found = friedman(study.ground.table.mean_return_NS)
    return {
        "truth": truth_N.tolist(),
        "between_seeds": (agreement := between_seeds(study.ground.table.mean_return_NS)),
        "ceiling": ceiling(agreement, len(study.ground.table.seeds)),
        "friedman": found and plain(found),
        "random_share": float(best_weights(truth_N, TOP) @ share_N),
        "methods": {
            method: of_method(searches, truth_N, share_N[study.found(method)], share_N, seed)
            for method, searches in study.searches.items()
        },
    }


def of_method(
    searches: list[Search], truth_N: Floats, found_S: Floats, share_N: Floats, seed: int
) -> dict[str, Any]:
    """Estimates over seeds; a correlation is None where no seed has one."""
    measured: dict[str, Any] = {}
    for name in MEASURES:
        known = [c for search in searches if (c := correlation(name, search.proxy_N, truth_N)) is not None]
        measured[name] = estimate(np.array(known), seed) if known else None
    return measured | {
        "found_share": estimate(found_S, seed),
        "first_share": estimate(np.array([share_N[search.ranked_N[0]] for search in searches]), seed),
        "proxies": [search.proxy_N.tolist() for search in searches],
        "ranked": [search.ranked_N.tolist() for search in searches],
    }


def correlation(measure: str, one_N: Floats, other_N: Floats) -> float | None:
    """Spearman's or Kendall's (tau-b) rank correlation; None where all of one are alike, so that nothing is ranked."""
    if np.ptp(one_N) == 0 or np.ptp(other_N) == 0:
        return None
    return float(MEASURES[measure](one_N, other_N).statistic)


def between_seeds(score_NS: Floats) -> float | None:
    """Spearman's correlation of the table's columns, the mean over pairs of seeds; None where there is no pair."""
    pairs = combinations(score_NS.T, 2)
    found = [c for one_N, other_N in pairs if (c := correlation("spearman", one_N, other_N)) is not None]
    return float(np.mean(found)) if found else None


def ceiling(agreement: float | None, seeds: int) -> float | None:
    """What the expected scores would correlate with the mean of so many seeds that agree so: the root of the mean's
    reliability by Spearman and Brown's formula. None where the seeds do not agree at all.
    """
    if agreement is None or agreement <= 0:
        return None
    return float(np.sqrt(seeds * agreement / (1 + (seeds - 1) * agreement)))


ITEM = Item(
    "rank-correlation", "not in the paper", "Whether the proxy tells which is better", "proxies", compute,
    depends=depends,
)  # fmt: skip
