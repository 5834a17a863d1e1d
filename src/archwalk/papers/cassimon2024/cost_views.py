"""Views of our two items about cost: when training has paid, and what an accuracy costs."""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from archwalk.experiments.records import StrategyResult, restored
from archwalk.papers.cassimon2024.searches import curve_of
from archwalk.papers.drawing.blocks import Block, Grid, Record, Words, chart, comparison_in
from archwalk.report.facts import floats
from archwalk.report.lines import (
    Axis,
    Plot,
    Series,
    draw_lines,
    legend_of,
    short_count,
    spread_of,
)
from archwalk.report.palette import AMBER, BLUE, VERMILION, strategy_colours
from archwalk.report.values import count, counted, percent

Row = Mapping[str, Any]


def view_amortisation(record: Record) -> list[Block]:
    """Cumulative cost over the number of searches, and the break-even of every budget."""
    result = record["result"]
    if not result["agents"]:
        rows = [(f"{row['queries']:,}", None, [percent(row["report"])]) for row in result["local"]]
        return [
            Words(["Without a trained agent there is nothing to amortise; local search alone reaches:"]),
            Grid(["queries a search", "mean report"], rows),
        ]
    blocks: list[Block] = []
    for name, rows in result["agents"].items():
        training = result["training"][name]
        paid = (row for row in rows if row["break_even_queries"])
        best = min(paid, key=lambda row: row["break_even_queries"], default=None)
        blocks.append(Words([_verdict(name, training, best, result["local_budget"])]))
        if best is not None:
            blocks.append(_cost_chart(record, name, training, best))
        blocks.append(_cost_grid(name, rows, result["local_budget"]))
    return blocks


def _verdict(name: str, training: Row, best: Row | None, budget: int) -> str:
    text = (
        f"Training {name} cost {counted(training['queries'], 'query')} "
        f"({count(training['unique'])} unique architectures, {training['seconds']:.0f} s). "
    )
    if best is None:
        return text + (
            "There is no break-even: at every budget below, local search either is as good for no more queries, or "
            f"is not as good within {count(budget)}, so that nothing can be counted."
        )
    return text + (
        f"It is soonest repaid by searches of {counted(best['queries'], 'query')}: local search needs "
        f"{count(best['local_queries'])} to be as good in the mean, so training is repaid by search "
        f"{count(best['break_even_queries'])} ({count(best['break_even_unique'])} if it is counted in unique "
        "architectures)."
    )


def _cost_chart(record: Record, name: str, training: Row, row: Row) -> Block:
    most = max(100, 10 * row["break_even_queries"])
    searches = [10 ** (i / 20 * math.log10(most)) for i in range(21)]
    each, local = row["queries"], row["local_queries"]

    def line(label: str, colour: Any, before: float, price: float, dashed: bool = False) -> Series:
        return Series(label, colour, searches, [before + k * price for k in searches], dashed=dashed)

    series = [
        line(
            f"{name}: training, then {counted(each, 'query')} a search", VERMILION, training["queries"], each
        ),
        line(f"{name}: training in unique architectures", AMBER, training["unique"], each, True),
        line(f"local search: {counted(local, 'query')} a search", BLUE, 0, local),
    ]
    plot = Plot(
        f"{record['item']}-{name}".replace("/", "-"),
        Axis("searches (logarithmic)", log=True, limits=(1, most)),
        Axis("queries in all (logarithmic)", log=True, format=short_count),
        series,
        "queries of an agent and of local search over the number of searches",
        record["settings"]["comparison"],
    )
    caption = (
        f"Both reach a mean report of {percent(row['report'])}. Where the lines cross, training has paid."
    )
    return chart(lambda width: draw_lines(plot, width), caption, legend_of(series))


def _cost_grid(name: str, rows: Sequence[Row], budget: int) -> Grid:
    keys = ("local_queries", "break_even_queries", "break_even_unique", "break_even_seconds")
    cells = [
        (
            f"{row['queries']:,}",
            None,
            [percent(row["report"]), *("–" if row[key] is None else count(row[key]) for key in keys)],
        )
        for row in rows
    ]
    head = [
        "queries a search",
        "mean report",
        "local search needs",
        "break-even (queries)",
        "(unique)",
        "(seconds)",
    ]
    notes = [
        f"{name}: the least number of searches for which training and searching cost no more than local search. "
        f"–: local search is not as good within {count(budget)} queries, or it costs no more than a search of the "
        "agent. Seconds are wall time with table look-ups, where an evaluation costs nearly nothing."
    ]
    return Grid(head, cells, notes)


