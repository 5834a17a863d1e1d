import numpy as np
import pytest

from archwalk.errors import UsageError
from archwalk.estimators.base import Scores
from archwalk.estimators.ledger import ActorLedger, QueryLedger, TrainingLedger
from archwalk.estimators.metrics import accuracies
from archwalk.estimators.table import MultiFidelityTable

NAN = float("nan")


class Listed:
    """Rewards and reports as listed, architecture by architecture."""

    objective = accuracies("listed")

    def __init__(self, reward, report=None, seconds=None):
        self.reward = np.array(reward, float)
        self.report = np.array(reward if report is None else report, float)
        self.seconds = np.full(len(reward), np.nan) if seconds is None else np.array(seconds, float)

    def evaluate(self, codes_BL):
        ids = codes_BL[:, 0]
        return Scores(self.reward[ids], self.report[ids], self.seconds[ids])


def ledger_of(reward, report=None, asked=None, portions=(1,), seconds=None):
    """A ledger that paid for `asked` (T, Q) in portions of those sizes, again and again."""
    asked_TQ = np.atleast_2d(np.arange(len(reward)) if asked is None else asked)
    trials, budget = asked_TQ.shape
    ledger = QueryLedger(Listed(reward, report, seconds), budget, trials)
    at = turn = 0
    while ledger.remaining:
        n = min(portions[turn % len(portions)], ledger.remaining)
        ledger.evaluate(asked_TQ[:, at : at + n, None].astype(np.int32))
        at, turn = at + n, turn + 1
    return ledger


class TestCurves:
    def test_chosen_by_reward_and_shown_by_report(self):
        curves = ledger_of([50, 70, 60, 80, 65], [55, 52, 90, 40, 99]).curves()
        assert curves.reward_TQ.tolist() == [[50, 70, 70, 80, 80]]
        assert curves.report_TQ.tolist() == [[55, 52, 52, 40, 40]]

    def test_a_tie_keeps_the_first(self):
        curves = ledger_of([50, 70, 70, 50, 70], [1, 2, 3, 4, 5]).curves()
        assert curves.report_TQ.tolist() == [[1, 2, 2, 2, 2]]

    def test_what_is_not_a_number_never_is_the_best(self):
        curves = ledger_of([50, NAN, 60, NAN, 55], [1, 99, 3, 99, 5]).curves()
        assert curves.reward_TQ.tolist() == [[50, 50, 60, 60, 60]]
        assert curves.report_TQ.tolist() == [[1, 1, 3, 3, 3]]

    def test_first_ones_that_are_not_a_number(self):
        curves = ledger_of([NAN, NAN, 60], [7, 8, 9]).curves()
        assert curves.reward_TQ[0, 2] == 60
        assert curves.report_TQ[0, 2] == 9
        assert not np.isnan(curves.reward_TQ).any()

    def test_a_report_that_is_not_a_number_is_shown(self):
        assert np.isnan(ledger_of([50, 60], [1, NAN]).curves().report_TQ[0]).tolist() == [False, True]

    @pytest.mark.parametrize("portions", [(1,), (3, 1), (7,)])
    def test_trials_are_apart_whatever_the_portions(self, portions):
        asked = [[0, 3, 1, 2, 3, 0, 4], [4, 4, 4, 0, 1, 2, 3], [1, 0, 2, 4, 3, 3, 1]]
        reward, report = [50, 55, 60, 52, 58], [10, 11, 12, 13, 14]
        curves = ledger_of(reward, report, asked, portions).curves()
        for t, row in enumerate(asked):
            best = None
            for q, i in enumerate(row):
                best = i if best is None or reward[i] > reward[best] else best
                assert (curves.reward_TQ[t, q], curves.report_TQ[t, q]) == (reward[best], report[best])

    def test_rewards_below_zero(self):
        assert ledger_of([-5, -7, -3]).curves().reward_TQ.tolist() == [[-5, -5, -3]]


