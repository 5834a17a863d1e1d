import numpy as np
import pytest

from archwalk.errors import UsageError
from archwalk.experiments.running import run_trials
from archwalk.spaces.base import remake
from archwalk.spaces.nasbench101.space import NASBench101
from archwalk.spaces.nasbench201.space import NASBench201
from archwalk.strategies.base import Trials
from archwalk.strategies.regularized_evolution import RegularizedEvolution, RegularizedEvolutionSettings
from archwalk.strategies.strings import draw_strings, mutate_strings


def evolution(space, trials=3, population=5, sample=2, seed=0):
    settings = RegularizedEvolutionSettings(population, sample)
    return RegularizedEvolution(Trials(space, trials, np.random.default_rng(seed)), settings)


def one_round(strategy, estimator, n=9):
    codes_TNL = strategy.ask(n)
    rewards_BL = estimator.evaluate(codes_TNL.reshape(-1, codes_TNL.shape[2])).reward_B
    strategy.tell(codes_TNL, rewards_BL.reshape(codes_TNL.shape[:2]))
    return codes_TNL


def codes_of(space, strings_TPC):
    return space.from_choices(strings_TPC.reshape(-1, strings_TPC.shape[2])).reshape(
        *strings_TPC.shape[:2], -1
    )


def test_the_oldest_dies_whatever_it_was_worth(tiny):
    strategy, asked = evolution(tiny.space), []
    for _ in range(40):
        asked.append(one_round(strategy, tiny.estimator))
        every_TQL = np.concatenate(asked, axis=1)
        if every_TQL.shape[1] < 5:
            continue
        living = np.argsort(
            np.roll(np.arange(5), -(every_TQL.shape[1] % 5))
        )  # from the oldest to the youngest
        at_P = np.argsort(living)
        np.testing.assert_array_equal(codes_of(tiny.space, strategy.strings_TPC)[:, at_P], every_TQL[:, -5:])
        np.testing.assert_array_equal(
            strategy.rewards_TP[:, at_P], tiny.estimator.reward_N[every_TQL[:, -5:, 0]]
        )
    assert every_TQL.shape[1] >= 40


def test_a_child_is_one_decision_from_a_member(tiny):
    strategy = evolution(tiny.space, trials=20)
    for _ in range(5):
        one_round(strategy, tiny.estimator)
    for _ in range(20):
        members_TPC = strategy.strings_TPC.copy()
        one_round(strategy, tiny.estimator)
        child_TC = strategy.strings_TPC[:, (strategy.told - 1) % 5]
        changed_TP = (members_TPC != child_TC[:, None]).sum(axis=2)
        assert (changed_TP == 1).any(axis=1).all()


def test_parents_win_tournaments_drawn_with_replacement(space4):
    strategy = evolution(space4, trials=40_000, population=5, sample=3)
    strategy.rewards_TP[:] = [1, 5, 3, 2, 4]
    strategy.strings_TPC[:, :, 0] = np.arange(5)
    won_P = np.bincount(strategy._parents()[:, 0], minlength=5) / 40_000
    at_most_P = np.array([1, 5, 3, 2, 4]) / 5
    np.testing.assert_allclose(won_P, at_most_P**3 - (at_most_P - 0.2) ** 3, atol=0.01)


def test_a_budget_below_the_population_is_random_search(tiny):
    ledger = run_trials(tiny.estimator, evolution(tiny.space, trials=300, population=50), budget=20)
    strings_BC, codes_BL = draw_strings(tiny.space, np.random.default_rng(5), 20_000)
    expected_N = np.bincount(codes_BL[:, 0], minlength=91) / len(strings_BC)
    found_N = np.bincount(ledger.codes_TQL.reshape(-1), minlength=91) / 6_000
    np.testing.assert_allclose(found_N, expected_N, atol=0.02)


