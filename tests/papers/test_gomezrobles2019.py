"""Gomez Robles and Vanschoren's items on made-up data sets: what is trained, what is kept, what the figures are
computed from.
"""

import json
import pickle
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from archwalk.errors import UsageError
from archwalk.estimators.base import Scores
from archwalk.estimators.metrics import accuracies
from archwalk.estimators.table import TableEstimator
from archwalk.experiments.parts import Part, keep_all
from archwalk.papers import estimates
from archwalk.papers.catalogue import item_names
from archwalk.papers.gomezrobles2019 import (
    agents,
    episodes,
    exp1,
    exp2,
    exp3,
    intensive,
    sizes,
)
from archwalk.papers.gomezrobles2019.appendix_a import box
from archwalk.papers.gomezrobles2019.trace import Witness, best_networks, episode_columns
from archwalk.papers.reported import tables_of
from building_cases import chains
from gomezrobles import SIZE, load, run, setup


@pytest.fixture(autouse=True)
def _tiny(monkeypatch):
    monkeypatch.setitem(sizes.SIZES, "smoke", SIZE)


def trial(steps, rewards, lengths, actions=()):
    """A trial of these episodes."""
    shares_EA = np.array(actions, np.float64).reshape(len(steps), -1)
    columns = {"step": steps, "reward": rewards, "best": rewards, "length": lengths}
    found = {name: np.array(values, np.float64) for name, values in columns.items()}
    nothing = np.full(len(steps), np.nan)
    return {"episodes": found | {"entropy": nothing, "branched": nothing, "actions": shares_EA}}


def test_full_is_the_papers_protocol():
    full = sizes.SIZES["full"]
    assert (full.steps, full.baseline_steps) == ((8_000, 7_000, 7_000), (6_500, 5_500, 7_000))
    assert (full.unseen_steps, full.branching_steps, full.kinds_steps) == (2_000, 20_000, 200)
    assert all(":full" in name for name in (*full.train, *full.unseen, full.branching))
    assert exp3.SIGMAS == (0.0, 0.1)
    meta, dqn = agents.meta_settings(agents.CHAIN), agents.dqn_settings(6_500)
    assert (meta.n_step, meta.action_limit, meta.limit_terminates) == (5, 10, True)
    assert (dqn.capacity, dqn.batch, dqn.learning_starts) == (3_250, 20, 1_000)
    final = intensive.FINALS["full"]
    assert (final.trainings, final.settings.epochs, final.size.dense) == (5, 100, 4096)


def test_small_has_the_papers_steps_on_tables():
    small, full = sizes.SIZES["small"], sizes.SIZES["full"]
    assert (small.steps, small.baseline_steps, small.unseen_steps) == (
        full.steps,
        full.baseline_steps,
        full.unseen_steps,
    )
    assert small.seeds == 5


def test_a_part_of_the_first_steps_by_hand():
    """Three episodes: 2 actions of together 100 %, 4 of 120 %, 2 of 20 %."""
    it = trial([2, 6, 8], [100, 120, 20], [2, 4, 2])
    assert episodes.stretch_reward(it, 0, 6) == pytest.approx(220 / 6)
    assert episodes.stretch_reward(it, 2, 8) == pytest.approx(140 / 6)
    assert np.isnan(episodes.stretch_reward(it, 8, 99))


def test_shares_count_actions_and_not_episodes():
    one = trial([1, 4], [0, 0], [1, 3], [[1, 0], [0, 1]])
    np.testing.assert_allclose(episodes.action_shares([one]), [[25, 75]])


def test_a_curve_pools_seeds_and_ends_with_the_shortest():
    seeds = [trial([1, 2, 3, 4], [10, 20, 30, 40], [1] * 4), trial([2, 4, 6], [30, 40, 50], [2] * 3)]
    found = episodes.curve(seeds, "reward", 2)
    assert found["episode"] == [2]
    assert found["step"] == [3]  # 2 and 4
    assert found["mean"] == [25]
    assert found["std"] == [pytest.approx(np.std([10, 20, 30, 40]))]
    assert episodes.curve(seeds, "entropy", 2)["mean"] == []
    assert episodes.group_size(seeds) == 1
    assert episodes.group_size([trial(range(400), [0] * 400, [1] * 400)]) == 50


def test_differences_and_their_signs():
    found = estimates.difference(np.array([5.0, 6, 7]), np.array([1.0, 2, 3]), 0)
    assert found["mean"] == 4
    assert 0 < found["ci95"][0] <= 4 <= found["ci95"][1]
    one = estimates.estimate(np.array([3.0, 3, 3]), 0)
    assert (one["mean"], one["ci95"], one["each"]) == (3, [3, 3], [3, 3, 3])


