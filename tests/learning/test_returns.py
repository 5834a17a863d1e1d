import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archwalk.data.states import read_state, write_state
from archwalk.learning.returns import NStepReturns, generalised_advantages, segment_returns

GAMMA = 0.8


def steps_of(length, batch, seed, end_probability=0.3):
    """Random steps: terminations, truncations, neither (never both)."""
    rng = np.random.default_rng(seed)
    for t in range(length):
        end = rng.random(batch) < end_probability
        terminated = end & (rng.random(batch) < 0.5)
        yield {
            "observation": {"id": t * 100 + np.arange(batch), "pair": rng.random((batch, 2))},
            "action_B": rng.integers(0, 9, batch),
            "reward_B": rng.normal(size=batch),
            "next_observation": {"id": t * 100 + np.arange(batch) + 50, "pair": rng.random((batch, 2))},
            "terminated_B": terminated,
            "truncated_B": end & ~terminated,
        }


def naive(steps, n, batch):
    """One environment at a time: from every step, look ahead until n rewards or the episode's end."""
    expected = []
    for b in range(batch):
        for t, first in enumerate(steps):
            total, last = 0.0, None
            for k in range(n):
                if t + k == len(steps):
                    break
                step = steps[t + k]
                total += GAMMA**k * step["reward_B"][b]
                ended = step["terminated_B"][b] or step["truncated_B"][b]
                if ended or k == n - 1:
                    discount = 0.0 if step["terminated_B"][b] else GAMMA ** (k + 1)
                    last = (step["next_observation"]["id"][b], discount)
                    break
            if last is not None:
                expected.append((first["observation"]["id"][b], first["action_B"][b], total, *last))
    return sorted(expected)


def collect(returns, steps):
    found = []
    for step in steps:
        out = returns.push(**step)
        if out is not None:
            assert len(out["action"]) > 0
            columns = ("observation.id", "action", "return", "next.id", "discount")
            found += zip(*(out[name].tolist() for name in columns), strict=True)
    return sorted(found)


@settings(deadline=None, max_examples=150)
@given(n=st.integers(1, 5), batch=st.integers(1, 4), length=st.integers(0, 14), seed=st.integers(0, 2**32))
def test_transitions_are_those_of_the_naive_way(n, batch, length, seed):
    steps = list(steps_of(length, batch, seed))
    found, expected = collect(NStepReturns(n, GAMMA), steps), naive(steps, n, batch)
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other, rel=1e-5, abs=1e-6)


def one_step(reward, terminated=False, truncated=False):
    return {
        "observation": {"id": np.array([1])},
        "action_B": np.array([3]),
        "reward_B": np.array([reward]),
        "next_observation": {"id": np.array([2])},
        "terminated_B": np.array([terminated]),
        "truncated_B": np.array([truncated]),
    }


def test_terminated_is_not_bootstrapped_and_truncated_is():
    for ending, discounts in (("terminated", [0, 0]), ("truncated", [GAMMA**2, GAMMA])):
        returns = NStepReturns(3, GAMMA)
        assert returns.push(**one_step(1.0)) is None
        out = returns.push(**one_step(2.0, **{ending: True}))
        np.testing.assert_allclose(out["return"], [1 + GAMMA * 2, 2], rtol=1e-6)
        np.testing.assert_allclose(out["discount"], discounts, rtol=1e-6)
        assert returns.push(**one_step(5.0)) is None, "a new episode begins with nothing open"


def test_transitions_are_32_bit_and_hold_whole_observations():
    steps = list(steps_of(6, 3, 0))
    out = NStepReturns(1, GAMMA).push(**steps[0])
    assert (out["return"].dtype, out["discount"].dtype) == (np.float32, np.float32)
    np.testing.assert_array_equal(out["observation.pair"], steps[0]["observation"]["pair"])
    np.testing.assert_array_equal(out["next.pair"], steps[0]["next_observation"]["pair"])


@pytest.mark.parametrize("n", [1, 3, 12])
def test_state_goes_through_a_file(tmp_path, n):
    """Twelve: more than ten windows are open at once."""
    steps = list(steps_of(40, 3, 5, end_probability=0.01))
    one, other = NStepReturns(n, GAMMA), NStepReturns(n, GAMMA)
    collect(one, steps[:20])
    collect(other, steps[:3])  # forgotten
    write_state(tmp_path / "state", one.state_dict())
    other.load_state_dict(read_state(tmp_path / "state"))
    assert collect(other, steps[20:]) == collect(one, steps[20:])


@pytest.mark.parametrize("n", [0, -1])
def test_n_below_one_is_refused(n):
    with pytest.raises(ValueError, match="n >= 1"):
        NStepReturns(n, GAMMA)


def test_generalised_advantages_are_discounted_sums_of_errors():
    rng = np.random.default_rng(5)
    steps, batch, gamma, decay = 7, 3, 0.9, 0.8
    reward, value, cut = (rng.normal(size=(steps, batch)) for _ in range(3))
    last = rng.normal(size=batch)
    terminated, truncated = (rng.random((steps, batch)) < 0.2 for _ in range(2))
    truncated &= ~terminated
    found = generalised_advantages(reward, value, terminated, truncated, cut, last, gamma, decay)
    for b in range(batch):
        for s in range(steps):
            wanted, weight = 0.0, 1.0
            for t in range(s, steps):
                ahead = value[t + 1, b] if t + 1 < steps else last[b]
                ahead = 0.0 if terminated[t, b] else cut[t, b] if truncated[t, b] else ahead
                wanted += weight * (reward[t, b] + gamma * ahead - value[t, b])
                weight *= gamma * decay
                if terminated[t, b] or truncated[t, b]:
                    break
            assert found[s, b] == pytest.approx(wanted)
    whole = generalised_advantages(reward, value, terminated, truncated, cut, last, gamma, 1.0)
    returns = segment_returns(reward, terminated, truncated, cut, last, gamma)
    np.testing.assert_allclose(whole + value, returns)
