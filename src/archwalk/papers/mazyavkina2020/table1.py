"""table 1: what random search, the Nature CNN, ENAS and SPOS find, by both metrics."""

from typing import Any

import numpy as np

from archwalk.estimators.base import Floats
from archwalk.experiments.protocol import spawn
from archwalk.papers.estimates import estimate
from archwalk.papers.item import Answer, Item
from archwalk.papers.mazyavkina2020.chance import repeat_search
from archwalk.papers.mazyavkina2020.searching import (
    Study,
    depends,
    run_studies,
    study_settings,
)
from archwalk.papers.mazyavkina2020.sizes import REPEATS, TOP
from archwalk.papers.mazyavkina2020.truth import METRICS
from archwalk.papers.setup import Setup

RANDOM, NATURE, BEST = "Random search", "Nature CNN", "Best of the table"


def compute(setup: Setup, benchmark: str) -> Answer:
    """A row a method and a metric."""
    studies = run_studies(setup)
    return Answer(
        study_settings(setup, studies),
        {"grounds": {study.ground.label: rows(study, setup.seed) for study in studies}},
    )


def rows(study: Study, seed: int) -> dict[str, dict[str, Any]]:
    """By method and metric a mean and a deviation: over repeats of random search, over the table's seeds of one
    architecture, over the searches of a method, those with a 95 % interval. The best of the table may be another one by
    each metric.
    """
    table, truth_N, found = study.ground.table, study.truth_N, dict[str, dict[str, Any]]()
    drawn_R = repeat_search(truth_N, TOP, REPEATS, spawn(seed, 51))
    found[RANDOM] = {metric: spread(study.ground.scores(metric)[drawn_R]) for metric in METRICS}
    columns = {"mean_return": table.mean_return_NS, "max_return": table.max_return_NS}
    if (nature := study.ground.nature_cnn) is not None:
        found[NATURE] = {metric: spread(score_NS[nature]) for metric, score_NS in columns.items()}
    found[BEST] = {
        metric: spread(score_NS[score_NS.mean(axis=1).argmax()]) for metric, score_NS in columns.items()
    }
    for method in study.searches:
        chosen_S = np.array(study.found(method))
        scores = {metric: study.ground.scores(metric)[chosen_S] for metric in METRICS}
        found[method] = {
            metric: spread(score_S) | estimate(score_S, seed) for metric, score_S in scores.items()
        }
    return found


def spread(values: Floats) -> dict[str, Any]:
    """Mean and standard deviation; none of a single value."""
    deviation = float(values.std()) if len(values) > 1 else None
    return {"mean": float(values.mean()), "std": deviation, "count": len(values)}


ITEM = Item("table1", "Table 1", "What the searches find", "found", compute, depends=depends)
