"""Mazyavkina et al.'s items on tiny agents that really play, for the tests of experiments and of reports."""

from dataclasses import replace

import numpy as np

import reproduced
from archwalk.errors import DataError
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.policies.benchmark import policy_benchmark
from archwalk.estimators.policies.estimator import MEAN_RETURN
from archwalk.estimators.policies.games import find_game
from archwalk.estimators.policies.settings import PolicySettings
from archwalk.estimators.policies.tables import PolicyTable, PolicyTableEstimator
from archwalk.estimators.store import open_store
from archwalk.learning.ppo import PPOSettings
from archwalk.papers import mazyavkina2020
from archwalk.papers.item import run_item
from archwalk.papers.mazyavkina2020.sizes import Method, Size
from archwalk.spaces.policy_cnn import ChoiceBlock, policy_space
from archwalk.spaces.policy_cnn.papers import MINATAR_1

BLOCKS = (ChoiceBlock((3, 4), (2,)), ChoiceBlock((1, 2, 3), (2,)))
SPACE = policy_space(replace(MINATAR_1, name="tiny", blocks=BLOCKS, plane=4, hidden=4))
"""Six architectures, the Nature CNN's kernels among them."""

NATURE = 5
LABELS = ("MinAtar-Breakout, tiny", "MinAtar-Freeway, tiny")
SETTINGS = PolicySettings(400, PPOSettings(environments=4, rollout=20, epochs=1, minibatches=2))

TRAINED, KNOWN, ABSENT = "policy:trained", "policy-cnn:known", "policy-cnn:absent"

SIZE = Size(
    (TRAINED, KNOWN, ABSENT),
    2,
    (
        Method("ENAS", "archwalk-policy-enas", {"children": 1, "width": 4}),
        Method("SPOS", "mazyavkina2020-spos", {"episodes": 10, "episode_steps": 50}),
    ),
    3,
)
"""To stand in for that of the scale smoke."""

SCORES_NS = np.array([[1.0, 2], [3, 4], [5, 6], [7, 8], [9, 12], [4, 6]])
"""Of the table that is known: architecture 4 is the best."""


def load(name, seed):
    """One whose agents are trained, one whose agents are known, and one that is not made yet."""
    if name == ABSENT:
        raise DataError("there is no such table yet")
    game = find_game("MinAtar-Freeway" if name == KNOWN else "MinAtar-Breakout")
    made = policy_benchmark(
        SPACE, game, SETTINGS, open_store(), name=name, seed=seed, engine="local", device="cpu"
    )
    if name == TRAINED:
        return made
    table = PolicyTable(SETTINGS, (0, 1), SCORES_NS, SCORES_NS + 1, np.ones_like(SCORES_NS))
    return Benchmark(name, SPACE, PolicyTableEstimator(MEAN_RETURN, table, made.estimator), {"seeds": "0, 1"})


def setup(out, **changes):
    """A setup of these."""
    return replace(reproduced.setup(None, out), load=load, **changes)


def run(name, made):
    """The record of one item."""
    (item,) = (item for item in mazyavkina2020.PAPER.items if item.name == name)
    return run_item("mazyavkina2020", item, made)
