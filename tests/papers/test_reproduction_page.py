"""Every item is drawn, on one page that is well formed, says whose figures are whose, and follows the theme."""

import copy
import re

import pytest
from rich.console import Console

import reproduced
from archwalk.papers.cassimon2024.search_views import APART
from archwalk.papers.catalogue import VIEWS, item_names
from archwalk.papers.drawing.blocks import Chart, Grid, setting_line
from archwalk.papers.page import render_page, write_page
from archwalk.papers.text import print_records
from archwalk.report.palette import COLOURS
from pages import Page

ITEMS = [name.partition("/")[2] for name in item_names("cassimon2024")]


@pytest.fixture(scope="module")
def page(reproductions):
    return render_page(
        list(reproductions.values()), {"fig99": "no <data>"}, "archwalk reproduce cassimon2024/all"
    )


def test_the_page_of_all_is_well_formed(page):
    parsed = Page(page)
    ids = parsed.attributes("id")
    assert len(ids) == len(set(ids))
    assert set(ITEMS) <= set(ids)
    assert {link.removeprefix("#") for link in parsed.attributes("href") if link.startswith("#")} <= set(ids)
    assert "no <data>" in parsed.text


def test_the_page_needs_nothing_else(page):
    assert not re.search(r"<script|<link|@import|(?:src|href)=\"https?:|url\(\s*['\"]?https?:", page)


def test_no_colour_is_fixed(page):
    body = page.partition("</style>")[2]
    for colour in COLOURS:
        assert colour.light not in body


@pytest.mark.parametrize("name", ITEMS)
def test_each_item_has_a_page_of_its_own(reproductions, name, tmp_path):
    record = reproductions[name]
    write_page([record], {}, "archwalk reproduce", tmp_path / "report.html")
    parsed = Page((tmp_path / "report.html").read_text())
    assert record["title"] in parsed.text
    assert {"svg", "img", "table"} & {tag for tag, _ in parsed.tags}


@pytest.mark.parametrize("name", ITEMS)
def test_drawings_fit_both_widths(reproductions, name):
    for block in VIEWS[reproductions[name]["kind"]](reproductions[name]):
        if isinstance(block, Chart):
            assert 'width="720"' in block.wide
            assert 'width="360"' in block.narrow
            assert 'role="img"' in block.narrow


@pytest.mark.parametrize("name", ["table1", "table2", "fig10", "fig15"])
def test_what_others_report_stands_apart(reproductions, name):
    blocks = VIEWS[reproductions[name]["kind"]](reproductions[name])
    apart = [block for block in blocks if getattr(block, "title", "") == APART]
    assert len(apart) == 1
    for block in blocks:
        if block not in apart and isinstance(block, Grid):
            assert not any("NAO" in label or "Ape-X" in label for label, _, _ in block.rows)
    words = apart[0].caption if isinstance(apart[0], Chart) else " ".join(apart[0].notes)
    assert "Not ours" in words


def test_the_surrogate_has_its_honest_name(page):
    assert "YAHPO surrogate" in page


def test_benchmark_objective_and_seed_stand_beside_every_result(reproductions):
    for name, record in reproductions.items():
        line = setting_line(record)
        assert "seed 0" in line
        assert ("objective validation" in line) == (name not in ("fig2", "fig4"))
        assert ("nasbench301" in line) == (
            record["item"] in ("fig12", "fig13", "fig14", "fig15", "fig16", "table2", "times301", "normality")
        )


def test_agents_are_drawn(tiny, agent_records):
    for record in agent_records:
        text = Page(render_page([record], {}, "")).text
        assert "agents" in text


@pytest.fixture
def agent_records(reproductions):
    """Records as with an agent: local search's figures under another name, with what training paid."""
    paid = {"trained": True, "training_queries": 900, "training_unique": 80, "training_seconds": 3.0}
    changed = []
    for name in ("fig8", "fig10", "table1", "price"):
        record = copy.deepcopy(reproductions[name])
        strategies = record["result"]["comparison"]["strategies"]
        strategies["agents"] = strategies["local-search"] | paid
        if name == "fig8":
            record["result"]["more"]["agents"] = record["result"]["more"]["local-search"]
        if name == "table1":
            record["result"]["best_after"]["agents"] = record["result"]["best_after"]["local-search"]
        if name == "price":
            ends = {"mean": 94.0, "least": 93.9, "most": 94.1}
            after = {"queries": 300, "mean": 94.2}
            point = {"name": "agents", "agents": 2, "one_episode": ends, "best_after": after}
            record["result"]["agents"] = [
                point | {key: paid[key] for key in ("training_queries", "training_unique")}
            ]
        changed.append(record)
    return changed


@pytest.mark.parametrize("break_even", [40, None])
def test_amortisation_with_and_without_a_break_even(reproductions, break_even):
    record = copy.deepcopy(reproductions["amortisation"])
    row = {"queries": 50, "report": 93.9, "local_queries": 80, "break_even_queries": break_even,
           "break_even_unique": break_even, "break_even_seconds": None}  # fmt: skip
    training = {"queries": 900, "unique": 80, "seconds": 3.0}
    record["result"] |= {"agents": {"dqn": [row]}, "training": {"dqn": training}}
    text = Page(render_page([record], {}, "")).text
    assert ("no break-even" in text) == (break_even is None)


def test_the_terminal_shows_sentences_and_tables(reproductions):
    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    print_records(list(reproductions.values()), console)
    text = console.export_text()
    assert "Table 1" in text
    assert APART in text
    assert reproduced.TINY.name == "smoke"
