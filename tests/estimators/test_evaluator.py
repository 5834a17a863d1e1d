"""What noisy estimators draw depends on the trial and on how many evaluations it had, on nothing else."""

import numpy as np
import pytest

from archwalk.estimators.evaluator import Evaluator
from archwalk.estimators.ledger import ActorLedger, QueryLedger, TrainingLedger
from archwalk.estimators.table import MultiFidelityRandomRun
from archwalk.jit import draws_at, make_streams, next_uint64

STREAMS = make_streams(np.random.default_rng(0), 3)


def test_draws_ahead_are_those_that_come_one_by_one():
    streams, before = STREAMS.copy(), STREAMS.copy()
    ahead = draws_at(streams, 4, 5)
    np.testing.assert_array_equal(streams, before)
    one_by_one = [[next_uint64(streams, row) for _ in range(9)] for row in range(3)]
    np.testing.assert_array_equal(ahead, np.array(one_by_one)[:, 4:])


@pytest.fixture(scope="module")
def codes_TNL():
    """Few architectures, often."""
    return np.random.default_rng(1).integers(0, 4, (3, 12, 1), dtype=np.int32)


@pytest.fixture(scope="module")
def estimator(random_runs):
    """Runs of two lengths, of which no two are alike."""
    full_NR, test_NR = random_runs.estimator.validation_NR, random_runs.estimator.test_NR
    return MultiFidelityRandomRun((4, 12), np.stack([full_NR - 50, full_NR], axis=1), test_NR)


@pytest.fixture(scope="module")
def whole(estimator, codes_TNL):
    ledger = QueryLedger(estimator, 12, 3, streams_T=STREAMS)
    ledger.evaluate(codes_TNL)
    return ledger


@pytest.mark.parametrize("steps", [[12], [1] * 12, [5, 1, 6]])
def test_batches_do_not_matter(estimator, codes_TNL, whole, steps):
    ledger = QueryLedger(estimator, 12, 3, streams_T=STREAMS)
    for part_TNL in np.split(codes_TNL, np.cumsum(steps)[:-1], axis=1):
        ledger.evaluate(part_TNL)
    np.testing.assert_array_equal(ledger.rewards_TQ, whole.rewards_TQ)
    np.testing.assert_array_equal(ledger.curves().report_TQ, whole.curves().report_TQ)


def test_other_trials_do_not_matter(estimator, codes_TNL, whole):
    for t in range(3):
        alone = QueryLedger(estimator, 12, streams_T=STREAMS[t : t + 1])
        np.testing.assert_array_equal(alone.evaluate(codes_TNL[t : t + 1])[0], whole.rewards_TQ[t])


def test_shorter_trainings_count_as_evaluations(estimator, codes_TNL, whole):
    """The same runs are drawn, of another length."""
    ledger = QueryLedger(estimator, 12, 3, streams_T=STREAMS)
    short_TN = ledger.evaluate(codes_TNL[:, :6], fidelity=0)
    np.testing.assert_allclose(short_TN, whole.rewards_TQ[:, :6] - 50, atol=1e-4)
    np.testing.assert_array_equal(ledger.evaluate(codes_TNL[:, 6:]), whole.rewards_TQ[:, 6:])


@pytest.mark.parametrize("kind", [TrainingLedger, ActorLedger])
def test_goes_on_from_its_state(estimator, codes_TNL, kind):
    codes_BL = codes_TNL.reshape(-1, 1)
    one, other = (kind(estimator, np.random.default_rng(0)) for _ in range(2))
    first, rest = one.rewards(codes_BL[:20]), one.rewards(codes_BL[20:])
    other.rewards(codes_BL[:20])
    resumed = kind(estimator, np.random.default_rng(0))
    resumed.load_state_dict(other.state_dict())
    np.testing.assert_array_equal(resumed.rewards(codes_BL[20:]), rest)
    again = kind(estimator, np.random.default_rng(0))
    np.testing.assert_array_equal(again.rewards(codes_BL[:20]), first)
    assert not np.array_equal(kind(estimator, np.random.default_rng(1)).rewards(codes_BL[:20]), first)


def test_what_was_paid_elsewhere_is_counted(estimator, codes_TNL):
    """So that the count alone says how far the stream is."""
    codes_BL = codes_TNL.reshape(-1, 1)
    ledger, expected = TrainingLedger(estimator), Evaluator.seeded(estimator)
    ledger.record(codes_BL[:20])
    expected.rewards(codes_BL[:20])
    np.testing.assert_array_equal(ledger.rewards(codes_BL[20:]), expected.rewards(codes_BL[20:]))