@pytest.mark.parametrize("at_once", [2, 7, 100])
def test_the_size_of_portions_does_not_matter(tiny, at_once):
    searches = []
    for n in (1, at_once):
        strategy, asked = evolution(tiny.space, population=20), []
        while sum(codes_TNL.shape[1] for codes_TNL in asked) < 60:
            asked.append(one_round(strategy, tiny.estimator, n))
        searches.append(np.concatenate(asked, axis=1)[:, :60])
    np.testing.assert_array_equal(*searches)


def test_it_climbs(tiny):
    curves = run_trials(
        tiny.estimator, evolution(tiny.space, trials=50, population=10, sample=5), 200
    ).curves()
    assert curves.reward_TQ[:, -1].mean() > curves.reward_TQ[:, 9].mean() + 2


def test_mutations_change_each_decision_alike_and_to_another_value():
    space = remake(NASBench201)
    rng = np.random.default_rng(0)
    parents_BC, _ = draw_strings(space, rng, 30_000)
    children_BC, codes_BL = mutate_strings(space, rng, parents_BC)
    changed_BC = parents_BC != children_BC
    assert (changed_BC.sum(axis=1) == 1).all()
    np.testing.assert_allclose(changed_BC.mean(axis=0), 1 / 6, atol=0.01)
    steps = (children_BC - parents_BC)[changed_BC] % 5
    np.testing.assert_allclose(
        np.bincount(steps, minlength=5) / 30_000, [0, 0.25, 0.25, 0.25, 0.25], atol=0.01
    )
    np.testing.assert_array_equal(space.from_choices(children_BC), codes_BL)


def test_invalid_mutations_are_drawn_again(space7):
    rng = np.random.default_rng(0)
    parents_BC, codes_BL = draw_strings(space7, rng, 2_000)
    assert (codes_BL >= 0).all()
    children_BC, codes_BL = mutate_strings(space7, rng, parents_BC)
    assert (codes_BL >= 0).all()
    assert ((parents_BC != children_BC).sum(axis=1) == 1).all()
    np.testing.assert_array_equal(space7.from_choices(children_BC), codes_BL)


def test_a_parent_without_mutations_or_neighbours_has_a_sample_as_its_child():
    space = NASBench101(max_vertices=2)
    parents_BC, _ = draw_strings(space, np.random.default_rng(0), 3)
    children_BC, codes_BL = mutate_strings(space, np.random.default_rng(0), parents_BC)
    np.testing.assert_array_equal(children_BC, parents_BC)
    assert (codes_BL == 0).all()


class Sparse(NASBench201):
    """NASBench201 of which next to no string is valid: the cells whose ids end in 0000 in base 10."""

    def from_choices(self, choices_BC):
        codes_BL = super().from_choices(choices_BC)
        return np.where(codes_BL % 10_000 == 0, codes_BL, -1).astype(np.int32)

    def sample(self, rng, n):
        return (rng.integers(0, 2, (n, 1)) * 10_000).astype(np.int32)

    def sample_neighbours(self, codes_BL, limit, streams_B):
        codes_BNL = np.full((len(codes_BL), limit, 1), -1, np.int32)
        codes_BNL[:, 0] = 10_000 - codes_BL
        return codes_BNL, np.ones(len(codes_BL), np.int32)


def test_where_next_to_no_string_is_valid_the_space_itself_is_asked():
    space, rng = Sparse(), np.random.default_rng(0)
    strings_BC, codes_BL = draw_strings(space, rng, 50)
    assert set(codes_BL[:, 0].tolist()) == {0, 10_000}
    np.testing.assert_array_equal(space.from_choices(strings_BC), codes_BL)
    children_BC, children_BL = mutate_strings(space, rng, strings_BC)
    np.testing.assert_array_equal(children_BL, 10_000 - codes_BL)
    np.testing.assert_array_equal(space.from_choices(children_BC), children_BL)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"population": 0}, "population must be at least 1, not 0"),
        ({"sample": 0}, "sample must be at least 1, not 0"),
        ({"population": 5, "sample": 6}, "sample 6 must be at most population 5"),
    ],
)
def test_settings_that_make_no_sense_are_refused(values, says):
    with pytest.raises(UsageError, match=says):
        RegularizedEvolutionSettings(**values)
