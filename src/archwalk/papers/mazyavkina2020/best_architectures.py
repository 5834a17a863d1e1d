"""tables 6 to 9: the best architecture of each game and space, as the table has it and as the searches found it."""

from typing import Any

import numpy as np

from archwalk.papers.item import Answer, Item
from archwalk.papers.mazyavkina2020.chance import top_shares
from archwalk.papers.mazyavkina2020.searching import (
    Study,
    depends,
    run_studies,
    study_settings,
)
from archwalk.papers.setup import Setup


def compute(setup: Setup, benchmark: str) -> Answer:
    """Layers and drawings."""
    studies = run_studies(setup)
    return Answer(
        study_settings(setup, studies),
        {"grounds": {study.ground.label: architectures(study) for study in studies}},
    )


def architectures(study: Study) -> dict[str, Any]:
    """The best of the table, what each seed of each method found, and what scores about as much as the best."""
    truth_N, table = study.truth_N, study.ground.table
    best = int(truth_N.argmax())
    return {
        "best": about(study, best),
        "found": {method: [about(study, i) for i in study.found(method)] for method in study.searches},
        "within_deviation": int((truth_N >= truth_N[best] - table.mean_return_NS[best].std()).sum())
        if len(table.seeds) > 1
        else None,
        "architectures": len(truth_N),
    }


def about(study: Study, architecture: int) -> dict[str, Any]:
    """An architecture by its kernels and drawn, with its score and its rank from above in percent."""
    return {
        "kernels": [study.ground.space.declaration.stem.kernel, *study.ground.kernels(architecture)],
        "architecture": study.ground.space.describe(np.array([architecture], np.int32)),
        "mean_return": float(study.truth_N[architecture]),
        "top_share": float(top_shares(study.truth_N)[architecture]),
        "svg": study.ground.space.draw(np.array([architecture], np.int32)),
    }


ITEM = Item(
    "best-architectures", "Tables 6 to 9", "The best architectures", "layers", compute, depends=depends
)
