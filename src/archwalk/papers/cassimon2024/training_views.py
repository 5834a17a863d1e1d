"""Views of the items about training: Figures 16 to 19."""

import math

from archwalk.papers.drawing.blocks import Block, Record, Words, chart
from archwalk.report.lines import (
    Axis,
    Plot,
    Series,
    draw_lines,
    legend_of,
    short_count,
    spread_of,
)
from archwalk.report.palette import AMBER, BLUE, GREEN, INDIGO, PURPLE, VERMILION
from archwalk.report.values import counted, percent

_SHADES = (VERMILION, BLUE, GREEN, PURPLE, AMBER, INDIGO)


def view_throughput(record: Record) -> list[Block]:
    """Figure 16: architectures a second over the batch, both axes logarithmic."""
    result = record["result"]
    batches, rows = result["batches"], result["throughput"]
    series = [
        Series(_objective_name(name), colour, batches, *_rates(row), dots=True)
        for (name, row), colour in zip(rows.items(), (BLUE, VERMILION), strict=False)
    ]
    table, surrogate = ([r["median"] for r in row] for row in rows.values())
    ratios = [a / b for a, b in zip(table, surrogate, strict=True)]
    text = (
        f"The table answers {min(ratios):.0f} to {max(ratios):.0f} times as many architectures a second as the "
        "surrogate. The paper's NAS-Bench-301 was the official ensemble of ten boosted trees, not the YAHPO surrogate "
        "that is measured here."
    )
    plot = Plot(
        f"{record['item']}-throughput",
        Axis("environments side by side (logarithmic)", log=True, limits=(0.9, 72), ticks=batches),
        Axis("architectures a second (logarithmic)", log=True, format=short_count),
        series,
        "throughput over vectorisation",
        record["settings"]["environment"],
    )
    settings = record["settings"]
    caption = (
        f"Median of {settings['rounds']} rounds of {settings['seconds_per_round']:g} s, band: least and most; "
        f"{settings['environment']}. Measured on the machine that made this page."
    )
    return [Words([text]), chart(lambda width: draw_lines(plot, width), caption, legend_of(series))]


def _rates(row: list[dict[str, float]]) -> tuple[list[float], list[float], list[float]]:
    """Median, least and most of each batch."""
    median, least, most = ([rate[key] for rate in row] for key in ("median", "least", "most"))
    return median, least, most


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
    values = [v for c in curves.values() for end in ("lo", "hi") for v in c[end] if v is not None]
    reward = "mean reward of the architectures found (%)"
    plot = Plot(
        f"{record['item']}-curves",
        Axis("steps of the environment"),
        Axis(reward, limits=spread_of(values), format=lambda v: f"{v:.1f}"),
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
