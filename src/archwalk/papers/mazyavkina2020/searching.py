"""The searches: ENAS and SPOS on every game and space with every seed, each of them trained once for all items."""

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.estimators.base import Floats
from archwalk.estimators.policies.estimator import PolicyEstimator
from archwalk.experiments.bootstrap import BOOTSTRAP_SAMPLES
from archwalk.experiments.parts import Part
from archwalk.experiments.protocol import spawn
from archwalk.experiments.supernets import KeptWeights, kept
from archwalk.papers.mazyavkina2020.sizes import (
    NOTES,
    REPEATS,
    TOP,
    Method,
    find_size,
    seeds_of,
)
from archwalk.papers.mazyavkina2020.truth import (
    OBJECTIVE,
    Ground,
    find_grounds,
    identities,
    training_of,
)
from archwalk.papers.setup import Setup, benchmark_settings
from archwalk.strategies.base import Trials
from archwalk.strategies.per_trial import PerTrial


@dataclass(frozen=True)
class Search:
    """One search: all N architectures in the order of the proxy, which `proxy_N` has by id.

    `steps` are the timesteps of its supernet, those that were played for the proxy among them, `seconds` the
    processor time.
    """

    ranked_N: NDArray[np.int32]
    proxy_N: Floats
    steps: int
    seconds: float

    def found(self, score_N: Floats) -> int:
        """The architecture that the search returns: the best of its top `TOP`, trained from scratch."""
        top_K = self.ranked_N[:TOP]
        return int(top_K[score_N[top_K].argmax()])


@dataclass(frozen=True)
class Study:
    """A ground with its searches by method, one a seed."""

    ground: Ground
    searches: Mapping[str, list[Search]]

    @property
    def truth_N(self) -> Floats:
        """By which the best of the top is chosen."""
        return self.ground.scores("mean_return")

    def found(self, method: str) -> list[int]:
        """What a method returned, seed by seed."""
        return [search.found(self.truth_N) for search in self.searches[method]]


def run_studies(setup: Setup) -> list[Study]:
    """Every method on every ground. Raises as `find_grounds` does."""
    size, grounds = find_size(setup), find_grounds(setup)
    if setup.scale.name in NOTES:
        setup.note(NOTES[setup.scale.name])
    seeds = seeds_of(setup, size.seeds)
    folder = setup.out / "supernets"
    parts = [
        search_part(ground.policies, method, seed, folder)
        for ground in grounds
        for method in size.methods
        for seed in seeds
    ]
    values = iter(setup.keep_all(parts, "supernets"))
    for part in parts:
        shutil.rmtree(folder / part.name, ignore_errors=True)
    return [
        Study(ground, {method.name: [_search(next(values)) for _ in seeds] for method in size.methods})
        for ground in grounds
    ]


def search_part(policies: PolicyEstimator, method: Method, seed: int, folder: Path) -> Part:
    """One search, which knows nothing of the table: it ranks as `archwalk search --seed` does. What is not finished of
    its supernet is in a folder of its own in `folder`.
    """
    settings = training_of(policies) | {"method": method.settings, "seed": seed}
    keep_in = folder / Part("one-shot", settings, dict).name
    return Part("one-shot", settings, partial(_rank, policies, method, seed, keep_in))


def _rank(policies: PolicyEstimator, method: Method, seed: int, keep_in: Path) -> dict[str, Any]:
    made: list[KeptWeights] = []

    def share_weights(steps: int, weights_seed: int) -> KeptWeights:
        made.append(kept(policies.share_weights, keep_in, method.settings)(steps, weights_seed))
        return made[-1]

    started = time.process_time()
    strategy = method.factory(Trials(policies.policies, 1, spawn(seed, 1, 0), share_weights=share_weights))
    assert isinstance(strategy, PerTrial)
    searcher: Any = strategy.searchers[0]
    ranked_NL = searcher.propose()
    return {
        "ranked": ranked_NL[:, 0],
        "proxy": searcher.proxy_R,
        "steps": made[-1].shared.steps,
        "seconds": time.process_time() - started + made[-1].seconds_before,
    }


def _search(value: Mapping[str, Any]) -> Search:
    ranked_N = np.asarray(value["ranked"])
    proxy_N = np.empty(len(ranked_N))
    proxy_N[ranked_N] = value["proxy"]
    return Search(ranked_N, proxy_N, int(value["steps"]), float(value["seconds"]))


def study_settings(setup: Setup, studies: list[Study]) -> dict[str, Any]:
    """What every record says of what was compared and how."""
    size = find_size(setup)
    return {
        "benchmarks": {study.ground.name: benchmark_settings(study.ground.benchmark) for study in studies},
        "budget": f"{TOP} trainings from scratch",
        "query": "an architecture of the top by the proxy, trained from scratch (looked up in the table)",
        "chosen_by": OBJECTIVE,
        "timesteps_of_a_training": {study.ground.label: study.ground.steps for study in studies},
        "seeds_of_the_table": {study.ground.label: list(study.ground.table.seeds) for study in studies},
        "variance_between_networks": {study.ground.label: study.ground.table.between for study in studies},
        "methods": {method.name: method.settings for method in size.methods},
        "seeds_of_searches": list(seeds_of(setup, size.seeds)),
        "repeats_of_random_search": REPEATS,
        "bootstrap_samples": BOOTSTRAP_SAMPLES,
        "seed": setup.seed,
    }


def depends(setup: Setup) -> dict[str, Any]:
    """What all records depend on."""
    size = find_size(setup)
    return {
        "agents": identities(setup),
        "table_seeds": size.table_seeds,
        "methods": [[method.name, method.settings] for method in size.methods],
        "seeds": size.seeds,
    }
