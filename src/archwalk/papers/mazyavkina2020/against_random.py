"""What the paper does not test: whether the searches beat random search of equal cost."""

from typing import Any

import numpy as np

from archwalk.experiments.protocol import spawn
from archwalk.experiments.significance import LEVEL, holm
from archwalk.papers.estimates import estimate
from archwalk.papers.item import Answer, Item
from archwalk.papers.mazyavkina2020.chance import (
    best_weights,
    percentiles,
    relabel_test,
    sum_test,
)
from archwalk.papers.mazyavkina2020.searching import (
    Search,
    Study,
    depends,
    run_studies,
    study_settings,
)
from archwalk.papers.mazyavkina2020.sizes import TOP
from archwalk.papers.setup import Setup

COSTS = ("trainings", "timesteps")
"""Random search has as many trainings as the search, or as many as the search's timesteps pay for."""

TEST = (
    "one-sided: of each seed the place of what was found in the exact distribution of what random search finds (the "
    "probability below it and half of that at it), summed over seeds, against the exact distribution of such sums"
)
RELABELLED = (
    "p of the same sum, not corrected, where the table's scores are dealt out to the architectures anew and every seed "
    "finds the best of the first of its own ranking, as many as random search trains, so that a liking that all seeds "
    "share is one piece of luck and not several"
)
CORRECTION = "Holm, over all games, spaces and methods at one cost"


def compute(setup: Setup, benchmark: str) -> Answer:
    """Every method on every ground at both costs."""
    studies = run_studies(setup)
    grounds = {
        study.ground.label: {
            method: {cost: against(study, method, cost, setup.seed) for cost in COSTS}
            for method in study.searches
        }
        for study in studies
    }
    for cost in COSTS:
        every = [by_cost[cost] for methods in grounds.values() for by_cost in methods.values()]
        for row, p_holm in zip(every, holm([row["p"] for row in every]), strict=True):
            row |= {"p_holm": p_holm, "can_be_shown": row["least_p"] * len(every) < LEVEL}
    return Answer(
        study_settings(setup, studies)
        | {"test": TEST, "relabelled": RELABELLED, "correction": CORRECTION, "level": LEVEL},
        {"grounds": grounds, "level": LEVEL, "tests": sum(map(len, grounds.values()))},
    )


def against(study: Study, method: str, cost: str, seed: int) -> dict[str, Any]:
    """Places of what was found among what random search finds, their test, and by how much it is ahead in the mean."""
    truth_N, found = study.truth_N, study.found(method)
    searches = study.searches[method]
    draws = [trainings(search, study.ground.steps, cost) for search in searches]
    weights = [best_weights(truth_N, n) for n in draws]
    places = [percentiles(truth_N, weight_N) for weight_N in weights]
    place_S = [float(place_N[i]) for place_N, i in zip(places, found, strict=True)]
    tops = [search.ranked_N[:n] for search, n in zip(searches, draws, strict=True)]
    p, least = sum_test(place_S, list(zip(places, weights, strict=True)))
    ahead = [float(truth_N[i] - w @ truth_N) for i, w in zip(found, weights, strict=True)]
    return {
        "trainings": draws,
        "timesteps": [search.steps for search in searches],
        "place": estimate(100 * np.array(place_S), seed),
        "ahead": estimate(np.array(ahead), seed),
        "p": p,
        "p_relabelled": relabel_test(place_S, tops, np.array(places), spawn(seed, 52)),
        "least_p": least,
    }


def trainings(search: Search, steps: int, cost: str) -> int:
    """How many random search may train: the top alone, or whatever the timesteps of the supernet pay for as well."""
    return TOP + (search.steps // steps if cost == "timesteps" else 0)


ITEM = Item(
    "search-vs-random", "not in the paper", "Whether a search beats random search of equal cost", "against", compute,
    depends=depends,
)  # fmt: skip
