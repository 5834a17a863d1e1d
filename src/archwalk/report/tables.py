"""The table of a comparison, once as rows, then for the terminal, as Markdown, as LaTeX and as CSV."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from archwalk.experiments.records import Best, Comparison
from archwalk.report.facts import (
    best_word,
    budgets,
    labels,
    optimum_line,
    report_format,
    settled_budget,
    tested_after,
)
from archwalk.report.sheets import PREAMBLE, Line, Sheet, sheet_to_latex, sheet_to_markdown
from archwalk.report.values import ABSENT, count, counted, percent
from archwalk.report.wording import (
    difference_note,
    interval_note,
    optimum_meaning,
    proxy_notes,
    rules,
    setting,
    unknown_notes,
)

SHOWN_BUDGETS = (10, 50, 150)
"""Numbers of queries that have a column, those of Cassimon et al.'s Table 1 that fit; the whole budget always has
one.
"""

OPTIMUM = "optimum (exact)"

Write = Callable[[float], str]


@dataclass(frozen=True)
class Row:
    """A strategy, or the optimum as the last row; `values` by column key, None where not on record."""

    name: str
    label: str
    values: Mapping[str, float | None]
    competes: bool = True


@dataclass(frozen=True)
class Column:
    """A column of figures, as `write` has them; `beside` is the key of a second one, shown below the first, and an
    `interval` (the key of its ends without _low and _high) stands below both. Of results one is the best: the highest,
    or the `lowest`.
    """

    key: str
    title: str
    write: Write
    beside: str | None = None
    is_result: bool = True
    write_beside: Write = lambda value: f"({count(value)})"
    lowest: bool = False
    interval: str | None = None

    def show(self, row: Row) -> list[str]:
        """The lines of a cell, one to three."""
        value, second = row.values.get(self.key), row.values.get(self.beside or "")
        if value is None:
            return [ABSENT]
        lines = [self.write(value)]
        if value and second is not None:
            lines.append(self.write_beside(second))
        low, high = (row.values.get(f"{self.interval}_{end}") for end in ("low", "high"))
        return lines if low is None or high is None else [*lines, f"[{self.write(low)}, {self.write(high)}]"]

    def is_best(self, row: Row, rows: Sequence[Row]) -> bool:
        """Whether no strategy shows a better result and some strategy a worse one; costs are no results."""
        values = [value for r in rows if r.competes and (value := r.values.get(self.key)) is not None]
        value = row.values.get(self.key)
        if not self.is_result or not row.competes or value is None:
            return False
        ends = (min(values), max(values)) if self.lowest else (max(values), min(values))
        best, worst = map(self.write, ends)
        return best != worst and self.write(value) == best


def summary_rows(comparison: Comparison) -> list[Row]:
    """A row for each strategy in their order, and one for the optimum to measure episodes by."""
    short = labels(comparison.strategies)
    rows = [Row(name, short[name], _values(comparison, name)) for name in comparison.strategies]
    line = optimum_line(comparison)
    if line is not None and any(row.values["mean_final"] is not None for row in rows):
        rows.append(Row(OPTIMUM, OPTIMUM, {"mean_final": line, "share_of_optimum": 100.0}, competes=False))
    return rows


def _values(comparison: Comparison, name: str) -> dict[str, float | None]:
    one = comparison.strategies[name]
    episodes, after = one.episodes, tested_after(comparison, settled_budget(comparison))
    share = episodes.share_of_optimum if episodes else None
    values = {
        "median_improvement": episodes.median_improvement if episodes else None,
        "mean_final": episodes.mean_final if episodes else None,
    }
    alone = comparison.trials == one.agents == 1  # of one trial there is no spread
    for queries in budgets(comparison):
        values |= _best_values(f"best_after_{queries}", one.best_after.get(queries), alone)
    return values | {
        "mean_rank": after.ranks.get(name) if after else None,
        "share_of_optimum": None if share is None else 100 * share,
        "training_queries": one.training_queries,
        "training_unique": one.training_unique,
        "training_seconds": one.training_seconds,
        "seconds": one.seconds,
        "unique_mean": one.unique_mean,
    }


def _best_values(key: str, best: Best | None, alone: bool) -> dict[str, float | None]:
    spread = None if alone else best
    low, high = (spread and spread.ci95) or (None, None)
    iqm_low, iqm_high = (spread and spread.iqm_ci95) or (None, None)
    return {
        key: best.mean if best else None,
        f"{key}_std": spread.std if spread else None,
        f"{key}_ci95_low": low,
        f"{key}_ci95_high": high,
        f"{key}_iqm": best.iqm if best else None,
        f"{key}_iqm_ci95_low": iqm_low,
        f"{key}_iqm_ci95_high": iqm_high,
    }


def columns(comparison: Comparison, *, full: bool = False) -> list[Column]:
    """The columns for which any strategy has a value; a terminal has no room for those of the `full` table."""
    known, written = budgets(comparison), report_format(comparison)
    lowest = not comparison.report.higher_is_better
    shown = [queries for queries in known if queries in SHOWN_BUDGETS or queries == known[-1]]
    what = best_word(comparison)
    after = [(f"best_after_{queries}", f"{what} after {queries:,}") for queries in shown]
    spread = [
        Column(
            key, title, written.number, beside=f"{key}_std", interval=f"{key}_ci95", lowest=lowest,
            write_beside=lambda std: f"± {written.number(std)}",
        )
        for key, title in after
    ]  # fmt: skip
    last = known[-1] if known else 0
    iqm = f"best_after_{last}_iqm"
    every = [
        Column("median_improvement", "median gain", written.signed),
        Column("mean_final", "mean final", written.number, lowest=lowest),
        *(spread if full else [Column(key, title, written.number, lowest=lowest) for key, title in after]),
        *([Column(iqm, f"IQM after {last:,}", written.number, interval=f"{iqm}_ci95", lowest=lowest)] if full else []),
        *([Column("mean_rank", f"mean rank after {last:,}", "{:.2f}".format, lowest=True)] if full else []),
        Column("share_of_optimum", "share of optimum", lambda share: percent(share, 0)),
        Column("training_queries", "training queries (unique)", count, "training_unique", is_result=False),
        Column("training_seconds", "training seconds", "{:,.1f}".format, is_result=False),
        Column("seconds", "search seconds", "{:,.1f}".format, is_result=False),
        *([Column("unique_mean", "unique in a trial", "{:,.1f}".format, is_result=False)] if full else []),
    ]  # fmt: skip
    rows = [row for row in summary_rows(comparison) if row.competes]
    return [column for column in every if any(row.values.get(column.key) is not None for row in rows)]


def reading(comparison: Comparison, *, full: bool = False) -> list[str]:
    """How to read the table."""
    keys = {column.key for column in columns(comparison, full=full)}
    reward, written = comparison.reward.name, report_format(comparison)
    text = [f"Values: {written.described}. Bold: the best result of a column."]
    if "mean_final" in keys:
        starts = comparison.episodes.starts if comparison.episodes else None
        where = f"each of {counted(starts, 'start')}" if starts else "the same starts"
        unit = "percentage points, " if comparison.report.unit == "%" else ""
        text.append(f"Median gain ({unit}above zero is better) and mean final: one episode from {where}.")
    best, of_what = "Best", f"the best by {reward}"
    if comparison.fronts is not None:
        best, of_what = "Front", "the hypervolume of what was found"
    if comparison.trials == 1 and all(one.agents == 1 for one in comparison.strategies.values()):
        text.append(f"{best} after n queries: {of_what}.")
    else:
        spread = " ± standard deviation, with the 95 % interval of the mean," if full else ""
        text.append(f"{best} after n queries: mean{spread} over trials of {of_what}.")
    if any(key.endswith("_iqm") for key in keys):
        text.append("IQM: interquartile mean, that of the middle half of the trials.")
    if "mean_rank" in keys:
        text.append("Mean rank: over trials, 1 is best.")
    if "share_of_optimum" in keys:
        text.append(f"Share of optimum: mean gain in {reward} over that of an optimal policy.")
    return [" ".join(text), *unknown_notes(comparison), *proxy_notes(comparison)]


def notes(comparison: Comparison, *, full: bool = False) -> list[str]:
    """How to read the table, and under what rules its figures were found: for a table that stands alone."""
    lines = [*reading(comparison, full=full), *rules(comparison), interval_note(comparison)]
    has_optimum = not all(row.competes for row in summary_rows(comparison))
    return [*lines, f"Optimum: {optimum_meaning(comparison)}"] if has_optimum else lines


def print_summary(comparison: Comparison, console: Console) -> None:
    """Print the table and its notes."""
    rows, shown = summary_rows(comparison), columns(comparison)
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
    for note in notes(comparison):
        console.print(Text(note, style="dim"))


def _header(title: str, height: int) -> str:
    """A word a line, on the lowest of `height` lines."""
    words = title.split()
    return "\n".join([""] * (height - len(words)) + words)


def to_sheets(comparison: Comparison) -> list[Sheet]:
    """The full table, and the pairs of strategies after the last number of queries where they were tested."""
    rows, shown = summary_rows(comparison), columns(comparison, full=True)
    lines = [
        Line(
            row.label,
            ["\n".join(column.show(row)) for column in shown],
            [column.is_best(row, rows) for column in shown],
        )
        for row in rows
    ]
    summary = Sheet(
        f"Architecture search on {comparison.benchmark}",
        ["strategy", *(column.title for column in shown)],
        lines,
        notes(comparison, full=True),
    )
    queries = settled_budget(comparison)
    return [summary] if queries is None else [summary, pairs_sheet(comparison, queries)]


PAIR_HEAD = ("pair", "trials", "difference", "95 % interval", "superiority", "p", "p (Holm)")


def pairs_sheet(comparison: Comparison, queries: int) -> Sheet:
    """Every pair of strategies after so many queries; corrected p values below the level stand out."""
    found, short, written = comparison.significance, labels(comparison.strategies), report_format(comparison)
    assert found is not None
    lines = []
    for pair in found.after[queries].pairs:
        interval = " to ".join(map(written.signed, pair.ci95)) if pair.ci95 else ABSENT
        superiority = ABSENT if pair.superiority is None else percent(100 * pair.superiority, 0)
        cells = [
            f"{pair.trials:,}", written.signed(pair.difference), interval, superiority, f"{pair.p:.2g}",
            f"{pair.p_holm:.2g}",
        ]  # fmt: skip
        best = [*[False] * (len(cells) - 1), pair.p_holm < found.level]
        lines.append(Line(f"{short[pair.one]} less {short[pair.other]}", cells, best))
    unit = (
        f", in {'percentage points' if comparison.report.unit == '%' else written.unit}"
        if written.unit
        else ""
    )
    below = "" if comparison.report.higher_is_better else " (below zero the first is better)"
    reading = (
        f"Difference: of the mean reports{unit}{below}. Superiority: share of the trials in which the first is "
        f"better, equal ones half. Bold: corrected p below {found.level:g}."
    )
    title = f"Pairs after {counted(queries, 'query')}"
    return Sheet(title, PAIR_HEAD, lines, [reading, difference_note(comparison), setting(comparison)])


def to_markdown(comparison: Comparison) -> str:
    """The tables and their notes as GitHub-flavoured Markdown."""
    return "\n".join(map(sheet_to_markdown, to_sheets(comparison)))


def to_latex(comparison: Comparison) -> str:
    """The tables and their notes for LaTeX with booktabs."""
    return PREAMBLE + "\n".join(map(sheet_to_latex, to_sheets(comparison)))


def to_csv(comparison: Comparison) -> str:
    """All values of the table, one line a strategy, with the rules in every line: files can be joined."""
    rows = summary_rows(comparison)
    keys = list(rows[0].values)
    head = {
        "benchmark": comparison.benchmark,
        "objective": comparison.objective,
        "report": comparison.report.name,
        "unit": comparison.report.unit,
        "budget": comparison.budget,
        "trials": comparison.trials,
        "seeds": " ".join(map(str, comparison.seeds)),
    }
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*head, "strategy", "query", "trained", "agents", *keys])
    for row in rows:
        one = comparison.strategies[row.name] if row.competes else None
        of_strategy = [one.query, one.trained, one.agents] if one else ["", "", ""]
        writer.writerow(
            [*head.values(), row.name, *of_strategy, *(_plain(row.values.get(key)) for key in keys)]
        )
    return text.getvalue()


TABLES = {"table.md": to_markdown, "table.tex": to_latex, "table.csv": to_csv}
"""Files of the table beside a result."""


def _plain(value: float | None) -> str:
    if value is None:
        return ""
    return str(int(value)) if float(value).is_integer() else repr(float(value))
