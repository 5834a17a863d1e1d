"""Figures of strategies against each other: mean ranks over queries, the critical-difference diagram, profiles."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator

from archwalk.experiments.records import Comparison
from archwalk.report.curves import ABOVE, BELOW, LEADER, LEFT, End, label_ends, query_axis
from archwalk.report.facts import floats, report_format, settled_budget, short_labels, tested_after
from archwalk.report.lines import Axis, Plot, Series, draw_lines
from archwalk.report.palette import INK, MUTED, Colour, strategy_colours
from archwalk.report.svg import NARROW, heading, new_figure, style, text_width, to_svg
from archwalk.report.values import NBSP
from archwalk.report.wording import setting

SIDE, SCALE, ROW, BAR, TICK = 12, 46, 24, 11, 6  # CSS pixels


def draw_ranks(comparison: Comparison, *, width: int, key: str = "page") -> str | None:
    """Mean rank over queries, the best on top; None where no ranks are on record.

    `key` tells apart several such figures of one page.
    """
    if comparison.ranks is None:
        return None
    every_Q = floats(next(iter(comparison.ranks.mean.values())))
    known_Q = np.isfinite(every_Q)  # where one rank is known, all are
    queries = np.array(comparison.ranks.queries)[known_Q].tolist()
    means = {name: floats(mean)[known_Q].tolist() for name, mean in comparison.ranks.mean.items()}
    if len(queries) < 2:
        return None
    narrow = width <= NARROW
    colours, short = strategy_colours(comparison), short_labels(comparison.strategies, 13 if narrow else 18)
    ends = [
        End(mean[-1], short[name] if narrow else f"{short[name]} {mean[-1]:.2f}", colours[name])
        for name, mean in means.items()
    ]
    right = LEADER + max(text_width(end.text) for end in ends)
    height = 300 if narrow else 360
    inner_width, inner_height = width - LEFT - right, height - ABOVE - BELOW
    with style():
        figure = new_figure(width, height)
        axes = figure.add_axes((LEFT / width, BELOW / height, inner_width / width, inner_height / height))
        for name, mean in means.items():
            axes.plot(queries, mean, color=colours[name].light, linewidth=2.0)
        reached = [rank for mean in means.values() for rank in mean]
        axes.set_ylim(ceil(max(reached)) + 0.1, floor(min(reached)) - 0.1)
        axes.yaxis.set_major_locator(FixedLocator(range(1, len(ends) + 1)))
        query_axis(axes, queries[0], queries[-1], inner_width, log=True)
        label_ends(axes, ends, inner_height)
        heading(axes, "mean rank (1 is best)")
        return to_svg(
            figure, key=f"{key}-ranks-{width}",
            label="Line chart: mean rank over queries. " + ", ".join(
                f"{short[name]} ends at {mean[-1]:.2f}" for name, mean in means.items()
            ),
            description=setting(comparison),
        )  # fmt: skip


@dataclass(frozen=True)
class Stem:
    """A strategy of the critical-difference diagram: from `x` on the scale down to `y` and out to its name."""

    text: str
    colour: Colour
    x: float
    y: float
    is_left: bool


def draw_critical(comparison: Comparison, *, width: int, key: str = "page") -> str | None:
    """Critical-difference diagram (Demsar 2006): strategies on a scale of mean ranks, bars join what does not differ.

    After the last number of queries; None where nothing was tested, and for two strategies.
    """
    after = tested_after(comparison, settled_budget(comparison))
    if after is None or len(comparison.strategies) < 3:
        return None
    ranks = {name: rank for name, rank in after.ranks.items() if rank is not None}
    if len(ranks) < len(after.ranks):
        return None
    narrow = width <= NARROW
    colours, short = strategy_colours(comparison), short_labels(comparison.strategies, 11 if narrow else 22)
    order = sorted(ranks, key=ranks.__getitem__)
    texts = {name: short[name] if narrow else f"{short[name]}{NBSP * 2}{ranks[name]:.2f}" for name in order}
    margin = SIDE + 8 + max(map(text_width, texts.values()))
    rows = ceil(len(order) / 2)
    first_row = SCALE + 12 + BAR * len(after.groups) + ROW / 2
    height = round(first_row + ROW * rows)
    step = (width - 2 * margin) / (len(order) - 1)

    def place(rank: float) -> float:
        return margin + (rank - 1) * step

    stems = [
        Stem(
            texts[name], colours[name], place(ranks[name]),
            first_row + ROW * (i if i < rows else len(order) - 1 - i), i < rows,
        )
        for i, name in enumerate(order)
    ]  # fmt: skip
    bars = [[place(ranks[name]) for name in group] for group in after.groups]
    with style():
        figure = new_figure(width, height)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, width)
        axes.set_ylim(height, 0)
        axes.set_axis_off()
        _scale(axes, [place(rank) for rank in range(1, len(order) + 1)], width)
        for stem in stems:
            _stem(axes, stem, margin, width)
        for level, bar in enumerate(bars):
            y = SCALE + 12 + BAR * level
            axes.plot([min(bar) - 3, max(bar) + 3], [y, y], color=INK.light, linewidth=4.5)
        return to_svg(
            figure, key=f"{key}-critical-{width}",
            label="Critical-difference diagram. Mean ranks: "
            + ", ".join(f"{short[name]} {ranks[name]:.2f}" for name in order)
            + "".join(f". Not told apart: {', '.join(short[name] for name in g)}" for g in after.groups),
            description=setting(comparison),
        )  # fmt: skip


def _scale(axes: Axes, places: Sequence[float], width: int) -> None:
    """The ranks 1 to K, in the middle of the figure."""
    axes.plot([places[0], places[-1]], [SCALE, SCALE], color=MUTED.light, linewidth=1.4)
    axes.text(width / 2, 12, "mean rank (1 is best)", ha="center", va="center", color=MUTED.light)
    every = max(1, ceil(22 / (places[1] - places[0])))
    for i, x in enumerate(places):
        axes.plot([x, x], [SCALE - TICK, SCALE], color=MUTED.light, linewidth=1.4)
        if i % every == 0:
            axes.text(x, SCALE - TICK - 3, str(i + 1), ha="center", va="bottom", color=MUTED.light)


def _stem(axes: Axes, stem: Stem, margin: float, width: int) -> None:
    end = margin - 4 if stem.is_left else width - margin + 4
    colour = stem.colour.light
    axes.plot([stem.x, stem.x, end], [SCALE, stem.y, stem.y], color=colour, linewidth=1.4)
    axes.text(
        end + (-4 if stem.is_left else 4), stem.y, stem.text, color=colour, va="center",
        ha="right" if stem.is_left else "left",
    )  # fmt: skip


def profile_legend(comparison: Comparison) -> list[tuple[str, Colour]]:
    """Names and colours of the strategies, as they stand above the profile."""
    colours, short = strategy_colours(comparison), short_labels(comparison.strategies, 30)
    shown = comparison.profile.strategies if comparison.profile else ()
    return [(short[name], colours[name]) for name in shown]


def draw_profile(comparison: Comparison, *, width: int) -> str | None:
    """Performance profile: share of runs that reach each report (Agarwal et al. 2021); None where not on record."""
    profile = comparison.profile
    if profile is None:
        return None
    colours, short, tau = strategy_colours(comparison), short_labels(comparison.strategies, 30), profile.tau
    series = []
    for name, one in profile.strategies.items():
        share, low, high = ([100 * value for value in values] for values in (one.share, one.lo, one.hi))
        series.append(Series(short[name], colours[name], tau, share, low, high))
    middle, report, written = len(tau) // 2, comparison.report, report_format(comparison)
    unit = f" ({report.unit})" if report.unit else ""
    plot = Plot(
        key="profile",
        x=Axis(
            f"{report.name} of at {'least' if report.higher_is_better else 'most'}{unit}",
            limits=(tau[0], tau[-1]),
            format=lambda v: f"{v:g}",
        ),
        y=Axis("share of runs (%)", limits=(0, 102), ticks=(0, 25, 50, 75, 100)),
        series=series,
        label=f"share of runs whose best reaches a {report.name}. At {written.number(tau[middle])}: "
        + ", ".join(f"{one.label} {one.y[middle]:.0f} %" for one in series),
        description=setting(comparison),
    )
    return draw_lines(plot, width)
