from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from archwalk.agents.building.running import replay
from archwalk.agents.meta_rl import MetaRLTrainer
from archwalk.data.states import read_state, write_state
from archwalk.environments.builds import NO_ACTION
from archwalk.errors import UsageError
from archwalk.spaces.nsc import Chain
from archwalk.spaces.task import Task
from building_cases import META, SIZE, branches, chains
from model_based import assert_same_network

CASES = pytest.mark.parametrize(
    ("settings", "benchmarks"),
    [
        (META, [chains(), chains(1), chains(2)]),
        (replace(META, environments=3, masks=True, across_episodes=True, rounds=2), [chains(), chains(1)]),
        (replace(META, sigma=0.1, n_step=10, action_limit=6, masks=True), [branches()]),
        (replace(META, sigma=0.1, action_limit=5, limit_terminates=True), [branches()]),
    ],
    ids=["chains", "environments", "masks", "branches"],
)


def make(settings, benchmarks, seed=0, cls=MetaRLTrainer):
    return cls(benchmarks[0], settings, seed, then=benchmarks[1:])


@CASES
def test_goes_on_from_its_state_to_the_bit(settings, benchmarks, tmp_path):
    """After any number of episodes, and whatever the global generators say."""
    goes_on(settings, benchmarks, tmp_path)


def test_goes_on_with_recollections_and_other_names(tmp_path):
    goes_on(
        replace(META, environments=2, shuffled=0.5, recall=True, relative=True),
        [chains(), chains(1)],
        tmp_path,
    )


