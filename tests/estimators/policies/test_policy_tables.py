import json

import numpy as np
import pytest

from archwalk.errors import DataError, UsageError
from archwalk.estimators.base import WeightSharingEstimator
from archwalk.estimators.benchmarks import load_benchmark
from archwalk.estimators.policies import embedded, making, tables
from archwalk.estimators.policies.agent import Agent
from archwalk.estimators.policies.estimator import PolicyEstimator
from archwalk.estimators.policies.games import find_game
from archwalk.estimators.policies.settings import PolicySettings
from archwalk.estimators.store import Outcome, open_store
from archwalk.estimators.trainings.isolation import alone
from archwalk.spaces.policy_cnn.papers import minatar_1

GAME, SPACE = find_game("MinAtar-Freeway"), minatar_1()
CURVES = {"steps": [1024.0, 2048.0], "mean_return": [1 / 3, 2.0], "entropy": [1.0, 1.0]}


@pytest.fixture
def estimators(tmp_path):
    store = open_store(str(tmp_path / "store.sqlite"))
    return [PolicyEstimator(SPACE, GAME, PolicySettings(5_000), seed=seed, store=store) for seed in range(3)]


def fill(estimators, but=()):
    """Enter what trainings would have: scores that say which architecture and seed they are of."""
    for seed, one in enumerate(estimators):
        for i in range(SPACE.size):
            if (i, seed) not in but:
                name = one.architecture(np.array([i], np.int32))
                one.store.claim(one.problem, name)
                scores = (i + 10 * seed, 100 + i)
                outcome = Outcome("done", "", *map(float, scores), 5, 2.0, CURVES, metric="return")
                if (i, seed) == (6, 2):
                    outcome = Outcome("lost", "the process that trained it died", metric="return")
                if (i, seed) == (4, 2):
                    outcome = Outcome("diverged", "no loss", seconds=1.0, curves=CURVES, metric="return")
                one.store.finish(one.problem.key(name), outcome)


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.setattr(embedded, "FOLDER", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "share"),
    [
        ("Breakout:space-1", "0.045"),
        ("Breakout:space-2", "0.005"),
        ("Freeway:space-1", "0.016"),
        ("Freeway:space-2", "-0.010"),
    ],
)
def test_our_tables_say_how_little_lies_between_networks(name, share):
    said = load_benchmark(f"policy-cnn:MinAtar-{name}").provenance["variance between networks"]
    assert said.startswith(f"{share} of the variance of mean returns")


def test_a_table_is_searched_as_a_benchmark(estimators, folder):
    fill(estimators)
    path = folder / embedded.table_name(GAME.name, "space-1")
    tables.write_table(path, tables.collect(estimators))
    assert len(path.read_text().splitlines()) == SPACE.size + 2
    codes = np.array([[0], [7], [24], [4]], np.int32)
    for objective, reward, report in (
        ("mean-return", [10, 17, 34, 6], [10, 17, 34, 6]),
        ("max-return", [100, 107, 124, 208 / 3], [100, 107, 124, 208 / 3]),
        ("held-out-return", [0, 7, 24, 4], [15, 22, 39, 7]),
    ):
        benchmark = load_benchmark(f"policy-cnn:MinAtar-Freeway:space-1:{objective}")
        scores = benchmark.estimator.evaluate(codes)
        np.testing.assert_allclose(scores.reward_B, reward)
        np.testing.assert_allclose(scores.report_B, report)
        assert (benchmark.objective.name, benchmark.evaluation) == (objective, "table")
    assert isinstance(benchmark.estimator, WeightSharingEstimator)
    assert benchmark.share_weights(0, 0).total == 5
    row = json.loads(path.read_text())["architectures"][4]
    assert row["architecture"] == SPACE.describe(np.array([4], np.int32))
    assert row["seeds"][0]["curve"] == {"steps": [1024, 2048], "mean_return": [0.33, 2]}
    assert row["seeds"][2]["failed"] == "no loss"
    lost = json.loads(path.read_text())["architectures"][6]["seeds"][2]
    assert lost["curve"] == {"steps": [], "mean_return": []}


def test_a_table_knows_its_trainings_early(estimators, folder):
    fill(estimators)
    tables.write_table(folder / embedded.table_name(GAME.name, "space-1"), tables.collect(estimators))
    benchmark = load_benchmark("policy-cnn:MinAtar-Freeway")
    assert benchmark.fidelities == (1, 5), "after a ninth no update was made, after a third one"
    codes = np.array([[7], [4], [6]], np.int32)
    scores = benchmark.estimator.evaluate_at(codes, 0)
    np.testing.assert_allclose(
        scores.reward_B, [0.33, 0.22, 0.22], err_msg="the two that failed once have 0 for it"
    )
    np.testing.assert_allclose(scores.report_B, [17, 6, 22 / 3])
    assert load_benchmark("policy-cnn:MinAtar-Freeway:max-return").fidelities == (5,)
    held_out = load_benchmark("policy-cnn:MinAtar-Freeway:held-out-return").estimator
    np.testing.assert_allclose(held_out.evaluate_at(codes, 0).reward_B, [0.33] * 3)


def test_what_is_not_whole_or_not_there_is_said(estimators, folder):
    with pytest.raises(DataError, match=r"no table policy-cnn:MinAtar-Freeway:space-1, there are: none"):
        load_benchmark("policy-cnn:MinAtar-Freeway")
    fill(estimators, but=[(3, 0), (9, 0), (5, 1), (0, 2)])
    path = folder / embedded.table_name(GAME.name, "space-1")
    tables.write_table(path, tables.collect(estimators))
    with pytest.raises(DataError, match="2 trainings of its first seed are to be done"):
        load_benchmark("policy-cnn:MinAtar-Freeway")
    path.write_text(path.read_text()[:-20])
    with pytest.raises(DataError, match="damaged"):
        load_benchmark("policy-cnn:MinAtar-Freeway")
    path.write_text("{}")
    with pytest.raises(DataError, match="is not a table of agents"):
        load_benchmark("policy-cnn:MinAtar-Freeway")


