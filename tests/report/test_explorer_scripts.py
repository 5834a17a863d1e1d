"""The explorer's scripts, run by an engine without a page: which rows are shown, in which order, and how written."""

import json
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest
import quickjs

import archwalk
from archwalk.estimators.metrics import Metric
from archwalk.report.explorer.explored import Explored
from archwalk.report.values import Format
from archwalk.strategies.goals.pareto import front

PROTEINS = "nas-bench-graph:proteins"
NEEDED = ("tools", "store", "view", "fronts", "steps", "curves")
PAGE = """
const document = { documentElement: {}, createElement: () => ({}), getElementById: () => null };
class Plot {}
"""
EXPORT = """
globalThis.say = (value) => JSON.stringify(value);
globalThis.store = new Store();
globalThis.view = new View(store);
globalThis.show = (delta) => { store.add(JSON.parse(delta)); view.changed(); };
globalThis.filter = (text) => { view.text = text; view.changed(); return say(Array.from(view.order)); };
globalThis.sort = (key, down) => { view.sorted = { key, down }; view.changed(); return say(Array.from(view.order)); };
globalThis.api = { written, decimalsOf, ticksOf, tickText, frontOf, bestSoFar, nearest: Steps.prototype.nearest };
"""


class Scripts:
    """The scripts with some evaluations."""

    def __init__(self, delta=None):
        self.context = quickjs.Context()
        folder = files("archwalk.report.explorer")
        parts = [folder.joinpath(f"{name}.js").read_text() for name in NEEDED]
        self.context.eval("\n".join([PAGE, *parts, EXPORT]))
        if delta is not None:
            self.context.get("show")(json.dumps(delta))

    def ask(self, code):
        return json.loads(self.context.eval(f"say({code})"))

    def filter(self, text):
        return json.loads(self.context.get("filter")(text))

    def sort(self, key, down):
        return json.loads(self.context.get("sort")(key, down))


@pytest.fixture(scope="module")
def result():
    return archwalk.compare(["local-search", "random-search"], PROTEINS, budget=60, trials=2, seed=3)


@pytest.fixture(scope="module")
def frame(result):
    return result.frame()


@pytest.fixture
def scripts(result):
    return Scripts(Explored.of(result.evaluations, result.benchmark.space).delta())


def test_columns_are_those_of_the_frame(scripts, frame):
    np.testing.assert_allclose(scripts.ask("store.columns.reward"), frame["reward"])
    np.testing.assert_allclose(scripts.ask("store.columns.report"), frame["report"])
    np.testing.assert_allclose(scripts.ask("store.metrics.get('parameters')"), frame["parameters"])
    assert scripts.ask("store.columns.query") == frame["evaluation"].tolist()
    assert scripts.ask("store.columns.trial") == frame["trial"].tolist()
    names = scripts.ask("store.columns.strategy.map((place) => store.about.strategies[place])")
    assert names == frame["strategy"].tolist()


def test_comparisons_keep_the_rows_that_fit(scripts, frame):
    reward = frame["reward"]
    wanted = {
        f"reward>{reward.median()} trial=1": (reward > reward.median()) & (frame["trial"] == 1),
        "query<=5": frame["evaluation"] <= 5,
        "strategy=local-search query>=59": (frame["strategy"] == "local-search")
        & (frame["evaluation"] >= 59),
        "ops.0=gcn": frame["architecture"].map(lambda text: json.loads(text)["ops"][0] == "gcn"),
        'OPS.0!="gcn"': frame["architecture"].map(lambda text: json.loads(text)["ops"][0] != "gcn"),
        "random fc": (frame["strategy"] == "random-search") & frame["architecture"].str.contains("fc"),
        '"[0, 0"': frame["architecture"].str.contains("no such text"),
        '"[0,0"': frame["architecture"].str.contains("[0, 0", regex=False),
    }
    for text, rows in wanted.items():
        assert sorted(scripts.filter(text)) == np.flatnonzero(rows).tolist(), text
    assert scripts.filter("  ") != []


def test_a_column_that_there_is_not_is_named(scripts):
    assert scripts.filter("rewrd>3") == []
    assert scripts.ask("view.problem") == "no column is called rewrd; is it reward?"
    scripts.filter("reward>3")
    assert scripts.ask("view.problem") == ""


def test_sorting_is_stable_and_what_has_no_value_is_last(result, frame):
    delta = Explored.of(result.evaluations, result.benchmark.space).delta()
    delta["series"][0]["reward"][0] = None
    scripts = Scripts(delta)
    reward = np.array([one for series in delta["series"] for one in series["reward"]], float)
    assert np.isnan(reward[0])
    for down in (True, False):
        order = scripts.sort("reward", down)
        assert order == np.argsort(-reward if down else reward, kind="stable").tolist()
        assert order[-1] == 0
    kinds = [json.loads(text)["ops"][1] for text in frame["architecture"]]
    assert scripts.sort("ops.1", False) == np.argsort(kinds, kind="stable").tolist()
    assert scripts.sort("strategy", False) == list(range(240))


