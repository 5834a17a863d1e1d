from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from archwalk.data.states import read_state, write_state
from archwalk.environments.shaping import Shaping
from archwalk.environments.walks import Walks, WalkSettings
from archwalk.errors import UsageError
from archwalk.estimators.ledger import TrainingLedger, paid
from archwalk.estimators.metrics import accuracies
from archwalk.estimators.table import TableEstimator


def make_walks(benchmark, batch=5, seed=0, starts=None, **settings):
    settings = {"neighbours": 6, "episode_limit": 16} | settings
    ledger = TrainingLedger(benchmark.estimator)
    rng = np.random.default_rng(seed)
    walks = Walks(benchmark.space, ledger, batch, WalkSettings(**settings), rng, starts)
    walks.reset()
    return walks


def by_hand(benchmark, codes_BL, alpha=6.0):
    """exp(alpha (accuracy - 1)), the accuracy as a fraction."""
    return np.exp(alpha * (benchmark.estimator.reward_N[codes_BL[:, 0]] / 100 - 1))


@dataclass
class Turn:
    """What was presented, what was done, what came of it before walks that ended were restarted."""

    before_BKL: Any
    count_B: Any
    action_B: Any
    step: Any
    after_BKL: Any


def drive(walks, steps, seed=1):
    """Random actions, stops and masked ones among them."""
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        before_BKL, count_B = walks.codes_BKL.copy(), walks.count_B.copy()
        action_B = rng.integers(0, walks.settings.neighbours + 1, walks.batch)
        step = walks.step(action_B)
        yield Turn(before_BKL, count_B, action_B, step, walks.codes_BKL.copy())
        walks.restart(step.done_B)


def test_reset_presents_a_start_and_its_neighbours(tiny):
    walks = make_walks(tiny, batch=50)
    everyone = tiny.space.neighbours(walks.current_BL)
    np.testing.assert_array_equal(walks.count_B, np.minimum(np.diff(everyone.offsets), 6))
    for b in range(50):
        presented = walks.codes_BKL[b, 1:, 0]
        real = presented[: walks.count_B[b]].tolist()
        assert len(set(real)) == len(real), "drawn with replacement"
        assert set(real) <= set(everyone.codes_EL[everyone.offsets[b] : everyone.offsets[b + 1], 0].tolist())
        assert (presented[walks.count_B[b] :] == -1).all()


def test_all_neighbours_are_presented_where_there_is_room(tiny):
    walks = make_walks(tiny, batch=20, neighbours=100)
    everyone = tiny.space.neighbours(walks.current_BL)
    for b in range(20):
        row = everyone.codes_EL[everyone.offsets[b] : everyone.offsets[b + 1], 0]
        assert sorted(walks.codes_BKL[b, 1 : walks.count_B[b] + 1, 0].tolist()) == sorted(row.tolist())


def test_a_move_pays_the_difference_of_the_shaped_accuracies(tiny):
    walks = make_walks(tiny)
    for action in (1, 2, 1):
        before = walks.codes_BKL.copy()
        step = walks.step(np.full(5, action))
        target = before[:, action]
        np.testing.assert_array_equal(walks.current_BL, target)
        paid = by_hand(tiny, target) - by_hand(tiny, before[:, 0])
        np.testing.assert_allclose(step.reward_B, paid, rtol=1e-12)
        assert not step.done_B.any()


def test_the_rewards_of_an_episode_telescope(tiny):
    walks = make_walks(tiny, batch=40, episode_limit=7)
    begins_B, start_B, total_B = np.ones(40, bool), np.zeros(40), np.zeros(40)
    episodes = 0
    for turn in drive(walks, 60):
        start_B = np.where(begins_B, by_hand(tiny, turn.before_BKL[:, 0]), start_B)
        total_B = np.where(begins_B, 0, total_B) + turn.step.reward_B
        begins_B = turn.step.done_B
        gained_B = by_hand(tiny, turn.after_BKL[:, 0]) - start_B
        np.testing.assert_allclose(total_B[begins_B], gained_B[begins_B], atol=1e-12)
        episodes += int(begins_B.sum())
    assert episodes > 200


def test_stopping_pays_nothing_and_stays(tiny):
    walks = make_walks(tiny)
    before, queries = walks.current_BL.copy(), walks.ledger.queries
    step = walks.step(np.zeros(5, int))
    assert step.terminated_B.all()
    assert not step.truncated_B.any()
    np.testing.assert_array_equal(step.reward_B, 0)
    np.testing.assert_array_equal(walks.current_BL, before)
    assert walks.ledger.queries == queries


def test_a_masked_action_does_nothing_but_take_a_step(tiny):
    walks = make_walks(tiny, batch=200, neighbours=20)
    masked_B = walks.count_B < 20
    assert masked_B.any()
    before, queries = walks.current_BL.copy(), walks.ledger.queries
    step = walks.step(np.full(200, 20))
    np.testing.assert_array_equal(walks.current_BL[masked_B], before[masked_B])
    assert (walks.current_BL[~masked_B] != before[~masked_B]).all()
    np.testing.assert_array_equal(step.reward_B[masked_B], 0)
    np.testing.assert_array_equal(walks.steps_B, 1)
    assert walks.ledger.queries == queries + np.count_nonzero(~masked_B), (
        "a step without a move costs nothing"
    )
    assert not step.done_B.any()


