"""The parts of BANANAS, NASBOT and AlphaX, each against its formula."""

import numpy as np
import pytest
import torch

from archwalk.learning.ensemble import Perceptrons
from archwalk.spaces.nasbench101.space import NASBench101
from archwalk.spaces.nasbench201 import NASBench201
from archwalk.strategies.alphax import AlphaX, AlphaXSettings, Tree, uct
from archwalk.strategies.bananas import (
    Bananas,
    BananasSettings,
    encode,
    reward_bound,
    thompson,
)
from archwalk.strategies.base import Trials
from archwalk.strategies.history import History, distinct, mutants
from archwalk.strategies.nasbot import (
    STRUCTURE_COSTS,
    Kernel,
    Nasbot,
    NasbotSettings,
    choose_parents,
    fit_kernel,
)


def test_thompson_draws_from_each_candidate_s_own_normal_distribution():
    predictions_KN = np.array([[1.0, 0.0, 5.0], [3.0, 0.0, 5.0]])
    firsts = [thompson(predictions_KN, 3, np.random.default_rng(seed)) for seed in range(2_000)]
    assert all(chosen[0] == 2 for chosen in firsts if chosen[0] != 0)
    above = np.mean([list(chosen).index(0) < list(chosen).index(1) for chosen in firsts])
    assert above == pytest.approx(0.977, abs=0.012)  # N(2, 1) above 0
    rng = np.random.default_rng(0)
    draws = np.random.default_rng(0).normal(predictions_KN.mean(0), predictions_KN.std(0))
    np.testing.assert_array_equal(thompson(predictions_KN, 2, rng), np.argsort(-draws)[:2])


def test_bananas_bound():
    assert reward_bound(np.array([90.0, 92, 94])) == 95
    assert reward_bound(np.array([50.0, 50])) > 50


def test_bananas_encodes_paths_or_features(space4):
    codes_BL = np.arange(6, dtype=np.int32)[:, None]
    assert encode(space4, codes_BL, BananasSettings()).shape == (
        6,
        1 + 3 + 9,
    )  # at most 2 operations on a path
    assert encode(space4, codes_BL, BananasSettings(path_length=1)).shape == (6, 4)
    features = encode(space4, codes_BL, BananasSettings(encoding="features"))
    np.testing.assert_array_equal(features, space4.features(codes_BL))


@pytest.mark.parametrize("settings", [{"loss": "mae"}, {"bound": 60.0}, {"encoding": "features"}])
def test_bananas_options_run(settings, space4):
    small = BananasSettings(initial=3, round=2, candidates=6, layers=2, width=4, epochs=2, **settings)
    strategy = Bananas(Trials(space4, 2, np.random.default_rng(0)), small)
    for _ in range(6):
        codes_TNL = strategy.ask(3)
        strategy.tell(codes_TNL, 50.0 + codes_TNL[..., 0])  # some above the bound of 60


def test_glorot_s_start():
    torch.manual_seed(0)
    members = Perceptrons(3, 40, 20, 10, start="glorot")
    assert all((bias == 0).all() for bias in members.biases)
    for weight in members.weights:
        bound = (6 / sum(weight.shape[1:])) ** 0.5
        assert 0.9 * bound < weight.abs().max() <= bound
    inputs = torch.rand(100, 40)
    assert (members(inputs).std(1) > 1e-3).all()


def test_uct_is_the_formula():
    mean_A, visits_A = np.array([0.9, 0.5, 0.0]), np.array([4, 1, 0])
    found = uct(mean_A, visits_A, 5, 2.0)
    assert found[0] == pytest.approx(0.9 + 2 * 2 * np.sqrt(2 * np.log(5) / 4))
    assert found[1] == pytest.approx(0.5 + 2 * 2 * np.sqrt(2 * np.log(5)))
    assert found[2] == np.inf
    np.testing.assert_array_equal(uct(mean_A[:2], visits_A[:2], 5, 0.0), mean_A[:2])


def test_values_go_up_the_tree():
    tree = Tree()
    one = tree.grow(0, 1)
    two = tree.grow(one, 0)
    tree.propagate(two, 0.5)
    tree.propagate(one, 1.0)
    assert tree.prefix(two) == [1, 0]
    assert tree.visits == [3, 2, 1]
    assert tree.means == [0.5, 0.75, 0.5]  # the root began with a visit of value 0
    assert tree.child(0, 1) == one
    assert tree.child(0, 0) is None
    assert tree.scores(0, 3, 0.0).tolist() == [np.inf, 0.75, np.inf]
    copy = Tree()
    copy.load_state_dict(tree.state_dict())
    assert copy.grow(0, 0) == 3
    assert copy.child(one, 0) == two


