"""Mazyavkina et al.'s items: what is trained once, what a search returns, and the exact arithmetic of random search."""

import json
from dataclasses import replace
from itertools import combinations, product
from math import comb

import numpy as np
import pytest

from archwalk.errors import DataError, UsageError
from archwalk.estimators.policies.estimator import MEAN_RETURN, PolicyEstimator
from archwalk.estimators.policies.tables import PolicyTableEstimator
from archwalk.estimators.policies.training import PolicyTraining
from archwalk.experiments.protocol import run_search
from archwalk.experiments.runs import load_methods
from archwalk.experiments.significance import holm
from archwalk.papers.catalogue import item_names
from archwalk.papers.mazyavkina2020 import chance, correlation, searching, sizes, truth
from archwalk.papers.mazyavkina2020.against_random import trainings
from archwalk.papers.mazyavkina2020.searching import Search
from archwalk.papers.reported import tables_of
from mazyavkina import (
    ABSENT,
    KNOWN,
    LABELS,
    NATURE,
    SCORES_NS,
    SETTINGS,
    SIZE,
    SPACE,
    TRAINED,
    load,
    run,
    setup,
)

NAMES = ("table1", "figure4", "best-architectures", "rank-correlation", "search-vs-random")
SCORE_N = np.array([3.0, 1, 4, 1, 5, 9, 2, 6])
EVERYONE = np.arange(SPACE.size, dtype=np.int32)[:, None]


@pytest.fixture(autouse=True)
def _tiny(monkeypatch):
    monkeypatch.setitem(sizes.SIZES, "smoke", SIZE)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A folder with all parts, and its records."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sizes.SIZES, "smoke", SIZE)
        made = setup(tmp_path_factory.mktemp("p2"))
        return made, {name: run(name, made) for name in NAMES}


def test_names_and_full_is_the_papers_protocol():
    assert item_names("mazyavkina2020") == [f"mazyavkina2020/{name}" for name in NAMES]
    full = sizes.SIZES["full"]
    assert (full.seeds, sizes.TOP, sizes.REPEATS) == (4, 3, 1_000)
    assert {method.preset for method in full.methods} == {"mazyavkina2020-enas", "mazyavkina2020-spos"}
    assert not any(method.changes for method in full.methods)
    assert sorted(full.benchmarks) == [
        f"policy:Atari-{game}:{space}" for game in ("Breakout", "Freeway") for space in ("space-1", "space-2")
    ]
    assert sizes.SIZES["small"].seeds == 4


def test_the_best_of_a_draw_by_counting():
    for draws in (1, 3, 8):
        counts = np.zeros(8)
        for drawn in combinations(range(8), draws):
            counts[max(drawn, key=lambda i: (SCORE_N[i], i))] += 1
        np.testing.assert_allclose(chance.best_weights(SCORE_N, draws), counts / counts.sum())
    np.testing.assert_array_equal(chance.best_weights(SCORE_N, 99), chance.best_weights(SCORE_N, 8))


def test_random_search_repeated_comes_near_the_closed_form():
    found_R = chance.repeat_search(SCORE_N, 3, 20_000, np.random.default_rng(0))
    exact = chance.best_weights(SCORE_N, 3) @ SCORE_N
    assert abs(SCORE_N[found_R].mean() - exact) < 4 * SCORE_N[found_R].std() / np.sqrt(20_000)
    assert set(chance.repeat_search(SCORE_N, 8, 5, np.random.default_rng(0))) == {5}


def test_places_are_mid_ranks_and_one_half_in_the_mean():
    weight_N = chance.best_weights(SCORE_N, 2)
    place_N = chance.percentiles(SCORE_N, weight_N)
    assert place_N @ weight_N == pytest.approx(0.5)
    assert place_N[1] == place_N[3] == pytest.approx(weight_N[[1, 3]].sum() / 2)
    assert place_N[5] == pytest.approx(1 - weight_N[5] / 2)