@pytest.mark.parametrize("action", [-1, 7, 10_000])
def test_an_action_that_there_is_never_does_nothing(tiny, action):
    walks = make_walks(tiny)
    before = walks.current_BL.copy()
    step = walks.step(np.full(5, action))
    np.testing.assert_array_equal(walks.current_BL, before)
    assert not step.terminated_B.any()


@pytest.mark.parametrize("limit", [1, 16])
def test_the_limit_truncates_and_does_not_terminate(tiny, limit):
    walks = make_walks(tiny, episode_limit=limit)
    for t in range(1, limit + 1):
        step = walks.step(np.ones(5, int))
        assert not step.terminated_B.any()
        np.testing.assert_array_equal(step.truncated_B, t == limit)


def test_stopping_at_the_limit_terminates(tiny):
    walks = make_walks(tiny, episode_limit=2)
    walks.step(np.ones(5, int))
    step = walks.step(np.array([0, 1, 0, 1, 0]))
    np.testing.assert_array_equal(step.terminated_B, [True, False, True, False, True])
    np.testing.assert_array_equal(step.truncated_B, [False, True, False, True, False])


def test_restart_touches_the_chosen_walks_alone(tiny):
    walks = make_walks(tiny)
    walks.step(np.ones(5, int))
    before = walks.state_dict()
    before = {key: np.array(value) for key, value in before.items() if key != "rng"}
    rows = np.array([False, True, False, False, True])
    walks.restart(rows)
    for key, value in walks.state_dict().items():
        if key != "rng":
            np.testing.assert_array_equal(value[~rows], before[key][~rows])
    np.testing.assert_array_equal(walks.steps_B, [1, 0, 1, 1, 0])


class TestFinalPay:
    def test_only_the_stop_pays_and_costs_one_query(self, tiny):
        walks = make_walks(tiny, pay="final")
        assert walks.ledger.queries == 0, "the start is not evaluated"
        step = walks.step(np.ones(5, int))
        np.testing.assert_array_equal(step.reward_B, 0)
        assert walks.ledger.queries == 0
        step = walks.step(np.array([0, 1, 0, 1, 99]))
        stopped = np.array([True, False, True, False, False])
        expected = np.where(stopped, by_hand(tiny, walks.current_BL), 0)
        np.testing.assert_allclose(step.reward_B, expected, rtol=1e-12)
        assert walks.ledger.queries == 2

    def test_the_limit_is_an_end_as_well(self, tiny):
        """What it finds is paid for and terminates: nothing is bootstrapped from there."""
        walks = make_walks(tiny, pay="final", episode_limit=3)
        for _ in range(3):
            assert walks.ledger.queries == 0
            step = walks.step(np.array([1, 2, 1, 99, 1]))
        assert step.terminated_B.all()
        assert not step.truncated_B.any()
        np.testing.assert_allclose(step.reward_B, by_hand(tiny, walks.current_BL), rtol=1e-12)
        assert walks.ledger.queries == 5

    def test_pay_of_the_next_episode_is_not_reduced_by_the_last(self, tiny):
        walks = make_walks(tiny, pay="final")
        for _ in range(3):
            step = walks.step(np.zeros(5, int))
            np.testing.assert_allclose(step.reward_B, by_hand(tiny, walks.current_BL), rtol=1e-12)
            walks.restart(step.done_B)


def test_difference_pay_counts_starts_and_moves(tiny):
    walks = make_walks(tiny, batch=3)
    queries, seen = 0, set()
    begins_B = np.ones(3, bool)
    for turn in drive(walks, 25):
        moved_B = (turn.action_B > 0) & (turn.action_B <= turn.count_B)
        queries += int(begins_B.sum() + moved_B.sum())
        seen |= {*turn.before_BKL[begins_B, 0, 0].tolist(), *turn.after_BKL[:, 0, 0].tolist()}
        begins_B = turn.step.done_B
        assert (walks.ledger.queries, walks.ledger.unique) == (queries, len(seen))
    assert queries > len(seen) > 10


def record(walks, steps=50):
    return [
        (turn.before_BKL, turn.count_B, turn.after_BKL, *vars(turn.step).values())
        for turn in drive(walks, steps)
    ]


def assert_same(one, other):
    for a, b in zip(one, other, strict=True):
        for x, y in zip(a, b, strict=True):
            np.testing.assert_array_equal(x, y)


def test_the_seed_determines_everything(tiny):
    assert_same(record(make_walks(tiny)), record(make_walks(tiny)))
    with pytest.raises(AssertionError):
        assert_same(record(make_walks(tiny)), record(make_walks(tiny, seed=2)))


