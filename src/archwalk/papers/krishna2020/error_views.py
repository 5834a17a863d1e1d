"""Views of the paper's tables: test errors, whether its order holds, parameters."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from archwalk.experiments.records import Comparison
from archwalk.papers.cassimon2024.search_views import APART, NOT_OURS
from archwalk.papers.drawing.blocks import Block, Chart, Grid, Record, Words, chart, comparison_in
from archwalk.papers.krishna2020.tables import TOO_FEW
from archwalk.report.facts import floats, short_labels, tested_after
from archwalk.report.figures import critical_caption, ranks_caption
from archwalk.report.lines import Axis, Plot, Series, draw_lines, legend_of, spread_of
from archwalk.report.palette import strategy_colours
from archwalk.report.ranks import draw_critical, draw_ranks
from archwalk.report.svg import NARROW, WIDE
from archwalk.report.values import ABSENT, NBSP, Format, counted, p_text, points
from archwalk.report.wording import difference_note, differences_result, query_line

MOST_POINTS = 200


def view_errors(record: Record) -> list[Block]:
    """Tables 3 to 6: what the paper says and whether it holds; ours; the tests; curves; the paper's own figures apart
    from them.
    """
    result, comparison = record["result"], comparison_in(record)
    blocks: list[Block] = [
        Words(
            [claims_text(result["claims"]), spread_text(result["spread"]), *differences_result(comparison)]
        ),
        _ours(comparison),
    ]
    if any("difference" in claim for claim in result["claims"]):
        blocks.append(_claims(result["claims"], comparison))
    blocks += _charts(record)
    return [*blocks, _reported(result["reported"])]


def claims_text(claims: Sequence[Mapping[str, Any]]) -> str:
    """In how many comparisons the paper's order holds, and in which it does not."""
    by_verdict: dict[str, list[str]] = {}
    for claim in claims:
        by_verdict.setdefault(claim["verdict"], []).append(f"{claim['better']} before {claim['worse']}")
    tested = sum("p" in claim for claim in claims)
    if all(claim["verdict"] == "not tested" for claim in claims):
        return "None of the paper's orders could be tested here: the strategies, or the trials, are missing."
    held = by_verdict.get("holds", [])
    answer = "Yes" if len(held) == len(claims) else "No" if not held else "In part"
    text = f"Does the paper's order hold? {answer}: significantly in {len(held)} of "
    text += counted(tested, "tested comparison")
    text += f" ({', '.join(held)})." if held else "."
    for verdict, words in (
        ("reversed", "The reverse holds, significantly, of"),
        ("not settled", "Not settled:"),
        (TOO_FEW, "Cannot be settled with this many trials:"),
        ("identical in every trial", "Identical in every trial, so that there is nothing to test:"),
        ("not tested", "Not tested:"),
    ):
        if verdict in by_verdict:
            text += f" {words} {', '.join(by_verdict[verdict])}."
    return text


def spread_text(spread: Mapping[str, Any] | None) -> str:
    """Whether the rows of a table differ at all; nothing where that is not the question."""
    if spread is None:
        return ""
    text = f"The mean test errors lie within {spread['range']:.3f} points, from {spread['best']} to {spread['worst']}."
    friedman = spread["friedman"]
    if friedman is None:
        return f"{text} Whether they differ could not be tested."
    flat = "finds no difference: flat" if friedman["p"] >= 0.05 else "finds a difference: not flat"
    return (
        f"{text} Friedman's test over {counted(spread['trials'], 'trial')} {flat} "
        f"(chi-squared {friedman['statistic']:.1f}, {p_text(friedman['p'])})."
    )


def _ours(comparison: Comparison) -> Grid:
    at, colours, errors = comparison.budget, strategy_colours(comparison), Format(comparison.report)
    tested = tested_after(comparison, at)
    ranks = tested.ranks if tested else {}
    best = {name: one.best_after[at] for name, one in comparison.strategies.items()}
    least = min((100 - one.mean for one in best.values() if one.mean is not None), default=None)
    rows = []
    for name, one in comparison.strategies.items():
        after, error, iqm = best[name], _error(best[name].mean), _error(best[name].iqm)
        mark = "*" if errors.number(error) == errors.number(least) and len(best) > 1 else ""
        rank = ranks.get(name)
        cells = [
            f"{one.trials:,}",
            f"{errors.number(error)} ± {errors.number(after.std)}{mark}\n{_error_ends(after.ci95)}",
            f"{errors.number(iqm)}\n{_error_ends(after.iqm_ci95)}",
            ABSENT if rank is None else f"{rank:.2f}",
            ABSENT if one.unique_mean is None else f"{one.unique_mean:,.0f}",
        ]
        rows.append((name, colours[name], cells))
    notes = [
        f"Test error after {counted(comparison.budget, 'query')}: 100 less the report, in percent; mean ± standard "
        f"deviation over n trials, in brackets the 95{NBSP}% bootstrap interval of the mean. IQM: the same of the "
        "interquartile mean. Mean rank: over the trials that all have, 1 is best. Unique: different architectures in a "
        "trial. * the lowest mean.",
        query_line(comparison),
    ]
    head = ["strategy", "n", "test error", "IQM", "mean rank", "unique"]
    return Grid(head, rows, notes, "Ours")


def _error(report: float | None) -> float | None:
    return None if report is None else 100 - report


def _error_ends(ends: tuple[float, float] | None) -> str:
    return f"[{100 - ends[1]:.2f}, {100 - ends[0]:.2f}]" if ends else ABSENT


