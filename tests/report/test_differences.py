"""What a report shows and says of differences between strategies."""

import json
import re

import numpy as np
import pytest

import comparisons
from archwalk.errors import DataError
from archwalk.experiments.records import plain, read_comparison, write_comparison
from archwalk.report.facts import pair_of
from archwalk.report.figures import pictures
from archwalk.report.page import render_page
from archwalk.report.ranks import draw_critical, draw_profile, draw_ranks
from archwalk.report.svg import NARROW, WIDE
from archwalk.report.tables import pairs_sheet, to_csv, to_latex, to_markdown
from archwalk.report.wording import differences_result, result
from pages import Page

FIGURES = (draw_ranks, draw_critical, draw_profile)


def said(record):
    return " ".join(differences_result(record)).replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("draw", FIGURES)
def test_figures_are_there_where_tests_are(draw):
    for width in (WIDE, NARROW):
        svg = draw(comparisons.tested(), width=width)
        assert f'width="{width}"' in svg
        assert "evolution" in re.search('aria-label="([^"]*)"', svg)[1]
        assert draw(comparisons.demo(), width=width) is None


def test_two_strategies_need_no_diagram():
    reports = {name: np.random.default_rng(0).normal(size=(1, 9, 2)) for name in "ab"}
    found = comparisons.differences(reports, 2, 0)
    record = comparisons.record({n: comparisons.strategy(budget=2) for n in "ab"}, budget=2, **found)
    assert record.significance is not None
    assert draw_critical(record, width=WIDE) is None


def test_the_order_of_reading():
    assert [picture.key for picture in pictures(comparisons.tested())] == [
        "best-so-far", "ranks", "critical-differences", "profile",
    ]  # fmt: skip


def test_names_stay_inside_the_diagram():
    svg = draw_critical(comparisons.tested(), width=NARROW)
    places = [float(x) for x in re.findall(r'<text[^>]*x="(-?[\d.]+)"', svg)]
    assert places
    assert all(0 < x < NARROW for x in places)


def test_words_say_what_differs():
    text = said(comparisons.tested())
    assert "After 150 queries, 5 of 6 pairs of strategies differ (p < 0.05" in text
    assert "finds differences between the strategies" in text
    assert "Not told apart: evolution, evolution-small." in text or "evolution-small, evolution." in text
    assert "cannot be below" not in text
    assert said(comparisons.demo()) == ""


def test_too_few_trials_are_named():
    few = comparisons.differences({n: np.full((1, 3, 2), v) for n, v in (("a", 1.0), ("b", 2.0))}, 2, 0)
    record = comparisons.record(
        {n: comparisons.strategy(budget=2, trials=3) for n in "ab"}, budget=2, trials=3, **few
    )
    assert (
        "No difference can be settled with 3 trials: corrected over 1 pair, p cannot be below 0.25; "
        "that takes 6 trials." in said(record)
    )
    assert "cannot be settled with this many trials" in result(record)
    assert "not significant" not in result(record)


def test_the_result_trusts_the_paired_test():
    text = result(comparisons.tested()).replace("\N{NO-BREAK SPACE}", " ")
    assert "Paired over 30 trials, the difference of" in text
    assert "overlap" not in text


def test_a_pair_can_be_read_from_both_ends():
    record = comparisons.tested()
    one, other = (
        pair_of(record, *names, 150)
        for names in (("evolution", "local-search"), ("local-search", "evolution"))
    )
    assert one.difference == -other.difference > 1
    assert one.ci95 == tuple(-end for end in reversed(other.ci95))
    assert one.superiority + other.superiority == 1
    assert pair_of(record, "evolution", "nobody", 150) is None


def test_the_table_of_pairs_stands_in_every_form():
    record = comparisons.tested()
    sheet = pairs_sheet(record, 150)
    assert len(sheet.lines) == 6
    assert [line.best[-1] for line in sheet.lines].count(True) == 5
    assert "evolution less local-search" in to_markdown(record)
    assert "evolution less local-search" in to_latex(record)
    assert "mean_rank" in to_csv(record).splitlines()[0]
    text = Page(render_page(record)).text.replace("\N{NO-BREAK SPACE}", " ")
    assert all(f"Pairs after {q} queries" in text for q in (150, 100, 50, 10))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (
            lambda r: r["significance"]["after"]["10"]["pairs"][0].update(one="x"),
            "names x, which is not among",
        ),
        (lambda r: r["significance"]["after"]["10"]["groups"].append(["x"]), "names x, which is not among"),
        (lambda r: r["significance"]["after"]["10"]["pairs"][0].update(ci95=[1]), "length 2"),
        (
            lambda r: r["ranks"]["mean"].update(x=r["ranks"]["mean"]["evolution"]),
            "names x, which is not among",
        ),
        (lambda r: r["ranks"]["mean"]["evolution"].pop(), "not as long as queries"),
        (lambda r: r["profile"]["strategies"]["evolution"]["lo"].pop(), "not as long as tau"),
        (lambda r: r["significance"].pop("level"), "missing required field `level` - at `significance`"),
    ],
)
def test_damaged_tests_are_refused(damage, words, tmp_path):
    record = comparisons.tested()
    write_comparison(record, tmp_path)
    assert read_comparison(tmp_path) == record
    damage(values := plain(record))
    (tmp_path / "result.json").write_text(json.dumps(values))
    with pytest.raises(DataError, match=words):
        read_comparison(tmp_path)
