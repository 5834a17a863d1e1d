import construction_cases as cases
import numpy as np
import pytest
from construction_cases import CHAIN, MULTI, MadeUp, Naive

from archwalk.data.states import read_state, write_state
from archwalk.environments.builds import Builds, End
from archwalk.environments.construction_settings import ConstructionSettings, list_actions
from archwalk.errors import UsageError
from archwalk.estimators.ledger import TrainingLedger
from archwalk.spaces.nsc import NSC, Chain, CodeTable, NSCSize

CONV1, CONV3, CONV5, MAX2, MAX3, AVG2, AVG3, STOP, ADD, CONCAT, UP1, DOWN1, UP2, DOWN2 = range(14)


def make_builds(settings=MULTI, batch=1, estimator=None, space=None, **changes):
    settings = ConstructionSettings(**{**vars(settings), **changes})
    builds = Builds(space or settings.make_space(), TrainingLedger(estimator or MadeUp()), batch, settings)
    builds.reset()
    return builds


def play(builds, *actions):
    """One episode; the steps' (reward, end, terminated, truncated)."""
    steps = [builds.step(np.array([action])) for action in actions]
    return [
        (float(s.reward_B[0]), End(s.end_B[0]), bool(s.terminated_B[0]), bool(s.truncated_B[0]))
        for s in steps
    ]


def score_of(space, *vectors):
    return cases.made_up(space.parse({"layers": [list(v) for v in vectors]}).tolist()) / 100


def test_actions_are_those_of_table_2():
    actions = list_actions(CodeTable(10, "multi-branch"))
    assert actions.names == (
        "add convolution 1",
        "add convolution 3",
        "add convolution 5",
        "add max-pooling 2",
        "add max-pooling 3",
        "add avg-pooling 2",
        "add avg-pooling 3",
        "terminal",
        "add addition",
        "add concatenation",
        "shift p1 up",
        "shift p1 down",
        "shift p2 up",
        "shift p2 down",
    )
    assert list_actions(CodeTable(10, "chain")).names == actions.names[:8]


def test_every_step_is_paid_the_score_of_the_network_as_it_is():
    builds = make_builds(CHAIN)
    space = builds.space
    steps = play(builds, CONV3, MAX2, STOP)
    first = score_of(space, [1, 1, 3, 0, 0])
    both = score_of(space, [1, 1, 3, 0, 0], [2, 2, 2, 1, 0])
    assert [reward for reward, *_ in steps] == [first, both, both]
    assert [end for _, end, *_ in steps] == [End.NONE, End.NONE, End.TERMINAL]
    assert builds.ledger.queries == 2, "what the terminal ends is not evaluated again"


def test_a_terminal_ends_and_is_in_the_state_alone():
    builds = make_builds(CHAIN)
    *_, (_, _, terminated, truncated) = play(builds, CONV3, STOP)
    assert (terminated, truncated) == (True, False)
    state = builds.space.encode(builds.layers_BDR)[0]
    assert state.argmax(axis=1).tolist() == [0, 0, 1, 7], "right-aligned: empty, empty, convolution, terminal"
    np.testing.assert_array_equal(builds.codes_BL[0], builds.space.parse({"layers": [[1, 1, 3, 0, 0]]}))


def test_a_terminal_without_a_layer_is_worth_nothing():
    builds = make_builds(CHAIN)
    assert play(builds, STOP) == [(0.0, End.TERMINAL, True, False)]
    assert builds.ledger.queries == 0
    assert (builds.codes_BL == -1).all()


def test_full_networks_terminate():
    builds = make_builds(CHAIN)
    ends = play(builds, CONV1, CONV1, CONV1, CONV1)
    assert [end for _, end, *_ in ends] == [End.NONE] * 3 + [End.FULL]
    assert ends[-1][0] == score_of(builds.space, *([i, 1, 1, i - 1, 0] for i in range(1, 5)))
    assert ends[-1][2:] == (True, False)


@pytest.mark.parametrize("actions", [(UP1,), (DOWN1,), (UP2,), (DOWN2,), (CONV1, UP1), (CONV1, DOWN2, DOWN2)])
def test_pointers_out_of_bounds_terminate_without_reward(actions):
    builds = make_builds()
    *before, last = play(builds, *actions)
    assert last == (0.0, End.OUT_OF_BOUNDS, True, False)
    assert all(end == End.NONE for _, end, *_ in before)
    assert ((builds.pointers_B2 >= 0) & (builds.pointers_B2 <= 1)).all()


