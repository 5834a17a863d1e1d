"""Two-dimensional histograms: a panel a strategy, the fuller a square's colour the more fell in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from archwalk.estimators.base import Floats
from archwalk.report.palette import INK, MUTED, VERMILION, Colour
from archwalk.report.svg import NARROW, new_figure, style, to_svg
from archwalk.report.values import percent

LEFT, RIGHT, ABOVE, BELOW, GAP = 52, 22, 44, 50, 26  # CSS pixels
PANEL = 230
LEVELS = 7
MOST = 100.0
"""Per cent: no episode can end beyond it."""

OPACITY = np.linspace(0.16, 1.0, LEVELS)

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Panel:
    """One histogram: counts (X, Y), its name, and a line about it."""

    name: str
    about: str
    colour: Colour
    counts_XY: Counts


@dataclass(frozen=True)
class Frame:
    """What all panels share: edges of the bins, names of the axes, and final accuracies that are drawn as lines."""

    key: str
    x_edges: Floats
    y_edges: Floats
    x_title: str
    y_title: str
    label: str
    description: str
    diagonals: Sequence[float] = ()
    x_is_percent: bool = True


def draw_densities(panels: Sequence[Panel], frame: Frame, width: int) -> str:
    """All panels on the same axes and the same scale of counts; two in a row where there is room."""
    columns = 1 if width <= NARROW or len(panels) == 1 else 2
    rows = -(-len(panels) // columns)
    inner = (width - LEFT - RIGHT - (columns - 1) * (GAP + LEFT)) / columns
    height = rows * (PANEL + ABOVE + BELOW)
    most = max(int(panel.counts_XY.max()) for panel in panels)
    with style():
        figure = new_figure(width, height)
        for i, panel in enumerate(panels):
            left = LEFT + (i % columns) * (inner + GAP + LEFT)
            bottom = height - (i // columns + 1) * (PANEL + ABOVE + BELOW) + BELOW
            axes = figure.add_axes((left / width, bottom / height, inner / width, PANEL / height))
            _squares(axes, panel, frame, most)
            _lines(axes, frame)
            _words(axes, panel, frame)
        return to_svg(
            figure, key=f"{frame.key}-{width}", label=f"Two-dimensional histograms: {frame.label}",
            description=frame.description,
        )  # fmt: skip


def _squares(axes: Axes, panel: Panel, frame: Frame, most: int) -> None:
    """A path for each level of opacity, neighbours of one level in a column joined."""
    level_XY = np.ceil(LEVELS * np.log1p(panel.counts_XY) / np.log1p(most)).astype(int)
    for level in range(1, LEVELS + 1):
        boxes = [box for x in range(len(level_XY)) for box in _runs(level_XY[x] == level, x, frame)]
        if boxes:
            path = Path.make_compound_path(*boxes)
            axes.add_patch(
                PathPatch(
                    path,
                    facecolor=panel.colour.light,
                    alpha=OPACITY[level - 1],
                    linewidth=0,
                    antialiased=False,
                )
            )
    axes.set_xlim(frame.x_edges[0], frame.x_edges[-1])
    axes.set_ylim(frame.y_edges[0], frame.y_edges[-1])


def _runs(chosen_Y: NDArray[np.bool_], x: int, frame: Frame) -> list[Path]:
    """Rectangles over consecutive chosen bins of a column."""
    ends = np.flatnonzero(np.diff(np.concatenate([[False], chosen_Y, [False]]).astype(int)))
    left, right = frame.x_edges[x], frame.x_edges[x + 1]
    boxes = []
    for first, last in zip(ends[::2], ends[1::2], strict=True):
        low, high = frame.y_edges[first], frame.y_edges[last]
        corners = [(left, low), (right, low), (right, high), (left, high), (left, low)]
        boxes.append(Path(corners, closed=True))
    return boxes


def _lines(axes: Axes, frame: Frame) -> None:
    """No change, and where an episode would end at each of the diagonals' accuracies."""
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    axes.grid(visible=False)
    if not frame.diagonals:
        return
    axes.axhline(0, color=MUTED.light, linewidth=0.9)
    for final in frame.diagonals:
        first, last = max(left, final - high), min(right, final - low)
        if first >= last:
            continue
        axes.plot([first, last], [final - first, final - last], color=INK.light, linewidth=1.0, dashes=(4, 3))
        at_top = final - first >= high - 1e-9
        axes.annotate(
            percent(final, 0), (first, final - first), xytext=(28, -2) if at_top else (4, 2),
            textcoords="offset points", color=INK.light, fontsize=10, ha="left",
            va="top" if at_top else "bottom", annotation_clip=False,
        )  # fmt: skip
    if frame.diagonals and frame.diagonals[-1] == MOST:
        x = np.linspace(left, right, 200)
        axes.fill_between(
            x, np.maximum(MOST - x, low), high, where=MOST - x <= high, color=VERMILION.light, alpha=0.1
        )


def _words(axes: Axes, panel: Panel, frame: Frame) -> None:
    for text, y, weight, colour in (
        (panel.name, 21, "bold", INK),
        (panel.about, 5, "normal", MUTED),
    ):
        axes.annotate(
            text, (0, 1), xycoords="axes fraction", xytext=(0, y), textcoords="offset points", ha="left",
            va="bottom", weight=weight, color=colour.light, fontsize=11.5, annotation_clip=False,
        )  # fmt: skip
    axes.set_xlabel(frame.x_title, fontsize=11.5)
    axes.set_ylabel(frame.y_title, fontsize=11.5)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=not frame.x_is_percent))
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda value, _: f"{value:g}".replace("-", "\N{MINUS SIGN}"))
    )


def shares(panels: Mapping[str, float]) -> str:
    """Say `local-search 1.5 %, random-walk 1.0 %`."""
    return ", ".join(f"{name} {percent(100 * share, 1)}" for name, share in panels.items())
