"""Views of P2's figures: the scores of all architectures, what was found among them, and how the proxies rank them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from archwalk.experiments.reproductions.mazyavkina2020.sizes import TOP
from archwalk.experiments.reproductions.mazyavkina2020.table1 import BEST, NATURE, RANDOM
from archwalk.report.lines import Axis, Plot, Series, spread_of
from archwalk.report.palette import BLUE, GREEN, INDIGO, TEAL, VERMILION, Colour
from archwalk.report.panels import Panels, draw_panels
from archwalk.report.reproductions.agents import colours, trained_line
from archwalk.report.reproductions.blocks import Block, Drawings, Grid, Record, Words, chart
from archwalk.report.reproductions.cited import reported_grids
from archwalk.report.reproductions.trials import INTERVALS, stacked
from archwalk.report.wording import counted

SCORE = "mean return (raw score)"
SEEDS = (VERMILION, BLUE, GREEN, INDIGO)
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
        "Bars: number of architectures. Lines: what each search found, a diamond a seed; what random search of "
        f"{counted(TOP, 'training')} finds in the mean; the best of the table. {trained_line(record)}"
    )
    legend = [(name, colour[name]) for name in shown]
    return [chart(lambda width: draw_panels(panels, width), caption, legend)]


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
        lines.append(_lines(name, colour[name], values, (1.5 + 0.16 * number) * most))
    bars = Series("architectures", TEAL, one["edges"], one["counts"], bars=True)
    top = (1.6 + 0.16 * len(one["found"])) * most
    ticks = list(range(0, most + 1, max(1, most // 3)))
    whole = Axis(f"{label}: architectures", limits=(0, top), ticks=ticks, format="{:g}".format)
    return Plot(record["item"], Axis(SCORE, format="{:g}".format), whole, [bars, *lines], label, "")


def _lines(name: str, colour: Colour, values: Sequence[float], height: float) -> Series:
    tops = [height] * len(values)
    return Series(name, colour, values, tops, [0.0] * len(values), tops, only_dots=True, dots=True)


def _in_two_columns(key: str, plots: Mapping[str, Plot], label: str, description: str, height: int) -> Panels:
    """Plots in the order of the record, two in a row."""
    every: list[Plot | None] = list(plots.values())
    columns = min(2, len(every))
    every += [None] * (-len(every) % columns)
    rows = [every[i : i + columns] for i in range(0, len(every), columns)]
    return Panels(key, [""] * columns, rows, label, description, height)


def view_layers(record: Record) -> list[Block]:
    """Tables 6 to 9: ours, drawn, then P2's."""
    rows: list[tuple[str, Colour | None, list[str]]] = []
    drawings, colour = [], colours(record)
    for label, one in record["result"]["grounds"].items():
        rows.append((f"{label}: {BEST.lower()}", colour[BEST], _layers(one["best"])))
        for method, found in one["found"].items():
            seeds = record["settings"]["seeds_of_searches"]
            rows += [
                (f"{label}: {method}, seed {seed}", colour[method], _layers(its))
                for seed, its in zip(seeds, found, strict=True)
            ]
        drawings.append((f"{label}: {_kernels(one['best'])}, mean return {one['best']['mean_return']:.2f}", one["svg"]))
    notes = [
        "Kernel sizes of the convolutions from the first, which is fixed, to the last. Rank: from above, in percent of "
        f"all architectures. {trained_line(record)}"
    ]
    grid = Grid(["found by", "kernels", "mean return", "rank (top %)"], rows, notes, "Ours")
    return [Words(_agreement(record)), Drawings(drawings), grid, *reported_grids(record)]


def _layers(one: Mapping[str, Any]) -> list[str]:
    return [_kernels(one), f"{one['mean_return']:.2f}", f"{one['top_share']:.0f}"]


def _kernels(one: Mapping[str, Any]) -> str:
    return ", ".join(map(str, one["kernels"]))


def _agreement(record: Record) -> list[str]:
    """How often the best was found, and how many are about as good."""
    texts = []
    for label, one in record["result"]["grounds"].items():
        best = one["best"]["architecture"]
        hits = {
            name: sum(its["architecture"] == best for its in found) for name, found in one["found"].items()
        }
        parts = [f"{name} in {hit} of {len(one['found'][name])}" for name, hit in hits.items()]
        about = one["within_deviation"]
        near = (
            f" {about - 1} others are within one standard deviation (over seeds) of it." if about is not None else ""
        )
        texts.append(f"On {label} the best of the table was found by {' and by '.join(parts)} searches.{near}")
    return texts