@pytest.mark.parametrize(("terminates", "expected"), [(True, (True, False)), (False, (False, True))])
def test_too_many_actions_truncate_or_terminate(terminates, expected):
    builds = make_builds(limit_terminates=terminates, action_limit=3)
    steps = play(builds, CONV1, DOWN1, UP1, DOWN1)
    assert [end for _, end, *_ in steps] == [End.NONE, End.NONE, End.NONE, End.LIMIT], (
        "beyond the limit, not at it"
    )
    assert steps[-1][2:] == expected
    assert steps[-1][0] > 0, "what was built is still paid for"


def test_what_ends_an_episode_anyway_does_not_truncate_it():
    assert play(make_builds(CHAIN, action_limit=1), STOP)[0][1:] == (End.TERMINAL, True, False)
    last = play(make_builds(CHAIN, action_limit=3), CONV1, CONV1, CONV1, CONV1)[-1]
    assert last[1:] == (End.FULL, True, False)


def test_limits_are_those_of_the_paper():
    """Section 6: tau = d = 10 for chains, 20 with branches; section 4.2.3: beyond it an episode ends."""
    assert ConstructionSettings(CodeTable(10, "chain")).limit == 10
    assert ConstructionSettings(CodeTable(10, "multi-branch")).limit == 20
    builds = make_builds(ConstructionSettings(CodeTable(10, "multi-branch"), limit_terminates=True))
    steps = play(builds, CONV1, *[DOWN1, UP1] * 10)
    assert [end for _, end, *_ in steps] == [End.NONE] * 20 + [End.LIMIT]


@pytest.mark.parametrize("sigma", [0.0, 0.1, 1.0])
def test_sigma_is_what_shifts_are_paid(sigma):
    builds = make_builds(sigma=sigma)
    steps = play(builds, CONV3, DOWN1, DOWN2, UP1)
    first = score_of(builds.space, [1, 1, 3, 0, 0])
    assert [reward for reward, *_ in steps] == pytest.approx([first, *[sigma * first] * 3])
    assert builds.ledger.queries == 1


def test_shifts_before_the_first_layer_are_paid_nothing():
    assert play(make_builds(sigma=1.0), CONV1)[0][0] > 0
    assert play(make_builds(sigma=1.0), UP1)[0][0] == 0


def test_a_pool_larger_than_the_image_ends_without_reward():
    """12 -> 4 -> 1 by pools of 3."""
    builds = make_builds(CHAIN)
    steps = play(builds, MAX3, AVG3, MAX2)
    assert steps[-1] == (0.0, End.INVALID, True, False)
    assert builds.ledger.queries == 2, "nobody trains what cannot be built"


def test_too_many_weights_end_without_reward():
    small = NSCSize(filters=2, dense=4, max_parameters=300)
    assert play(make_builds(CHAIN, size=small), CONV1)[0][1] == End.INVALID
    assert play(make_builds(CHAIN, size=small), MAX3)[0][1] == End.NONE


def test_an_estimator_that_says_nan_ends_without_reward():
    broken = NSC(table=CHAIN.table).parse({"layers": [[1, 1, 5, 0, 0]]})
    builds = make_builds(CHAIN, estimator=MadeUp([broken.tolist()]))
    assert play(builds, CONV5) == [(0.0, End.INVALID, True, False)]


def test_pointers_follow_the_last_layer_and_keep_their_distance():
    builds = make_builds()
    play(builds, CONV1, DOWN1)
    assert builds.pointers_B2.tolist() == [[0, 1]]
    play(builds, CONV3)
    assert builds.pointers_B2.tolist() == [[1, 2]]
    play(builds, ADD)
    assert builds.layers_BDR[0].tolist()[:3] == [[1, 1, 0, 0], [1, 3, 0, 0], [5, 0, 1, 2]]


def test_what_is_built_is_evaluated_in_its_canonical_form():
    """Two convolutions side by side, in either order."""
    builds = make_builds(batch=2)
    for actions in ([CONV1, CONV3], [DOWN1, DOWN1], [CONV3, CONV1]):
        step = builds.step(np.array(actions))
    assert step.score_B[0] == step.score_B[1]
    np.testing.assert_array_equal(step.codes_BL[0], step.codes_BL[1])


@pytest.mark.parametrize("settings", [CHAIN, MULTI], ids=["chain", "multi-branch"])
@pytest.mark.parametrize("limit", [None, 2])
def test_episodes_are_those_of_lists(settings, limit):
    settings = ConstructionSettings(**{**vars(settings), "action_limit": limit})
    rng = np.random.default_rng(0)
    builds = make_builds(settings, batch=8)
    naive = [Naive(settings) for _ in range(8)]
    seen = set()
    for _ in range(300):
        actions = rng.integers(0, len(builds.actions.names), 8)
        step = builds.step(actions)
        for b in range(8):
            reward, end = naive[b].step(actions[b])
            assert step.reward_B[b] == pytest.approx(reward)
            assert End(step.end_B[b]).name == end
            seen.add(end)
            if end != "NONE":
                naive[b] = Naive(settings)
        builds.restart(step.done_B)
    expected = {"NONE", "TERMINAL", "INVALID", "LIMIT", "FULL", "OUT_OF_BOUNDS"}
    chain = settings.table.kind == "chain"
    expected -= {"OUT_OF_BOUNDS"} if chain else set()
    expected -= {"FULL"} if limit == 2 else set()
    assert seen == expected - ({"LIMIT"} if chain and limit is None else set())


