"""ENAS and SPOS over a supernet that is made up: what an architecture earns is known."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from scipy.stats import spearmanr

from archwalk.errors import UsageError
from archwalk.experiments.presets import load_preset
from archwalk.experiments.settings import make_settings
from archwalk.spaces.base import SearchSpace
from archwalk.spaces.policy_cnn import ChoiceBlock, policy_space
from archwalk.spaces.policy_cnn.papers import ATARI_LARGE, MINATAR_1, minatar_1
from archwalk.strategies.base import Trials
from archwalk.strategies.catalogue import StrategyFactory
from archwalk.strategies.enas import ENAS, ENASSettings
from archwalk.strategies.enas.controller import Controller
from archwalk.strategies.spos import SPOS, SPOSSettings
from archwalk.testing.strategies import StrategyConformance

QUICK = {
    ENAS: ENASSettings(child_rollouts=2, children=2, width=8, learning_rate=0.05),
    SPOS: SPOSSettings(episodes=2, generations=8, population=20, parents=5),
}


class MadeUpWeights:
    """What an architecture earns is a sum over its decisions, and noise; `turns` is a log."""

    def __init__(self, space, total, seed, noise=0.3):
        self.space, self.total, self.done, self.noise = space, total, 0, noise
        self.rng = np.random.default_rng(seed)
        self.turns = []

    def worth(self, codes_BL):
        weights = np.random.default_rng(0).permutation(self.space.feature_count)
        return self.space.features(codes_BL) @ weights / self.space.feature_count

    def learn(self, code_L):
        assert self.done < self.total, "a turn too many"
        self.done += 1
        self.turns.append(tuple(code_L.tolist()))
        return float(self.worth(code_L[None])[0] + self.noise * self.rng.normal())

    def scores(self, codes_BL, episodes, limit):
        assert self.done == self.total, "the supernet is trained to its end first"
        return self.worth(codes_BL) + self.noise / episodes * self.rng.normal(size=len(codes_BL))


def sharing(space, total=24, made=None, **options):
    def share_weights(steps, seed):
        weights = MadeUpWeights(space, steps or total, seed, **options)
        if made is not None:
            made.append(weights)
        return weights

    return share_weights


def make(strategy, trials, settings=None, **options):
    return strategy(
        replace(trials, share_weights=sharing(trials.space, **options)), settings=settings or QUICK[strategy]
    )


class OneShotConformance(StrategyConformance):
    @pytest.fixture
    @classmethod
    def space(cls) -> SearchSpace:
        return minatar_1()


class TestENAS(OneShotConformance):
    @pytest.fixture
    @classmethod
    def factory(cls) -> StrategyFactory:
        return partial(make, ENAS)


class TestSPOS(OneShotConformance):
    @pytest.fixture
    @classmethod
    def factory(cls) -> StrategyFactory:
        return partial(make, SPOS)


def search(strategy, space, seed=0, settings=None, **options):
    made = []
    trials = Trials(space, 1, np.random.default_rng(seed))
    searcher = make(strategy, trials, settings, made=made, **options).searchers[0]
    ranked_RL = searcher.propose()
    return ranked_RL, searcher, made[0]


@pytest.mark.parametrize("strategy", [ENAS, SPOS])
def test_the_ranking_holds_everyone_once_and_agrees_with_the_truth(strategy):
    space = minatar_1()
    ranked_RL, searcher, weights = search(strategy, space, total=900)
    assert sorted(ranked_RL[:, 0]) == list(range(25))
    assert (np.diff(searcher.proxy_R) <= 0).all()
    assert spearmanr(searcher.proxy_R, weights.worth(ranked_RL)).statistic > 0.5
    assert weights.worth(ranked_RL)[0] > np.sort(weights.worth(ranked_RL))[-6]
    assert weights.done == weights.total


def test_enas_gives_a_child_its_rollouts_and_comes_to_prefer_what_earns():
    space = minatar_1()
    _, _, weights = search(ENAS, space, total=901)
    children = weights.turns[: 2 * (len(weights.turns) // 2) : 2]
    assert children == weights.turns[1::2], "two rollouts a child, one after the other"
    worth = weights.worth(np.array(children, np.int32))
    assert worth[-50:].mean() > worth[:50].mean() + 0.2


def test_enas_may_rank_by_scores_with_inherited_weights():
    settings = replace(QUICK[ENAS], proxy="score", episodes=1000)
    ranked_RL, searcher, weights = search(ENAS, minatar_1(), settings=settings, total=40)
    np.testing.assert_allclose(searcher.proxy_R, weights.worth(ranked_RL), atol=0.01)
    assert (
        spearmanr(searcher.controller.log_probabilities(minatar_1().to_choices(ranked_RL)), searcher.proxy_R)[
            0
        ]
        < 0.9
    )


def test_spos_draws_uniformly():
    _, _, weights = search(SPOS, minatar_1(), total=2_500)
    counts = np.unique(weights.turns, return_counts=True)[1]
    assert len(counts) == 25
    assert counts.min() > 60
    assert counts.max() < 145


@pytest.mark.parametrize("strategy", [ENAS, SPOS])
def test_a_space_that_is_not_numbered(strategy):
    space = policy_space(ATARI_LARGE)
    settings = replace(QUICK[ENAS], candidates=300) if strategy is ENAS else QUICK[SPOS]
    ranked_RL, _, weights = search(strategy, space, total=600, settings=settings)
    assert len(np.unique(ranked_RL, axis=0)) == len(ranked_RL)
    if strategy is SPOS:
        assert len(ranked_RL) == 8 * 20, "every generation is new"
    random_B = weights.worth(space.sample(np.random.default_rng(1), 200))
    assert weights.worth(ranked_RL[:10]).mean() > random_B.mean() + 2 * random_B.std()


@pytest.mark.parametrize("strategy", [ENAS, SPOS])
def test_the_budget_may_be_larger_than_the_space_and_the_supernet_is_trained_once(strategy):
    space = policy_space(replace(MINATAR_1, name="two", blocks=(ChoiceBlock((1, 2), (4,)),)))
    made = []
    trials = Trials(space, 1, np.random.default_rng(0), share_weights=sharing(space, made=made))
    searching = strategy(trials, settings=QUICK[strategy])
    seen = []
    for _ in range(3):
        codes_TNL = searching.ask(10)
        seen += codes_TNL[0, :, 0].tolist()
        searching.tell(codes_TNL, np.zeros(codes_TNL.shape[:2]))
    assert seen == seen[:2] * 3
    assert sorted(seen[:2]) == [0, 1]
    assert len(made) == 1


@pytest.mark.parametrize("strategy", [ENAS, SPOS])
def test_where_nothing_shares_weights_a_line_says_so(strategy):
    with pytest.raises(UsageError, match="policy:MinAtar-Breakout"):
        strategy(Trials(minatar_1(), 1, np.random.default_rng(0)))


@pytest.mark.parametrize("strategy", [ENAS, SPOS])
def test_steps_are_those_that_were_set(strategy):
    settings = replace(QUICK[strategy], steps=60)
    assert search(strategy, minatar_1(), settings=settings)[2].total == 60


class TestController:
    SETTINGS = ENASSettings(children=2, width=8, learning_rate=0.05, entropy_weight=0.0)

    def test_is_uniform_at_first_and_sums_to_one(self):
        controller = Controller((2, 3), self.SETTINGS, 10, 0)
        strings = np.array([[a, b] for a in range(2) for b in range(3)], np.int32)
        np.testing.assert_allclose(np.exp(controller.log_probabilities(strings)), 1 / 6, rtol=1e-6)
        for _ in range(6):
            controller.draw()
            controller.reward(controller.rng.random())
        assert np.exp(controller.log_probabilities(strings)).sum() == pytest.approx(1, abs=1e-5)
        assert controller.done == 3

    def test_learns_the_best_string(self):
        controller = Controller((3, 2), self.SETTINGS, 150, 0)
        for _ in range(300):
            choices_C = controller.draw()
            controller.reward(float(choices_C[0] == 2) + float(choices_C[1] == 0))
        assert np.exp(controller.log_probabilities(np.array([[2, 0]], np.int32)))[0] > 0.7
        assert (controller.sample(50) == [2, 0]).all(axis=1).mean() > 0.5

    def test_state_and_input_are_carried(self):
        controller = Controller((3, 2), self.SETTINGS, 10, 0)
        choices_C = controller.draw()
        controller.reward(3.0)
        assert controller.memory[0].abs().sum() > 0
        one_hot = np.concatenate([np.eye(3)[choices_C[0]], np.eye(2)[choices_C[1]], [1.0]])
        np.testing.assert_array_equal(controller.seen[0].numpy(), one_hot)
        first = controller.memory[0].clone()
        controller.draw()
        controller.reward(3.0)
        assert controller.done == 1
        assert not controller.memory[0].requires_grad, "the gradient goes back to the last update"
        assert (controller.memory[0] != first).any()

    def test_the_baseline_moves_by_its_momentum_and_the_rate_to_zero(self):
        controller = Controller((3, 2), replace(self.SETTINGS, baseline_momentum=0.25), 2, 0)
        baselines, rates = [], []
        for reward in (4.0, 4.0, 8.0, 8.0):
            rates.append(controller.learning_rate)
            controller.draw()
            controller.reward(reward)
            baselines.append(controller.baseline)
        assert baselines == [None, 4.0, 4.0, 0.25 * 4 + 0.75 * 8]
        assert rates[0] == rates[1] == 0.05
        assert rates[2] == pytest.approx(0.025)
        assert controller.learning_rate == 0

    def test_the_seed_decides(self):
        def draws(seed):
            controller = Controller((5, 5), self.SETTINGS, 10, seed)
            found = []
            for _ in range(10):
                found.append(controller.draw().tolist())
                controller.reward(1.0)
            return found

        assert draws(0) == draws(0) != draws(1)


def test_the_papers_presets():
    enas = make_settings(ENASSettings, load_preset("mazyavkina2020-enas"))
    assert (enas.child_rollouts, enas.children, enas.learning_rate) == (10, 3, 0.001)
    assert (enas.entropy_weight, enas.baseline_momentum) == (0.0001, 0.2)
    assert make_settings(SPOSSettings, load_preset("mazyavkina2020-spos")).path_rollouts == 1


@pytest.mark.parametrize(
    "wrong",
    [
        (ENASSettings, {"children": 0}),
        (ENASSettings, {"steps": -1}),
        (ENASSettings, {"baseline_momentum": 1.0}),
        (ENASSettings, {"entropy_weight": -1.0}),
        (ENASSettings, {"proxy": "scores"}),
        (SPOSSettings, {"episodes": 0}),
        (SPOSSettings, {"mutation": 2.0}),
        (SPOSSettings, {"steps": -1}),
    ],
)
def test_settings_of_nothing_are_refused(wrong):
    settings, values = wrong
    with pytest.raises(UsageError):
        settings(**values)


def test_equal_proxies_follow_each_other_by_lot():
    class Alike(MadeUpWeights):
        def scores(self, codes_BL, episodes, limit):
            return np.zeros(len(codes_BL))

    def share_weights(steps, seed):
        return Alike(minatar_1(), 4, seed)

    trials = Trials(minatar_1(), 8, np.random.default_rng(0), share_weights=share_weights)
    first_T = SPOS(trials).ask(1)[:, 0, 0]
    assert len(set(first_T.tolist())) > 4