def test_the_sum_of_places_against_all_outcomes():
    laws = [(chance.best_weights(SCORE_N, n), n) for n in (2, 3)]
    null = [(chance.percentiles(SCORE_N, weight_N), weight_N) for weight_N, _ in laws]
    found = [null[0][0][7], null[1][0][4]]
    p, least = chance.sum_test(found, null)
    (one_N, a_N), (two_N, b_N) = null
    by_hand = sum(
        a_N[i] * b_N[j] for i, j in product(range(8), repeat=2) if one_N[i] + two_N[j] >= sum(found) - 1e-8
    )
    assert p == pytest.approx(by_hand)
    assert least == pytest.approx(a_N[5] * b_N[5])
    assert chance.sum_test([one_N[5], two_N[5]], null)[0] == pytest.approx(least)
    assert chance.sum_test([one_N[1], two_N[1]], null)[0] == pytest.approx(1)


def test_p_values_of_random_search_itself_are_uniform_in_the_mean():
    rng, place_N = np.random.default_rng(1), chance.percentiles(SCORE_N, chance.best_weights(SCORE_N, 3))
    law = (place_N, chance.best_weights(SCORE_N, 3))
    found_RS = chance.repeat_search(SCORE_N, 3, 800, rng).reshape(200, 4)
    p_R = np.array([chance.sum_test(place_N[found_S], [law] * 4)[0] for found_S in found_RS])
    assert 0.5 < p_R.mean() < 0.62, "a discrete p value is a little above one half"
    assert (p_R < 0.05).mean() < 0.09


def test_a_liking_that_all_seeds_share_is_one_piece_of_luck():
    """All seeds take the best, whose place is one of eight: with one training, p is 1/8 and not its fourth power."""
    place_N = chance.percentiles(SCORE_N, chance.best_weights(SCORE_N, 1))
    tops = [np.array([5])] * 4
    p = chance.relabel_test([place_N[5]] * 4, tops, np.array([place_N] * 4), np.random.default_rng(0), 4_000)
    assert p == pytest.approx(1 / 8, abs=0.02)
    assert chance.sum_test([place_N[5]] * 4, [(place_N, np.full(8, 1 / 8))] * 4)[0] == pytest.approx(8.0**-4)


def test_relabelled_random_search_has_all_its_trainings():
    """Four seeds with one ranking, all of which found the third best, where random search is allowed three."""
    place_N = chance.percentiles(SCORE_N, chance.best_weights(SCORE_N, 3))
    third, rng = np.argsort(-SCORE_N)[2], np.random.default_rng(0)
    p = chance.relabel_test([place_N[third]] * 4, [np.array([third, 0, 7])] * 4, np.array([place_N] * 4), rng)
    assert p == pytest.approx(1 - comb(5, 3) / comb(8, 3), abs=0.02), (
        "unless all three are among the lowest five"
    )


def test_ranks_from_above():
    np.testing.assert_allclose(chance.top_shares(np.array([1.0, 9, 4, 4])), [100, 25, 62.5, 62.5])


def test_equal_timesteps_buy_whole_trainings():
    search = Search(np.arange(4), np.zeros(4), steps=2_599, seconds=0.0)
    assert [trainings(search, 1_000, cost) for cost in ("trainings", "timesteps")] == [3, 5]


def test_a_search_returns_the_best_of_its_top():
    search = Search(np.array([2, 0, 6, 5, 4, 7, 1, 3]), np.zeros(8), 1, 0.0)
    assert search.found(SCORE_N) == 2, "5 is better, but the fourth by its proxy"


