import numpy as np
import pytest

from archwalk.estimators.ledger import QueryLedger
from archwalk.strategies.base import Trials
from archwalk.strategies.local_search import LocalSearch, LocalSearchSettings

ALL = 200  # more neighbours than any cell has


def search(benchmark, budget, trials=1, at_once=8, starts_TQL=None, neighbours=ALL, seed=0):
    strategy = LocalSearch(
        Trials(benchmark.space, trials, np.random.default_rng(seed), starts_TQL),
        LocalSearchSettings(neighbours),
    )
    ledger = QueryLedger(benchmark.estimator, budget, trials)
    while ledger.remaining:
        codes_TNL = strategy.ask(min(at_once, ledger.remaining))
        strategy.tell(codes_TNL, ledger.evaluate(codes_TNL))
    return ledger.codes_TQL[:, :, 0]


def starts(benchmark, trials, n=60, seed=3):
    return benchmark.space.sample(np.random.default_rng(seed), trials * n).reshape(trials, n, 1)


def replay(benchmark, asked_Q, starts_Q):
    """Cassimon et al.'s local search retold from what was asked for: the climbs, each a list of where it stood."""
    reward_N = benchmark.estimator.reward_N
    graph, starts_left, at, climbs = benchmark.space.graph, list(starts_Q), 0, []
    while at < len(asked_Q):
        current = asked_Q[at]
        assert current == starts_left.pop(0), "a climb begins at the next start, which is a query"
        at += 1
        climb = [current]
        while at < len(asked_Q):
            neighbours = graph.targets_E[graph.offsets[current] : graph.offsets[current + 1]]
            presented = asked_Q[at : at + len(neighbours)]
            at += len(neighbours)
            if at > len(asked_Q):
                assert set(presented) <= set(neighbours)
                break
            assert sorted(presented) == sorted(neighbours), (
                "every presented neighbour is a query, repeats too"
            )
            best = max(neighbours, key=lambda i: reward_N[i])
            if reward_N[best] <= reward_N[current]:
                break
            current = best
            climb.append(current)
        climbs.append(climb)
    return climbs


@pytest.mark.parametrize("at_once", [1, 7, 1000])
def test_it_moves_to_the_best_and_restarts_at_a_local_optimum(tiny, at_once):
    starts_TQL = starts(tiny, 1)
    asked_Q = search(tiny, 800, at_once=at_once, starts_TQL=starts_TQL)[0]
    climbs = replay(tiny, asked_Q.tolist(), starts_TQL[0, :, 0].tolist())
    assert len(climbs) > 4
    assert max(map(len, climbs)) > 2
    assert len(set(asked_Q)) < len(asked_Q)


def test_every_trial_climbs_on_its_own(tiny):
    starts_TQL = starts(tiny, 5)
    together = search(tiny, 300, trials=5, starts_TQL=starts_TQL)
    for t in range(5):
        replay(tiny, together[t].tolist(), starts_TQL[t, :, 0].tolist())


def test_the_size_of_portions_does_not_matter(tiny):
    starts_TQL = starts(tiny, 3)
    one = search(tiny, 250, trials=3, at_once=1, starts_TQL=starts_TQL, neighbours=6)
    np.testing.assert_array_equal(
        search(tiny, 250, trials=3, at_once=64, starts_TQL=starts_TQL, neighbours=6), one
    )


def test_a_trial_of_many_goes_as_alone(tiny):
    """With its starts given, the first trial depends on nothing but its own stream."""
    starts_TQL = starts(tiny, 4)
    together = search(tiny, 250, trials=4, starts_TQL=starts_TQL, neighbours=6)
    alone = search(tiny, 250, trials=1, starts_TQL=starts_TQL[:1], neighbours=6)
    np.testing.assert_array_equal(together[:1], alone)


def test_at_most_so_many_neighbours_are_presented(tiny):
    graph, reward_N = tiny.space.graph, tiny.estimator.reward_N
    for first in np.flatnonzero(graph.degrees > 8)[:20]:
        asked = search(tiny, 10, starts_TQL=np.full((1, 1, 1), first, np.int32), neighbours=4)[0]
        presented = asked[1:5]
        assert len(set(presented)) == 4
        assert set(presented) <= set(graph.targets_E[graph.offsets[first] : graph.offsets[first + 1]])
        if reward_N[presented].max() > reward_N[first]:
            best = presented[np.argmax(reward_N[presented])]
            assert set(asked[5:9]) <= set(graph.targets_E[graph.offsets[best] : graph.offsets[best + 1]])


def test_improve_climbs_once_to_a_local_optimum(tiny):
    reward_N, graph = tiny.estimator.reward_N, tiny.space.graph
    strategy = LocalSearch(Trials(tiny.space, 1, np.random.default_rng(0)), LocalSearchSettings(ALL))
    starts_BL = np.arange(tiny.space.size, dtype=np.int32)[:, None]
    evaluated = []

    def evaluate(codes_BL):
        evaluated.append(codes_BL)
        return reward_N[codes_BL[:, 0]]

    episodes = strategy.improve(starts_BL, evaluate)
    cost = 0
    for b, final in enumerate(episodes.finals_BL[:, 0]):
        current, steps = b, 0
        while True:
            neighbours = graph.targets_E[graph.offsets[current] : graph.offsets[current + 1]]
            cost += len(neighbours)
            best = neighbours[np.argmax(reward_N[neighbours])]
            if reward_N[best] <= reward_N[current]:
                break
            current, steps = best, steps + 1
        assert (final, episodes.steps_B[b]) == (current, steps)
    assert sum(map(len, evaluated)) == cost + len(starts_BL)
