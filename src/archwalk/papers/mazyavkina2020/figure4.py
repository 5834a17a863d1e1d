"""figure 4: the scores of all architectures, with those that the searches found marked."""

from typing import Any

import numpy as np

from archwalk.papers.item import Answer, Item
from archwalk.papers.mazyavkina2020.chance import best_weights
from archwalk.papers.mazyavkina2020.searching import (
    Study,
    depends,
    run_studies,
    study_settings,
)
from archwalk.papers.mazyavkina2020.sizes import TOP
from archwalk.papers.setup import Setup

BINS = 12


def compute(setup: Setup, benchmark: str) -> Answer:
    """A histogram a ground."""
    studies = run_studies(setup)
    return Answer(
        study_settings(setup, studies),
        {"grounds": {study.ground.label: histogram(study) for study in studies}},
    )


def histogram(study: Study) -> dict[str, Any]:
    """Counts of mean returns, and where what was found lies; `random` is what random search finds in the mean."""
    truth_N, nature = study.truth_N, study.ground.nature_cnn
    counts, edges = np.histogram(truth_N, BINS)
    return {
        "edges": edges.tolist(),
        "counts": counts.tolist(),
        "architectures": len(truth_N),
        "found": {method: truth_N[study.found(method)].tolist() for method in study.searches},
        "best": float(truth_N.max()),
        "nature": None if nature is None else float(truth_N[nature]),
        "random": float(best_weights(truth_N, TOP) @ truth_N),
    }


ITEM = Item(
    "figure4", "Figure 4", "All architectures, and those that were found", "landscape", compute,
    depends=depends,
)  # fmt: skip
