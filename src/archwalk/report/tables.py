"""The table of a comparison, once as rows, then for the terminal, as Markdown, as LaTeX and as CSV."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from archwalk.report.facts import budgets, in_percent, labels, metrics, number, optimum_line, settled_budget
from archwalk.report.record import Record
from archwalk.report.sheets import PREAMBLE, Line, Sheet, sheet_to_latex, sheet_to_markdown
from archwalk.report.wording import (
    NBSP,
    counted,
    difference_note,
    interval_note,
    optimum_meaning,
    points,
    proxy_notes,
    rules,
    setting,
)

SHOWN_BUDGETS = (10, 50, 150)
"""Numbers of queries that have a column, those of P1's Table 1 that fit; the whole budget always has one."""

OPTIMUM = "optimum (exact)"
ABSENT = "–"


@dataclass(frozen=True)
class Row:
    """A strategy, or the optimum as the last row; `values` by column key, None where not on record."""

    name: str
    label: str
    values: Mapping[str, float | None]
    competes: bool = True


@dataclass(frozen=True)
class Column:
    """A column of figures; `beside` is the key of a second one, shown below the first, and an `interval` (the key of
    its ends without _low and _high) stands below both. A result may be the best: the highest, or the `lowest`.
    """

    key: str
    title: str
    pattern: str = "{:.2f}"
    beside: str | None = None
    is_result: bool = True
    beside_pattern: str = "({:,.0f})"
    lowest: bool = False
    interval: str | None = None

    def show(self, row: Row) -> list[str]:
        """The lines of a cell, one to three."""
        value, second = row.values.get(self.key), row.values.get(self.beside or "")
        if value is None:
            return [ABSENT]
        shown = self.pattern.format(value).replace("-", "\N{MINUS SIGN}")
        lines = [shown, self.beside_pattern.format(second)] if value and second is not None else [shown]
        low, high = (row.values.get(f"{self.interval}_{end}") for end in ("low", "high"))
        return lines if low is None or high is None else [*lines, f"[{low:.2f}, {high:.2f}]"]

    def is_best(self, row: Row, rows: Sequence[Row]) -> bool:
        """Whether no strategy shows a better result and some strategy a worse one; costs are no results."""
        values = [value for r in rows if r.competes and (value := r.values.get(self.key)) is not None]
        if not self.is_result or not row.competes or row.values.get(self.key) is None:
            return False
        ends = (min(values), max(values)) if self.lowest else (max(values), min(values))
        best, worst = map(self.pattern.format, ends)
        return best != worst and self.pattern.format(row.values[self.key]) == best


def summary_rows(record: Record) -> list[Row]:
    """A row for each strategy in the order of the record, and one for the optimum to measure episodes by."""
    short = labels(record)
    rows = [Row(name, short[name], _values(record, name)) for name in record["strategies"]]
    line = optimum_line(record)
    if line is not None and any(row.values["mean_final"] is not None for row in rows):
        rows.append(Row(OPTIMUM, OPTIMUM, {"mean_final": line, "share_of_optimum": 100.0}, competes=False))
    return rows


def _values(record: Record, name: str) -> dict[str, float | None]:
    strategy = record["strategies"][name]
    episodes = strategy.get("episodes") or {}
    share = number(episodes.get("share_of_optimum"))
    values = {
        "median_improvement": number(episodes.get("median_improvement")),
        "mean_final": number(episodes.get("mean_final")),
    }
    alone = record.get("trials") == strategy.get("agents", 1) == 1  # of one trial there is no spread
    for queries in budgets(record):
        after = strategy["best_after"].get(str(queries)) or {}
        if alone:
            after = {key: after.get(key) for key in ("mean", "iqm")}
        low, high = [*(after.get("ci95") or []), None, None][:2]
        iqm_low, iqm_high = [*(after.get("iqm_ci95") or []), None, None][:2]
        values |= {
            f"best_after_{queries}": number(after.get("mean")),
            f"best_after_{queries}_std": number(after.get("std")),
            f"best_after_{queries}_ci95_low": number(low),
            f"best_after_{queries}_ci95_high": number(high),
            f"best_after_{queries}_iqm": number(after.get("iqm")),
            f"best_after_{queries}_iqm_ci95_low": number(iqm_low),
            f"best_after_{queries}_iqm_ci95_high": number(iqm_high),
        }
    tested = settled_budget(record)
    ranks = record["significance"]["after"][str(tested)]["ranks"] if tested else {}
    values["mean_rank"] = number(ranks.get(name))
    values["share_of_optimum"] = None if share is None else 100 * share
    for key in ("training_queries", "training_unique", "training_seconds", "seconds", "unique_mean"):
        values[key] = number(strategy.get(key))
    return values


