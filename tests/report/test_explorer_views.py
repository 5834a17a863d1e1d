"""What is computed of all evaluations: the landscape, the importance of decisions, walks."""

import numpy as np
import pytest

import archwalk
from archwalk.api.objectives import objective_benchmark
from archwalk.estimators.benchmarks import load_benchmark
from archwalk.estimators.metrics import Metric
from archwalk.experiments.evaluated import Batch, Evaluations, Searched
from archwalk.experiments.runs import load_method
from archwalk.experiments.walks import take_walks
from archwalk.report.explorer import landscape as landscapes
from archwalk.report.explorer.explored import Explored
from archwalk.report.explorer.importance import importance
from archwalk.report.explorer.landscape import landscape
from archwalk.report.explorer.levels import levels_of
from archwalk.spaces.catalogue import SpaceReference, load_space

PROTEINS = "nas-bench-graph:proteins"


def explored_of(space, codes_BL, reward_B):
    metric = Metric("reward")
    about = Searched(
        benchmark="b",
        objective="o",
        space=SpaceReference.of(space),
        reward=metric,
        report=metric,
        strategies=["s"],
    )
    reward_TN = np.asarray(reward_B, float)[None]
    return Explored.of(Evaluations(about, [Batch("s", codes_BL[None], reward_TN, reward_TN)]), space)


@pytest.fixture(scope="module")
def space():
    return load_space("nas-bench-graph")


@pytest.fixture(scope="module")
def walked(space):
    """What a walk through the space meets."""
    rng = np.random.default_rng(0)
    codes = [space.sample(rng, 1)[0]]
    for _ in range(60):
        near_EL = space.neighbours(codes[-1][None]).codes_EL
        codes.append(near_EL[rng.integers(len(near_EL))])
    return np.stack(codes)


def test_levels_are_places_of_values():
    names = ["kind", "width", "there", "same"]
    rows = [["b", 2, None, 1], ["a", 16, 1, 1], ["b", 2, 0, 1]]
    found = {one.name: (one.at_U.tolist(), list(one.values)) for one in levels_of(names, rows)}
    assert found == {
        "kind": ([1, 0, 1], ["a", "b"]), "width": ([0, 1, 0], ["2", "16"]), "there": ([2, 1, 0], ["0", "1", "none"]),
    }  # fmt: skip


def test_many_numbers_are_put_into_bins_and_many_words_together():
    numbers = levels_of(["n"], [[value / 10] for value in range(100)])[0]
    assert len(numbers.values) == 8
    assert set(np.bincount(numbers.at_U)) == {12, 13}
    assert (np.diff(numbers.at_U) >= 0).all()
    words = levels_of(["w"], [[f"{value:02}"] for value in range(30)] + [[None]])[0]
    assert words.values[-2:] == ["others", "none"]
    assert words.at_U.max() == len(words.values) - 1


def test_importance_finds_the_decision_that_decides(space):
    rng = np.random.default_rng(1)
    codes_BL = space.sample(rng, 400)
    ops = [space.describe(code_L)["ops"] for code_L in codes_BL]
    reward = [10 * (one[2] == "gat") + 0.5 * (one[0] == "fc") for one in ops]
    found = importance(explored_of(space, codes_BL, reward))
    first, second, *rest = found["rows"]
    assert (first["name"], first["best"]) == ("ops.2", "gat")
    assert (second["name"], second["best"]) == ("ops.0", "fc")
    assert first["share"] > 0.4
    assert all(row["share"] < 0.06 for row in rest)
    assert sum(row["share"] for row in found["rows"]) == pytest.approx(1, abs=0.01)
    assert found["explained"] > 0.9


def test_importance_of_noise_explains_nothing(space):
    rng = np.random.default_rng(1)
    codes_BL = space.sample(rng, 300)
    found = importance(explored_of(space, codes_BL, rng.normal(size=300)))
    assert found["explained"] < 0.1


def test_importance_wants_enough_that_differs(space):
    codes_BL = space.sample(np.random.default_rng(1), 30)
    assert importance(explored_of(space, codes_BL[:10], np.arange(10))) is None
    assert importance(explored_of(space, codes_BL, np.zeros(30))) is None
    assert importance(explored_of(space, codes_BL, np.full(30, np.nan))) is None
    assert importance(explored_of(space, codes_BL[:1].repeat(30, axis=0), np.arange(30))) is None


def test_edges_of_the_landscape_are_those_of_the_space(space, walked):
    explored = explored_of(space, walked, np.arange(len(walked)))
    found = landscape(explored)
    codes = [explored.codes[number] for number in found["at"]]
    edges = np.array(found["edges"]).reshape(-1, 2)
    inside = {tuple(edge) for edge in edges if max(edge) < len(codes)}
    wanted = set()
    for one, code_L in enumerate(codes):
        near = {neighbour.tobytes() for neighbour in space.neighbours(code_L[None]).codes_EL}
        linked = (other for other in range(len(codes)) if other != one and codes[other].tobytes() in near)
        wanted |= {(min(one, other), max(one, other)) for other in linked}
    assert inside == wanted
    assert len(wanted) >= 40, "a walk is a path"
    assert len(found["around"]["x"]) > 100