def test_columns_are_in_percent():
    row = {
        "charts/step": 3,
        "charts/reward": 1.5,
        "charts/best": 0.75,
        "charts/length": 3,
        "charts/entropy": 2.0,
    }
    found = episode_columns([row | {"actions/0": 0.25, "actions/1": 0.75}])
    assert (found["reward"][0], found["best"][0], found["entropy"][0]) == (150, 75, 2)
    assert np.isnan(found["branched"][0])
    np.testing.assert_array_equal(found["actions"], [[0.25, 0.75]])
    assert episode_columns([])["step"].shape == (0,)


def test_a_witness_sees_what_is_asked_and_changes_nothing():
    table = TableEstimator(accuracies(), np.array([1.0, 9, 5]), np.array([2.0, 3, 4]))
    witness = Witness(table)
    assert witness.evaluate(np.array([[1], [0]])).reward_B.tolist() == [9, 1]
    witness.evaluate(np.array([[1]]))
    taken = witness.taken()
    assert taken["codes"][:, 0].tolist() == [1, 0, 1]
    assert taken["report"].tolist() == [3, 2, 3]
    assert [(int(code_L[0]), reward, report) for code_L, reward, report in best_networks(taken, 5)] == [
        (1, 9, 3),
        (0, 1, 2),
    ]


def test_the_best_network_is_chosen_by_the_reward_alone():
    taken = {
        "codes": np.array([[0], [1], [2]]),
        "reward": np.array([5.0, np.nan, 4]),
        "report": np.array([0.0, 99, 98]),
    }
    assert [int(code_L[0]) for code_L, _, _ in best_networks(taken, 2)] == [0, 2]


def test_quartiles_and_whiskers_by_hand():
    found = box(np.array([0.0, 40, 50, 60, 100]))
    assert found["quartiles"] == [40, 50, 60]
    assert (found["whiskers"], found["outside"], found["range"]) == ([40, 60], [0, 100], [0, 100])


def test_experiment_1_goes_over_the_data_sets_in_their_order(tmp_path):
    record = run("exp1", setup(tmp_path))
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    data = record["result"]["data"]
    assert list(data) == ["one", "two", "three"]
    assert all(list(by_agent) == [exp1.META, exp1.DEEP_Q, exp1.RANDOM] for by_agent in data.values())
    assert list(record["settings"]["benchmarks"]) == ["one", "two", "three"]
    queries = [one[exp1.META]["times"]["queries"] for one in data.values()]
    assert sum(queries) == pytest.approx(record["settings"]["training_queries"][exp1.META])
    assert queries[0] <= 60
    for by_agent in data.values():
        for one in by_agent.values():
            assert sum(one["shares"]["mean"]) == pytest.approx(100)
            assert one["networks"][0]["reward"] >= one["networks"][1]["reward"]
    early = record["result"]["early"]["data"]["two"]
    ahead = early["reward"][exp1.META]["mean"] - early["reward"][exp1.RANDOM]["mean"]
    assert early["ahead_of"][exp1.RANDOM]["mean"] == pytest.approx(ahead)
    assert run("exp1", setup(tmp_path)) == record


def test_experiment_2_replays_the_agents_of_experiment_1(tmp_path):
    made = setup(tmp_path)
    run("exp1", made)
    before = set(tmp_path.glob("parts/meta-rl-*"))
    record = run("exp2", made)
    assert len(set(tmp_path.glob("parts/meta-rl-*")) - before) == 2, "our agent alone is trained"
    assert len(list(tmp_path.glob("parts/frozen-*"))) == 8
    assert list(record["result"]["data"]) == ["four", "five"]
    thirds = record["result"]["thirds"]["four"]
    assert [agent for agent, one in thirds.items() if one["frozen"]] == [exp1.META, exp2.ADAPTIVE]
    for one in thirds.values():
        assert one["gain"]["mean"] == pytest.approx(one["last"]["mean"] - one["first"]["mean"])
    strategies = record["result"]["strategies"][exp1.META]
    assert (strategies["pairs"], len(strategies["each"])) == (8, 2)
    assert 0 < strategies["p"] <= 1
    queries = record["settings"]["training_queries"]
    assert queries[exp1.META] <= sum(SIZE.steps) < queries[exp2.ADAPTIVE] <= 3 * SIZE.our_steps


def test_the_part_of_a_trial_in_which_the_memory_fills_is_told_apart():
    """Ten episodes of one action each; the first two are the first third, of which one is settling."""
    it = trial(range(1, 11), [0, 20, 0, 0, 0, 0, 0, 30, 30, 30], [1] * 10)
    found = exp2.thirds({exp1.META: [it]}, 10, 0)[exp1.META]
    assert (found["first"]["mean"], found["last"]["mean"]) == (pytest.approx(20 / 3), pytest.approx(22.5))