class TestBudget:
    def test_more_than_is_left_is_refused_and_not_paid(self):
        ledger = QueryLedger(Listed(range(10)), budget=5)
        ledger.evaluate(np.zeros((1, 3, 1), np.int32))
        with pytest.raises(UsageError, match="3 queries asked for, 2 of 5 left"):
            ledger.evaluate(np.zeros((1, 3, 1), np.int32))
        assert (ledger.queries, ledger.remaining) == (3, 2)
        ledger.evaluate(np.zeros((1, 2, 1), np.int32))
        assert ledger.remaining == 0
        with pytest.raises(UsageError, match="0 of 5 left"):
            ledger.evaluate(np.zeros((1, 1, 1), np.int32))

    def test_another_number_of_trials_is_refused(self):
        with pytest.raises(UsageError, match="keeps 2 trials, the strategy asked for 3"):
            QueryLedger(Listed([1]), 5, trials=2).evaluate(np.zeros((3, 1, 1), np.int32))

    @pytest.mark.parametrize(("budget", "trials"), [(0, 1), (-1, 1), (5, 0)])
    def test_nothing_to_spend(self, budget, trials):
        with pytest.raises(UsageError, match="at least 1 query and at least 1 trial"):
            QueryLedger(Listed([1]), budget, trials)


class TestAccount:
    ASKED = ((0, 1, 0, 0), (2, 1, 0, 3), (1, 1, 1, 1))

    def test_rewards_have_the_shape_of_what_was_asked(self):
        ledger = QueryLedger(Listed([10, 20, 30, 40]), 4, 3)
        rewards = ledger.evaluate(np.array(self.ASKED, np.int32)[:, :, None])
        np.testing.assert_array_equal(rewards, 10 * (np.array(self.ASKED) + 1))

    def test_order_and_unique_architectures(self):
        ledger = ledger_of([1, 2, 3, 4], asked=self.ASKED, portions=(3, 1))
        np.testing.assert_array_equal(ledger.codes_TQL[:, :, 0], self.ASKED)
        assert ledger.unique_T().tolist() == [2, 4, 1]

    def test_unique_rows_of_longer_codes(self):
        ledger = QueryLedger(Listed(range(9)), 3)
        ledger.evaluate(np.array([[[1, 2], [1, 3], [1, 2]]], np.int32))
        assert ledger.unique_T().tolist() == [2]

    def test_best_architectures(self):
        ledger = ledger_of([50, 70, 60, 70], [9, 8, 7, 6], asked=self.ASKED)
        np.testing.assert_array_equal(ledger.best_codes_TL()[:, 0], [1, 1, 1])

    def test_summary(self):
        ledger = ledger_of([1, 2, 3, 4], asked=self.ASKED, seconds=[10, 20, 30, 40])
        ledger.close()
        summary = ledger.summary()
        assert summary["queries"] == 4
        assert summary["unique_mean"] == pytest.approx(7 / 3)
        assert summary["training_seconds_represented_mean"] == pytest.approx((50 + 100 + 80) / 3)
        assert summary["query"] == "an architecture"
        assert summary["seconds"] == ledger.seconds >= 0

    def test_summary_of_times_that_are_not_known(self):
        assert ledger_of([1, 2]).summary()["training_seconds_represented_mean"] is None

    def test_rewards_and_codes_are_copies(self):
        ledger = QueryLedger(Listed([1, 2]), 2)
        codes_TNL = np.array([[[0], [1]]], np.int32)
        ledger.evaluate(codes_TNL)[:] = -1
        codes_TNL[:] = 0
        assert ledger.curves().reward_TQ.tolist() == [[1, 2]]
        assert ledger.codes_TQL[0, :, 0].tolist() == [0, 1]


