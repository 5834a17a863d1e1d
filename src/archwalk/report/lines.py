"""Line charts: any number of series with bands, on linear or logarithmic axes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator
from numpy.typing import ArrayLike

from archwalk.report.curves import log_ticks
from archwalk.report.facts import floats
from archwalk.report.palette import MUTED, Colour
from archwalk.report.svg import NARROW, heading, new_figure, style, to_svg
from archwalk.report.values import NBSP, count

LEFT, RIGHT, ABOVE, BELOW = 54, 18, 36, 48  # CSS pixels

Format = Callable[[float], str]


def short_count(value: float) -> str:
    """Say `10 k` or `1 M`."""
    for unit, name in ((1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:g}{NBSP}{name}"
    return count(value)


@dataclass(frozen=True)
class Series:
    """A line: `y` over `x`, None or NaN where there is a gap; `low` and `high` bound a band where they are given.

    `only_dots` draws diamonds without a line, with vertical lines from `low` to `high`; with `dots` they are small and
    round. `bars` draws a histogram: `y` between the edges `x`, of which there is one more.
    """

    label: str
    colour: Colour
    x: Sequence[float | None]
    y: Sequence[float | None]
    low: Sequence[float | None] | None = None
    high: Sequence[float | None] | None = None
    dashed: bool = False
    dots: bool = False
    steps: bool = False
    only_dots: bool = False
    bars: bool = False


@dataclass(frozen=True)
class Axis:
    """One axis: what it is, whether it is logarithmic, its limits and ticks where they are fixed."""

    title: str
    log: bool = False
    limits: tuple[float, float] | None = None
    ticks: Sequence[float] | None = None
    format: Format = count


@dataclass(frozen=True)
class Plot:
    """What a line chart shows. `level` is a dashed horizontal line with its name."""

    key: str
    x: Axis
    y: Axis
    series: Sequence[Series]
    label: str
    description: str
    level: tuple[float, str] | None = None
    height: int = 340
    extra: dict[str, Any] = field(default_factory=dict)


def draw_lines(plot: Plot, width: int) -> str:
    """The chart, `width` CSS pixels wide."""
    height = plot.height - 40 if width <= NARROW else plot.height
    across, up = (width - LEFT - RIGHT) / width, (height - ABOVE - BELOW) / height
    with style():
        figure = new_figure(width, height)
        axes = figure.add_axes((LEFT / width, BELOW / height, across, up))
        for series in plot.series:
            draw_series(axes, series)
        if plot.level is not None:
            _level(axes, *plot.level)
        set_axis(axes, axes.xaxis, plot.x, "x", width - LEFT - RIGHT)
        set_axis(axes, axes.yaxis, plot.y, "y", height - ABOVE - BELOW)
        axes.set_xlabel(plot.x.title)
        heading(axes, plot.y.title)
        return to_svg(
            figure, key=f"{plot.key}-{width}", label=f"Line chart: {plot.label}", description=plot.description
        )


def draw_series(axes: Axes, series: Series) -> None:
    """A series with its band."""
    x, y, colour = floats(series.x), floats(series.y), series.colour.light
    if series.bars:
        axes.stairs(y, x, fill=True, color=colour, alpha=0.55, linewidth=0)
        return
    if series.low is not None and series.high is not None:
        low, high = floats(series.low), floats(series.high)
        if series.only_dots:
            axes.vlines(x, low, high, color=colour, linewidth=2)
        else:
            known = np.isfinite(low) & np.isfinite(high)
            outline, band = (np.concatenate([a[known], b[known][::-1]]) for a, b in ((x, x), (low, high)))
            axes.fill(outline, band, color=colour, alpha=0.18, linewidth=0)
    how: dict[str, Any] = {"color": colour, "linewidth": 2.0}
    if series.dashed:
        how["dashes"] = (4, 2.5)
    if series.steps:
        how["drawstyle"] = "steps-mid"
    if series.only_dots:
        marker = {"marker": "o", "markersize": 4.5} if series.dots else {"marker": "D", "markersize": 7}
        how |= {"linestyle": "none", **marker}
    elif series.dots:
        how |= {"marker": "o", "markersize": 4.5}
    axes.plot(x, y, **how)


def _level(axes: Axes, at: float, name: str) -> None:
    axes.axhline(at, color=MUTED.light, linewidth=1.4, dashes=(4, 3))
    axes.annotate(
        name, (1, at), xycoords=("axes fraction", "data"), xytext=(0, 4), textcoords="offset points",
        ha="right", va="bottom", color=MUTED.light, fontsize=11, annotation_clip=False,
    )  # fmt: skip


def set_axis(axes: Axes, drawn: Any, axis: Axis, which: str, pixels: float) -> None:
    """Scale, limits and ticks of one axis, `pixels` long."""
    if axis.log:
        getattr(axes, f"set_{which}scale")("log")
    if axis.limits:
        getattr(axes, f"set_{which}lim")(*axis.limits)
    low, high = getattr(axes, f"get_{which}lim")()
    if axis.ticks is not None:
        drawn.set_major_locator(FixedLocator([t for t in axis.ticks if low <= t <= high]))
    elif axis.log:
        drawn.set_major_locator(FixedLocator(_powers(low, high, pixels)))
    else:
        drawn.set_major_locator(MaxNLocator(max(3, min(6, round(pixels / 55)))))
    drawn.set_minor_locator(NullLocator())
    drawn.set_major_formatter(FuncFormatter(lambda value, _: axis.format(value)))
    getattr(axes, f"set_{which}lim")(low, high)


def _powers(low: float, high: float, pixels: float) -> list[float]:
    """Powers of ten within the limits, every second or third where they would stand too near."""
    if high / low < 50:
        return log_ticks(low, high, pixels)[:-1]
    first, last = int(np.ceil(np.log10(low))), int(np.floor(np.log10(high)))
    step = max(1, int(np.ceil((last - first + 1) * 44 / pixels)))
    return [10.0**exponent for exponent in range(first, last + 1, step)]


def legend_of(series: Sequence[Series]) -> list[tuple[str, Colour]]:
    """Names and colours, for the legend above a chart."""
    return [(one.label, one.colour) for one in series]


def spread_of(values: ArrayLike, room: float = 0.06) -> tuple[float, float]:
    """Limits that hold all finite values with some room."""
    known = np.asarray(values, np.float64)
    known = known[np.isfinite(known)]
    low, high = float(known.min()), float(known.max())
    more = room * (high - low) or max(abs(high), 1.0) * room
    return low - more, high + more