def view_proxies(record: Record) -> list[Block]:
    """Correlations of proxy and truth, and the ranks of what was found."""
    grounds, colour = record["result"]["grounds"], colours(record)
    rows = []
    for label, one in grounds.items():
        for method, its in one["methods"].items():
            cells = [_or_dash(its["spearman"]), _or_dash(its["kendall"]), stacked(its["first_share"])]
            cells += [stacked(its["found_share"]), f"{one['random_share']:.1f}"]
            rows.append((f"{label}: {method}", colour[method], cells))
    head = ["search", "Spearman", "Kendall", "first by proxy (top %)", f"best of top {TOP} (top %)", "random search (top %)"]
    notes = [
        "Correlations of the proxy with the mean return over all architectures, mean over seeds; none where all are "
        f"alike. Ranks from above in percent of the table. {INTERVALS} {_ceiling(grounds)}",
        trained_line(record),
    ]
    return [Words(_goal_texts(grounds)), Grid(head, rows, notes, "Ours"), _scatter(record)]


def _or_dash(one: Mapping[str, Any] | None) -> str:
    return "–" if one is None else stacked(one, signed=True)


def _ceiling(grounds: Mapping[str, Any]) -> str:
    """How well the truth agrees with itself."""
    known = {
        label: one["between_seeds"] for label, one in grounds.items() if one["between_seeds"] is not None
    }
    if not known:
        return "The table has one seed, so how well it agrees with itself is not known."
    parts = [f"{label} {value:+.2f}" for label, value in known.items()]
    return (
        f"Spearman's correlation of two seeds of the table, mean over pairs: {', '.join(parts)}. No proxy can be expected to agree "
        "with one seed better than another seed does."
    )


def _goal_texts(grounds: Mapping[str, Any]) -> list[str]:
    texts = []
    for method in next(iter(grounds.values()))["methods"]:
        shares = {label: one["methods"][method]["found_share"]["mean"] for label, one in grounds.items()}
        reached = [label for label, share in shares.items() if share <= GOAL]
        known = [one["methods"][method]["spearman"] for one in grounds.values()]
        above = sum(one is not None and one["ci95"][0] > 0 for one in known)
        texts.append(
            f"{method}: what it found is in the top {GOAL:g} % in the mean of its seeds on {len(reached)} of "
            f"{counted(len(shares), 'ground')}{' (' + '; '.join(reached) + ')' if reached else ''}; the interval of "
            f"Spearman's correlation is above zero on {above}."
        )
    return texts


def _scatter(record: Record) -> Block:
    grounds = record["result"]["grounds"]
    methods = list(next(iter(grounds.values()))["methods"])
    rows = [
        [_dots(record, label, one, one["methods"][method]["proxies"]) for method in methods]
        for label, one in grounds.items()
    ]
    panels = Panels(
        f"{record['item']}-scatter", methods, rows, "mean return over the rank by proxy", trained_line(record), 150
    )
    seeds = record["settings"]["seeds_of_searches"]
    legend = [(f"seed {seed}", SEEDS[number % len(SEEDS)]) for number, seed in enumerate(seeds)]
    caption = f"A dot is an architecture under a seed's search. The top {TOP} by proxy are trained. {trained_line(record)}"
    return chart(lambda width: draw_panels(panels, width), caption, legend, "Proxy and truth")


def _dots(record: Record, label: str, one: Mapping[str, Any], proxies: Sequence[Sequence[float]]) -> Plot:
    """Equal proxies keep the order of the ids, as in the search."""
    series = []
    for number, proxy_N in enumerate(proxies):
        order_N = np.argsort(-np.array(proxy_N), kind="stable")
        truth_N = [one["truth"][i] for i in order_N]
        places = list(range(1, len(truth_N) + 1))
        series.append(
            Series(f"seed {number}", SEEDS[number % len(SEEDS)], places, truth_N, only_dots=True, dots=True)
        )
    y = Axis(f"{label}: {SCORE}", limits=spread_of(one["truth"]), format="{:g}".format)
    return Plot(record["item"], Axis("rank by proxy (1: highest)", format="{:g}".format), y, series, label, "")