def test_correlations_of_what_is_ranked_and_of_what_is_not():
    assert correlation.correlation("spearman", SCORE_N, SCORE_N**3) == pytest.approx(1)
    assert correlation.correlation("kendall", SCORE_N, -SCORE_N) == pytest.approx(-1)
    assert correlation.correlation("spearman", np.ones(8), SCORE_N) is None
    assert correlation.between_seeds(SCORE_N[:, None]) is None
    assert correlation.between_seeds(np.stack([SCORE_N, -SCORE_N, SCORE_N], axis=1)) == pytest.approx(-1 / 3)
    assert correlation.ceiling(0.5, 1) == pytest.approx(np.sqrt(0.5))
    assert correlation.ceiling(0.5, 3) == pytest.approx(np.sqrt(0.75))
    assert correlation.ceiling(-0.1, 3) is None


def test_all_items_share_agents_and_searches(done):
    made, records = done
    for seed in (0, 1):
        assert None not in load(TRAINED, seed).estimator.known(EVERYONE), "all agents are in the store"
    assert len(list((made.out / "parts").glob("one-shot-*"))) == 2 * 2 * 3
    for name, record in records.items():
        assert json.loads(json.dumps(record, allow_nan=False)) == record
        assert tuple(record["result"]["grounds"]) == LABELS, name


def test_what_is_not_made_yet_is_named_and_left_out(done):
    made, records = done
    assert f"Left out: {ABSENT}: there is no such table yet" in records["table1"]["notes"]
    assert list(records["table1"]["settings"]["benchmarks"]) == [TRAINED, KNOWN]
    with pytest.raises(
        DataError, match=r"the agents are known\. Left out: policy-cnn:absent: there is no such table"
    ):
        run("table1", replace(made, benchmark=ABSENT, notes=[]))


def test_a_part_ranks_as_the_command_does(done):
    """`archwalk search` with the same seed trains the same supernet and asks for the same architectures."""
    made, records = done
    changes = [f"enas.{key}={value}" for key, value in SIZE.methods[0].changes.items()]
    (method,) = load_methods(["enas"], SPACE, KNOWN, changes)
    search = run_search(load(KNOWN, 0), method, budget=6, trials=1, seed=made.seed)
    ranked = records["rank-correlation"]["result"]["grounds"][LABELS[1]]["methods"]["ENAS"]["ranked"][0]
    assert search.ledgers[0].codes_TQL[0, :, 0].tolist() == ranked


def test_agents_are_those_that_the_estimator_trains(done):
    _, records = done
    truth_N = records["rank-correlation"]["result"]["grounds"][LABELS[0]]["truth"]
    made = load(TRAINED, 0).estimator
    anew = [PolicyEstimator(SPACE, made.game, SETTINGS, seed=seed, engine="local") for seed in (0, 1)]
    scores = [one.evaluate(EVERYONE).reward_B for one in anew]
    np.testing.assert_allclose(truth_N, np.mean(scores, axis=0))


def test_table_1_is_the_tables_and_the_searches(done):
    _, records = done
    rows = records["table1"]["result"]["grounds"][LABELS[1]]
    mean_N = SCORES_NS.mean(axis=1)
    assert rows["Best of the table"]["mean_return"] == {"mean": 10.5, "std": 1.5, "count": 2}
    assert rows["Nature CNN"]["max_return"] == {"mean": SCORES_NS[NATURE].mean() + 1, "std": 1.0, "count": 2}
    assert rows["Random search"]["mean_return"]["count"] == 1_000
    exact = chance.best_weights(mean_N, 3) @ mean_N
    assert rows["Random search"]["mean_return"]["mean"] == pytest.approx(exact, abs=0.3)
    ranked = records["rank-correlation"]["result"]["grounds"][LABELS[1]]["methods"]["SPOS"]["ranked"]
    each = [mean_N[ids[:3]].max() for ids in ranked]
    assert rows["SPOS"]["mean_return"]["each"] == each
    assert records["figure4"]["result"]["grounds"][LABELS[1]]["found"]["SPOS"] == each


def test_the_best_architecture_is_shown_by_its_kernels(done):
    _, records = done
    one = records["best-architectures"]["result"]["grounds"][LABELS[1]]
    assert one["best"]["kernels"] == [3, 4, 2]
    assert one["best"]["top_share"] == pytest.approx(100 / 6)
    assert one["within_deviation"] == 1
    assert one["best"]["svg"].startswith("<svg")
    assert len(one["found"]["ENAS"]) == 3


