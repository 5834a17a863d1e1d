"""The page, the terminal and the files of Gomez Robles and Vanschoren's items."""

import re

import pytest
from rich.console import Console

from archwalk.papers.catalogue import VIEWS
from archwalk.papers.drawing.blocks import Chart, Drawings, Grid, Words, setting_line
from archwalk.papers.drawing.trials import verdict
from archwalk.papers.files import to_csv, to_latex, to_markdown
from archwalk.papers.gomezrobles2019 import sizes
from archwalk.papers.gomezrobles2019.evolution_views import duration
from archwalk.papers.gomezrobles2019.network_views import kind
from archwalk.papers.page import render_page
from archwalk.papers.text import print_records
from archwalk.report.bars import Bars, draw_bars
from archwalk.report.lines import Axis, Plot, Series
from archwalk.report.palette import BLUE
from archwalk.report.panels import Panels, draw_panels
from gomezrobles import SIZE, run, setup
from pages import Page

NAMES = ("exp1", "exp2", "exp3", "appendix-a", "appendix-b")


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sizes.SIZES, "smoke", SIZE)
        made = setup(tmp_path_factory.mktemp("p3"))
        return {name: run(name, made) for name in NAMES}


def blocks(records, name, of):
    return [block for block in VIEWS[records[name]["kind"]](records[name]) if isinstance(block, of)]


def test_the_page_of_all_is_well_formed(records):
    html = render_page(list(records.values()), {}, "archwalk reproduce gomezrobles2019/all")
    page = Page(html)
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    assert [attrs["id"] for tag, attrs in page.tags if tag == "section"] == [*NAMES, "origin"]
    assert not re.search(r"(fill|stroke): #", html)


def test_what_the_paper_prints_is_a_table_apart(records):
    for name, table in (
        ("exp1", "Table 4"),
        ("exp2", "Table 5"),
        ("exp3", "Table 7"),
        ("appendix-a", "Table 9"),
    ):
        *ours, apart = blocks(records, name, Grid)
        assert apart.title == f"Reported by the paper: {table}"
        assert "Not ours" in apart.notes[0]
        assert not any("11 days" in cell for grid in ours for _, _, cells in grid.rows for cell in cells)


def test_the_first_steps_are_answered_for_each_data_set(records):
    (words, *_), (grid, *_) = blocks(records, "exp1", Words), blocks(records, "exp1", Grid)
    assert [text.split(",")[0] for text in words.texts] == ["On one", "On two", "On three"]
    assert "the untrained policy" in words.texts[0]
    assert "the transferred policy" in words.texts[1]
    early = records["exp1"]["result"]["early"]["data"]["two"]["reward"]["DQN"]
    assert grid.rows[1][2][1].startswith(f"{early['mean']:.2f}\n[")


@pytest.mark.parametrize(
    ("ends", "words"), [((0.1, 2), "ahead of"), ((-2, -0.1), "behind"), ((-1, 1), "not settled against")]
)
def test_a_verdict_is_the_interval_s(ends, words):
    assert verdict({"mean": 0, "ci95": ends}) == words


def test_only_a_frozen_policy_is_said_to_adapt_or_not(records):
    (words, *_) = blocks(records, "exp2", Words)
    said = [re.match(r"On (\w+) the frozen policy of (\w+)", text) for text in words.texts]
    assert [found.groups() for found in said if found] == [
        (name, agent) for name in ("four", "five") for agent in ("Deep", "Adaptive")
    ]
    assert not any("DQN" in text for text in words.texts)
    assert all("Wilcoxon" in text for text in words.texts[4:])


def test_every_figure_is_drawn_in_both_widths(records):
    for name in ("exp1", "exp2", "exp3", "appendix-a"):
        charts = blocks(records, name, Chart)
        assert len(charts) == 2
        assert all('width="720"' in one.wide and 'width="360"' in one.narrow for one in charts)
    assert sum(len(one.items) for one in blocks(records, "appendix-b", Drawings)) == 9


def test_a_narrow_grid_has_one_column():
    plot = Plot("x", Axis("steps"), Axis("reward"), [Series("a", BLUE, [1, 2], [3, 4])], "", "")
    panels = Panels("x", ["one", "two"], [[plot, plot], [plot, None]], "l", "d")
    wide, narrow = draw_panels(panels, 720), draw_panels(panels, 360)
    heights = [int(re.search(r'height="(\d+)"', svg)[1]) for svg in (wide, narrow)]
    assert heights[1] > 1.7 * heights[0]
    assert wide.count("<desc>d</desc>") == narrow.count("<desc>d</desc>") == 1
    assert all(f">{title}<" in svg for svg in (wide, narrow) for title in ("one", "two"))


def test_bars_stand_from_zero():
    svg = draw_bars(
        [Bars("a", BLUE, [5.0, 6.0])], ["A0", "A1"], key="k", x="x", y="y", description="d", width=720
    )
    assert ">0<" in svg
    assert 'aria-label="Bar chart: y by x; a"' in svg


def test_kinds_of_data_sets():
    assert kind({"range": [0, 29], "quartiles": [1, 2, 3]}) == "hard"
    assert kind({"range": [0, 95], "quartiles": [60, 80, 90]}) == "trivial"
    assert kind({"range": [0, 60], "quartiles": [10, 30, 50]}) == "medium"


@pytest.mark.parametrize(
    ("seconds", "text"), [(2.54, "2.5 s"), (250.0, "4 min 10 s"), (11_100.0, "3 h 5 min"), (59.0, "59.0 s")]
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_data_sets_of_one_objective_are_named_together(records):
    assert setting_line(records["exp1"]).startswith("one, two, three, objective validation (")


def test_files_and_terminal_hold_every_table(records):
    every = list(records.values())
    grids = [block for record in every for block in VIEWS[record["kind"]](record) if isinstance(block, Grid)]
    assert to_latex(every).count(r"\begin{table}") == to_markdown(every).count("### ") == len(grids)
    assert "exp2" in to_csv(every)
    console = Console(width=200, record=True, file=None, quiet=False)
    with console.capture() as captured:
        print_records(every, console)
    assert "Over the first 500 steps" in captured.get()