def goes_on(settings, benchmarks, tmp_path):
    whole = make(settings, benchmarks)
    rows = list(whole.run())
    assert whole.done == whole.total
    for episodes in (1, len(rows) // 2, len(rows) - 1):
        first = make(settings, benchmarks)
        begun = [row for _, row in zip(range(episodes), first.run(), strict=False)]
        write_state(tmp_path / "state", first.state_dict())
        torch.manual_seed(99)
        second = make(settings, benchmarks, seed=1)
        second.load_state_dict(read_state(tmp_path / "state"))
        assert begun + list(second.run()) == rows
        assert_same_network(second, whole)
        assert (second.ledger.queries, second.ledger.unique) == (whole.ledger.queries, whole.ledger.unique)
    different = make(settings, benchmarks, seed=1)
    assert list(different.run()) != rows


class Spy(MetaRLTrainer):
    """Remembers of each step the trial, the memory before it, what was seen, and what it was paid."""

    def __init__(self, *arguments, **extra):
        self.steps, self.segments = [], []
        super().__init__(*arguments, **extra)
        learn = self.learner.learn
        self.learner.learn = lambda segment: (self.segments.append(segment), learn(segment))[1]

    def _act(self):
        builds, memory, before = (
            self.construction.builds,
            self.memory,
            self.construction.builds.steps_B.copy(),
        )
        last = builds.last_action_B.copy(), builds.last_reward_B.copy()
        step = super()._act()
        self.steps.append((self.trial, memory, before, last, step))
        return step


@CASES
def test_memory_lives_as_long_as_a_trial(settings, benchmarks):
    spy = make(settings, benchmarks, cls=Spy)
    list(spy.run())
    trials = [trial for trial, *_ in spy.steps]
    begins = [0, *(i for i in range(1, len(trials)) if trials[i] != trials[i - 1])]
    assert len(begins) == spy.trials == settings.rounds * len(benchmarks)
    for i, (_, memory, at_B, (action_B, reward_B), _) in enumerate(spy.steps):
        blank = all(part.abs().max() == 0 for part in memory)
        assert blank == (i in begins), "within a trial also where an episode begins"
        if i in begins:
            assert (action_B == NO_ACTION).all()
            assert not reward_B.any()
            assert not at_B.any()
        else:
            before = spy.steps[i - 1][4]
            np.testing.assert_array_equal(action_B, before["action_SB"])
            np.testing.assert_array_equal(reward_B, before["reward_SB"])
    assert sum((at_B == 0).sum() for _, _, at_B, _, _ in spy.steps) > 3 * len(begins)


@CASES
def test_it_learns_from_what_it_saw(settings, benchmarks):
    """The previous reward is the reward, the step is the same when acting and when learning, and one action by lot a
    trial is not the policy's.
    """
    spy = make(settings, benchmarks, cls=Spy)
    list(spy.run())
    inputs = np.concatenate([segment.inputs_SBX for segment in spy.segments])
    drawn = np.concatenate([segment.drawn_SB for segment in spy.segments])
    limit, trials = spy.construction.builds.settings.limit, [trial for trial, *_ in spy.steps]
    assert len(inputs) == len(spy.steps)
    for i, (_, _, at_B, (action_B, reward_B), _) in enumerate(spy.steps):
        np.testing.assert_array_equal(inputs[i, :, -2], reward_B.astype(np.float32))
        np.testing.assert_allclose(inputs[i, :, -1], at_B / limit)
        actions = spy.construction.actions
        expected = action_B[:, None] == np.arange(actions)
        np.testing.assert_array_equal(inputs[i, :, -2 - actions : -2], expected)
        assert drawn[i].all() == (i > 0 and trials[i] == trials[i - 1])


def test_what_a_truncated_episode_is_worth_is_seen_with_the_memory_of_then():
    spy = make(replace(META, action_limit=2), [chains()], cls=Spy)
    list(spy.run())
    cut = 0
    for first, segment in zip(range(0, 60, 4), spy.segments, strict=True):
        assert segment.memory is spy.steps[first][1]
        cut += segment.truncated_SB.sum()
        assert (segment.cut_value_SB[~segment.truncated_SB] == 0).all()
        assert (segment.cut_value_SB[segment.truncated_SB] != 0).all()
        assert not (segment.truncated_SB & segment.terminated_SB).any()
    assert cut > 10
    ending = make(replace(META, action_limit=2, limit_terminates=True), [chains()], cls=Spy)
    list(ending.run())
    assert not any(segment.truncated_SB.any() for segment in ending.segments)


def test_the_first_action_is_by_lot():
    """Even of a policy that always does the same."""
    counts = np.zeros(8)
    trainer = make(replace(META, environments=400), [chains()])
    with torch.no_grad():
        trainer.network.policy.bias[3] = 99.0
    counts += np.bincount(trainer._act()["action_SB"], minlength=8)
    assert counts.min() > 25
    assert set(trainer._act()["action_SB"]) == {3}


@CASES
def test_rows_say_what_the_episodes_were(settings, benchmarks):
    spy = make(settings, benchmarks, cls=Spy)
    rows = list(spy.run())
    rewards = np.array([step["reward_SB"] for *_, step in spy.steps])
    assert max(row["charts/best_so_far"] for row in rows) == rewards.max()
    for row in rows:
        shares = [value for name, value in row.items() if name.startswith("actions/")]
        assert len(shares) == spy.construction.actions
        assert sum(shares) == pytest.approx(1)
        assert row["charts/best"] <= min(row["charts/reward"], row["charts/best_so_far"]) + 1e-12
        assert 0 < row["charts/entropy"] <= np.log(spy.construction.actions) + 1e-6
        assert 1 <= row["charts/length"] <= spy.construction.builds.settings.longest
        assert ("charts/branched" in row) == spy.construction.builds.space.table.branches
    if settings.environments == 1:
        first = rows[0]
        length = int(first["charts/length"])
        assert first["charts/step"] == length
        assert first["charts/reward"] == pytest.approx(rewards[:length].sum())
    assert {row["charts/trial"] for row in rows} == set(range(spy.trials))


def test_it_pays_on_each_benchmark_apart():
    trainer = make(META, [chains(), chains(1)])
    list(trainer.run())
    assert trainer.total == trainer.done == 95
    assert trainer.ledger.queries == sum(part.queries for part in trainer.ledger.parts)
    assert all(part.queries > 10 for part in trainer.ledger.parts)


@pytest.fixture(scope="module")
def learned():
    """A policy that has learned on one benchmark, with its rows."""
    settings = replace(META, steps=900, width=32, learning_rate=3e-3, environments=2)
    trainer = make(settings, [chains()])
    return trainer, list(trainer.run())


def test_it_learns(learned):
    """The last episodes are worth more than those of random actions."""
    _, rows = learned
    lottery = make(
        replace(META, steps=600, learning_rate=1e-12), [chains()]
    )  # its first policy is nearly uniform
    random = np.mean([row["charts/reward"] for row in lottery.run()])
    late = np.mean([row["charts/reward"] for row in rows[-60:]])
    assert late > 1.25 * random
    assert rows[-1]["charts/entropy"] < rows[0]["charts/entropy"]


def test_a_frozen_policy_keeps_its_weights_and_its_memory_adapts(learned):
    trainer, _ = learned
    before = {name: weight.clone() for name, weight in trainer.network.state_dict().items()}
    again = partial(replay, trainer.agent(), steps=80)
    rows = list(again(benchmark=chains(7), seed=0))
    assert rows == list(again(benchmark=chains(7), seed=0))
    assert rows != list(again(benchmark=chains(7), seed=1))
    elsewhere = list(again(benchmark=chains(8), seed=0))
    pairs = list(zip(rows[1:], elsewhere[1:], strict=False))
    assert all(a["charts/entropy"] != b["charts/entropy"] for a, b in pairs), (
        "its rewards change what it does"
    )
    for name, weight in trainer.network.state_dict().items():
        assert torch.equal(weight, before[name])
    reward_N = chains(7).estimator.reward_N
    for row in rows:
        if row["charts/best"]:
            assert reward_N[int(row["code/0"])] / 100 == pytest.approx(row["charts/best"])
    assert rows[-1]["queries"] >= rows[-1]["unique"] > 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": 0}, "steps must be at least 1, not 0"),
        ({"n_step": 0}, "n_step must be at least 1"),
        ({"later_steps": -1}, "later_steps must be at least 0, not -1"),
        ({"learning_rate": 0.0}, "learning_rate must be above 0"),
        ({"gamma": 1.1}, "gamma must be between 0 and 1"),
        ({"gamma": float("nan")}, "gamma must be between 0 and 1"),
        ({"entropy_weight": -0.1}, "entropy_weight must be at least 0"),
        ({"sigma": 2.0}, "sigma must be between 0 and 1, not 2.0"),
        ({"action_limit": -1}, "action_limit must be at least 0, not -1"),
    ],
)
def test_settings_that_make_no_sense(changes, message):
    with pytest.raises(UsageError, match=message):
        replace(META, **changes)