def test_neighbours_lie_nearer_than_others(space, walked):
    found = landscape(explored_of(space, walked, np.arange(len(walked))))
    x, y = (np.array([*found[axis], *found["around"][axis]]) for axis in "xy")
    assert min(x.min(), y.min()) == 0
    assert max(x.max(), y.max()) == landscapes.SIZE
    edges = np.array(found["edges"]).reshape(-1, 2)
    ends = np.random.default_rng(0).integers(len(x), size=(2_000, 2))

    def apart(pairs):
        return np.hypot(*(axis[pairs[:, 0]] - axis[pairs[:, 1]] for axis in (x, y))).mean()

    assert apart(edges) < 0.7 * apart(ends)


def test_the_landscape_is_always_the_same(space, walked):
    first, second = (landscape(explored_of(space, walked, np.arange(len(walked)))) for _ in range(2))
    assert first == second


def test_a_small_space_is_shown_as_a_whole():
    space = load_benchmark(PROTEINS).space
    codes_BL = space.sample(np.random.default_rng(0), 40)
    explored = explored_of(space, codes_BL, np.arange(40))
    found = landscape(explored)
    assert len(found["at"]) + len(found["around"]["x"]) == space.size


def test_of_very_many_the_best_have_a_place(space, monkeypatch):
    monkeypatch.setattr(landscapes, "MOST_PLACED", 60)
    monkeypatch.setattr(landscapes, "MOST_AROUND", 20)
    codes_BL = np.arange(300, dtype=np.int32)[:, None]
    found = landscape(explored_of(space, codes_BL, np.arange(300)))
    assert set(range(280, 300)) <= set(found["at"])
    assert len(found["at"]) <= 40
    assert len(found["around"]["x"]) <= 20


def test_without_a_space_decisions_alone_say_where():
    explored = Explored(explored_of(load_space("nas-bench-graph"), np.zeros((1, 1), np.int32), [0.0]).about)
    described = [{"kind": kind, "depth": depth} for kind in "abc" for depth in range(4)]
    explored.add_described("s", described, range(12), range(12), {}, 1)
    found = landscape(explored)
    assert len(found["at"]) == 12
    assert found["edges"] == []
    assert landscape(Explored(explored.about)) is None


def test_walks_say_where_each_step_led():
    benchmark = load_benchmark(PROTEINS)
    starts_BL = benchmark.space.sample(np.random.default_rng(0), 3)
    walks = take_walks(benchmark, load_method("local-search", benchmark.space), starts_BL, 0)
    assert [walk.codes_SL[0].tolist() for walk in walks] == starts_BL.tolist()
    for walk in walks:
        assert (np.diff(walk.reward_S) > 0).all(), "local search climbs"
        np.testing.assert_array_equal(walk.reward_S, benchmark.estimator.evaluate(walk.codes_SL).reward_B)
        for step, edit in enumerate(walk.edits):
            near = benchmark.space.neighbours(walk.codes_SL[step][None])
            kinds = {
                benchmark.space.edit_kinds[kind]
                for code_L, kind in zip(near.codes_EL, near.kinds_E, strict=True)
                if np.array_equal(code_L, walk.codes_SL[step + 1])
            }
            assert edit in kinds


def test_who_does_not_walk_or_pays_for_it_has_none():
    benchmark = load_benchmark(PROTEINS)
    starts_BL = benchmark.space.sample(np.random.default_rng(0), 2)
    for name in ("random-search", "regularized-evolution"):
        assert take_walks(benchmark, load_method(name, benchmark.space), starts_BL, 0) == []
    own = objective_benchmark("nas-bench-graph", lambda architecture: 1.0, store=False)
    assert take_walks(own, load_method("local-search", own.space), starts_BL, 0) == []


def test_a_search_with_several_goals_has_a_page_and_a_frame(tmp_path):
    result = archwalk.search_front(
        "nsga2", "nas-bench-graph:proteins", maximise="accuracy", minimise="latency_ms",
        limits={"parameters": 1e6}, budget=40, trials=2, out=tmp_path,
    )  # fmt: skip
    assert {path.name for path in tmp_path.iterdir()} == {
        "front.json", "front.svg", "evaluations.csv", "evaluations.safetensors", "report.html",
    }  # fmt: skip
    again = archwalk.load_front(tmp_path)
    assert again.frame().equals(result.frame())
    assert len(again.frame()) == 80
    assert again.frame()["within_limits"].sum() == result.record.within_limits
    page = (tmp_path / "report.html").read_text()
    assert "Trade-offs on nas-bench-graph:proteins" in page
    again.page(tmp_path / "again.html")
    assert (tmp_path / "again.html").read_text() == page
    assert again.evaluations.about.goals == ["accuracy", "latency_ms"]


def test_a_study_has_a_page(tmp_path):
    study = archwalk.study("nas-bench-graph", "random-search")
    assert "Nothing was told yet" in study.page(tmp_path / "empty.html").read_text()
    for reward in range(5):
        study.tell(study.ask(), float(reward))
    page = study.page(tmp_path / "study.html").read_text()
    assert "the best reward is 4" in page
    assert 'id="x-data"' in page