def test_once_keeps_the_best_evaluation_of_each_architecture(scripts, frame):
    scripts.context.eval("view.once = true; view.changed()")
    rows = scripts.ask("Array.from(view.order)")
    best = frame.groupby("architecture")["reward"].idxmax()
    assert sorted(rows) == sorted(best.tolist())


def test_ranges_of_axes_keep_rows(scripts, frame):
    values = sorted({json.loads(text)["ops"][0] for text in frame["architecture"]})
    scripts.context.eval("view.ranges.set('ops.0', [-0.5, 1.4]); view.changed()")
    kept = frame.index[[json.loads(text)["ops"][0] in values[:2] for text in frame["architecture"]]]
    assert sorted(scripts.ask("Array.from(view.order)")) == kept.tolist()


def test_more_rows_are_as_if_they_had_been_there_from_the_beginning(result):
    evaluations = replace(result.evaluations, walks=())
    whole = Explored.of(evaluations, result.benchmark.space)
    first, parts = Explored(whole.about, whole.space), Scripts()
    for batch in result.evaluations.batches:
        before = len(first.series), len(first.descriptions)
        first.add(batch)
        parts.context.get("show")(json.dumps(first.delta(*before)))
    together = Scripts(whole.delta())
    for what in (
        "store.columns",
        "store.decisions",
        "store.best()",
        "Array.from(view.order)",
        "store.varying",
    ):
        assert parts.ask(what) == together.ask(what)


def test_fronts_are_those_that_nothing_beats(scripts, frame):
    rows = scripts.ask(
        "api.frontOf([...Array(store.rows).keys()], "
        "view.columns.find((one) => one.key === 'parameters'), view.columns.find((one) => one.key === 'reward'))"
    )
    values_EG = np.stack([-frame["parameters"], frame["reward"]], axis=1)
    assert {tuple(row) for row in values_EG[rows]} == {tuple(row) for row in values_EG[front(values_EG)]}


def test_best_so_far_is_the_ledgers(scripts, result):
    for place, name in enumerate(result.strategies):
        reward_TN = result.evaluations.batches[place].reward_TN
        assert result.evaluations.batches[place].strategy == name
        mean_N = np.maximum.accumulate(reward_TN, axis=1).mean(axis=0)
        np.testing.assert_allclose(scripts.ask(f"api.bestSoFar(store, {place}).y"), mean_N)


def test_an_evaluation_is_compared_with_the_one_most_like_it(scripts, frame):
    told = (
        "{ store, path: store.columns.architecture.slice(0, 60).map((architecture) => ({ architecture })) }"
    )
    rows = [[*json.loads(text)["link"], *json.loads(text)["ops"]] for text in frame["architecture"][:60]]
    numbers = scripts.ask("store.columns.architecture.slice(0, 60)")
    for at in (1, 17, 40, 59):
        differ = [sum(a != b for a, b in zip(rows[at], rows[e], strict=True)) or 99 for e in range(at)]
        last = max(e for e in range(at) if differ[e] == min(differ))
        assert scripts.ask(f"api.nearest.call({told}, {at})") == numbers[last]


def test_numbers_are_written_as_everywhere():
    scripts = Scripts()
    for unit, values in [
        ("%", [81.375, 9.5]),
        ("", [0.00123, 0.0004]),
        ("ms", [12.3, -4.0]),
        ("", [1234.6, 99.25]),
    ]:
        written = Format.of(Metric("m", unit), values)
        for value in values:
            decimals = scripts.ask(f"api.decimalsOf({json.dumps(values)}, {json.dumps(unit)})")
            assert decimals == written.decimals
            assert scripts.ask(f"api.written({value}, {decimals})") == written.number(value)
    assert scripts.ask("api.written(NaN, 2)") == "–"
    assert scripts.ask("api.written(1234567, 0)") == "1,234,567"
    assert scripts.ask("api.written(-0.001, 2)") == "0.00"


def test_ticks_are_round():
    scripts = Scripts()
    assert scripts.ask("api.ticksOf(0, 7.3)") == [0, 2, 4, 6]
    assert scripts.ask("api.ticksOf(1, 3, 5, true)") == [1, 2, 3]
    assert scripts.ask("api.tickText(2e7, [0, 1e7, 2e7])") == "20 M"
    assert scripts.ask("api.tickText(0.2, [0, 0.2, 0.4])") == "0.2"
