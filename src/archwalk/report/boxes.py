"""Box plots, a row each: quartiles, whiskers, and the values outside them."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.ticker import MaxNLocator

from archwalk.report.palette import BLUE, INK, MUTED
from archwalk.report.svg import NARROW, new_figure, style, to_svg

LEFT, RIGHT, ABOVE, BELOW, ROW = 16, 24, 8, 48, 50  # CSS pixels
BOX = 0.32  # of a row

Box = Mapping[str, Any]
"""`quartiles` (3), `whiskers` (2), `mean`, and the values `outside`."""


def draw_boxes(rows: Sequence[tuple[str, Box]], *, key: str, title: str, description: str, width: int) -> str:
    """The plot; the label of a row stands above it, a dot is the mean."""
    height = ABOVE + BELOW + ROW * len(rows)
    with style():
        figure = new_figure(width, height)
        across, up = (width - LEFT - RIGHT) / width, (height - ABOVE - BELOW) / height
        axes = figure.add_axes((LEFT / width, BELOW / height, across, up))
        for number, (label, box) in enumerate(rows):
            y = len(rows) - number - 0.72
            low, middle, high = box["quartiles"]
            least, most = box["whiskers"]
            axes.hlines(y, least, most, color=BLUE.light, linewidth=1.4)
            axes.barh(y, high - low, BOX, left=low, color=BLUE.light, alpha=0.35, linewidth=0)
            axes.vlines(middle, y - BOX / 2, y + BOX / 2, color=BLUE.light, linewidth=2.4)
            axes.plot([box["mean"]], [y], "o", color=INK.light, markersize=4.5)
            axes.plot(box["outside"], [y] * len(box["outside"]), ".", color=MUTED.light, markersize=3)
            axes.annotate(
                label, (0, y), xycoords=("axes fraction", "data"), xytext=(0, 11), textcoords="offset points",
                ha="left", va="bottom", color=INK.light, fontsize=11.5,
            )  # fmt: skip
        axes.set_ylim(0, len(rows))
        axes.tick_params(labelleft=False)
        axes.grid(visible=False, axis="y")
        axes.grid(visible=True, axis="x")
        axes.xaxis.set_major_locator(MaxNLocator(4 if width <= NARROW else 7))
        axes.set_xlabel(title)
        label = "Box plots: " + ", ".join(f"{name}: median {box['quartiles'][1]:.1f}" for name, box in rows)
        return to_svg(figure, key=f"{key}-{width}", label=label, description=description)
