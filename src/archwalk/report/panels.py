"""Small line charts in a grid: a column for each data set, say, and a row for each measure."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from archwalk.report.lines import Plot, draw_series, set_axis
from archwalk.report.palette import INK
from archwalk.report.svg import NARROW, heading, new_figure, style, to_svg

LEFT, RIGHT, TOP, ABOVE, BELOW, PANEL = 46, 14, 22, 34, 30, 120  # CSS pixels
LABEL = 20  # more below a panel whose axis is named

Grid = Sequence[Sequence[Plot | None]]


@dataclass(frozen=True)
class Panels:
    """What a grid shows: rows of as many plots as there are columns; None where there is nothing. A plot is `height`
    CSS pixels high.
    """

    key: str
    columns: Sequence[str]
    rows: Grid
    label: str
    description: str
    height: int = PANEL


def draw_panels(panels: Panels, width: int) -> str:
    """The grid, `width` CSS pixels wide; where that is narrow, one column below the other."""
    grid, titles = _arrange(panels, width)
    named = [_is_named(grid, row) for row in range(len(grid))]
    titled = [any(at == row for at, _ in titles) for row in range(len(grid))]
    heights = [
        ABOVE + panels.height + BELOW + LABEL * n + TOP * t for n, t in zip(named, titled, strict=True)
    ]
    height, across = sum(heights), width / len(grid[0])
    with style():
        figure, bottom = new_figure(width, height), float(height)
        for row, plots in enumerate(grid):
            bottom -= heights[row]
            low = bottom + BELOW + LABEL * named[row]
            for column, plot in enumerate(plots):
                if plot is None:
                    continue
                left, wide = column * across + LEFT, across - LEFT - RIGHT
                axes = figure.add_axes((left / width, low / height, wide / width, panels.height / height))
                _draw(axes, plot, (wide, panels.height), titles.get((row, column), ""))
                if named[row]:
                    axes.set_xlabel(plot.x.title)
        return to_svg(
            figure,
            key=f"{panels.key}-{width}",
            label=f"Line charts: {panels.label}",
            description=panels.description,
        )


def _arrange(panels: Panels, width: int) -> tuple[Grid, dict[tuple[int, int], str]]:
    """The plots by place, and the titles of columns above their first plots."""
    if width > NARROW:
        return list(panels.rows), {(0, column): title for column, title in enumerate(panels.columns)}
    each = len(panels.rows)
    grid = [[row[column]] for column in range(len(panels.columns)) for row in panels.rows]
    return grid, {(column * each, 0): title for column, title in enumerate(panels.columns)}


def _is_named(grid: Grid, row: int) -> bool:
    """Whether the horizontal axis is named below a row: only where the next row has another."""
    names = [{plot.x.title for plot in plots if plot} for plots in grid]
    return row == len(grid) - 1 or names[row] != names[row + 1]


def _draw(axes: Axes, plot: Plot, size: tuple[float, float], title: str) -> None:
    for series in plot.series:
        draw_series(axes, series)
    set_axis(axes, axes.xaxis, plot.x, "x", size[0])
    set_axis(axes, axes.yaxis, plot.y, "y", size[1])
    heading(axes, plot.y.title)
    if title:
        axes.annotate(
            title, (0, 1), xycoords="axes fraction", xytext=(0, ABOVE - 4), textcoords="offset points", ha="left",
            va="bottom", weight="bold", color=INK.light, annotation_clip=False,
        )  # fmt: skip