def columns(record: Record, *, full: bool = False) -> list[Column]:
    """The columns for which any strategy has a value; a terminal has no room for those of the `full` table."""
    known = budgets(record)
    shown = [queries for queries in known if queries in SHOWN_BUDGETS or queries == known[-1]]
    after = [(f"best_after_{queries}", f"best after {queries:,}") for queries in shown]
    spread = [
        Column(key, title, beside=f"{key}_std", beside_pattern="± {:.2f}", interval=f"{key}_ci95")
        for key, title in after
    ]
    last = known[-1] if known else 0
    iqm = f"best_after_{last}_iqm"
    every = [
        Column("median_improvement", "median gain", "{:+.2f}"),
        Column("mean_final", "mean final"),
        *(spread if full else [Column(key, title) for key, title in after]),
        *([Column(iqm, f"IQM after {last:,}", interval=f"{iqm}_ci95")] if full else []),
        *([Column("mean_rank", f"mean rank after {last:,}", lowest=True)] if full else []),
        Column("share_of_optimum", "share of optimum", f"{{:.0f}}{NBSP}%"),
        Column(
            "training_queries", "training queries (unique)", "{:,.0f}", "training_unique", is_result=False
        ),
        Column("training_seconds", "training seconds", "{:,.1f}", is_result=False),
        Column("seconds", "search seconds", "{:,.1f}", is_result=False),
    ]
    rows = [row for row in summary_rows(record) if row.competes]
    return [column for column in every if any(row.values.get(column.key) is not None for row in rows)]


def notes(record: Record, *, full: bool = False) -> list[str]:
    """How to read the table, and under what rules its figures were found."""
    keys = {column.key for column in columns(record, full=full)}
    starts = number((record.get("episodes") or {}).get("starts"))
    reward, report = metrics(record)
    what = f"Accuracies: {report} in percent" if in_percent(record) else f"Scores: {report}"
    reading = [f"{what}. Bold: the best result of a column."]
    if "mean_final" in keys:
        where = f"each of {counted(starts, 'start')}" if starts else "the same starts"
        reading.append(f"Median gain (percentage points) and mean final: one episode from {where}.")
    spread = " ± standard deviation, with the 95 % interval of the mean," if full else ""
    reading.append(f"Best after n queries: mean{spread} over trials of the best by {reward}.")
    if any(key.endswith("_iqm") for key in keys):
        reading.append("IQM: interquartile mean, that of the middle half of the trials.")
    if "mean_rank" in keys:
        reading.append("Mean rank: over trials, 1 is best.")
    if "share_of_optimum" in keys:
        reading.append(f"Share of optimum: mean gain in {reward} over that of an optimal policy.")
    lines = [" ".join(reading), *proxy_notes(record), *rules(record), interval_note(record)]
    has_optimum = not all(row.competes for row in summary_rows(record))
    return [*lines, f"Optimum: {optimum_meaning(record)}"] if has_optimum else lines


