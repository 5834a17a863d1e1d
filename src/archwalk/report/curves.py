"""Figure: the best architecture found so far, over queries."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from numpy.typing import NDArray

from archwalk.estimators.base import Floats
from archwalk.experiments.records import Comparison
from archwalk.report.facts import floats, optimum_line, report_format, short_labels
from archwalk.report.palette import MUTED, Colour, strategy_colours
from archwalk.report.svg import NARROW, heading, new_figure, style, text_width, to_svg
from archwalk.report.values import count
from archwalk.report.wording import setting

MAX_POINTS = 250
LEFT, ABOVE, BELOW = 46, 36, 48  # CSS pixels around the axes
LEADER = 14
LABEL_GAP = 15.0
TICK_GAP = 44.0


@dataclass(frozen=True)
class Curve:
    """Report of the best by reward after each number of queries: mean and 95 % band (Q,), all finite.

    That of a single run is a staircase: nothing lies between two of its values.
    """

    label: str
    short: str
    colour: Colour
    trained: bool
    single: bool
    queries_Q: Floats
    mean_Q: Floats
    low_Q: Floats
    high_Q: Floats


@dataclass(frozen=True)
class End:
    """What is written beside the right end of a line."""

    value: float
    text: str
    colour: Colour
    bold: bool = False


def draw_curves(comparison: Comparison, *, width: int, log: bool = True, key: str = "curves") -> str | None:
    """Best so far over queries, with 95 % bands and the optimum; None where no curve is on record.

    `key` tells apart several such figures of one page.
    """
    curves = read_curves(comparison)
    if not curves:
        return None
    narrow = width <= NARROW
    written, optimum = report_format(comparison), optimum_line(comparison)
    ends = [
        End(
            c.mean_Q[-1],
            c.short if narrow else f"{c.label} {written.number(c.mean_Q[-1])}",
            c.colour,
            c.trained,
        )
        for c in curves
    ]
    if optimum is not None:
        ends.append(End(optimum, "optimum" if narrow else f"optimum {written.number(optimum)}", MUTED))
    right = LEADER + max(text_width(end.text, bold=end.bold) for end in ends)
    height = 320 if narrow else 400
    inner_width, inner_height = width - LEFT - right, height - ABOVE - BELOW
    with style():
        figure = new_figure(width, height)
        axes = figure.add_axes((LEFT / width, BELOW / height, inner_width / width, inner_height / height))
        for curve in sorted(curves, key=lambda curve: curve.trained):  # trained agents on top
            _draw(axes, curve)
        if optimum is not None:
            axes.axhline(optimum, color=MUTED.light, linewidth=1.4, dashes=(4, 3))
        axes.set_ylim(*visible_range(comparison))
        first, last = min(c.queries_Q[0] for c in curves), max(c.queries_Q[-1] for c in curves)
        query_axis(axes, first, last, inner_width, log=log)
        label_ends(axes, ends, inner_height)
        title = written.axis if all(curve.single for curve in curves) else f"mean {written.axis}"
        heading(axes, title if comparison.report.higher_is_better or narrow else f"{title}, lower is better")
        return to_svg(
            figure,
            key=f"{key}-{width}",
            label=f"Line chart: mean {comparison.report.name} of the best architecture found, over queries. "
            + ", ".join(f"{curve.label} ends at {written.value(curve.mean_Q[-1])}" for curve in curves),
            description=setting(comparison),
        )


def read_curves(comparison: Comparison) -> list[Curve]:
    """The curves that have at least two points, thinned to what a figure can show."""
    names, colours = comparison.strategies, strategy_colours(comparison)
    short, shorter = short_labels(names, 18), short_labels(names, 13)
    curves = []
    for name, strategy in comparison.strategies.items():
        if strategy.curve is None:
            continue
        mean_Q = floats(strategy.curve.mean)
        known = np.flatnonzero(np.isfinite(mean_Q))
        if len(known) < 2:
            continue
        single = strategy.trials == strategy.agents == 1
        at = _steps(mean_Q, known) if single else _thinned(known)
        low_Q, high_Q = (floats(ends)[at] for ends in (strategy.curve.lo, strategy.curve.hi))
        curves.append(
            Curve(
                short[name],
                shorter[name],
                colours[name],
                strategy.trained,
                single,
                np.array(strategy.curve.queries, np.float64)[at],
                mean_Q[at],
                np.where(np.isfinite(low_Q), low_Q, mean_Q[at]),
                np.where(np.isfinite(high_Q), high_Q, mean_Q[at]),
            )
        )
    return curves


def _thinned(known: NDArray[np.intp]) -> NDArray[np.intp]:
    """Of the places of known values as many as a figure can show, nearer together at first."""
    thinned: NDArray[np.intp] = known[np.unique(np.geomspace(1, len(known), MAX_POINTS).astype(int)) - 1]
    return thinned


def _steps(mean_Q: Floats, known: NDArray[np.intp]) -> NDArray[np.intp]:
    """The places where a single run changes, and its ends."""
    changes = np.flatnonzero(np.diff(mean_Q[known])) + 1
    steps: NDArray[np.intp] = known[np.unique([0, *changes, len(known) - 1])]
    return steps


def visible_range(comparison: Comparison) -> tuple[float, float]:
    """Limits of the vertical axis: what happens after the first twentieth of the queries fills most of it.

    The first few queries of a weak strategy can lie ten points beyond everything that matters.
    """
    curves, optimum, up = read_curves(comparison), optimum_line(comparison), comparison.report.upward
    ends = [up(values_Q) for curve in curves for values_Q in (curve.low_Q, curve.high_Q)]
    settling = max(2.0, max(curve.queries_Q[-1] for curve in curves) / 20)
    settled = min(up(float(np.interp(settling, curve.queries_Q, curve.mean_Q))) for curve in curves)
    best = max(float(values_Q.max()) for values_Q in ends)
    best = best if optimum is None else max(best, up(optimum))
    worst = min(float(values_Q.min()) for values_Q in ends)
    room = max(best - settled, 0.02 if comparison.report.unit == "%" else 1e-3 * abs(best)) or 1.0
    limits = up(max(worst - 0.05 * room, settled - 0.4 * room)), up(best + 0.06 * room)
    return min(limits), max(limits)


def is_cut(comparison: Comparison) -> bool:
    """Whether some curve begins beyond the visible range, on its worse side."""
    low, high = visible_range(comparison)
    return any(curve.mean_Q.min() < low or curve.mean_Q.max() > high for curve in read_curves(comparison))


def _draw(axes: Axes, curve: Curve) -> None:
    colour, opacity, line_width = curve.colour.light, *((0.2, 2.8) if curve.trained else (0.13, 1.8))
    if curve.single:
        axes.step(curve.queries_Q, curve.mean_Q, where="post", color=colour, linewidth=line_width)
        return
    outline_Q = np.concatenate([curve.queries_Q, curve.queries_Q[::-1]])
    band_Q = np.concatenate([curve.low_Q, curve.high_Q[::-1]])
    axes.fill(outline_Q, band_Q, color=colour, alpha=opacity, linewidth=0)
    axes.plot(curve.queries_Q, curve.mean_Q, color=colour, linewidth=line_width)


def query_axis(axes: Axes, first: float, last: float, width: float, *, log: bool) -> None:
    """The horizontal axis from the `first` query to the `last`, `width` CSS pixels wide."""
    if log:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(FixedLocator(log_ticks(first, last, width)))
        axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: count(value)))
    axes.set_xlim(first, last)
    axes.set_xlabel("queries (logarithmic)" if log else "queries")


def log_ticks(first: float, last: float, width: float) -> list[float]:
    """Both ends, then powers of ten, fives and twos, as long as they stand apart on `width` CSS pixels."""
    scale = width / np.log10(last / first)
    ticks = [last]
    for multiple in (1, 5, 2):
        for tick in (multiple * 10.0**exponent for exponent in range(9)):
            if first <= tick < last and min(abs(np.log10(tick / t)) for t in ticks) * scale >= TICK_GAP:
                ticks.append(tick)
    return sorted(ticks)


def label_ends(axes: Axes, ends: Sequence[End], height: float) -> None:
    """Name the lines at their right ends; the axes are `height` CSS pixels high."""
    low, high = axes.get_ylim()
    wanted = [min(max((end.value - low) / (high - low), 0.0), 1.0) * height for end in ends]
    for at, place, end in zip(wanted, spread(wanted, LABEL_GAP, height), ends, strict=True):
        axes.annotate(
            end.text,
            xy=(1, at / height),
            xycoords="axes fraction",
            xytext=(LEADER, place - at),
            textcoords="offset points",
            color=end.colour.light,
            weight="bold" if end.bold else "normal",
            verticalalignment="center",
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-", "color": end.colour.light, "linewidth": 0.9,
                "shrinkA": 1, "shrinkB": 1, "relpos": (0, 0.5),
            },
        )  # fmt: skip


def spread(wanted: Sequence[float], gap: float, height: float) -> list[float]:
    """Places in 0..height at least `gap` apart, in the order of `wanted` and as near to it as can be.

    Least squares: a place less its rank times `gap` must not fall, which pooling adjacent violators gives.
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    pools: list[list[float]] = []
    for rank, i in enumerate(order):
        pools.append([wanted[i] - rank * gap])
        while len(pools) > 1 and np.mean(pools[-2]) > np.mean(pools[-1]):
            pools[-2:] = [pools[-2] + pools[-1]]
    levels = [float(np.mean(pool)) for pool in pools for _ in pool]
    highest = max(height - (len(wanted) - 1) * gap, 0.0)
    places = [0.0] * len(wanted)
    for rank, (i, level) in enumerate(zip(order, levels, strict=True)):
        places[i] = min(max(level, 0.0), highest) + rank * gap
    return places