def test_a_policy_that_does_the_same_everywhere_is_not_said_to_differ():
    same = {exp1.META: [trial([1], [0], [1], [[0.5, 0.5]])]}
    found = exp2.strategies_differ({"a": same, "b": same}, exp1.META)
    assert (found["p"], found["each"]) == (1, [1])
    assert exp2.strategies_differ({"a": same}, exp1.META) is None


def test_experiment_3_counts_branches(tmp_path):
    record = run("exp3", setup(tmp_path))
    by_sigma = record["result"]["data"]["branches"]
    assert list(by_sigma) == ["σ = 0.0", "σ = 0.1"]
    assert len(record["result"]["actions"]) == 14
    for name, one in by_sigma.items():
        mean = record["result"]["branched"][name]["mean"]
        assert 0 <= mean <= 100
        assert "branched" in one["curves"]


def test_parts_from_several_processes_come_in_their_order(tmp_path):
    parts = [Part("x", {"number": number}, partial(dict, value=number)) for number in range(4)]
    assert [value["value"] for value in keep_all(tmp_path, parts, 2)] == [0, 1, 2, 3]
    assert [value["value"] for value in keep_all(tmp_path, parts[::-1], 2)] == [3, 2, 1, 0]


def test_a_training_is_the_same_in_another_process():
    settings = agents.meta_settings(agents.CHAIN, steps=20, later_steps=10)
    part = agents.meta_part([chains(0), chains(1)], settings, 0)
    here, there = part.compute(), pickle.loads(pickle.dumps(part)).compute()  # noqa: S301 - our own
    codes_QL, other_QL = (value["trials"][1]["evaluated"]["codes"] for value in (here, there))
    np.testing.assert_array_equal(codes_QL, other_QL)
    weights, others = (one["agent"]["packed"]["state"]["network"] for one in (here, there))
    assert all((weights[name] == others[name]).all() for name in weights)


def test_appendices(tmp_path):
    made = setup(tmp_path)
    hardness = run("appendix-a", made)
    assert list(hardness["result"]["data"]) == ["one", "four"]
    assert hardness["result"]["data"]["one"]["box"]["count"] > 0
    drawn = run("appendix-b", made)["result"]["groups"]
    assert [(group["data"], len(group["networks"])) for group in drawn] == [
        ("one", 1), ("two", 1), ("three", 1), ("four", 2), ("five", 2), ("branches", 1), ("branches", 1),
    ]  # fmt: skip
    assert all("<svg" in net["svg"] for group in drawn for net in group["networks"])
    best = run("exp1", made)["result"]["data"]["two"][exp1.META]["networks"][0]
    assert {**drawn[1]["networks"][0], "svg": 0} == {**best, "svg": 0}


def test_other_data_sets_in_place_of_the_papers(tmp_path):
    record = run("exp3", setup(tmp_path, benchmark="branches"))
    assert list(record["result"]["data"]) == ["branches"]
    with pytest.raises(UsageError, match="names 1 in place of the 3 of this item: one, two, three"):
        run("exp1", setup(tmp_path, benchmark="one"))


def test_a_part_is_computed_once_and_told_apart_by_its_settings(tmp_path):
    calls = []

    def compute():
        calls.append(1)
        return {"values": np.arange(3)}

    part = Part("x", {"a": 1}, compute)
    assert part.get(tmp_path)["values"].tolist() == part.get(tmp_path)["values"].tolist() == [0, 1, 2]
    assert len(calls) == 1
    Part("x", {"a": 2}, compute).get(tmp_path)
    assert len(calls) == 2


def test_reported_tables_are_whole():
    for name in item_names("gomezrobles2019"):
        for table in tables_of("gomezrobles2019", name.partition("/")[2]):
            assert all(len(row) == len(table["head"]) for row in table["rows"])
            assert table["citation"]
            assert "84 x 84" in table["setting"]


class Silent:
    """Scores nothing."""

    objective = accuracies()

    def evaluate(self, codes_BL):
        nothing = np.full(len(codes_BL), np.nan)
        return Scores(nothing, nothing, nothing)


def test_a_data_set_on_which_nothing_can_be_trained_is_no_crash(tmp_path):
    def broken(name, seed):
        return replace(load(name, seed), estimator=Silent())

    made = replace(setup(tmp_path), load=broken)
    record = run("exp3", made)
    assert record["result"]["data"]["branches"]["σ = 0.0"]["times"]["network_seconds"] == 0