def test_a_table_that_grows_has_the_seeds_that_are_whole(estimators, folder):
    fill(estimators, but=[(3, 1)])
    path = folder / embedded.table_name(GAME.name, "space-1")
    tables.write_table(path, tables.collect(estimators))
    benchmark = load_benchmark("policy-cnn:MinAtar-Freeway")
    assert benchmark.estimator.table.seeds == (0, 2)
    assert benchmark.provenance["seeds"] == "0, 2"
    assert benchmark.estimator.evaluate(np.array([[7], [4]], np.int32)).reward_B.tolist() == [17, 2]
    held_out = load_benchmark("policy-cnn:MinAtar-Freeway:held-out-return").estimator
    assert held_out.evaluate(np.array([[7]], np.int32)).report_B.tolist() == [27]
    tables.write_table(path, tables.collect(estimators[:2]))
    with pytest.raises(DataError, match="the table has one so far"):
        load_benchmark("policy-cnn:MinAtar-Freeway:held-out-return")


def test_a_table_of_another_game_is_refused(estimators, folder):
    fill(estimators)
    tables.write_table(
        folder / embedded.table_name("MinAtar-Breakout", "space-1"), tables.collect(estimators)
    )
    with pytest.raises(DataError, match="another space, game or version"):
        load_benchmark("policy-cnn:MinAtar-Breakout")


@pytest.mark.parametrize(
    "change",
    [lambda rows: rows[:-1], lambda rows: rows[::-1], lambda rows: [*rows, rows[0]], lambda rows: []],
    ids=["a row is missing", "another order", "a row too many", "no rows"],
)
def test_a_table_of_other_rows_is_refused(estimators, folder, change):
    fill(estimators, but=[(3, 1)])
    table = tables.collect(estimators)
    table["architectures"] = change(table["architectures"])
    tables.write_table(folder / embedded.table_name(GAME.name, "space-1"), table)
    with pytest.raises(DataError, match="does not list all 25 networks by their ids"):
        load_benchmark("policy-cnn:MinAtar-Freeway")


@pytest.mark.parametrize("space", ["space-1", "space-2"])
def test_our_tables_begin_as_a_training_does(space):
    """The scores of the first rollouts are found again; those that come later, rounding may change."""
    benchmark = load_benchmark(f"policy-cnn:MinAtar-Breakout:{space}")
    training, table = benchmark.estimator.policies.training, benchmark.estimator.table
    rows = json.loads((embedded.FOLDER / embedded.table_name("MinAtar-Breakout", space)).read_text())
    for i in (0, benchmark.space.size - 1):
        for seed in table.seeds:
            curve = rows["architectures"][i]["seeds"][rows["seeds"].index(seed)]["curve"]
            with alone("cpu", seed):
                network = training.build(np.array([i], np.int32))
                agent = Agent(training.game, network.parameters(), training.settings, seed, "cpu")
                while agent.actor.steps < curve["steps"][0]:
                    agent.advance(network)
            assert round(agent.scores.mean_return, 2) == curve["mean_return"][0]


@pytest.mark.parametrize("words", ["", "MinAtar-Freeway:space-3", "MinAtar-Freeway:space-1:mean-return:more"])
def test_wrong_words_are_refused(words):
    with pytest.raises(UsageError):
        load_benchmark(f"policy-cnn:{words}")


def test_a_table_is_made_through_the_store_and_found_before_ours(tmp_path, monkeypatch):
    monkeypatch.setenv("ARCHWALK_CACHE", str(tmp_path))
    monkeypatch.setattr(PolicyEstimator, "_make_pool", one_process(PolicyEstimator._make_pool))
    monkeypatch.setattr(making, "settings_for", lambda game, word: PolicySettings(500))
    store, told, words = open_store(str(tmp_path / "store.sqlite")), [], ["MinAtar-Breakout", "space-2"]

    def make(seeds):
        return making.make_table(words, store, seeds=seeds, progress=lambda *done: told.append(done))

    make(1)
    assert told[0] == (0, 32)
    assert load_benchmark("policy-cnn:MinAtar-Breakout:space-2").estimator.table.seeds == (0,)
    told.clear()
    path = make(2)
    assert (32, 64) in told, "those of the first seed are known"
    benchmark = load_benchmark("policy-cnn:MinAtar-Breakout:space-2")
    assert benchmark.estimator.table.seeds == (0, 1)
    assert benchmark.estimator.table.settings.steps == 500
    assert embedded.made_tables()["policy-cnn:MinAtar-Breakout:space-2"] == [0, 1]
    path.write_text("{")
    assert "policy-cnn:MinAtar-Breakout:space-2" not in embedded.made_tables()
    with pytest.raises(DataError, match=f"{path.name} is damaged"):
        load_benchmark("policy-cnn:MinAtar-Breakout:space-2")
    path.unlink()
    assert load_benchmark("policy-cnn:MinAtar-Breakout:space-2").estimator.table.settings.steps == 150_000
    with pytest.raises(UsageError, match="a game and a space, not of 'MinAtar-Breakout:max-return'"):
        making.make_table(["MinAtar-Breakout", "max-return"], store)


def one_process(make):
    def pool(self, workers, engine):
        return make(self, 1, "local")

    return pool
