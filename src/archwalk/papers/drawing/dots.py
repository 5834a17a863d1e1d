"""Means with intervals, a row each: for figures that others report."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.ticker import FuncFormatter, MaxNLocator

from archwalk.report.palette import INK, MUTED
from archwalk.report.svg import NARROW, new_figure, style, to_svg

LEFT, RIGHT, ABOVE, BELOW, ROW = 16, 24, 10, 48, 44  # CSS pixels


@dataclass(frozen=True)
class Dot:
    """A mean with an interval."""

    label: str
    mean: float
    low: float
    high: float


def draw_dots(dots: Sequence[Dot], *, key: str, title: str, label: str, description: str, width: int) -> str:
    """Grey on purpose: nothing here has a colour of ours. The label of a row stands above it."""
    height = ABOVE + BELOW + ROW * len(dots)
    with style():
        figure = new_figure(width, height)
        across, up = (width - LEFT - RIGHT) / width, (height - ABOVE - BELOW) / height
        axes = figure.add_axes((LEFT / width, BELOW / height, across, up))
        for row, dot in enumerate(dots):
            y = len(dots) - row - 0.75
            axes.plot([dot.low, dot.high], [y, y], color=MUTED.light, linewidth=1.6)
            axes.plot([dot.mean], [y], color=INK.light, marker="s", markersize=5.5, linestyle="none")
            axes.annotate(
                f"{dot.label}: {dot.mean:.2f}", (0, y), xycoords=("axes fraction", "data"), xytext=(0, 9),
                textcoords="offset points", ha="left", va="bottom", color=INK.light, fontsize=11.5,
            )  # fmt: skip
        axes.set_ylim(0, len(dots))
        axes.yaxis.set_major_locator(MaxNLocator(1))
        axes.tick_params(labelleft=False)
        axes.grid(visible=False, axis="y")
        axes.grid(visible=True, axis="x")
        axes.xaxis.set_major_locator(MaxNLocator(4 if width <= NARROW else 7))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.set_xlabel(title)
        return to_svg(figure, key=f"{key}-{width}", label=label, description=description)
