"""Small line charts in a grid: a column for each data set, say, and a row for each measure."""

from collections.abc import Sequence
from dataclasses import dataclass

from archwalk.report.lines import Plot, draw_series, set_axis
from archwalk.report.palette import INK
from archwalk.report.svg import NARROW, heading, new_figure, style, to_svg

LEFT, RIGHT, TOP, ABOVE, BELOW, PANEL = 46, 14, 22, 34, 30, 120  # CSS pixels
LABEL = 20  # more below a panel whose axis is named


@dataclass(frozen=True)
class Panels:
    """What a grid shows: rows of as many plots as there are columns; None where there is nothing."""

    key: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Plot | None]]
    label: str
    description: str


def draw_panels(panels: Panels, width: int) -> str:
    """The grid, `width` CSS pixels wide; where that is narrow, one column below the other."""
    if width > NARROW:
        columns, rows = panels.columns, panels.rows
        titles = {(0, column): title for column, title in enumerate(columns)}
        grid = [list(row) for row in rows]
    else:
        grid, titles = [], {}
        for column, title in enumerate(panels.columns):
            titles[len(grid), 0] = title
            grid += [[row[column]] for row in panels.rows]
    named = [_is_named(grid, row) for row in range(len(grid))]
    heights = [
        ABOVE + PANEL + BELOW + LABEL * named[row] + TOP * any(at == row for at, _ in titles)
        for row in range(len(grid))
    ]
    height, across = sum(heights), width / len(grid[0])
    with style():
        figure, bottom = new_figure(width, height), float(height)
        for row, plots in enumerate(grid):
            bottom -= heights[row]
            for column, plot in enumerate(plots):
                if plot is None:
                    continue
                low = bottom + BELOW + LABEL * named[row]
                wide = across - LEFT - RIGHT
                axes = figure.add_axes(
                    ((column * across + LEFT) / width, low / height, wide / width, PANEL / height)
                )
                for series in plot.series:
                    draw_series(axes, series)
                set_axis(axes, axes.xaxis, plot.x, "x", wide)
                set_axis(axes, axes.yaxis, plot.y, "y", PANEL)
                heading(axes, plot.y.title)
                if named[row]:
                    axes.set_xlabel(plot.x.title)
                if title := titles.get((row, column)):
                    axes.annotate(
                        title, (0, 1), xycoords="axes fraction", xytext=(0, ABOVE - 4), textcoords="offset points",
                        ha="left", va="bottom", weight="bold", color=INK.light, annotation_clip=False,
                    )  # fmt: skip
        return to_svg(
            figure, key=f"{panels.key}-{width}", label=f"Line charts: {panels.label}", description=panels.description
        )


def _is_named(grid: Sequence[Sequence[Plot | None]], row: int) -> bool:
    """Whether the horizontal axis is named below a row: only where the next row has another."""
    names = [{plot.x.title for plot in plots if plot} for plots in grid]
    return row == len(grid) - 1 or names[row] != names[row + 1]
