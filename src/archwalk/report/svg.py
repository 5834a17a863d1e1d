"""From a Matplotlib figure to SVG that can stand in a page, beside any number of others.

Nothing global is touched: no pyplot, and settings hold only within `style`.
"""

import io
import re
from contextlib import AbstractContextManager
from html import escape

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from archwalk.report.palette import GRID, INK, MUTED
from archwalk.spaces.drawing import FONT

WIDE, NARROW = 720, 360
"""Widths of figures in CSS pixels: for a desk and for a phone."""

UNITS_PER_INCH = 72  # Matplotlib's SVG has 72 units an inch; one unit is a CSS pixel here

FONT_SIZE = 12.5

_STYLE = {
    "svg.fonttype": "none",  # text stays text: small, to be searched and read aloud
    "svg.hashsalt": "archwalk",
    "text.parse_math": False,  # a name may hold dollar signs
    "font.family": "DejaVu Sans",  # measured with; wider than the fonts of FONT, so nothing is cut off
    "font.size": FONT_SIZE,
    "text.color": INK.light,
    "axes.labelcolor": MUTED.light,
    "axes.edgecolor": MUTED.light,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.labelsize": FONT_SIZE,
    "grid.color": GRID.light,
    "grid.linewidth": 1.0,
    "xtick.color": MUTED.light,
    "ytick.color": MUTED.light,
    "xtick.bottom": False,
    "ytick.left": False,
    "figure.facecolor": "none",
    "lines.solid_capstyle": "round",
}


def style() -> AbstractContextManager[None]:
    """Matplotlib's defaults with the report's settings, whatever the user has set; undone at the end."""
    return matplotlib.style.context(["default", _STYLE])


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, `width` by `height` CSS pixels."""
    return Figure(figsize=(width / UNITS_PER_INCH, height / UNITS_PER_INCH))


def text_width(text: str, *, bold: bool = False) -> float:
    """An upper estimate in CSS pixels for the figures' font size."""
    return len(text) * (8.8 if bold else 7.9)


def heading(axes: Axes, text: str) -> None:
    """What the vertical axis is, where it can be read without turning one's head."""
    axes.set_title(text, loc="left", fontsize=FONT_SIZE, color=MUTED.light, pad=10, x=0)


def to_svg(figure: Figure, *, key: str, label: str, description: str) -> str:
    """The figure as one `<svg>` element. Its ids begin with `key`, which is to be unique in a page.

    `label` is read out in place of the picture; `description` tells in full what it shows.
    """
    buffer = io.StringIO()
    nothing = dict.fromkeys(["Date", "Creator", "Format", "Type"])
    figure.savefig(buffer, format="svg", metadata=nothing, transparent=True)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", svg, flags=re.DOTALL)  # it would style the page
    svg = re.sub(r"<[^>]*>", lambda tag: _compact(tag[0]), svg)
    svg = re.sub(r">\s+<", "><", svg)
    svg = _own_ids(svg, key)
    svg = re.sub(r'<path d="[^"]*" style="fill: none"/>', "", svg)  # grounds that show nothing
    if "<g " not in svg:
        svg = re.sub(r"</?g>", "", svg)
    width, height = (round(size * UNITS_PER_INCH) for size in figure.get_size_inches())
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(label)}" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-family="{FONT}">'
        f"<desc>{escape(description)}</desc>"
    )
    return re.sub(r"^<svg[^>]*>", lambda _: opening, svg).strip()


def as_file(svg: str) -> str:
    """An `<svg>` element as a file of its own, which declares the prefix of links; a page knows it."""
    return svg.replace("<svg ", '<svg xmlns:xlink="http://www.w3.org/1999/xlink" ', 1) + "\n"


def _compact(tag: str) -> str:
    """A tag on one line, numbers with two decimals, the font left to the whole."""
    tag = re.sub(r"(\.\d\d)\d+", r"\1", re.sub(r"\s+", " ", tag))
    tag = re.sub(r"font-family: [^;\"]*(; )?", "", tag)
    tag = re.sub(r"'DejaVu Sans'[^;\"]*", FONT, tag)  # Matplotlib before 3.10 writes the `font` shorthand
    return re.sub(r' transform="rotate\(-?0 [^)]*\)"', "", tag)


def _own_ids(svg: str, key: str) -> str:
    """Drop the ids that nothing refers to, and begin the others with `key`."""
    used = set(re.findall(r'(?:url\(|href=")#([^")]+)', svg))
    svg = re.sub(r' id="([^"]*)"', lambda m: f' id="{key}-{m[1]}"' if m[1] in used else "", svg)
    return re.sub(r'(url\(|href=")#', rf"\1#{key}-", svg)
