"""Views of the items about queries: Figures 10, 14 and 15, and Tables 1 and 2."""

from collections.abc import Mapping, Sequence
from typing import Any

from archwalk.papers.drawing.blocks import Block, Grid, Record, Words, chart, comparison_in
from archwalk.papers.drawing.dots import Dot, draw_dots
from archwalk.report.curves import draw_curves
from archwalk.report.facts import short_labels
from archwalk.report.figures import curves_caption
from archwalk.report.palette import strategy_colours
from archwalk.report.values import counted
from archwalk.report.wording import query_line, training_line

APART = "Reported by others, in another setting"
NOT_OURS = (
    "Not ours, and not to be read beside ours: each figure as it is reported, in its own setting ({setting})."
)


def view_queries(record: Record) -> list[Block]:
    """Figures 10, 14 and 15: our curves, where they cross, and others' figures apart from them."""
    result, comparison = record["result"], comparison_in(record)

    def draw(width: int) -> str:
        return draw_curves(comparison, width=width, log=False, key=f"{record['item']}-curves") or ""

    blocks: list[Block] = [
        Words([crossing_text(result["crossings"]), query_line(comparison), training_line(comparison)]),
        chart(draw, curves_caption(comparison)),
    ]
    return blocks + _reported_dots(record, result["reported"])


def crossing_text(crossings: Sequence[Mapping[str, Any]]) -> str:
    """From when on local search leads."""
    parts = []
    for crossing in crossings:
        if crossing["queries"] is not None:
            parts.append(f"leads {crossing['over']} from query {crossing['queries']:,} on")
        elif crossing["leads_at_last"]:
            parts.append(f"leads {crossing['over']} from the first query on")
        else:
            parts.append(f"does not overtake {crossing['over']}")
    return f"In the mean, local search {', '.join(parts)}."


def _reported_dots(record: Record, reported: Sequence[Mapping[str, Any]]) -> list[Block]:
    if not reported:
        return []
    queries, setting = reported[0]["queries"], reported[0]["setting"]
    dots = [
        Dot(f"{row['system']} ({row['citation'].split(',')[0]})", row["mean"], *row["normal_interval"])
        for row in reported
    ]

    def draw(width: int) -> str:
        return draw_dots(
            dots, key=f"{record['item']}-reported", title="reported accuracy (%), axis of its own",
            label=f"{APART}: " + ", ".join(f"{dot.label} {dot.mean}" for dot in dots),
            description=setting, width=width,
        )  # fmt: skip

    caption = (
        f"After {counted(queries, 'query')}. {NOT_OURS.format(setting=setting)} Bars: closed-form normal interval "
        "(mean and 1.96 standard deviations) of single runs, as the paper takes it."
    )
    return [chart(draw, caption, title=APART)]


def view_best(record: Record) -> list[Block]:
    """Tables 1 and 2: ours, then what others report."""
    result = record["result"]
    comparison, queries = comparison_in(record), result["queries"]
    colours, short = strategy_colours(comparison), short_labels(comparison.strategies, 30)
    best = {q: max(rows[str(q)]["mean"] for rows in result["best_after"].values()) for q in queries}
    rows = []
    for name, after in result["best_after"].items():
        cells = []
        for q in queries:
            one = after[str(q)]
            low, high = one["ci95"]
            mark = "*" if f"{one['mean']:.2f}" == f"{best[q]:.2f}" else ""
            cells.append(f"{one['mean']:.2f} ± {one['std']:.2f}{mark}\n[{low:.2f}, {high:.2f}]")
        rows.append((short[name], colours[name], cells))
    head = ["strategy", *(f"after {counted(q, 'query')}" for q in queries)]
    notes = [
        "Mean ± standard deviation of the report over trials and agents, in percent; in brackets the 95 % bootstrap "
        f"interval of the mean ({record['settings']['bootstrap_samples']:,} samples). * the best of a column.",
        query_line(comparison),
        training_line(comparison),
    ]
    return [Grid(head, rows, notes, "Ours"), _reported_grid(result["reported"], queries)]


def _reported_grid(reported: Sequence[Mapping[str, Any]], queries: Sequence[int]) -> Grid:
    by_system: dict[str, dict[int, Mapping[str, Any]]] = {}
    for row in reported:
        by_system.setdefault(f"{row['system']} ({row['citation'].split(',')[0]})", {})[row["queries"]] = row
    rows = []
    for system, values in by_system.items():
        cells = [_cell(values.get(q)) for q in queries]
        rows.append((system, None, cells))
    notes = [
        NOT_OURS.format(setting=reported[0]["setting"]),
        "In brackets the interval as the paper prints it. For its own rows it is a bootstrap interval of the mean; for "
        "the others a closed form that holds single runs, so the two kinds do not compare.",
    ]
    if max(queries) == 1_000:  # table 2
        notes.append(
            "Some values of the paper's own are those of the last improvement before the column's number: random "
            "search after 268 queries stands under 800, Ape-X after 398 under 400."
        )
    return Grid(["reported", *(f"after {counted(q, 'query')}" for q in queries)], rows, notes, APART)


def _cell(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "–"
    low, high = row["printed_interval"]
    return f"{row['mean']:.2f} ± {row['std']:.2f}\n[{low:.2f}, {high:.2f}]"
