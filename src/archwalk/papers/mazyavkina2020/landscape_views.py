"""Views of the paper's figures: the scores of all architectures, what was found among them, and how the proxies rank
them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from archwalk.papers.drawing.blocks import Block, Drawings, Grid, Record, Words, chart
from archwalk.papers.drawing.cited import reported_grids
from archwalk.papers.drawing.trials import INTERVALS, stacked
from archwalk.papers.mazyavkina2020.found_views import colours, trained_line
from archwalk.papers.mazyavkina2020.sizes import TOP
from archwalk.papers.mazyavkina2020.table1 import BEST, NATURE, RANDOM
from archwalk.report.lines import Axis, Plot, Series, spread_of
from archwalk.report.palette import BLUE, GREEN, INDIGO, TEAL, VERMILION, Colour
from archwalk.report.panels import Panels, draw_panels
from archwalk.report.values import NBSP, counted, p_text

SCORE = "mean return (raw score)"
SEEDS = (VERMILION, BLUE, GREEN, INDIGO)
SPREAD = 0.06
GOAL = 20.0
"""Percent of the table: what was found is to be among these in the mean of the seeds (ours)."""


def view_landscape(record: Record) -> list[Block]:
    """Figure 4."""
    grounds, colour = record["result"]["grounds"], colours(record)
    plots = {label: _histogram(record, label, one, colour) for label, one in grounds.items()}
    panels = _in_two_columns(
        f"{record['item']}-histograms", plots, "histograms of the mean returns of all architectures",
        trained_line(record), 130,
    )  # fmt: skip
    shown = [name for name in colour if name != NATURE or any(one["nature"] for one in grounds.values())]
    caption = (
        "Bars: number of architectures. Lines: what each search found, a dot a seed; what random search of "
        f"{counted(TOP, 'training')} finds in the mean; the best of the table. {trained_line(record)}"
    )
    legend = [(name, colour[name]) for name in shown]
    return [
        Words([_summary(label, one) for label, one in grounds.items()]),
        chart(lambda width: draw_panels(panels, width), caption, legend),
    ]


def _summary(label: str, one: Mapping[str, Any]) -> str:
    parts = [f"{name} {np.mean(values):.2f}" for name, values in one["found"].items()]
    return (
        f"On {label}, the mean returns of {one['architectures']} architectures go up to {one['best']:.2f}. Found in "
        f"the mean: {', '.join(parts)}; random search of {counted(TOP, 'training')} {one['random']:.2f}."
    )


def _histogram(record: Record, label: str, one: Mapping[str, Any], colour: Mapping[str, Colour]) -> Plot:
    most = max(one["counts"])
    marks = [
        (name, [value], 1.12 + 0.12 * number)
        for number, (name, value) in enumerate(
            ((RANDOM, one["random"]), (NATURE, one["nature"]), (BEST, one["best"]))
        )
        if value is not None
    ]
    lines = [_lines(name, colour[name], values, height * most) for name, values, height in marks]
    for number, (name, values) in enumerate(one["found"].items()):
        lines.append(_lines(name, colour[name], values, (1.5 + 0.3 * number) * most))
    bars = Series("architectures", TEAL, one["edges"], one["counts"], bars=True)
    top = (1.6 + 0.35 * len(one["found"])) * most
    ticks = list(range(0, most + 1, max(1, most // 3)))
    whole = Axis(f"{label}: architectures", limits=(0, top), ticks=ticks, format="{:g}".format)
    return Plot(record["item"], Axis(SCORE, format="{:g}".format), whole, [bars, *lines], label, "")


def _lines(name: str, colour: Colour, values: Sequence[float], height: float) -> Series:
    tops = [
        height * (1 + SPREAD * number) for number in range(len(values))
    ]  # equal values would hide each other
    return Series(name, colour, values, tops, [0.0] * len(values), tops, only_dots=True, dots=True)


def _in_two_columns(key: str, plots: Mapping[str, Plot], label: str, description: str, height: int) -> Panels:
    """Plots in the order of the record, two in a row."""
    every: list[Plot | None] = list(plots.values())
    columns = min(2, len(every))
    every += [None] * (-len(every) % columns)
    rows = [every[i : i + columns] for i in range(0, len(every), columns)]
    return Panels(key, [""] * columns, rows, label, description, height)


def view_layers(record: Record) -> list[Block]:
    """Tables 6 to 9: ours, drawn, then the paper's."""
    grounds, colour = record["result"]["grounds"], colours(record)
    rows = [
        (f"{label}: {method}", colour[method], [_layers(its) for its in (one["best"], *found)])
        for label, one in grounds.items()
        for method, found in one["found"].items()
    ]
    seeds = record["settings"]["seeds_of_searches"]
    head = ["search", BEST.lower(), *(f"seed {seed}" for seed in seeds)]
    notes = [
        "Kernel sizes of the convolutions from the first, which is fixed, to the last; mean return; rank from above in "
        f"percent of all architectures. {trained_line(record)}"
    ]
    drawn = [
        (f"{label}, {name}: {_kernels(its)}", its["svg"])
        for label, one in grounds.items()
        for name, its in _drawn(one).items()
    ]
    grid = Grid(head, rows, notes, "Ours")
    return [Words(_agreement(record)), grid, Drawings(drawn), *reported_grids(record)]


def _drawn(one: Mapping[str, Any]) -> dict[str, Any]:
    """The best of the table, and the best that each method found with any seed."""
    best_of = {
        method: max(found, key=lambda its: its["mean_return"]) for method, found in one["found"].items()
    }
    return {BEST.lower(): one["best"], **best_of}