def view_price(record: Record) -> list[Block]:
    """Curves of searches from scratch, points of agents."""
    result = record["result"]
    comparison, scratch = comparison_in(record), _scratch(record)
    colours = strategy_colours(replace(comparison, strategies={**comparison.strategies, **scratch}))
    series = [
        Series(name, colours[name], list(map(float, c.queries)), c.mean, c.lo, c.hi)
        for name, c in ((name, curve_of(one)) for name, one in scratch.items())
    ]
    for agent in result["agents"]:
        ends, label = agent["one_episode"], f"{agent['name']}, one episode after training"
        at, bar = [agent["training_unique"] + 1], ([ends["least"]], [ends["most"]])
        series.append(Series(label, colours[agent["name"]], at, [ends["mean"]], *bar, only_dots=True))
    last = max([*(a["training_unique"] for a in result["agents"]), record["settings"]["scratch_budget"]])
    best = comparison.optimum.best_report if comparison.optimum else None
    plot = Plot(
        f"{record['item']}-price",
        Axis("evaluations, training included (logarithmic)", log=True, limits=(1, 2 * last)),
        Axis("report (%)", limits=_price_range(record), format=lambda v: f"{v:.1f}"),
        series,
        "report over architectures paid for",
        record["settings"]["protocol"],
        (best, "best architecture of the table") if best else None,
    )
    caption = (
        "Curves: best so far of searches from scratch over their queries, 95 % band. Points: mean end of ONE episode "
        "of an agent, at the different architectures of its training; bar: least and most of the agents. A curve is "
        "one search; an agent's training serves every later one."
    )
    return [
        Words([_price_text(agent) for agent in result["agents"]]),
        chart(lambda width: draw_lines(plot, width), caption, legend_of(series)),
    ]


def _scratch(record: Record) -> dict[str, StrategyResult]:
    """The searches from scratch."""
    return {name: restored(one, StrategyResult) for name, one in record["result"]["scratch"].items()}


def _price_range(record: Record) -> tuple[float, float]:
    """Of the vertical axis: the first queries of a search lie far below all that matters, and are cut off."""
    curves, optimum = map(curve_of, _scratch(record).values()), comparison_in(record).optimum
    values = [value for c in curves for ends in (c.mean, c.hi) for value in floats(ends)[len(ends) // 30 :]]
    values += [agent["one_episode"][end] for agent in record["result"]["agents"] for end in ("least", "most")]
    best = optimum.best_report if optimum else None
    return spread_of([*values, best] if best else values, 0.1)


def _price_text(agent: Row) -> str:
    after = agent["best_after"]
    return (
        f"{agent['name']}: after training on {counted(agent['training_unique'], 'unique architecture')} "
        f"({counted(agent['training_queries'], 'query')}), one episode from a random start ends at "
        f"{percent(agent['one_episode']['mean'])} in the mean, and the best of {counted(after['queries'], 'query')} "
        f"is at {percent(after['mean'])}."
    )


def view_times(record: Record) -> list[Block]:
    """Sections 4.1.2 and 4.2.2: a row for each strategy."""
    settings, rows = record["settings"], []
    for name, row in record["result"]["times"].items():
        training = row["training_seconds"]
        rows.append(
            (
                name,
                None,
                [
                    _spread(training, "s") if training else "–",
                    count(row["training_queries"]) if training else "–",
                    _spread([1e3 * seconds for seconds in row["batched"]], "ms"),
                    _spread([1e3 * seconds for seconds in row["alone"]], "ms"),
                ],
            )
        )
    side_by_side = f"an episode, {count(settings['starts'])} side by side"
    head = ["strategy", "training", "training queries", side_by_side, "an episode alone"]
    notes = [
        f"Median [least, most]: of the agents; of {settings['rounds']} rounds; of {settings['alone']} episodes. "
        f"{settings['measured'].capitalize()}. Measured on the machine that made this page."
    ]
    return [Grid(head, rows, notes)]


def _spread(values: Sequence[float], unit: str) -> str:
    return f"{statistics.median(values):.3g} {unit}\n[{min(values):.3g}, {max(values):.3g}]"
