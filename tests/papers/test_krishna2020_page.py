"""The page, the terminal and the files of Krishna et al.'s tables."""

import csv
import io
import re

import pytest
from rich.console import Console

import reproduced
from archwalk.papers.cassimon2024.search_views import APART
from archwalk.papers.catalogue import VIEWS
from archwalk.papers.drawing.blocks import Chart, Grid
from archwalk.papers.files import to_csv, to_latex, to_markdown
from archwalk.papers.item import run_item
from archwalk.papers.krishna2020 import tables
from archwalk.papers.krishna2020.error_views import claims_text, spread_text
from archwalk.papers.krishna2020.lineup import Variant
from archwalk.papers.page import render_page
from archwalk.papers.text import print_records
from pages import Page

LINEUP = tuple(
    Variant(label, source)
    for label, source in (
        ("Random search", "random-search"),
        ("ReMAADE", "local-search"),
        ("TPE", "random-walk"),
    )
)


@pytest.fixture(scope="module")
def records(tiny, tmp_path_factory):
    """Table 2, table 3, and table 3 under another objective."""
    made = reproduced.setup(tiny, tmp_path_factory.mktemp("krishna2020"))
    table = tables.Table("table3", "short", LINEUP, (("ReMAADE", "TPE"), ("ReMAADE", "BOHB")), flat=True)
    three = run_item("krishna2020", tables.make_item(table, "Test error in the short term"), made)
    return [
        reproduced.run("table2", made, "krishna2020"),
        three,
        {**three, "item": "table3-run0", "of": "table3"},
    ]


def test_the_page_is_well_formed_and_ends_with_the_checklist(records):
    html = render_page(records, {}, "archwalk reproduce krishna2020/all")
    page = Page(html)
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    assert [attrs["id"] for tag, attrs in page.tags if tag == "section"] == [
        "table2", "table3", "table3-run0", "origin", "checklist",
    ]  # fmt: skip
    assert "Krishna et al. 2020" in page.text
    assert not re.search(r"(fill|stroke): #", html)


def test_a_page_without_comparisons_has_no_checklist(records):
    assert 'id="checklist"' not in render_page(records[:1], {}, "")


def test_what_the_paper_reports_is_a_table_apart(records):
    ours, *_, apart = [b for b in VIEWS["errors"](records[1]) if isinstance(b, Grid)]
    assert [label for label, _, _ in ours.rows] == ["Random search", "ReMAADE", "TPE"]
    assert all(cells[0] == "4" for _, _, cells in ours.rows), "n stands in every row"
    assert apart.title == APART
    assert "random-run protocol" in apart.notes[0]
    assert len([b for b in VIEWS["errors"](records[1]) if isinstance(b, Chart)]) == 3


def test_errors_are_a_hundred_less_the_report(records):
    comparison = records[1]["result"]["comparison"]
    mean = comparison["strategies"]["TPE"]["best_after"][str(comparison["budget"])]["mean"]
    ours = next(b for b in VIEWS["errors"](records[1]) if isinstance(b, Grid))
    assert ours.rows[2][2][1].startswith(f"{100 - mean:.2f} ± ")


def claim(verdict, worse="X"):
    tested = {} if verdict in ("not tested", "identical in every trial") else {"p": 0.5}
    return {"better": "ReMAADE", "worse": worse, "verdict": verdict, **tested}


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ([claim("holds")], "Yes: significantly in 1 of 1 tested comparison (ReMAADE before X)."),
        ([claim("reversed")], "No: significantly in 0 of 1 tested comparison. The reverse holds, significantly, of"),
        ([claim("holds"), claim("not settled", "Y")], "In part: significantly in 1 of 2 tested comparisons"),
        ([claim("holds"), claim("not tested", "Y")], "In part: significantly in 1 of 1 tested comparison"),
        ([claim("holds"), claim("identical in every trial", "Y")], "nothing to test: ReMAADE before Y."),
        ([claim("not tested")], "None of the paper's orders could be tested"),
    ],
)  # fmt: skip
def test_an_honest_answer(claims, words):
    assert words in claims_text(claims).replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("p", "words"), [(0.2, "no difference: flat"), (0.01, "a difference: not flat"), (None, "could not")]
)
def test_flat_or_not(p, words):
    friedman = None if p is None else {"statistic": 3.0, "p": p}
    spread = {"best": "S = 4", "worst": "S = 1", "range": 0.04, "trials": 9, "friedman": friedman}
    assert words in spread_text(spread)
    assert spread_text(None) == ""


def test_growth_in_words_and_figures(records):
    (record, *_) = records
    rows = [
        {**row, "counts": [[1, 2, 3, 4]] * 3, "measured": {"N": row["exponents"]["N"], "d": 2.1}}
        for row in record["result"]["rows"]
    ]
    rows[0]["measured"]["N"] = 1.0
    words, ours, said = VIEWS["parameters"]({**record, "result": {"rows": rows}})
    assert words.texts == ["The networks here grow as the paper says, but for Masked attention (MAADE)."]
    assert [cells[-1] for _, _, cells in ours.rows] == ["no", "yes", "yes", "yes"]
    assert [cells for _, _, cells in said.rows] == [["O(d²)"], ["O(N d²)"], ["O(N² d²)"], ["O(d²)"]]


def test_files_hold_every_table_with_its_setting(records):
    latex, markdown = to_latex(records), to_markdown(records)
    grids = [
        block for record in records for block in VIEWS[record["kind"]](record) if isinstance(block, Grid)
    ]
    assert latex.count(r"\begin{table}") == markdown.count("### ") == len(grids)
    assert "O(N$^2$ d$^2$)" in latex
    assert latex.count("objective validation") >= 6
    rows = list(csv.DictReader(io.StringIO(to_csv(records))))
    assert {row["item"] for row in rows} == {"table2", "table3", "table3-run0"}
    assert all("seed 0" in row["setting"] for row in rows)


def test_the_terminal_shows_the_answer(records):
    console = Console(file=io.StringIO(), width=80)
    print_records(records, console)
    text = console.file.getvalue()
    assert "Does the paper's order hold?" in text
    assert max(map(len, text.splitlines())) <= 80


def test_one_strategy_alone_is_still_drawn(tiny, tmp_path):
    table = tables.Table("table5", "medium", LINEUP[:1], (("ReMAADE", "TPE"),))
    record = run_item("krishna2020", tables.make_item(table, "Alone"), reproduced.setup(tiny, tmp_path))
    text = Page(render_page([record], {}, "")).text
    assert "None of the paper's orders could be tested" in text
