import numpy as np
import pytest

from archwalk.errors import UsageError
from archwalk.estimators.metrics import accuracies
from archwalk.estimators.table import TableEstimator
from archwalk.experiments.running import run_trials
from archwalk.spaces.base import remake
from archwalk.spaces.nasbench201.space import NASBench201
from archwalk.strategies.base import Trials
from archwalk.strategies.local_search_white import (
    LocalSearchWhite,
    LocalSearchWhiteSettings,
    one_decision_edits,
)
from archwalk.strategies.seen import SeenCodes


def search(space, trials=1, seed=0, **values):
    return LocalSearchWhite(
        Trials(space, trials, np.random.default_rng(seed)), LocalSearchWhiteSettings(**values)
    )


def steps(strategy, estimator, number):
    """One trial, step by step: where it stood, the string asked for, its reward, whether it was a start."""
    for _ in range(number):
        codes_TNL = strategy.ask(5)
        before_C = strategy.strings_TC[0].copy()
        starting, reward_before = bool(strategy.starts_left_T[0]), strategy.reward_T[0]
        asked_C = strategy._asked_TC[0].copy()
        reward = estimator.evaluate(codes_TNL[0]).reward_B[0]
        strategy.tell(codes_TNL, np.array([[reward]]))
        yield before_C, reward_before, asked_C, reward, starting


def test_it_moves_to_the_first_better_neighbour_and_to_no_other(tiny):
    strategy, moves, climbs = search(tiny.space, starts=3), 0, 0
    for before_C, reward_before, asked_C, reward, starting in steps(strategy, tiny.estimator, 80):
        if starting:
            climbs += strategy.starts_left_T[0] == 0
            continue
        assert (before_C != asked_C).sum() == 1
        if reward > reward_before:
            moves += 1
            np.testing.assert_array_equal(strategy.strings_TC[0], asked_C)
            assert strategy.reward_T[0] == reward
        else:
            np.testing.assert_array_equal(strategy.strings_TC[0], before_C)
    assert moves > 2
    assert climbs > 1


def test_a_climb_begins_at_the_best_of_its_starts(tiny):
    strategy, started = search(tiny.space, starts=4), []
    for _, _, asked_C, reward, starting in steps(strategy, tiny.estimator, 70):
        if not starting:
            started = []
            continue
        started.append((reward, asked_C))
        if len(started) == 4:
            best = max(started, key=lambda start: start[0])
            np.testing.assert_array_equal(strategy.strings_TC[0], best[1])
            assert strategy.reward_T[0] == best[0]


def test_the_whole_neighbourhood_then_its_best(tiny):
    """What it has looked at since its last move is every neighbour that was new; it moves to the best of them."""
    strategy, looked, moves = search(tiny.space, starts=1, first_improvement=False), [], 0
    known, stood_C, worth = set(), None, None
    for before_C, reward_before, asked_C, reward, starting in steps(strategy, tiny.estimator, 80):
        if stood_C is not None and (starting or (before_C != stood_C).any()):
            near = neighbours_of(tiny.space, stood_C)
            assert near <= known
            best = max(looked, default=(-np.inf, None), key=lambda entry: entry[0])
            assert (best[0] > worth) == (not starting)
            if not starting:
                moves += 1
                np.testing.assert_array_equal(before_C, best[1])
            looked = []
        known.add(int(tiny.space.from_choices(asked_C[None])[0, 0]))
        if not starting:
            looked.append((reward, asked_C))
        stood_C, worth = (None, None) if starting else (before_C, reward_before)
    assert moves > 2


def neighbours_of(space, string_C):
    strings_MC = np.repeat(string_C[None], len(one_decision_edits(space)), axis=0)
    for row_C, (decision, step) in zip(strings_MC, one_decision_edits(space), strict=True):
        row_C[decision] = (row_C[decision] + step) % space.choices[decision]
    return set(space.from_choices(strings_MC)[:, 0].tolist()) - {-1}


def test_the_neighbourhood_is_symmetric(space4):
    """Every edit of a string is undone by another."""
    edits = set(map(tuple, one_decision_edits(space4).tolist()))
    assert len(edits) == sum(size - 1 for size in space4.choices)
    assert {(c, space4.choices[c] - step) for c, step in edits} == edits


@pytest.mark.parametrize("first_improvement", [True, False])
def test_nothing_is_evaluated_twice(first_improvement):
    space = remake(NASBench201)
    rewards = np.random.default_rng(0).permutation(space.size).astype(float)

    estimator = TableEstimator(accuracies("made up"), rewards, rewards)
    strategy = search(space, trials=6, first_improvement=first_improvement)
    assert (run_trials(estimator, strategy, 400).unique_T() == 400).all()


def test_a_space_that_is_used_up_is_searched_on(tiny):
    ledger = run_trials(tiny.estimator, search(tiny.space, trials=4, starts=2), 400)
    assert (ledger.unique_T() > 60).all()
    assert (ledger.curves().reward_TQ[:, -1] == tiny.estimator.reward_N.max()).all()


def test_constant_rewards_never_move_it(tiny):
    strategy = search(tiny.space, starts=2)
    for _ in range(60):
        codes_TNL = strategy.ask(1)
        stood_C, climbing = strategy.strings_TC[0].copy(), strategy.starts_left_T[0] == 0
        strategy.tell(codes_TNL, np.array([[50.0]]))
        if climbing:
            np.testing.assert_array_equal(strategy.strings_TC[0], stood_C)


def test_no_starts_are_refused():
    with pytest.raises(UsageError, match="starts must be at least 1, not 0"):
        LocalSearchWhiteSettings(starts=0)


@pytest.mark.parametrize("length", [1, 4])
def test_what_was_seen_is_a_set_a_trial(length):
    rng = np.random.default_rng(0)
    codes_TQL = rng.integers(0, 300 if length == 1 else 4, (3, 500, length)).astype(np.int32)
    seen, sets = SeenCodes(3), [set() for _ in range(3)]
    rows = np.array([2, 0])
    for q in range(500):
        found_R = seen.contains(rows, codes_TQL[rows, q])
        assert found_R.tolist() == [codes_TQL[t, q].tobytes() in sets[t] for t in rows]
        seen.add(codes_TQL[:, q])
        for t in range(3):
            sets[t].add(codes_TQL[t, q].tobytes())
    other = SeenCodes(3)
    other.load_state_dict(seen.state_dict())
    ahead_TML = rng.integers(-1, 400 if length == 1 else 5, (3, 30, length)).astype(np.int32)
    at_T = np.array([0, 5, 29])
    chosen_T = np.array([True, False, True])
    new_TM = np.array(
        [[code_L[0] >= 0 and code_L.tobytes() not in sets[t] for code_L in ahead_TML[t]] for t in range(3)]
    )
    expected = [next((m for m in range(at_T[t], 30) if new_TM[t, m]), 30) for t in (0, 2)]
    for each in (seen, other):
        assert each.next_unseen(ahead_TML, at_T, chosen_T).tolist() == expected
