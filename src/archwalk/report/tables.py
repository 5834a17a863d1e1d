"""The table of a comparison, once as rows, then for the terminal, as Markdown and as CSV."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from archwalk.report.facts import budgets, labels, metrics, number, optimum_line
from archwalk.report.record import Record
from archwalk.report.wording import NBSP, counted, interval_note, optimum_meaning, rules

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
    """A column of figures; `beside` is the key of a second one, shown in brackets below the first."""

    key: str
    title: str
    pattern: str = "{:.2f}"
    beside: str | None = None
    is_result: bool = True

    def show(self, row: Row) -> list[str]:
        """The lines of a cell, one or two."""
        value, second = row.values.get(self.key), row.values.get(self.beside or "")
        if value is None:
            return [ABSENT]
        shown = self.pattern.format(value).replace("-", "\N{MINUS SIGN}")
        return [shown, f"({second:,.0f})"] if value and second is not None else [shown]

    def is_best(self, row: Row, rows: Sequence[Row]) -> bool:
        """Whether no strategy shows a higher result and some strategy a lower one; costs are no results."""
        values = [value for r in rows if r.competes and (value := r.values.get(self.key)) is not None]
        if not self.is_result or not row.competes or row.values.get(self.key) is None:
            return False
        best, worst = self.pattern.format(max(values)), self.pattern.format(min(values))
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
    for queries in budgets(record):
        after = strategy["best_after"].get(str(queries)) or {}
        low, high = [*(after.get("ci95") or []), None, None][:2]
        values |= {
            f"best_after_{queries}": number(after.get("mean")),
            f"best_after_{queries}_std": number(after.get("std")),
            f"best_after_{queries}_ci95_low": number(low),
            f"best_after_{queries}_ci95_high": number(high),
        }
    values["share_of_optimum"] = None if share is None else 100 * share
    for key in ("training_queries", "training_unique", "training_seconds", "seconds", "unique_mean"):
        values[key] = number(strategy.get(key))
    return values


def columns(record: Record) -> list[Column]:
    """The columns for which any strategy has a value."""
    known = budgets(record)
    shown = [queries for queries in known if queries in SHOWN_BUDGETS or queries == known[-1]]
    every = [
        Column("median_improvement", "median gain", "{:+.2f}"),
        Column("mean_final", "mean final"),
        *(Column(f"best_after_{queries}", f"best after {queries:,}") for queries in shown),
        Column("share_of_optimum", "share of optimum", f"{{:.0f}}{NBSP}%"),
        Column(
            "training_queries", "training queries (unique)", "{:,.0f}", "training_unique", is_result=False
        ),
        Column("training_seconds", "training seconds", "{:,.1f}", is_result=False),
        Column("seconds", "search seconds", "{:,.1f}", is_result=False),
    ]
    rows = [row for row in summary_rows(record) if row.competes]
    return [column for column in every if any(row.values.get(column.key) is not None for row in rows)]


def notes(record: Record) -> list[str]:
    """How to read the table, and under what rules its figures were found."""
    keys = {column.key for column in columns(record)}
    starts = number((record.get("episodes") or {}).get("starts"))
    reward, report = metrics(record)
    reading = [f"Accuracies: {report} in percent. Bold: the best result of a column."]
    if "mean_final" in keys:
        where = f"each of {counted(starts, 'start')}" if starts else "the same starts"
        reading.append(f"Median gain (percentage points) and mean final: one episode from {where}.")
    reading.append(f"Best after n queries: mean over trials of the best by {reward}.")
    if "share_of_optimum" in keys:
        reading.append(f"Share of optimum: mean gain in {reward} over that of an optimal policy.")
    lines = [" ".join(reading), *rules(record), interval_note(record)]
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


def to_markdown(record: Record) -> str:
    """The table and its notes as GitHub-flavoured Markdown."""
    rows, shown = summary_rows(record), columns(record)
    lines = [
        "| strategy | " + " | ".join(column.title for column in shown) + " |",
        "| --- |" + " ---: |" * len(shown),
    ]
    for row in rows:
        texts = [(" ".join(column.show(row)), column.is_best(row, rows)) for column in shown]
        cells = [f"**{text}**" if best else text for text, best in texts]
        lines.append(f"| {_markdown(row.label)} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", *(f"{_markdown(note)}  " for note in notes(record))]) + "\n"


def _markdown(text: str) -> str:
    for special in "\\|*_`<[":
        text = text.replace(special, f"\\{special}")
    return " ".join(text.split())


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


def _plain(value: float | None) -> str:
    if value is None:
        return ""
    return str(int(value)) if value.is_integer() else repr(value)