def _claims(claims: Sequence[Mapping[str, Any]], comparison: Comparison) -> Grid:
    assert comparison.significance is not None
    rows = []
    for claim in claims:
        label = f"{claim['better']} before {claim['worse']}"
        if "difference" not in claim:
            trials = f"{claim['trials']:,}" if "trials" in claim else "–"
            rows.append((label, None, [trials, "–", "–", "–", claim["verdict"]]))
            continue
        low, high = map(points, claim["ci95"])
        cells = [
            f"{claim['trials']:,}", f"{points(claim['difference'])}\n[{low}, {high}]",
            f"{100 * claim['superiority']:.0f}{NBSP}%", f"{claim['p_holm']:.2g}", claim["verdict"],
        ]  # fmt: skip
        rows.append((label, None, cells))
    notes = [
        "Difference of the mean test errors, the first less the second: below zero as the paper has it. Superiority: "
        "share of the trials in which the first is better, equal ones half. A claim holds where the difference is "
        f"below zero, superiority above half and p, corrected, below {comparison.significance.level:g}.",
        difference_note(comparison),
    ]
    head = ["the paper's order", "n", "difference", "superiority", "p (Holm)", "verdict"]
    return Grid(head, rows, notes, "Does the paper's order hold?")


def _charts(record: Record) -> list[Block]:
    comparison, key = comparison_in(record), record["item"]
    budget = comparison.budget
    series = _error_series(comparison)
    settled = [
        error
        for one in series
        for error, queries in zip(one.y, one.x, strict=True)
        if error is not None and queries is not None and queries >= budget / 20
    ]
    plot = Plot(
        key=f"{key}-errors",
        x=Axis("queries (logarithmic)", log=True, limits=(max(1, budget / 40), budget)),
        y=Axis("mean test error (%)", limits=spread_of(settled), format=lambda value: f"{value:g}"),
        series=series,
        label="mean test error of the best found so far, over queries. "
        + ", ".join(f"{one.label} ends at {one.y[-1]:.2f}" for one in series),
        description=query_line(comparison),
    )
    blocks: list[Block] = [
        chart(
            lambda width: draw_lines(plot, width),
            f"Mean test error of the best found so far; bands: 95{NBSP}% bootstrap. The axis is cut where the first "
            "twentieth of the queries ends.",
            legend_of(series),
        )
    ]
    for draw, caption in ((draw_ranks, ranks_caption), (draw_critical, critical_caption)):
        wide, narrow = (draw(comparison, width=width, key=key) for width in (WIDE, NARROW))
        if wide and narrow:
            blocks.append(Chart(wide, narrow, caption(comparison)))
    return blocks


def _error_series(comparison: Comparison) -> list[Series]:
    colours, short = strategy_colours(comparison), short_labels(comparison.strategies, 30)
    series = []
    for name, one in comparison.strategies.items():
        assert one.curve is not None
        curve = one.curve
        length = len(curve.queries)
        at = np.unique(np.geomspace(1, length, MOST_POINTS).astype(int)) - 1
        error, high, low = ((100 - floats(ends)[at]).tolist() for ends in (curve.mean, curve.lo, curve.hi))
        queries = np.array(curve.queries)[at].tolist()
        series.append(Series(short[name], colours[name], queries, error, low, high))
    return series


def _reported(reported: Mapping[str, Any]) -> Grid:
    rows = [(row["system"], None, [f"{row['mean']:.2f} ± {row['std']:.2f}"]) for row in reported["rows"]]
    head = [f"reported by {reported['citation']}", "test error"]
    notes = [NOT_OURS.format(setting=reported["setting"]), "Mean ± standard deviation, in percent."]
    return Grid(head, rows, notes, APART)


def view_parameters(record: Record) -> list[Block]:
    """Table 2: the paper's orders of growth beside what the networks have."""
    rows, settings = record["result"]["rows"], record["settings"]
    order = Grid(
        ["reported by the paper", "order of growth"],
        [(row["name"], None, [row["order"]]) for row in rows],
        ["Parameters of the context representation; N decisions, width d."],
        "What the paper says",
    )
    if not any(row["counts"] for row in rows):
        return [order]
    head = ["ours", *(f"N {n}, d {d}" for n, d in _corners(settings)), "growth", "agrees"]
    ours = [
        (row["name"], None, [*(f"{count:,}" for count in _corner_counts(row["counts"])), *_exponents(row)])
        for row in rows
    ]
    notes = [
        f"Counted: {settings['counted']}. Growth: what the count grows by when N (at the least d) or d (at the "
        "least N) doubles at its upper end, as a power; they agree where both lie within a quarter of the paper's.",
    ]
    return [Words([_growth_text(rows)]), Grid(head, ours, notes, "Ours"), order]


def _corners(settings: Mapping[str, Any]) -> list[tuple[int, int]]:
    (least, *_, most), (narrow, *_, wide) = settings["decisions"], settings["widths"]
    return [(least, narrow), (most, narrow), (least, wide)]


def _corner_counts(counts: Sequence[Sequence[int]]) -> list[int]:
    return [counts[0][0], counts[-1][0], counts[0][-1]]


def _exponents(row: Mapping[str, Any]) -> list[str]:
    shown = [
        f"{key}^{'–' if row['measured'][key] is None else format(row['measured'][key], '.2f')}"
        for key in ("N", "d")
    ]
    return ["\n".join(shown), "yes" if _agrees(row) else "no"]


def _agrees(row: Mapping[str, Any]) -> bool:
    found, said = row["measured"], row["exponents"]
    return all(found[key] is not None and abs(found[key] - said[key]) < 0.25 for key in ("N", "d"))


def _growth_text(rows: Sequence[Mapping[str, Any]]) -> str:
    unlike = [row["name"] for row in rows if not _agrees(row)]
    if not unlike:
        return "The networks here grow as the paper says."
    return f"The networks here grow as the paper says, but for {', '.join(unlike)}."