def test_walks_do_not_depend_on_how_many_there_are(tiny):
    """Walk b of a large batch with the same stream, set out from the same start, goes as in a small one."""
    starts_BL = tiny.space.sample(np.random.default_rng(9), 8)
    small, large = (make_walks(tiny, batch, starts=lambda rng, n: starts_BL[:n]) for batch in (3, 8))
    small.streams_B = large.streams_B[:3].copy()
    for walks in (small, large):
        walks.reset()
    rng = np.random.default_rng(3)
    for _ in range(12):
        np.testing.assert_array_equal(large.codes_BKL[:3], small.codes_BKL)
        action_B = rng.integers(0, 7, 8)
        one, other = small.step(action_B[:3]), large.step(action_B)
        for name, values in vars(one).items():
            np.testing.assert_array_equal(getattr(other, name)[:3], values)


@pytest.mark.parametrize("pay", ["difference", "final"])
def test_state_goes_through_a_file_to_the_bit(tiny, tmp_path, pay):
    walks = make_walks(tiny, pay=pay)
    record(walks, 13)
    write_state(tmp_path / "walks", {"walks": walks.state_dict()})
    expected = record(walks)
    other = make_walks(tiny, seed=5, pay=pay)
    other.load_state_dict(read_state(tmp_path / "walks")["walks"])
    assert_same(record(other), expected)


def test_starts_come_from_the_given_sampler(tiny):
    walks = make_walks(tiny, starts=lambda rng, n: np.full((n, 1), 17, np.int32))
    assert (walks.current_BL == 17).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"neighbours": 0}, "at least 1 neighbour, not 0"),
        ({"neighbours": -5}, "at least 1 neighbour"),
        ({"episode_limit": 0}, "at least 1 step, not 0"),
        ({"pay": "both"}, "unknown reward of walks 'both'; known: difference, final"),
    ],
)
def test_settings_that_make_no_sense(settings, message):
    with pytest.raises(UsageError, match=message):
        WalkSettings(**settings)


def test_no_walks_are_refused(tiny):
    with pytest.raises(UsageError, match="at least 1 environment"):
        make_walks(tiny, batch=0)


@pytest.mark.parametrize("alpha", [0, -1.0, 1001, float("nan")])
def test_alpha_that_makes_no_sense(alpha):
    with pytest.raises(UsageError, match="alpha of the shaping must be between"):
        Shaping(alpha)


def test_shaping_by_hand():
    accuracies = np.array([[0.0, 50.0], [90.0, 100.0]])
    np.testing.assert_allclose(Shaping(6)(accuracies), np.exp([[-6, -3], [-0.6, 0]]), rtol=1e-12)
    np.testing.assert_allclose(Shaping(6, reference=0.9)(accuracies)[1], [1, np.exp(0.6)], rtol=1e-12)
    np.testing.assert_array_equal(Shaping(None)(accuracies), accuracies / 100)


def test_the_reference_scales_every_reward_alike(tiny):
    """Ours against Cassimon et al.'s exp(alpha accuracy): a constant factor, so the best policy is the same."""
    ours, papers = (make_walks(tiny, shaping=Shaping(6, reference)) for reference in (1.0, 0.0))
    one, other = (
        np.concatenate([turn.step.reward_B for turn in drive(walks, 50)]) for walks in (ours, papers)
    )
    assert np.abs(one).max() > 0.01
    np.testing.assert_allclose(other, one * np.exp(6), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("pay", ["difference", "final"])
def test_what_has_no_score_pays_the_worst_and_nothing_after_it(space4, value, pay):
    """A gap costs one reward, not those of the rest of the walk."""
    rewards_N = np.random.default_rng(0).uniform(50, 95, space4.size)
    gaps_N, zeros_N = rewards_N.copy(), rewards_N.copy()
    gaps_N[::2], zeros_N[::2] = value, 0
    seen = []
    for reward_N in (gaps_N, zeros_N):
        ledger = TrainingLedger(TableEstimator(accuracies(), reward_N, reward_N))
        walks = Walks(space4, ledger, 8, WalkSettings(8, 20, pay=pay), np.random.default_rng(1))
        walks.reset()
        seen.append([walks.step(np.full(8, i % 3 + 1)).reward_B for i in range(20)])
    assert np.isfinite(seen).all()
    np.testing.assert_array_equal(*seen)


def test_a_gap_among_raw_scores_pays_the_least_of_them(space4):
    reward_N = np.random.default_rng(0).uniform(-21, 21, space4.size)
    reward_N[3] = np.nan
    source = TrainingLedger(TableEstimator(accuracies("mean-return"), reward_N, reward_N))
    assert paid(source, np.array([[3]])) == np.nanmin(reward_N)


def test_no_score_is_so_high_that_nothing_can_be_learned_from_it():
    assert np.isfinite(Shaping(32.0)(np.array([1e9])))
    with pytest.raises(UsageError, match="reference of the shaping must be a finite number, not inf"):
        Shaping(6.0, float("inf"))
