"""The page, the terminal and the files of Mazyavkina et al.'s items."""

import copy
import re

import pytest
from rich.console import Console

from archwalk.papers.catalogue import VIEWS
from archwalk.papers.drawing.blocks import Chart, Drawings, Grid, Words, setting_line
from archwalk.papers.files import to_csv, to_latex, to_markdown
from archwalk.papers.mazyavkina2020 import sizes
from archwalk.papers.mazyavkina2020.found_views import list_by_ground
from archwalk.papers.page import render_page
from archwalk.papers.text import print_records
from archwalk.report.lines import Axis, Plot, Series, draw_lines
from archwalk.report.palette import BLUE
from archwalk.report.values import p_text
from mazyavkina import ABSENT, LABELS, SIZE, run, setup
from pages import Page

NAMES = ("table1", "figure4", "best-architectures", "rank-correlation", "search-vs-random")


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sizes.SIZES, "smoke", SIZE)
        made = setup(tmp_path_factory.mktemp("p2"))
        return {name: run(name, made) for name in NAMES}


def blocks(record, of):
    return [block for block in VIEWS[record["kind"]](record) if isinstance(block, of)]


def plain(text):
    """With ordinary spaces."""
    return " ".join(text.split())


def said_in(record):
    """The sentences of an item."""
    (words,) = blocks(record, Words)
    return [plain(text) for text in words.texts]


def test_the_page_of_all_is_well_formed(records):
    html = render_page(list(records.values()), {}, "archwalk reproduce mazyavkina2020/all")
    page = Page(html)
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    assert [attrs["id"] for tag, attrs in page.tags if tag == "section"] == [*NAMES, "origin"]
    assert not re.search(r"(fill|stroke): #", html)
    assert f"Left out: {ABSENT}" in html


def test_what_the_paper_prints_is_a_table_apart(records):
    for name, table in (("table1", "Table 1"), ("best-architectures", "Tables 6 to 9")):
        ours, apart = blocks(records[name], Grid)
        assert apart.title == f"Reported by the paper: {table}"
        assert "Not ours" in apart.notes[0]
        assert "Atari" in apart.notes[0]
        assert "61.4" not in str(ours.rows)


def test_a_cell_has_its_deviation_and_a_search_its_interval(records):
    ours, _ = blocks(records["table1"], Grid)
    cells = {label: cells for label, _, cells in ours.rows}
    assert ours.head[1:] == list(LABELS)
    assert cells["Best of the table, mean return"][1] == "10.50 ± 1.50"
    one = records["table1"]["result"]["grounds"][LABELS[1]]["ENAS"]["max_return"]
    low, high = one["ci95"]
    assert cells["ENAS, max return"][1] == f"{one['mean']:.2f} ± {one['std']:.2f}\n[{low:.2f}, {high:.2f}]"


def test_every_figure_and_table_says_how_it_was_made(records):
    for record in records.values():
        ours = [block for block in blocks(record, Grid) if not block.title.startswith("Reported")]
        for block in [*ours, *blocks(record, Chart)]:
            said = plain(" ".join(block.notes) if isinstance(block, Grid) else block.caption)
            assert "Budget: 3 trainings from scratch; query: an architecture of the top by the proxy" in said
            assert "3 seeds of each search. Timesteps of an agent: 400; seeds of the table: 2 seeds." in said
            shares = record["settings"]["variance_between_networks"].values()
            assert all(f"{share:.3f}" in said.partition("between trainings of one: ")[2] for share in shares)
        assert setting_line(record).startswith("policy:trained, policy-cnn:known, objective mean-return (")


def test_figures_are_drawn_in_both_widths(records):
    for name in ("figure4", "rank-correlation"):
        (one,) = blocks(records[name], Chart)
        assert 'width="720"' in one.wide
        assert 'width="360"' in one.narrow
        assert all(f">{label}: " in one.wide for label in LABELS)
    (drawn,) = blocks(records["best-architectures"], Drawings)
    names = ("best of the table", "ENAS", "SPOS")
    captions = [f"{label}, {name}" for label in LABELS for name in names]
    assert [caption.rpartition(":")[0] for caption, _ in drawn.items] == captions


def test_the_verdict_is_the_tests(records):
    record = copy.deepcopy(records["search-vs-random"])
    rows = [one for methods in record["result"]["grounds"].values() for one in methods.values()]
    for row in rows:
        for cost in row.values():
            cost |= {"p_holm": 1.0, "can_be_shown": True}
    said = said_in(record)
    assert all(text.endswith("in 0 of 4 tests (p < 0.05, corrected over all of them).") for text in said)
    rows[0]["trainings"]["p_holm"] = 0.01
    rows[1]["trainings"]["can_be_shown"] = False
    said = said_in(record)
    assert f"in 1 of 4 tests (p < 0.05, corrected over all of them): ENAS on {LABELS[0]}." in said[0]
    assert "In 1 of them that could not be shown alone" in said[0]
    assert "could not" not in said[1]


def test_the_goal_is_the_mean_rank_of_the_seeds(records):
    record = copy.deepcopy(records["rank-correlation"])
    one, other = record["result"]["grounds"].values()
    for ground, share, low in ((one, 20.0, 0.1), (other, 20.1, -0.1)):
        ground["methods"]["SPOS"]["found_share"]["mean"] = share
        ground["methods"]["SPOS"]["spearman"] = {"mean": 0.3, "ci95": [low, 0.5], "each": [0.3]}
    assert said_in(record)[1] == (
        f"SPOS: what it found is in the top 20 % in the mean of its seeds in 1 of 2 cases ({LABELS[0]}); the "
        "interval of Spearman's correlation is above zero in 1."
    )
    grid, *_ = blocks(record, Grid)
    cells = {label: cells for label, _, cells in grid.rows}
    assert cells[f"{LABELS[0]}: SPOS"][0] == "+0.30\n[+0.10, +0.50]\n1 of 3 seeds"
    assert f"{LABELS[1]} {other['between_seeds']:+.2f} ({other['ceiling']:.2f})" in grid.notes[0]
    assert f"{LABELS[1]} {p_text(other['friedman']['p'])}" in grid.notes[0]


def test_what_is_alike_everywhere_is_said_once():
    assert list_by_ground({"A": 3, "B": 3}, str) == "3"
    assert list_by_ground({"A": 3, "B": 1, "C": 3}, str) == "3 (A; C), 1 (B)"


def test_a_histogram_has_an_edge_more_than_bars():
    bars = Series("bars", BLUE, [0, 1, 2, 3], [4, 0, 1], bars=True)
    marks = Series("marks", BLUE, [1.5], [5], [0], [5], only_dots=True, dots=True)
    svg = draw_lines(Plot("k", Axis("x"), Axis("y"), [bars, marks], "l", "d"), 720)
    assert svg.count("<use ") == 1, "one dot"
    assert svg.startswith("<svg")


def test_files_and_terminal_hold_every_table(records):
    every = list(records.values())
    grids = [block for record in every for block in VIEWS[record["kind"]](record) if isinstance(block, Grid)]
    assert to_latex(every).count(r"\begin{table}") == to_markdown(every).count("### ") == len(grids) == 7
    assert "search-vs-random" in to_csv(every)
    console = Console(width=200, record=True, file=None, quiet=False)
    with console.capture() as captured:
        print_records(every, console)
    assert "random search of 3 trainings" in plain(captured.get())
