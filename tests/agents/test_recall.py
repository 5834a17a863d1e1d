"""What our agents that build are given beyond Gomez Robles and Vanschoren 2019: layers under other names, and a
memory of the trial.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch

from archwalk.agents.building.names import ActionNames
from archwalk.agents.building.problem import BuildingRules, Construction
from archwalk.agents.building.recall import Recollection
from archwalk.agents.meta_rl import MetaRLTrainer
from archwalk.errors import UsageError
from archwalk.estimators.base import Scores
from archwalk.estimators.ledger import TrainingLedger
from archwalk.estimators.metrics import accuracies
from archwalk.estimators.table import TableEstimator
from archwalk.learning.recalling import RecallingActorCritic
from building_cases import META, branches, chains


class Constant:
    """Finds all networks equally good and remembers them."""

    objective = accuracies()

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


def enter(recollection, builds, actions, rewards):
    """One episode of environment 0, which is the only one."""
    for number, (action, reward) in enumerate(zip(actions, rewards, strict=True)):
        recollection.choose(builds, np.array([action]))
        builds.step(np.array([action]))
        recollection.add(np.array([reward]), np.array([number == len(actions) - 1]))
    builds.restart(np.array([True]))
    recollection.restart(np.array([True]))


def test_what_became_of_actions_by_hand():
    """Known, share of the best, distance, whether it is the best, novelty; and the best episode's mean."""
    construction, _ = construct(chains(), batch=1)
    builds, recollection = construction.builds, Recollection(1, 8, 4)
    untried = [0, 0, 0, 0, 1]
    assert recollection.facts(builds).tolist() == [untried * 8 + [0]]
    enter(recollection, builds, [2, 1], [0.2, 0.6])
    enter(recollection, builds, [2, 0], [0.2, 0.5])
    enter(recollection, builds, [1], [0.3])
    facts_BX = recollection.facts(builds)
    assert facts_BX.shape == (1, Recollection.width(8))
    facts_AF = facts_BX[0, :-1].reshape(8, 5)
    np.testing.assert_allclose(facts_AF[2], [1, 1, 0, 1, 1 / np.sqrt(3)], rtol=1e-6)
    np.testing.assert_allclose(facts_AF[1], [1, 0.75, 2.5, 0, 1 / np.sqrt(2)], rtol=1e-6)
    assert facts_AF[0].tolist() == untried
    np.testing.assert_allclose(facts_BX[0, -1], 0.4)
    builds.step(np.array([2]))
    facts_AF = recollection.facts(builds)[0, :-1].reshape(8, 5)
    np.testing.assert_allclose(facts_AF[0], [1, 0.875, 1.25, 0, 1 / np.sqrt(2)], rtol=1e-6)
    np.testing.assert_allclose(facts_AF[1], [1, 1, 0, 1, 1 / np.sqrt(2)], rtol=1e-6)
    recollection.begin()
    assert recollection.facts(builds).tolist() == [untried * 8 + [0]]


@pytest.mark.parametrize("benchmark", [chains(), branches()], ids=["chain", "branches"])
def test_recollections_are_those_of_a_dictionary(benchmark):
    """Of thousands of random episodes, more than the first table holds; with branches pointers are part of it."""
    construction, _ = construct(benchmark, BuildingRules(recall=True), batch=2)
    builds, actions, rng = construction.builds, construction.actions, np.random.default_rng(0)
    best, count, paths, rewards = {}, {}, [[], []], [[], []]
    for _ in range(1_500):
        action_B = rng.integers(0, actions, 2)
        for b in range(2):
            place = builds.layers_BDR[b].tobytes(), builds.pointers_B2[b].tobytes()
            paths[b].append((b, *place, int(action_B[b])))
        step = construction.step(action_B)
        for b in range(2):
            rewards[b].append(step.reward_B[b])
            if step.done_B[b]:
                for key in paths[b]:
                    best[key] = max(best.get(key, 0), np.mean(rewards[b]))
                    count[key] = count.get(key, 0) + 1
                paths[b], rewards[b] = [], []
        construction.restart(step.done_B)
        facts_BAF = construction.look()[:, -Recollection.width(actions) : -1].reshape(2, actions, 5)
        for b in range(2):
            place = builds.layers_BDR[b].tobytes(), builds.pointers_B2[b].tobytes()
            counts_A = np.array([count.get((b, *place, a), 0) for a in range(actions)])
            bests_A = np.array([best.get((b, *place, a), 0) for a in range(actions)])
            top = max((value for key, value in best.items() if key[0] == b), default=1)
            np.testing.assert_allclose(facts_BAF[b, :, 4], 1 / np.sqrt(1 + counts_A), rtol=1e-6)
            np.testing.assert_allclose(facts_BAF[b, :, 1], bests_A / max(top, 1e-9), rtol=1e-5)
    assert construction.recollection.key_BH.shape[1] > 64


def test_what_is_recalled_is_seen_and_an_agent_without_it_is_told_apart():
    plain, _ = construct(chains())
    recalling, _ = construct(chains(), BuildingRules(recall=True))
    assert recalling.inputs == plain.inputs + Recollection.width(plain.actions)
    trainer = MetaRLTrainer(chains(), replace(META, recall=True), 0)
    assert trainer.shape.rules.recall
    assert isinstance(trainer.network, RecallingActorCritic)


def test_facts_about_an_action_change_its_logit_alone():
    """Whichever action it is: the same facts say the same."""
    torch.manual_seed(0)
    network = RecallingActorCritic(inputs=3 + 4 * 5 + 1, width=8, actions=4, facts=5)
    nothing, (about, other) = torch.zeros(1, 1, 24), 10 * torch.rand(2, 5)
    said = {}
    for action in range(4):
        inputs = nothing.clone()
        inputs[..., 3 + 5 * action : 8 + 5 * action] = about
        inputs_of_other = inputs.clone()
        inputs_of_other[..., 3 + 5 * action : 8 + 5 * action] = other
        network.lstm.weight_ih_l0.data[:, 3:] = 0  # what the LSTM sees of facts is its own affair
        logits, others = (network(x, network.blank(1))[0][0, 0] for x in (inputs, inputs_of_other))
        rest = [a for a in range(4) if a != action]
        torch.testing.assert_close(logits[rest], others[rest])
        said[action] = float((logits - others)[action].detach())
    assert abs(said[0]) > 1e-4
    assert said == pytest.approx(dict.fromkeys(range(4), said[0]), rel=1e-3)


def test_relative_rewards_do_not_tell_how_hard_a_data_set_is():
    """The same networks on a data set on which all are half as good: only the mean of the best episode tells."""
    rules, benchmark = BuildingRules(recall=True, relative=True), chains()
    table = benchmark.estimator
    half = TableEstimator(accuracies(), table.reward_N / 2, table.report_N)
    ones = [Construction(benchmark.space, TrainingLedger(estimator), 2, rules) for estimator in (table, half)]
    rng = np.random.default_rng(0)
    for _ in range(40):
        action_B = rng.integers(0, 8, 2)
        for one in ones:
            one.restart(one.step(action_B).done_B)
        np.testing.assert_allclose(*(one.look()[:, :-1] for one in ones), rtol=1e-5)
    recollection = Recollection(1, 2, 2)
    recollection.add(np.array([0.8]), np.array([False]))
    assert recollection.relative(np.array([[0.4]])).tolist() == [[0.5]]


def test_a_share_is_one():
    with pytest.raises(UsageError, match="shuffled"):
        replace(META, shuffled=1.5)