def test_alphax_evaluates_what_begins_like_the_new_node():
    space = NASBench201()
    strategy = AlphaX(Trials(space, 1, np.random.default_rng(0)), AlphaXSettings(rollouts=2))
    searcher = strategy.searchers[0]
    for _ in range(40):
        codes_TNL = strategy.ask(1)
        prefix = searcher.tree.prefix(searcher.node)
        assert space.to_choices(codes_TNL[0])[0, : len(prefix)].tolist() == prefix
        strategy.tell(codes_TNL, np.full((1, 1), 80.0))
    first_level = [searcher.tree.child(0, choice) for choice in range(5)]
    visits = [searcher.tree.visits[node] for node in first_level]
    assert sum(visits) == 40
    assert max(visits) - min(visits) <= 1  # equal rewards: in turn


def test_prefixes_of_nothing_valid_are_worth_nothing(space4):
    """The strings of NAS-Bench-101 in which nothing leaves the input."""
    searcher = AlphaX(Trials(space4, 1, np.random.default_rng(0))).searchers[0]
    node = 0
    for _ in range(3):
        node = searcher.tree.grow(node, 0)
    assert not len(searcher._complete(node))


def test_kernels_are_the_paper_s():
    distances = np.random.default_rng(0).uniform(0, 2, (2, len(STRUCTURE_COSTS), 3, 4))
    found = Kernel(0.3, 4.0, 0.25, 0.01).of(distances)
    first = np.exp(-sum(0.3 * d for d in distances[0]))
    second = np.exp(-sum(4.0 * d**2 for d in distances[1]))
    np.testing.assert_allclose(found, 0.25 * first + 0.75 * second)


def test_the_fitted_kernel_sees_what_is_smooth():
    """Targets that a slow kernel drew are told from noise."""
    rng = np.random.default_rng(0)
    x = np.sort(rng.uniform(0, 10, 40))
    gaps = np.abs(x[:, None] - x)
    distances = np.broadcast_to(gaps, (2, len(STRUCTURE_COSTS), 40, 40))
    smooth = np.linalg.cholesky(np.exp(-0.12 * gaps) + 1e-9 * np.eye(40)) @ rng.normal(size=40)
    assert fit_kernel(distances, smooth).noise < 0.1
    assert fit_kernel(distances, rng.normal(size=40)).noise == 0.1


def test_better_candidates_are_parents_more_often():
    values = np.array([0.0, 1.0, 2.0])
    counts = np.bincount(choose_parents(values, 5_000, np.random.default_rng(0)), minlength=3)
    expected = np.exp(values / (2 * values.std()))
    np.testing.assert_allclose(counts / 5_000, expected / expected.sum(), atol=0.03)
    assert set(choose_parents(np.zeros(3), 100, np.random.default_rng(0))) == {0, 1, 2}


@pytest.mark.parametrize("settings", [{"acquisition": "ucb"}, {"generations": 0}, {"refit": 1}])
def test_nasbot_options_run(settings, space4):
    strategy = Nasbot(Trials(space4, 1, np.random.default_rng(0)), NasbotSettings(initial=2, **settings))
    for _ in range(8):
        codes_TNL = strategy.ask(3)
        strategy.tell(codes_TNL, 50.0 + codes_TNL[..., 0])


def test_history_knows_what_was_evaluated(space4):
    history = History(space4)
    history.add(np.array([[5], [9], [5], [7]], np.int32), np.array([1.0, 3, -np.inf, 2]))
    assert history.ranking()[:, 0].tolist() == [9, 7, 5]
    assert history.unseen(np.array([[5], [1], [7], [1], [2]], np.int32))[:, 0].tolist() == [1, 2]
    assert history.reward_of(np.array([5], np.int32)) == 1
    assert history.reward_of(np.array([6], np.int32)) is None
    assert history.targets().tolist() == [1, 3, 1, 2]
    near_NL = history.near_the_best(20, 2, [1.0], np.random.default_rng(0))
    around_NL = history.around_the_best(20, 2, [1.0], np.random.default_rng(0))
    neighbours = set(space4.neighbours(np.array([[9], [7]], np.int32)).codes_EL[:, 0].tolist())
    for codes_NL in (near_NL, around_NL):
        assert 0 < len(codes_NL) <= 20
        assert set(codes_NL[:, 0].tolist()) <= neighbours - {5, 7, 9}
        assert len(distinct(codes_NL)) == len(codes_NL)


def test_history_of_everything_still_has_a_candidate():
    space = NASBench101(max_vertices=3)
    history = History(space)
    history.add(np.arange(space.size, dtype=np.int32)[:, None], np.arange(space.size) / 1.0)
    for found in (history.near_the_best, history.around_the_best):
        assert len(found(5, 3, [0.5, 0.5], np.random.default_rng(0))) == 1


def test_mutants_are_a_few_edits_away(space5):
    parents_BL = space5.sample(np.random.default_rng(0), 50)
    once_BL = mutants(space5, parents_BL, [1.0], np.random.default_rng(1))
    for parent_L, child_L in zip(parents_BL, once_BL, strict=True):
        assert child_L in space5.neighbours(parent_L[None]).codes_EL
    far_BL = mutants(space5, parents_BL, [0.2, 0.3, 0.5], np.random.default_rng(1))
    away = [c not in space5.neighbours(p[None]).codes_EL for p, c in zip(parents_BL, far_BL, strict=True)]
    assert any(away)
