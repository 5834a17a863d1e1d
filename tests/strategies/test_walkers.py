from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import chisquare

from archwalk.spaces.nsc import NSC, Chain
from archwalk.spaces.task import Task
from archwalk.strategies.base import Trials
from archwalk.strategies.random_search import RandomSearch
from archwalk.strategies.random_walk import RandomWalk
from archwalk.strategies.walker import EPISODE_LIMIT, take_walks

ALPHA = 1e-6
SMALL_IMAGES = Task((1, 5, 5), 10)


def neighbours_of(space, i):
    return space.graph.targets_E[space.graph.offsets[i] : space.graph.offsets[i + 1]]


def walk(space, choose, starts_BL, **settings):
    return take_walks(space, choose, starts_BL, np.random.default_rng(0), **settings)


def test_walks_take_edges_until_they_stop(space4):
    """A policy that always takes action 1 and stops in the end; what it saw tells where it went."""
    seen = []

    def choose(codes_RKL, count_R, streams_R):
        seen.append(codes_RKL[:, :, 0].copy())
        return np.full(len(count_R), 0 if len(seen) == 4 else 1)

    starts_BL = space4.sample(np.random.default_rng(0), 30)
    episodes = walk(space4, choose, starts_BL, neighbours=3)
    np.testing.assert_array_equal(seen[0][:, 0], starts_BL[:, 0])
    for before, after in pairwise(seen):
        np.testing.assert_array_equal(after[:, 0], before[:, 1])
        for row in before:
            assert set(row[1:]) <= set(neighbours_of(space4, row[0]))
    np.testing.assert_array_equal(episodes.finals_BL[:, 0], seen[3][:, 0])
    np.testing.assert_array_equal(episodes.steps_B, 3)


@pytest.mark.parametrize("limit", [1, 5, EPISODE_LIMIT])
def test_walks_end_at_the_limit(space4, limit):
    starts_BL = space4.sample(np.random.default_rng(0), 10)
    episodes = walk(space4, lambda codes, count, streams: np.ones(len(count), int), starts_BL, limit=limit)
    np.testing.assert_array_equal(episodes.steps_B, limit)


def test_the_limit_is_the_paper_s():
    assert EPISODE_LIMIT == 32


def test_those_who_stopped_are_not_asked_again(space4):
    rows = []

    def choose(codes_RKL, count_R, streams_R):
        rows.append(len(count_R))
        return (np.arange(len(count_R)) > 0).astype(int)  # the first of those who are left stops

    starts_BL = space4.sample(np.random.default_rng(0), 6)
    episodes = walk(space4, choose, starts_BL)
    assert rows == [6, 5, 4, 3, 2, 1]
    assert episodes.steps_B.tolist() == [0, 1, 2, 3, 4, 5]


def test_progress_is_told_how_many_have_ended(space4):
    told = []
    starts_BL = space4.sample(np.random.default_rng(0), 5_000)
    walk(space4, lambda codes, count, streams: np.zeros(len(count), int), starts_BL, progress=told.append)
    assert told == [4096, 5000]


def test_random_walk_draws_every_action_alike(space4):
    """The stop is one of the actions: from one start, the first step."""
    start = int(np.argmax(space4.graph.degrees))
    strategy = RandomWalk(Trials(space4, 1, np.random.default_rng(0)))
    n = 20_000
    codes_RKL, count_R = np.zeros((n, 51, 1), np.int32), np.full(n, 13, np.int32)
    streams_R = np.random.default_rng(1).integers(0, 2**64, n, dtype=np.uint64)
    action_R = strategy.choose(codes_RKL, count_R, streams_R)
    assert chisquare(np.bincount(action_R, minlength=14)).pvalue > ALPHA
    assert action_R.max() == 13
    assert start >= 0


def test_random_walk_s_length_is_geometric(space4):
    """Where every cell has N neighbours presented, a walk goes on with probability N / (N + 1)."""
    strategy = RandomWalk(Trials(space4, 1, np.random.default_rng(0)))
    strategy.neighbours = 3  # the least that a cell of this space has
    assert space4.graph.degrees.min() >= 3
    steps_B = strategy.improve(space4.sample(np.random.default_rng(1), 20_000)).steps_B
    assert (steps_B == 0).mean() == pytest.approx(1 / 4, abs=0.015)
    assert (steps_B == 1).mean() == pytest.approx(3 / 16, abs=0.015)
    assert steps_B.max() <= EPISODE_LIMIT


def test_an_episode_is_a_query_from_the_listed_starts(space4):
    starts_TQL = space4.sample(np.random.default_rng(2), 12).reshape(3, 4, 1)
    strategy = RandomWalk(Trials(space4, 3, np.random.default_rng(0), starts_TQL))
    seen = []
    original = strategy.choose

    def choose(codes_RKL, count_R, streams_R):
        seen.append(codes_RKL[:, 0, 0].copy())
        return original(codes_RKL, count_R, streams_R)

    strategy.choose = choose
    codes_TNL = strategy.ask(4)
    assert codes_TNL.shape == (3, 4, 1)
    np.testing.assert_array_equal(seen[0], starts_TQL.reshape(-1))


def test_starts_beyond_the_list_are_sampled(space4):
    trials = Trials(space4, 2, np.random.default_rng(0), np.full((2, 3, 1), 7, np.int32))
    drawn = trials.next_starts(40)[:, :, 0]
    assert (drawn[:, :3] == 7).all()
    assert len(np.unique(drawn[:, 3:])) > 10
    only_second = trials.next_start(np.array([False, True]))
    assert only_second.shape == (1, 1)


def test_random_search_samples_the_space_s_starts(space4):
    strategy = RandomSearch(Trials(space4, 5, np.random.default_rng(0)))
    ids = strategy.ask(6_000).ravel()
    expected = len(ids) * space4.start_weights
    assert chisquare(np.bincount(ids, minlength=space4.size), expected).pvalue > ALPHA


def test_random_search_improves_nothing(space4):
    """Cassimon et al.'s Figure 8 shows it all the same: a fresh sample in place of the start."""
    episodes = RandomSearch(Trials(space4, 1, np.random.default_rng(0))).improve(np.zeros((400, 1), np.int32))
    assert len(np.unique(episodes.finals_BL)) > 50
    np.testing.assert_array_equal(episodes.steps_B, 0)


@pytest.mark.parametrize("space", [NSC(4, "chain", task=SMALL_IMAGES), Chain(3, SMALL_IMAGES)])
def test_random_search_draws_nothing_that_cannot_be_built(space):
    """Images of 5 pixels leave room for two pools: without this half of the budget is lost."""
    strategy = RandomSearch(Trials(space, 3, np.random.default_rng(0)))
    assert space.fits(strategy.ask(50).reshape(-1, space.code_length)).all()
    assert space.fits(strategy.improve(space.sample(np.random.default_rng(1), 50)).finals_BL).all()
    assert not space.fits(space.sample(np.random.default_rng(0), 50)).all()
