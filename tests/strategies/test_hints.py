"""What our agents that build are given beyond P3: layers under other names, and the best episode of the trial."""

from dataclasses import replace

import numpy as np
import pytest

from archwalk.errors import UsageError
from archwalk.estimators.base import Scores
from archwalk.estimators.ledger import TrainingLedger
from archwalk.estimators.table import TableEstimator
from archwalk.strategies.building.best import BestEpisode
from archwalk.strategies.building.names import ActionNames
from archwalk.strategies.building.problem import BuildingRules, Construction
from archwalk.strategies.meta_rl import MetaRLTrainer
from building_cases import META, branches, chains


class Constant:
    """Finds all networks equally good and remembers them."""

    objective = "validation"

    def __init__(self):
        self.asked = []

    def evaluate(self, codes_BL):
        self.asked.append(codes_BL.copy())
        same = np.full(len(codes_BL), 50.0)
        return Scores(same, same, same)


def construct(benchmark, rules=BuildingRules(masks=True), batch=3):  # noqa: B008 - frozen
    estimator = Constant()
    return Construction(benchmark.space, TrainingLedger(estimator), batch, rules), estimator


@pytest.mark.parametrize("benchmark", [chains(), branches()], ids=["chain", "branches"])
def test_a_shuffled_problem_looks_as_if_the_action_had_been_meant(benchmark):
    """What differs is which networks are built, nothing else as long as all are equally good."""
    plain, plainly = construct(benchmark)
    shuffled, otherwise = construct(benchmark)
    shuffled.names.shuffle(np.random.default_rng(1), 1.0)
    names = shuffled.names.meant_BA
    assert (np.sort(names, axis=1) == np.arange(plain.actions)).all()
    assert (names[:, 7:] == np.arange(7, plain.actions)).all(), "terminal, merges and shifts keep their names"
    assert len({tuple(row) for row in names.tolist()}) == 3
    for action in (0, 2, 1, 0):  # convolutions, which need no room
        action_B = np.full(3, action)
        steps = plain.step(action_B), shuffled.step(action_B)
        if (steps[0].done_B | steps[1].done_B).any():
            break
        np.testing.assert_array_equal(plain.look(), shuffled.look())
    assert not np.array_equal(plainly.asked[0], otherwise.asked[0])
    kinds = benchmark.space.layers(otherwise.asked[0])[:, 0, :2]
    np.testing.assert_array_equal(kinds, shuffled.names.labels_K2[names[:, 0]])


def test_masks_are_in_the_agent_s_order():
    names = ActionNames(1, chains().space.table, 8)
    names.meant_BA[0, :2], names.changed = [1, 0], True
    assert names.columns(np.array([[True, False] + [True] * 6]))[0].tolist() == [False, True] + [True] * 6
    assert names.real(np.array([0])).tolist() == [1]


def test_a_share_of_the_environments_is_shuffled():
    names = ActionNames(400, chains().space.table, 8)
    names.shuffle(np.random.default_rng(0), 0.5)
    usual = (names.meant_BA == np.arange(8)).all(axis=1).mean()
    assert 0.4 < usual < 0.6
    names.shuffle(np.random.default_rng(0), 0.0)
    assert not names.changed


def test_the_best_episode_by_hand():
    best = BestEpisode(1, actions=3, limit=3)
    assert best.hint().tolist() == [[0, 0, 0, 0, 1]]
    for action, reward, done in ((2, 0.2, False), (1, 0.6, True)):
        best.add(np.array([action]), np.array([reward]), np.array([done]))
    best.restart(np.array([True]))
    np.testing.assert_allclose(best.hint(), [[0, 0, 1, 0.4, 1]])
    best.add(np.array([2]), np.array([0.2]), np.array([False]))
    np.testing.assert_allclose(best.hint(), [[0, 1, 0, 0.4, 1]])
    best.add(np.array([0]), np.array([0.3]), np.array([False]))  # another way, so no hint is left
    np.testing.assert_allclose(best.hint(), [[0, 0, 0, 0.4, 0]])
    best.add(np.array([0]), np.array([0.4]), np.array([True]))  # 0.3 a step: not better
    best.restart(np.array([True]))
    np.testing.assert_allclose(best.hint(), [[0, 0, 1, 0.4, 1]])
    best.add(np.array([0]), np.array([0.5]), np.array([True]))  # short and better
    best.restart(np.array([True]))
    np.testing.assert_allclose(best.hint(), [[1, 0, 0, 0.5, 1]])
    best.begin()
    assert best.hint().tolist() == [[0, 0, 0, 0, 1]]


def test_hints_are_seen_and_an_agent_without_them_is_told_apart():
    plain, _ = construct(chains())
    hinted, _ = construct(chains(), BuildingRules(hints=True))
    assert hinted.inputs == plain.inputs + BestEpisode.width(plain.actions)
    trainer = MetaRLTrainer(chains(), replace(META, hints=True), 0)
    assert trainer.network_settings.building.hints


def test_relative_rewards_do_not_tell_how_hard_a_data_set_is():
    """The same networks on a data set on which all are half as good."""
    rules, benchmark = BuildingRules(hints=True, relative=True), chains()
    table = benchmark.estimator
    half = TableEstimator("validation", table.reward_N / 2, table.report_N)
    ones = [Construction(benchmark.space, TrainingLedger(estimator), 2, rules) for estimator in (table, half)]
    rng = np.random.default_rng(0)
    for _ in range(40):
        action_B = rng.integers(0, 8, 2)
        for one in ones:
            one.restart(one.step(action_B).done_B)
        np.testing.assert_allclose(*(one.look() for one in ones), rtol=1e-6)
    best = BestEpisode(1, 2, 2)
    best.add(np.array([0]), np.array([0.8]), np.array([False]))
    assert best.relative(np.array([[0.4]])).tolist() == [[0.5]]


def test_a_share_is_one():
    with pytest.raises(UsageError, match="shuffled"):
        replace(META, shuffled=1.5)
