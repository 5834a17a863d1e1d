import csv
import io

import pytest
from rich.console import Console

import comparisons
from archwalk.report.tables import columns, print_summary, summary_rows, to_csv, to_markdown

EVERY = pytest.mark.parametrize("make", comparisons.VARIANTS.values(), ids=comparisons.VARIANTS)


def printed(record, width):
    console = Console(file=io.StringIO(), width=width)
    print_summary(record, console)
    return console.file.getvalue()


def cells(markdown):
    return [line.strip("| ").split(" | ") for line in markdown.splitlines() if line.startswith("| ")]


def test_columns_of_the_full_table():
    assert [column.title for column in columns(comparisons.demo())] == [
        "median gain", "mean final", "best after 10", "best after 50", "best after 150", "share of optimum",
        "training queries (unique)", "training seconds", "search seconds",
    ]  # fmt: skip


def test_columns_without_values_are_left_away():
    assert [column.key for column in columns(comparisons.bare()) if column.is_result] == ["best_after_50"]


def test_the_whole_budget_has_a_column():
    record = comparisons.record({"a": comparisons.strategy(budget=400)}, budget=400)
    assert [column.key for column in columns(record) if column.key.startswith("best")] == [
        "best_after_10", "best_after_50", "best_after_150", "best_after_400",
    ]  # fmt: skip


def test_markdown_marks_the_best_and_leaves_the_optimum_out_of_the_contest():
    head, _, agent, *others, optimum = cells(to_markdown(comparisons.demo()))
    assert head[0] == "strategy"
    assert agent[:4] == ["agent", "**+2.50**", "**79.50**", "**81.10 ± 0.30 \\[80.90, 81.30]**"]
    assert agent[6:] == ["**83\N{NO-BREAK SPACE}%**", "12,000 (3,500)", "80.0", "1.2", "120.5"]
    assert optimum[:4] == ["optimum (exact)", "–", "81.44", "–"]
    assert not any("**" in cell for row in [*others, optimum] for cell in row)


def test_equal_values_are_all_best_or_none():
    first, second = comparisons.strategy(80.001), comparisons.strategy(80.0)
    three = comparisons.record({"a": first, "b": second, "c": comparisons.strategy(79)})
    two = comparisons.record({"a": first, "b": second})
    assert [row[1].startswith("**") for row in cells(to_markdown(three))[2:]] == [True, True, False]
    assert not any("**" in cell for row in cells(to_markdown(two)) for cell in row)


def test_csv_holds_every_value_and_the_rules():
    record = comparisons.demo()
    lines = list(csv.DictReader(io.StringIO(to_csv(record))))
    agent = lines[0]
    assert [line["strategy"] for line in lines] == [*record.strategies, "optimum (exact)"]
    assert float(agent["best_after_100"]) == record.strategies["agent"].best_after[100].mean
    assert (agent["benchmark"], agent["objective"], agent["budget"], agent["trials"], agent["seeds"]) == (
        "nas-bench-graph:cora", "validation", "150", "100", "0",
    )  # fmt: skip
    assert (agent["query"], agent["trained"], agent["training_queries"]) == ("an episode", "True", "12000")
    assert lines[-1]["median_improvement"] == ""


@EVERY
def test_all_forms_have_all_rows(make):
    record = make()
    rows = summary_rows(record)
    assert len(list(csv.reader(io.StringIO(to_csv(record))))) == len(rows) + 1
    summary = to_markdown(record).replace("\\|", "").partition("\n### ")[0]
    widths = {len(row) for row in cells(summary)}
    assert len(cells(summary)) == len(rows) + 2
    assert len(widths) == 1


@EVERY
@pytest.mark.parametrize("width", [80, 120])
def test_the_terminal_never_cuts_a_figure(make, width):
    record, text = make(), printed(make(), width)
    assert max(map(len, text.splitlines())) <= width
    lines = text.splitlines()
    for row in summary_rows(record):
        for column in columns(record):
            assert all(any(part in line for line in lines) for part in column.show(row))


def test_the_demo_fits_a_terminal_of_80_columns_with_its_names_whole():
    text = printed(comparisons.demo(), 80)
    assert all(f"\n{name} " in text for name in ("agent", "local-search", "random-search", "optimum (exact)"))


def test_names_are_no_markup():
    assert "[bold]" in printed(comparisons.record({"[bold]x": comparisons.strategy()}), 120)
    assert "\\<script>" in to_markdown(comparisons.hostile())