def _layers(one: Mapping[str, Any]) -> str:
    return f"{_kernels(one)}\n{one['mean_return']:.2f}, top {one['top_share']:.0f}{NBSP}%"


def _kernels(one: Mapping[str, Any]) -> str:
    return f",{NBSP}".join(map(str, one["kernels"]))


def _agreement(record: Record) -> list[str]:
    """How often the best was found, and how many are about as good."""
    texts = []
    for label, one in record["result"]["grounds"].items():
        best = one["best"]["architecture"]
        parts = [
            f"{name} in {sum(its['architecture'] == best for its in found)} of {counted(len(found), 'seed')}"
            for name, found in one["found"].items()
        ]
        text = f"On {label} the best of the table was found by {' and by '.join(parts)}."
        if one["within_deviation"] is not None:
            text += (
                f" Within one standard deviation of it (over the seeds of the table): {one['within_deviation'] - 1} of "
                f"the {one['architectures'] - 1} others."
            )
        texts.append(text)
    return texts


def view_proxies(record: Record) -> list[Block]:
    """Correlations of proxy and truth, and the ranks of what was found."""
    grounds, colour = record["result"]["grounds"], colours(record)
    rows = []
    for label, one in grounds.items():
        for method, its in one["methods"].items():
            cells = [_or_dash(its[name], len(its["ranked"])) for name in ("spearman", "kendall")]
            cells.append(stacked(its["first_share"]))
            cells += [stacked(its["found_share"]), f"{one['random_share']:.1f}"]
            rows.append((f"{label}: {method}", colour[method], cells))
    head = [
        "search",
        "Spearman",
        "Kendall",
        "first by proxy (top %)",
        f"best of top {TOP} (top %)",
        "random search (top %)",
    ]
    notes = [
        "Correlations of the proxy with the mean return over all architectures, mean over seeds; none where all are "
        f"alike. Ranks from above in percent of the table. {INTERVALS} {_ceiling(grounds)}",
        trained_line(record),
    ]
    return [Words(_goal_texts(grounds)), Grid(head, rows, notes, "Ours"), _scatter(record)]


def _or_dash(one: Mapping[str, Any] | None, seeds: int) -> str:
    if one is None:
        return "–"
    known = len(one["each"])
    return stacked(one, signed=True) + (f"\n{known} of {seeds} seeds" if known < seeds else "")


def _ceiling(grounds: Mapping[str, Any]) -> str:
    """How well the truth agrees with itself."""
    known = {label: one for label, one in grounds.items() if one["between_seeds"] is not None}
    if not known:
        return "The table has one seed, so how well it agrees with itself is not known."
    parts = [
        f"{label} {one['between_seeds']:+.2f} ({'none' if one['ceiling'] is None else format(one['ceiling'], '.2f')})"
        for label, one in known.items()
    ]
    alike = [f"{label} {p_text(one['friedman']['p'])}" for label, one in known.items()]
    return (
        "The table is noisy itself. Spearman's correlation of two of its seeds, and in brackets what could be expected "
        f"of the best proxy there can be, the expected scores (Spearman and Brown's formula): {', '.join(parts)}. "
        f"Whether its networks differ at all (Friedman's test over seeds; not corrected): {', '.join(alike)}."
    )


def _goal_texts(grounds: Mapping[str, Any]) -> list[str]:
    texts = []
    for method in next(iter(grounds.values()))["methods"]:
        shares = {label: one["methods"][method]["found_share"]["mean"] for label, one in grounds.items()}
        reached = [label for label, share in shares.items() if share <= GOAL]
        known = [one["methods"][method]["spearman"] for one in grounds.values()]
        above = sum(one is not None and one["ci95"][0] > 0 for one in known)
        texts.append(
            f"{method}: what it found is in the top {GOAL:g} % in the mean of its seeds in {len(reached)} of "
            f"{counted(len(shares), 'case')}{' (' + '; '.join(reached) + ')' if reached else ''}; the interval of "
            f"Spearman's correlation is above zero in {above}."
        )
    return texts


def _scatter(record: Record) -> Block:
    grounds = record["result"]["grounds"]
    methods = list(next(iter(grounds.values()))["methods"])
    rows = [
        [_dots(record, label, one, one["methods"][method]["ranked"]) for method in methods]
        for label, one in grounds.items()
    ]
    panels = Panels(
        f"{record['item']}-scatter",
        methods,
        rows,
        "mean return over the rank by proxy",
        trained_line(record),
        150,
    )
    seeds = record["settings"]["seeds_of_searches"]
    legend = [(f"seed {seed}", SEEDS[number % len(SEEDS)]) for number, seed in enumerate(seeds)]
    caption = f"A dot is an architecture in a seed's search. The top {TOP} by proxy are trained. {trained_line(record)}"
    return chart(lambda width: draw_panels(panels, width), caption, legend, "Proxy and truth")


def _dots(record: Record, label: str, one: Mapping[str, Any], ranked: Sequence[Sequence[int]]) -> Plot:
    """The architectures of every seed from the highest proxy to the lowest."""
    places = list(range(1, len(one["truth"]) + 1))
    series = [
        Series(
            f"seed {number}", SEEDS[number % len(SEEDS)], places, [one["truth"][i] for i in ranked_N],
            only_dots=True, dots=True,
        )
        for number, ranked_N in enumerate(ranked)
    ]  # fmt: skip
    y = Axis(f"{label}: mean return", limits=spread_of(one["truth"]), format="{:g}".format)
    return Plot(
        record["item"], Axis("rank by proxy (1: highest)", format="{:g}".format), y, series, label, ""
    )