def test_every_test_is_corrected_over_its_cost(done):
    _, records = done
    grounds = records["search-vs-random"]["result"]["grounds"]
    for cost in ("trainings", "timesteps"):
        rows = [by_cost[cost] for methods in grounds.values() for by_cost in methods.values()]
        assert [row["p_holm"] for row in rows] == holm([row["p"] for row in rows])
        assert all(row["least_p"] <= row["p"] * (1 + 1e-9) for row in rows)
    row = grounds[LABELS[0]]["SPOS"]["timesteps"]
    assert all(n == 3 + steps // 400 for n, steps in zip(row["trainings"], row["timesteps"], strict=True))
    assert min(row["timesteps"]) > 400, "what was played for the proxy is paid for"


def test_a_finished_item_is_found_again_and_a_changed_table_is_not(done, monkeypatch):
    def never(*_):
        raise AssertionError("trained again")

    made, records = done
    monkeypatch.setattr(searching, "_rank", never)
    monkeypatch.setattr(PolicyTraining, "run", never)
    before = len(list((made.out / "items").iterdir()))
    assert run("table1", made) == records["table1"]
    monkeypatch.setattr(truth, "digest", lambda table: "another")
    again = run("table1", made)
    assert len(list((made.out / "items").iterdir())) == before + 1
    assert again["result"] == records["table1"]["result"], "searches do not depend on the table"


def test_trainings_that_failed_are_told(tmp_path):
    known = load(KNOWN, 0)
    table = replace(known.estimator.table, failed=("no loss", "no memory", "no loss"))
    estimator = PolicyTableEstimator(MEAN_RETURN, table, known.estimator.policies)
    made = setup(tmp_path, benchmark=KNOWN)
    truth.find_grounds(replace(made, load=lambda name, seed: replace(known, estimator=estimator)))
    assert (
        f"{LABELS[1]}: 3 of 12 trainings failed and score the game's lowest: no loss; no memory" in made.notes
    )


def test_another_preset_takes_part_when_it_is_named(tmp_path):
    found = sizes.find_size(setup(tmp_path, strategy="mazyavkina2020-enas", benchmark="a,b"))
    assert [method.name for method in found.methods] == ["ENAS", "SPOS", "mazyavkina2020-enas"]
    assert found.benchmarks == ("a", "b")


@pytest.mark.parametrize("name", ["bananas", "white2021-bananas", "mazyavkina2020-enos"])
def test_only_a_preset_of_a_one_shot_search_takes_part(tmp_path, name):
    with pytest.raises(UsageError):
        run("table1", setup(tmp_path, strategy=name))


def test_benchmarks_of_something_else_are_refused(tmp_path, tiny):
    made = replace(setup(tmp_path), load=lambda name, seed: tiny)
    with pytest.raises(UsageError, match="no benchmark of agents"):
        run("table1", made)


def test_one_game_under_two_lengths_goes_by_its_benchmarks(tmp_path):
    made = setup(tmp_path, benchmark=f"{KNOWN},{KNOWN}:again")

    def again(name, seed):
        return replace(load(KNOWN, seed), name=name)

    labels = [ground.label for ground in truth.find_grounds(replace(made, load=again))]
    assert labels == [KNOWN, f"{KNOWN}:again"]


def test_full_says_what_it_takes(tmp_path):
    made = setup(tmp_path, benchmark=TRAINED)
    price = truth._price(made, [load(TRAINED, 0)])
    assert f"{400 * (6 * 2 + 2 * 3):,} timesteps" in price


def test_what_the_paper_prints_has_a_cell_for_each_column():
    for item in ("table1", "best-architectures"):
        (table,) = tables_of("mazyavkina2020", item)
        assert all(len(row) == len(table["head"]) for row in table["rows"])