@pytest.mark.parametrize("settings", [CHAIN, MULTI], ids=["chain", "multi-branch"])
def test_the_mask_says_what_ends_an_episode_for_nothing(settings):
    rng = np.random.default_rng(1)
    builds = make_builds(settings, batch=30)
    for _ in range(60):
        mask_BA = builds.mask_BA()
        empty_B = builds.length_B == 0
        actions = rng.integers(0, len(builds.actions.names), 30)
        step = builds.step(actions)
        allowed_B = mask_BA[np.arange(30), actions]
        for_nothing_B = np.isin(step.end_B, [End.OUT_OF_BOUNDS, End.INVALID])
        for_nothing_B |= (step.end_B == End.TERMINAL) & empty_B
        np.testing.assert_array_equal(allowed_B, ~for_nothing_B)
        builds.restart(step.done_B)


def test_a_table_of_chains_is_looked_up_by_id():
    space = Chain(4, cases.TASK, cases.SIZE)
    builds = make_builds(CHAIN, space=space)
    step = builds.step(np.array([CONV3]))
    assert step.codes_BL.tolist() == [[1]]
    step = builds.step(np.array([AVG3]))
    assert step.codes_BL.tolist() == [[7 + 1 * 7 + 6]]
    assert builds.ledger.unique == 2


def test_previous_action_and_reward_last_for_a_trial():
    builds = make_builds(CHAIN)
    assert (builds.last_action_B.tolist(), builds.last_reward_B.tolist()) == ([-1], [0.0])
    step = builds.step(np.array([CONV3]))
    builds.step(np.array([STOP]))
    builds.restart(np.array([True]))
    assert builds.last_action_B.tolist() == [STOP]
    assert builds.last_reward_B.tolist() == step.reward_B.tolist()
    assert builds.steps_B.tolist() == [0]
    builds.reset()
    assert (builds.last_action_B.tolist(), builds.last_reward_B.tolist()) == ([-1], [0.0])


def test_restart_touches_the_chosen_ones_alone():
    builds = make_builds(batch=4)
    for actions in ([CONV3] * 4, [DOWN1] * 4):
        builds.step(np.array(actions))
    before = builds.state_dict()
    builds.restart(np.array([False, True, False, True]))
    after = builds.state_dict()
    for key in before:
        np.testing.assert_array_equal(after[key][::2], before[key][::2])
    assert builds.length_B.tolist() == [1, 0, 1, 0]
    assert builds.pointers_B2[1].tolist() == [0, 0]


def test_state_goes_through_a_file(tmp_path):
    def record(builds, steps=20):
        rng = np.random.default_rng(3)
        out = []
        for _ in range(steps):
            step = builds.step(rng.integers(0, 14, 5))
            builds.restart(step.done_B)
            out += [step.reward_B, step.end_B, builds.space.encode(builds.layers_BDR), builds.pointers_B2]
        return np.concatenate([np.ravel(part).astype(float) for part in out])

    builds = make_builds(batch=5)
    record(builds, 7)
    write_state(tmp_path / "builds", {"builds": builds.state_dict()})
    expected = record(builds)
    other = make_builds(batch=5)
    other.load_state_dict(read_state(tmp_path / "builds")["builds"])
    np.testing.assert_array_equal(record(other), expected)


def test_an_episode_that_is_over_goes_no_further():
    builds = make_builds(CHAIN)
    play(builds, STOP)
    with pytest.raises(UsageError, match="an episode is over"):
        play(builds, CONV1)
    builds.reset()
    play(builds, CONV1)


@pytest.mark.parametrize("actions", [[14], [-1], [0, 0]])
def test_actions_that_there_are_not(actions):
    with pytest.raises(UsageError, match="1 actions are needed, each 0 to 13"):
        make_builds().step(np.array(actions))


def test_a_benchmark_of_other_layers_is_refused():
    with pytest.raises(UsageError, match=r"of chain networks of 4 layers .* of chain networks of 3 layers"):
        make_builds(CHAIN, space=NSC(3, "chain"))


def test_no_environments_are_refused():
    with pytest.raises(UsageError, match="at least 1 environment"):
        make_builds(batch=0)
