"""The explorer: what a page holds of all evaluations, and what it may run."""

import base64
import hashlib
import json
import re
import zlib

import numpy as np
import pytest

import archwalk
import comparisons
from archwalk.estimators.metrics import Metric
from archwalk.experiments.evaluated import Batch, Evaluations, Searched
from archwalk.report.explorer import drawn
from archwalk.report.explorer.decisions import decisions_of, decisive
from archwalk.report.explorer.explored import Explored
from archwalk.report.explorer.section import explorer, script
from archwalk.report.page import render_page
from archwalk.spaces.catalogue import SpaceReference, load_space
from pages import Page

PROTEINS = "nas-bench-graph:proteins"
HOSTILE = "</script><img src=x onerror=alert(1)>"


def unpacked(html, key):
    """What a page holds under an id."""
    text = re.search(f'<script type="text/plain" id="{key}">([^<]*)</script>', html)[1]
    return zlib.decompress(base64.b64decode(text)).decode()


def data_of(html):
    return json.loads(unpacked(html, "x-data"))


def drawings_of(html):
    at, *drawings = unpacked(html, "x-drawings").split("\0")
    return dict(zip(json.loads(at), drawings, strict=True))


def of_strategy(name, space=None, codes=((0, 1, 0),), reward=(1.0, 2.0, 1.0)):
    about = Searched(
        benchmark=name, objective=name, space=SpaceReference(name), reward=Metric(name), report=Metric(name),
        strategies=[name],
    )  # fmt: skip
    reward_TN = np.array([reward])
    batch = Batch(name, np.array(codes, np.int32)[:, :, None], reward_TN, reward_TN)
    return Explored.of(Evaluations(about, [batch]), space)


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    folder = tmp_path_factory.mktemp("searched")
    result = archwalk.compare(["local-search", "random-search"], PROTEINS, budget=30, trials=2, out=folder)
    return result, (folder / "report.html").read_text()


def test_a_page_holds_every_evaluation(searched):
    result, html = searched
    data, frame = data_of(html), result.frame()
    assert sum(len(one["architecture"]) for one in data["series"]) == len(frame) == 120
    rewards = [reward for one in data["series"] for reward in one["reward"]]
    np.testing.assert_allclose(rewards, frame["reward"])
    at = [number for one in data["series"] for number in one["architecture"]]
    assert [json.dumps(data["descriptions"][number]) for number in at] == frame["architecture"].tolist()
    assert data["about"]["strategies"] == ["local-search", "random-search"]
    assert {one["key"] for one in data["about"]["metrics"]} == {"latency_ms", "parameters"}
    assert {"latency_ms", "parameters"} < set(frame.columns)


def test_decisions_are_what_descriptions_say(searched):
    _, html = searched
    data = data_of(html)
    for description, row in zip(data["descriptions"], data["decisions"], strict=True):
        flat = {
            f"{key}.{place}": one for key in ("link", "ops") for place, one in enumerate(description[key])
        }
        assert dict(zip(data["names"], row, strict=True)) == flat


def test_all_architectures_of_a_small_search_are_drawn(searched):
    result, html = searched
    space, drawings, data = result.benchmark.space, drawings_of(html), data_of(html)
    assert sorted(drawings) == list(range(len(data["descriptions"])))
    assert all(svg == space.draw(space.parse(data["descriptions"][at])) for at, svg in drawings.items())


def test_only_our_script_runs_and_nothing_is_loaded(searched):
    _, html = searched
    page = Page(html)
    scripts = [attrs for tag, attrs in page.tags if tag == "script"]
    assert [attrs.get("type") for attrs in scripts] == ["text/plain", "text/plain", None]
    policy = next(attrs["content"] for tag, attrs in page.tags if "http-equiv" in attrs)
    digest = base64.b64encode(hashlib.sha256(script().encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy
    assert "connect-src 'none'" in policy
    assert f"<script>{script()}</script>" in html
    assert not {"src", "href"} & {name for attrs in scripts for name in attrs}
    assert "</script" not in script().lower()
    assert "innerHTML" not in script()


def test_a_page_without_evaluations_has_no_script():
    html = render_page(comparisons.demo(), of_strategy("a", codes=((),), reward=()))
    assert "<script" not in html
    assert "script-src" not in html


def test_names_of_others_are_never_markup():
    body = explorer(of_strategy(HOSTILE), HOSTILE).body
    assert "onerror" not in body
    assert body.count("</script>") == body.count("<script")
    explored = of_strategy(HOSTILE)
    assert explored.describe()["strategies"] == [HOSTILE]


def test_without_a_space_codes_stand_for_descriptions():
    explored = of_strategy("a")
    assert explored.descriptions == [{"code": [0]}, {"code": [1]}]
    assert explored.best == [1.0, 2.0]
    assert drawn.packed_drawings(explored) == ("", 0)


def test_what_was_not_a_number_is_null():
    explored = of_strategy("a", reward=(np.nan, np.inf, 3.0))
    assert explored.series[0]["reward"] == [None, None, 3.0]


def test_drawings_end_where_the_room_does(monkeypatch):
    space = load_space("nas-bench-graph")
    numbers = np.arange(120)
    explored = of_strategy("a", space, [numbers], numbers.astype(float))
    monkeypatch.setattr(drawn, "MOST_BYTES", 2_000)
    packed, count = drawn.packed_drawings(explored)
    drawings = drawings_of(f'<script type="text/plain" id="x-drawings">{packed}</script>')
    assert 0 < count < 120
    assert set(drawings) == set(range(120 - count, 120)), "the best are drawn"


def test_a_drawing_that_fails_loses_nothing_else(monkeypatch):
    space = load_space("nas-bench-graph")
    monkeypatch.setattr(type(space), "draw", lambda self, code_L: 1 // int(code_L[0]) and "<svg/>")
    packed, count = drawn.packed_drawings(of_strategy("a", space))
    assert count == 1, "0 cannot be divided by"
    assert packed


def test_decisions_of_a_string_are_those_that_the_space_names():
    space = load_space("nasbench201")
    code_L = space.parse("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|avg_pool_3x3~2|")
    decisions = decisions_of(space.describe(code_L), decisive(space), code_L)
    assert decisions == {
        "0→1": "nor_conv_3x3", "0→2": "none", "1→2": "skip_connect", "0→3": "none", "1→3": "none",
        "2→3": "avg_pool_3x3",
    }  # fmt: skip


def test_a_page_of_very_many_evaluations_holds_the_first_trials():
    about = of_strategy("a").about
    codes_TNL = np.arange(60, dtype=np.int32).reshape(6, 10, 1)
    batch = Batch("a", codes_TNL, np.ones((6, 10)), np.ones((6, 10)))
    explored = Explored.of(Evaluations(about, [batch]), None, most=35)
    assert explored.rows == 30
    assert [one["trials"] for one in explored.series] == [3]
    assert "30 of 60" in explored.notes[0]


def test_a_result_that_was_read_draws_the_same_page(searched, tmp_path):
    result, html = searched
    archwalk.load_result(result.folder).page(tmp_path / "again.html")
    assert (tmp_path / "again.html").read_text() == html
