"""Views of the items about cost and training: Figures 16 to 19, amortisation and price."""

import math
from collections.abc import Mapping
from typing import Any

from archwalk.report.palette import AMBER, BLUE, GREEN, INDIGO, PURPLE, VERMILION, strategy_colours
from archwalk.report.reproductions.blocks import Block, Grid, Record, Words, chart
from archwalk.report.reproductions.lines import Axis, Plot, Series, draw_lines, legend_of, spread_of
from archwalk.report.wording import count, counted, percent

_SHADES = (VERMILION, BLUE, GREEN, PURPLE, AMBER, INDIGO)


def view_throughput(record: Record) -> list[Block]:
    """Figure 16: architectures a second over the batch, both axes logarithmic."""
    result = record["result"]
    batches, rows = result["batches"], result["throughput"]
    series = [
        Series(
            _objective_name(name),
            colour,
            batches,
            [r["median"] for r in row],
            [r["least"] for r in row],
            [r["most"] for r in row],
            dots=True,
        )
        for (name, row), colour in zip(rows.items(), (BLUE, VERMILION), strict=False)
    ]
    table, surrogate = ([r["median"] for r in row] for row in rows.values())
    ratios = [a / b for a, b in zip(table, surrogate, strict=True)]
    text = (
        f"The table answers {min(ratios):.0f} to {max(ratios):.0f} times as many architectures a second as the surrogate. "
        "P1's NAS-Bench-301 was the official ensemble of ten boosted trees, not the YAHPO surrogate that is measured here."
    )
    plot = Plot(
        f"{record['item']}-throughput",
        Axis("environments side by side (logarithmic)", log=True, limits=(0.9, 72), ticks=batches),
        Axis("architectures a second (logarithmic)", log=True),
        series,
        "throughput over vectorisation",
        record["settings"]["environment"],
    )
    caption = (
        f"Median of {record['settings']['rounds']} rounds of {record['settings']['seconds_per_round']:g} s, band: least and most; "
        f"{record['settings']['environment']}. Measured on the machine that made this page."
    )
    return [Words([text]), chart(lambda width: draw_lines(plot, width), caption, legend_of(series))]


def _objective_name(benchmark: str) -> str:
    return {
        "nasbench301:yahpo": "NAS-Bench-301 (YAHPO surrogate)",
        "nasbench101": "NAS-Bench-101 (table)",
    }.get(benchmark, benchmark)


def view_ablation(record: Record) -> list[Block]:
    """Figures 17 to 19: a learning curve for each value."""
    result, runs = record["result"], record["settings"]["runs"]
    curves = result["curves"]
    series = [
        Series(name, _SHADES[i % len(_SHADES)], c["steps"], c["mean"], c["lo"], c["hi"])
        for i, (name, c) in enumerate(curves.items())
    ]
    plot = Plot(
        f"{record['item']}-curves",
        Axis("steps of the environment"),
        Axis(
            "mean reward of the architectures found (%)",
            limits=spread_of(
                [v for c in curves.values() for k in ("lo", "hi") for v in c[k] if v is not None]
            ),
            format=lambda v: f"{v:.1f}",
        ),
        series,
        "mean accuracy during training",
        f"{record['settings']['benchmark']}; objective {record['settings']['objective']}.",
    )
    last = {
        name: next((v for v in reversed(c["mean"]) if v is not None), math.nan) for name, c in curves.items()
    }
    strategies = sorted({run["strategy"] for group in runs.values() for run in group})
    steps = max(c["steps"][-1] for c in curves.values())
    text = (
        f"After {counted(steps, 'step')} of {', '.join(strategies)}: "
        + ", ".join(f"{name} {percent(value)}" for name, value in last.items())
        + "."
    )
    seeds = max(c["seeds"] for c in curves.values())
    caption = f"Moving average of {result['window']} logged values" + (
        f"; mean of {counted(seeds, 'seed')}, band: least and most."
        if seeds > 1
        else "; one seed, so no spread between trainings is shown."
    )
    return [Words([text]), chart(lambda width: draw_lines(plot, width), caption, legend_of(series))]


def view_amortisation(record: Record) -> list[Block]:
    """Cumulative cost over the number of searches, and the break-even of every budget."""
    result = record["result"]
    if not result["agents"]:
        return [Words(["Without a trained agent there is nothing to amortise."])]
    blocks: list[Block] = []
    for name, rows in result["agents"].items():
        training = result["training"][name]
        best = min(
            (row for row in rows if row["break_even_queries"]),
            key=lambda row: row["break_even_queries"],
            default=None,
        )
        paid = f"{counted(training['queries'], 'query')} ({count(training['unique'])} unique architectures, {training['seconds']:.0f} s)"
        if best is None:
            text = f"Training {name} cost {paid}. Within {count(result['local_budget'])} queries it never pays: local search is as good for no more queries at every budget."
            blocks.append(Words([text]))
        else:
            text = (
                f"Training {name} cost {paid}. It is soonest repaid with searches of {counted(best['queries'], 'query')}: local search needs "
                f"{count(best['local_queries'])} to be as good, so the training is repaid by search {count(best['break_even_queries'])} "
                f"({count(best['break_even_unique'])} if training counts unique architectures only)."
            )
            blocks += [Words([text]), _cost_chart(record, name, training, best)]
        blocks.append(_cost_grid(name, rows, result["local_budget"]))
    return blocks