def print_summary(record: Record, console: Console) -> None:
    """Print the table and its notes."""
    rows, shown = summary_rows(record), columns(record)
    gap = 1 if console.width >= 96 else 0  # beside the space that divides columns anyway
    table = Table(box=box.SIMPLE_HEAD, padding=(0, gap, 0, 0), pad_edge=False, show_edge=False)
    height = max(len(column.title.split()) for column in shown)
    table.add_column(_header("strategy", height), overflow="fold")
    for column in shown:  # a given width, so that names are folded before figures are cut
        lines = [*column.title.split(), *(line for row in rows for line in column.show(row))]
        table.add_column(_header(column.title, height), justify="right", width=max(map(len, lines)))
    for row in rows:
        cells = [
            Text("\n".join(column.show(row)), style="bold" if column.is_best(row, rows) else "")
            for column in shown
        ]
        table.add_row(Text(row.label), *cells, style="" if row.competes else "italic")
    console.print(table)
    console.print()
    for note in notes(record):
        console.print(Text(note, style="dim"))


def _header(title: str, height: int) -> str:
    """A word a line, on the lowest of `height` lines."""
    words = title.split()
    return "\n".join([""] * (height - len(words)) + words)


def to_sheets(record: Record) -> list[Sheet]:
    """The full table, and the pairs of strategies after the last number of queries where they were tested."""
    rows, shown = summary_rows(record), columns(record, full=True)
    lines = [
        Line(
            row.label,
            ["\n".join(column.show(row)) for column in shown],
            [column.is_best(row, rows) for column in shown],
        )
        for row in rows
    ]
    summary = Sheet(
        f"Architecture search on {record['benchmark']}",
        ["strategy", *(column.title for column in shown)],
        lines,
        notes(record, full=True),
    )
    queries = settled_budget(record)
    return [summary] if queries is None else [summary, pairs_sheet(record, queries)]


PAIR_HEAD = ("pair", "trials", "difference", "95 % interval", "superiority", "p", "p (Holm)")


def pairs_sheet(record: Record, queries: int) -> Sheet:
    """Every pair of strategies after so many queries; corrected p values below the level stand out."""
    found, short = record["significance"], labels(record)
    lines = []
    for pair in found["after"][str(queries)]["pairs"]:
        low, high = map(points, pair["ci95"])
        cells = [
            f"{pair['trials']:,}", points(pair["difference"]), f"{low} to {high}",
            f"{100 * pair['superiority']:.0f}{NBSP}%", f"{pair['p']:.2g}", f"{pair['p_holm']:.2g}",
        ]  # fmt: skip
        best = [*[False] * (len(cells) - 1), pair["p_holm"] < found["level"]]
        lines.append(Line(f"{short[pair['one']]} less {short[pair['other']]}", cells, best))
    reading = (
        "Difference: of the mean reports, in percentage points. Superiority: share of the trials in which the first is "
        f"better, equal ones half. Bold: corrected p below {found['level']:g}."
    )
    title = f"Pairs after {counted(queries, 'query')}"
    return Sheet(title, PAIR_HEAD, lines, [reading, difference_note(record), setting(record)])


def to_markdown(record: Record) -> str:
    """The tables and their notes as GitHub-flavoured Markdown."""
    return "\n".join(map(sheet_to_markdown, to_sheets(record)))


def to_latex(record: Record) -> str:
    """The tables and their notes for LaTeX with booktabs."""
    return PREAMBLE + "\n".join(map(sheet_to_latex, to_sheets(record)))


def to_csv(record: Record) -> str:
    """All values of the table, one line a strategy, with the rules in every line: files can be joined."""
    rows = summary_rows(record)
    keys = list(rows[0].values)
    head = {key: record[key] for key in ("benchmark", "objective", "budget", "trials")}
    head["seeds"] = " ".join(map(str, record.get("seeds") or []))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*head, "strategy", "query", "trained", "agents", *keys])
    for row in rows:
        strategy = record["strategies"][row.name] if row.competes else {}
        of_strategy = [strategy.get(key, "") for key in ("query", "trained", "agents")]
        writer.writerow(
            [*head.values(), row.name, *of_strategy, *(_plain(row.values.get(key)) for key in keys)]
        )
    return text.getvalue()


TABLES = {"table.md": to_markdown, "table.tex": to_latex, "table.csv": to_csv}
"""Files of the table beside a record."""


def _plain(value: float | None) -> str:
    if value is None:
        return ""
    return str(int(value)) if value.is_integer() else repr(value)