def test_misuse(tiny):
    with pytest.raises(UsageError, match=r"has no layers to stack; agents that build need chain"):
        make(META, [tiny])
    with pytest.raises(UsageError, match="one policy cannot build on chains-0 and branches"):
        make(META, [chains(), branches()])
    with pytest.raises(UsageError, match="one policy cannot build on chains-0 and chains-1"):
        make(META, [chains(), chains(1, depth=3)])
    with pytest.raises(UsageError, match="take no starts"):
        MetaRLTrainer(chains(), META, 0, lambda rng, n: None)
    with pytest.raises(UsageError, match="unknown benchmark 'nowhere'"):
        MetaRLTrainer(chains(), replace(META, then="nowhere"), 0)
    trainer = make(META, [chains()])
    with pytest.raises(
        UsageError, match=r"the agent sees .* numbers and has 8 actions, building in nsc means"
    ):
        next(replay(trainer.agent(), branches(), 5, 0))


def test_pools_alone_can_be_masked():
    """Where nothing makes sense anything may be chosen."""
    benchmark = replace(chains(), space=Chain(4, Task((1, 1, 1), 10), SIZE))
    trainer = make(replace(META, masks=True), [benchmark])
    rows = list(trainer.run())
    assert all(row[f"actions/{a}"] == 0 for row in rows[1:] for a in range(3, 7))
