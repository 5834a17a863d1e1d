"""Bars of several series side by side, each with an interval."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter, MaxNLocator

from archwalk.report.palette import INK, Colour
from archwalk.report.svg import NARROW, heading, new_figure, style, to_svg

LEFT, RIGHT, ABOVE, BELOW = 46, 14, 34, 46  # CSS pixels
GROUP = 0.8  # of the room of a category


@dataclass(frozen=True)
class Bars:
    """A bar for each category; `low` and `high` are ends of intervals where they are given."""

    label: str
    colour: Colour
    values: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None


def draw_bars(
    series: Sequence[Bars],
    categories: Sequence[str],
    *,
    key: str,
    x: str,
    y: str,
    description: str,
    width: int,
) -> str:
    """The chart; `x` and `y` name its axes."""
    height = 220 if width <= NARROW else 260
    each, at = GROUP / len(series), np.arange(len(categories))
    with style():
        figure = new_figure(width, height)
        across, up = (width - LEFT - RIGHT) / width, (height - ABOVE - BELOW) / height
        axes = figure.add_axes((LEFT / width, BELOW / height, across, up))
        for number, bars in enumerate(series):
            places = at + (number + 0.5) * each - GROUP / 2
            axes.bar(places, bars.values, 0.9 * each, color=bars.colour.light, linewidth=0)
            if bars.low is not None and bars.high is not None:
                axes.vlines(places, bars.low, bars.high, color=INK.light, linewidth=1.1)
        axes.set_xlim(-0.6, len(categories) - 0.4)
        axes.set_ylim(0, None)
        axes.xaxis.set_major_locator(FixedLocator(at.tolist()))
        axes.xaxis.set_major_formatter(FixedFormatter(list(categories)))
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.set_xlabel(x)
        heading(axes, y)
        label = f"Bar chart: {y} by {x}; " + ", ".join(bars.label for bars in series)
        return to_svg(figure, key=f"{key}-{width}", label=label, description=description)