def _cost_chart(record: Record, name: str, training: Mapping[str, Any], row: Mapping[str, Any]) -> Block:
    most = max(100, 10 * row["break_even_queries"])
    searches = [10 ** (i / 20 * math.log10(most)) for i in range(21)]
    series = [
        Series(
            f"{name}: training and {counted(row['queries'], 'query')} a search",
            VERMILION,
            searches,
            [training["queries"] + k * row["queries"] for k in searches],
        ),
        Series(
            f"{name}: unique training architectures only",
            AMBER,
            searches,
            [training["unique"] + k * row["queries"] for k in searches],
            dashed=True,
        ),
        Series(
            f"local search, {counted(row['local_queries'], 'query')} a search",
            BLUE,
            searches,
            [k * row["local_queries"] for k in searches],
        ),
    ]
    plot = Plot(
        f"{record['item']}-{name}".replace("/", "-"),
        Axis("searches (logarithmic)", log=True, limits=(1, most)),
        Axis("queries in all (logarithmic)", log=True),
        series,
        "queries of an agent and of local search over the number of searches",
        record["settings"]["comparison"],
    )
    caption = (
        f"Both reach a mean report of {percent(row['report'])}. Where the lines cross, training has paid."
    )
    return chart(lambda width: draw_lines(plot, width), caption, legend_of(series))


def _cost_grid(name: str, rows: list[Mapping[str, Any]], budget: int) -> Grid:
    def shown(value: float | None) -> str:
        return "–" if value is None else count(value)

    cells = [
        (
            f"{row['queries']:,}",
            None,
            [
                percent(row["report"]),
                shown(row["local_queries"]),
                shown(row["break_even_queries"]),
                shown(row["break_even_unique"]),
                shown(row["break_even_seconds"]),
            ],
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
        f"{name}: the least number of searches from which training and searching costs no more than local search. – : local search "
        f"does not get there within {count(budget)} queries (it never has to be repaid), or needs no more queries than the agent. "
        "Seconds are wall time with table look-ups, where an evaluation costs nearly nothing."
    ]
    return Grid(head, cells, notes)


def view_price(record: Record) -> list[Block]:
    """Curves of searches from scratch, points of agents."""
    result = record["result"]
    colours = strategy_colours(result["comparison"])
    series = [
        Series(
            name, colours[name], s["curve"]["queries"], s["curve"]["mean"], s["curve"]["lo"], s["curve"]["hi"]
        )
        for name, s in result["scratch"].items()
    ]
    for agent in result["agents"]:
        one = agent["one_episode"]
        series.append(
            Series(
                f"{agent['name']}, one episode after training",
                colours[agent["name"]],
                [agent["training_unique"] + 1],
                [one["mean"]],
                [one["least"]],
                [one["most"]],
                only_dots=True,
            )
        )
    values = [s["curve"]["mean"][len(s["curve"]["mean"]) // 30] for s in result["scratch"].values()]
    values += [v for s in result["scratch"].values() for v in s["curve"]["hi"][20:]] + [
        a["one_episode"]["mean"] for a in result["agents"]
    ]
    optimum = (result["optimum"] or {}).get("best_report")
    last = max([*(a["training_unique"] for a in result["agents"]), record["settings"]["budget"]])
    plot = Plot(
        f"{record['item']}-price",
        Axis("architectures evaluated, training included (logarithmic)", log=True, limits=(1, 2 * last)),
        Axis(
            "report (%)",
            limits=spread_of([*values, *([optimum] if optimum else [])], 0.1),
            format=lambda v: f"{v:.1f}",
        ),
        series,
        "report over architectures paid for",
        record["settings"]["protocol"],
        (optimum, "best architecture of the table") if optimum else None,
    )
    texts = [
        f"{a['name']}: after training on {counted(a['training_unique'], 'unique architecture')} ({counted(a['training_queries'], 'query')}), one episode from a "
        f"random start ends at {percent(a['one_episode']['mean'])} in the mean; the best of {counted(a['best_after']['queries'], 'query')} at {percent(a['best_after']['mean'])}."
        for a in result["agents"]
    ]
    caption = (
        "Curves: best so far of searches from scratch, 95 % band. Points: mean end of ONE episode of an agent, bar: least and most of "
        "the agents. A curve is one search; an agent's training serves every later one."
    )
    return [
        *([Words(texts)] if texts else []),
        chart(lambda width: draw_lines(plot, width), caption, legend_of(series)),
    ]
