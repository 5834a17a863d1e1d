import numpy as np
import pytest

from archwalk.environments.shaping import Shaping
from archwalk.errors import UsageError
from archwalk.experiments.comparison import solve_benchmark, summarise_oracle
from archwalk.strategies.oracle import solve

GAMMAS = pytest.mark.parametrize("gamma", [0.0, 0.5, 0.9, 0.99])


def naive_values(space, shaped_N, gamma):
    """Value iteration from the definition, all states at once, until nothing moves."""
    value = np.zeros(space.size)
    neighbours = [
        space.graph.targets_E[a:b] for a, b in zip(space.graph.offsets, space.graph.offsets[1:], strict=False)
    ]
    for _ in range(20_000):
        new = np.array(
            [
                max(0.0, max(shaped_N[t] - shaped_N[s] + gamma * value[t] for t in neighbours[s]))
                for s in range(space.size)
            ]
        )
        if np.abs(new - value).max() < 1e-14:
            return new
        value = new
    raise AssertionError("value iteration did not converge")


@GAMMAS
def test_values_are_those_of_value_iteration(tiny, gamma):
    shaping = Shaping(6)
    oracle = solve(tiny.space.graph, tiny.estimator.reward_N, gamma=gamma, shaping=shaping)
    shaped_N = shaping(tiny.estimator.reward_N)
    np.testing.assert_allclose(oracle.value_N, naive_values(tiny.space, shaped_N, gamma), atol=1e-11)


@GAMMAS
def test_following_the_policy_earns_its_value(tiny, gamma):
    """Walk it out by hand: discounted rewards, edges of the graph, end, number of moves."""
    oracle = solve(tiny.space.graph, tiny.estimator.reward_N, gamma=gamma, shaping=Shaping(6))
    shaped_N, graph = Shaping(6)(tiny.estimator.reward_N), tiny.space.graph
    for start in range(tiny.space.size):
        current, steps, total = start, 0, 0.0
        while (following := oracle.next_N[current]) != current:
            assert following in graph.targets_E[graph.offsets[current] : graph.offsets[current + 1]]
            total += gamma**steps * (shaped_N[following] - shaped_N[current])
            current, steps = following, steps + 1
            assert steps <= tiny.space.size, "the walk goes in circles"
        assert total == pytest.approx(oracle.value_N[start], abs=1e-12)
        assert (oracle.final_N[start], oracle.steps_N[start]) == (current, steps)


def test_far_sight_reaches_the_best_from_everywhere(tiny):
    reward_N = tiny.estimator.reward_N
    oracle = solve(tiny.space.graph, reward_N, gamma=0.999, shaping=Shaping(6))
    assert (oracle.final_N == np.argmax(reward_N)).all()


def test_short_sight_is_greedy(tiny):
    reward_N, graph = tiny.estimator.reward_N, tiny.space.graph
    oracle = solve(graph, reward_N, gamma=0.0, shaping=Shaping(6))
    for s in range(tiny.space.size):
        neighbours = graph.targets_E[graph.offsets[s] : graph.offsets[s + 1]]
        best = neighbours[np.argmax(reward_N[neighbours])]
        assert oracle.next_N[s] == (best if reward_N[best] > reward_N[s] else s)


@pytest.mark.parametrize("gamma", [1.0, -0.1, 2, float("nan")])
def test_gamma_out_of_range(tiny, gamma):
    with pytest.raises(UsageError, match="gamma must be at least 0 and below 1"):
        solve(tiny.space.graph, tiny.estimator.reward_N, gamma=gamma, shaping=Shaping())


def test_summary_by_hand(tiny):
    """Over two starts, three parts of the one and one of the other."""
    oracle = solve_benchmark(tiny, 0.9)
    weights_N = np.zeros(tiny.space.size)
    weights_N[[5, 40]] = 3, 1
    summary = summarise_oracle(tiny, oracle, weights_N)
    reward_N, report_N = tiny.estimator.reward_N, tiny.estimator.report_N
    final = oracle.final_N[[5, 40]]
    gained = reward_N[final] - reward_N[[5, 40]]
    share = np.array([0.75, 0.25])
    assert summary.mean_final == pytest.approx(share @ reward_N[final])
    assert summary.mean_final_report == pytest.approx(share @ report_N[final])
    assert summary.median_final == pytest.approx(reward_N[final[0]])
    assert summary.mean_steps == pytest.approx(share @ oracle.steps_N[[5, 40]])
    assert summary.mean_improvement == pytest.approx(share @ gained)
    assert summary.median_improvement == pytest.approx(gained[0])
    assert summary.best_reward == reward_N.max()
    assert summary.best_report == report_N[np.argmax(reward_N)]
    assert (summary.gamma, summary.alpha, summary.objective) == (0.9, 6.0, "validation")


@pytest.mark.parametrize(("gamma", "mean_final", "tolerance"), [(0.9, 94.236, 0.02), (0.99, 94.3176, 5e-5)])
def test_optimum_of_nasbench101(nasbench101, gamma, mean_final, tolerance):
    oracle = solve_benchmark(nasbench101, gamma)
    summary = summarise_oracle(nasbench101, oracle, nasbench101.space.start_weights)
    assert summary.mean_final == pytest.approx(mean_final, abs=tolerance)
    assert summary.best_reward == pytest.approx(94.3175752957662)
    if gamma == 0.99:
        best = nasbench101.estimator.reward_N[oracle.final_N]
        np.testing.assert_allclose(best, 94.3175752957662, err_msg="the best cell from every start")
        assert nasbench101.space.published_hash(oracle.final_N[:1]).startswith("02e5a024")
        assert summary.mean_steps == pytest.approx(7.9, abs=0.06)