class TestFidelities:
    """A query is a full training of 9 epochs; one of 3 costs a third, one of 1 a ninth."""

    FIDELITIES = (1, 3, 9)

    @pytest.fixture
    @classmethod
    def ledger(cls) -> QueryLedger:
        full = np.array([50, 60, 70, 80.0])
        rewards = np.stack([full[::-1] - 20, full - 10, full])
        return QueryLedger(MultiFidelityTable(accuracies(), cls.FIDELITIES, rewards, full - 1, rewards), 3)

    def pay(self, ledger, ids, fidelity):
        return ledger.evaluate(np.array(ids, np.int32).reshape(1, -1, 1), fidelity)[0].tolist()

    def test_shorter_trainings_cost_their_share(self, ledger):
        left = []
        for ids, fidelity in [([0, 1], 0), ([2, 3], 1), ([3], 2), ([0], 0)]:
            self.pay(ledger, ids, fidelity)
            left.append([ledger.affordable(f) for f in range(3)])
        assert left == [[25, 8, 2], [19, 6, 2], [10, 3, 1], [9, 3, 1]]
        assert (ledger.queries, ledger.remaining) == (2, 1)
        self.pay(ledger, [1], 0)
        assert ledger.queries == 3, "one begun counts"
        with pytest.raises(UsageError, match=r"1 queries asked for, 0 of 3 left"):
            self.pay(ledger, [2], 2)
        self.pay(ledger, [0] * 8, 0)
        assert [ledger.affordable(f) for f in range(3)] == [0, 0, 0]

    def test_rewards_are_those_of_the_fidelity(self, ledger):
        assert [self.pay(ledger, [0, 3], fidelity) for fidelity in (0, 1, 2)] == [
            [60, 30],
            [40, 70],
            [50, 80],
        ]
        assert ledger.summary()["training_seconds_represented_mean"] == 330

    def test_the_best_is_among_those_trained_longest(self, ledger):
        self.pay(ledger, [0, 1, 3] * 3, 0)  # after a short training the first looks best
        self.pay(ledger, [0], 2)
        self.pay(ledger, [3, 2, 1], 1)
        curves = ledger.curves()
        assert curves.reward_TQ.tolist() == [[60, 50, 50]], "the better ones were not trained to the end"
        assert curves.report_TQ.tolist() == [[49, 49, 49]]
        assert ledger.best_codes_TL().tolist() == [[0]]

    def test_a_curve_has_a_value_a_query(self, ledger):
        self.pay(ledger, [1], 2)
        self.pay(ledger, [3], 1)
        self.pay(ledger, [3], 2)
        assert ledger.curves().report_TQ.tolist() == [[59, 59, 79]], "the second is done after 2.33 queries"


class TestTrainingLedger:
    def test_counts_queries_and_different_architectures(self):
        ledger = TrainingLedger(Listed(range(5_000)))
        for ids, queries, unique in [
            ([3, 3, 4], 3, 2),
            ([], 3, 2),
            ([4, 4999], 5, 3),
            ([1030, 2047, 3], 8, 5),
        ]:
            rewards = ledger.rewards(np.array(ids, np.int32).reshape(-1, 1))
            assert rewards.tolist() == ids
            assert (ledger.queries, ledger.unique) == (queries, unique)
        assert ledger.objective.name == "listed"

    def test_counts_rows_of_longer_codes(self):
        ledger = TrainingLedger(Listed(range(9)))
        ledger.rewards(np.array([[1, 2, 3], [1, 2, 4], [1, 2, 3]], np.int32))
        ledger.rewards(np.array([[1, 2, 4], [3, 2, 1]], np.int32))
        assert (ledger.queries, ledger.unique) == (5, 3)

    @pytest.mark.parametrize("length", [1, 3])
    def test_goes_on_from_its_state(self, length):
        rng = np.random.default_rng(0)
        codes_BL = rng.integers(0, 4 if length > 1 else 2_000, (60, length)).astype(np.int32)
        one, other = TrainingLedger(Listed(range(2_000))), TrainingLedger(Listed(range(2_000)))
        one.rewards(codes_BL[:40])
        other.rewards(codes_BL[::-1][:5])
        other.load_state_dict(one.state_dict())
        assert (other.queries, other.unique) == (one.queries, one.unique)
        for ledger in (one, other):
            ledger.rewards(codes_BL[30:])
        assert (other.queries, other.unique) == (one.queries, one.unique)
        assert one.unique == len(np.unique(codes_BL, axis=0))


def test_receipts_are_handed_over_once_and_enter_a_ledger():
    estimator = Listed([50, 60, 70])
    actor_ledger, ledger, expected = (
        ActorLedger(estimator),
        TrainingLedger(estimator),
        TrainingLedger(estimator),
    )
    for ids in ([0, 1], [1], [1, 2, 2]):
        codes_BL = np.array(ids, np.int32)[:, None]
        np.testing.assert_array_equal(actor_ledger.rewards(codes_BL), expected.rewards(codes_BL))
    copy = ActorLedger(estimator)
    copy.load_state_dict(actor_ledger.state_dict())
    assert actor_ledger.take()[:, 0].tolist() == copy.codes_EL[:, 0].tolist() == [0, 1, 1, 1, 2, 2]
    assert len(actor_ledger.take()) == 0
    ledger.record(copy.take())
    assert (ledger.queries, ledger.unique) == (expected.queries, expected.unique) == (6, 3)
    copy.load_state_dict(actor_ledger.state_dict())
    assert len(copy.codes_EL) == 0
