"""What is no accuracy is not called one: raw scores of games, and milliseconds of which fewer are better."""

import re

import comparisons
from archwalk.report.curves import draw_curves, is_cut, visible_range
from archwalk.report.page import render_page
from archwalk.report.tables import pairs_sheet, to_markdown
from archwalk.report.values import NBSP
from archwalk.report.wording import differences_result, episode_result, result
from pages import Page


def text_of(comparison):
    return Page(render_page(comparison)).text.replace(NBSP, " ")


def test_scores_are_not_called_accuracies():
    record = comparisons.scores()
    for text in (to_markdown(record), text_of(record).partition("Best practices")[0]):
        assert "raw score" in text
        assert "ccurac" not in text
        assert "percent" not in text
    assert "has a mean raw score of the last 100 episodes of an agent trained from scratch of 11.94" in text
    assert "−1.68" in to_markdown(record)
    assert "(%)" not in draw_curves(record, width=700)
    assert "Values: test accuracy in percent" in to_markdown(comparisons.demo())


def test_milliseconds_are_told_with_their_unit_and_the_lowest_is_best():
    record = comparisons.latency()
    assert (
        result(record)
        .replace(NBSP, " ")
        .startswith(
            "After 150 queries, the best architecture found by fast, chosen by estimated latency, has a mean latency "
            "of 12.06 ms (95 % interval 11.86 to 12.26; lower is better); that of mid, the best of the "
            "others, has 13.06 ms"
        )
    )
    assert "the difference of −1.00 ms" in result(record).replace(NBSP, " ")
    assert "is significant" in result(record)
    table = to_markdown(record)
    assert "Values: latency in ms, lower is better." in table
    fast = next(line for line in table.splitlines() if line.startswith("| fast"))
    assert "**12.90 ± 0.30 \\[12.70, 13.10\\]**".replace("\\]", "]") in fast
    assert "improves the latency by a median of +1.50 ms" in episode_result(record)
    assert "3 of 3" in differences_result(record)[0]
    assert "percentage points" not in " ".join(pairs_sheet(record, 150).notes)
    assert "(below zero the first is better)" in pairs_sheet(record, 150).notes[0]
    assert "%)" not in draw_curves(record, width=700)
    assert "latency (ms), lower is better" in draw_curves(record, width=700)


def test_ranks_and_profiles_follow_the_direction():
    record = comparisons.latency()
    assert record.significance.after[150].ranks == {"slow": 3, "mid": 2, "fast": 1}
    (pair,) = [p for p in record.significance.after[150].pairs if (p.one, p.other) == ("slow", "fast")]
    assert pair.difference > 1.9
    assert pair.superiority == 0
    shares = record.profile.strategies
    assert record.profile.tau == sorted(record.profile.tau)
    assert shares["fast"].share[-1] == 1 > shares["slow"].share[-1] > 0.9
    assert shares["fast"].share[len(shares["fast"].share) // 2] == 1 > shares["slow"].share[50]


def test_the_first_queries_of_a_latency_lie_above():
    record = comparisons.latency()
    low, high = visible_range(record)
    assert low < 12 < high < 20
    assert is_cut(record)
    assert "The vertical axis ends at" in text_of(record)


def test_what_is_not_known_is_a_dash_and_counted():
    record = comparisons.gaps()
    text = text_of(record)
    assert "Trials whose best has no test accuracy, in no mean: some 7 of 100, none 100 of 100." in text
    assert "Episodes without a test accuracy, in no mean: some 40, none 2,000." in text
    table = to_markdown(record)
    none = next(line for line in table.splitlines() if line.startswith("| none"))
    assert none.count("–") >= 5
    assert not re.search(r"\bnan\b", text.lower())
    (pair,) = record.significance.after[150].pairs
    assert (pair.trials, pair.difference, pair.superiority, pair.p) == (0, None, None, 1)
