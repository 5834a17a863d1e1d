"""Small directed acyclic graphs as SVG.

The result has no ids, styles, scripts or fonts of its own, so that a page may hold any number of them.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from xml.sax.saxutils import escape

from archwalk.spaces.layout import Layout, Point, Spacing, layered_layout

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
FONT_SIZE = 13
CHARACTER_WIDTH = 7.3  # an upper estimate for that font and size: the SVG must not measure text
EDGE_COLOUR = "#6b7680"  # seen on white and on black
TEXT_COLOUR = "#1c2328"
ARROW_LENGTH, ARROW_WIDTH = 7, 7

# The first pattern that a label matches gives (fill, border, dashes). The borders are, nearly, the palette of
# Okabe and Ito, which the colour-blind can tell apart; the fills are tints of it, light enough for dark text.
_STYLES = [
    (r"(input|output|in|out)\b", ("#e9edf0", "#78848c", "")),
    (r".*(skip|identity|none|zero)", ("#ffffff", "#78848c", "4 3")),
    (r".*pool", ("#fdebc8", "#c98a00", "")),
    (r".*(sep|dil|depthwise|gat)", ("#f6e0ec", "#b9659a", "")),
    (r".*(1x1|gin|sage|graph)", ("#cdeee2", "#009e73", "")),
    (r".*(conv|gcn|cheb|arma)", ("#d3e7f6", "#0072b2", "")),
    (r".*(fc|dense|linear)", ("#fbdecd", "#d55e00", "")),
    (r".*(add|sum|concat)", ("#fbf7cf", "#8f8700", "")),
    (r"", ("#ffffff", "#78848c", "")),
]


def draw_dag(labels: Sequence[str], edges: Sequence[tuple[int, int]], *, title: str = "architecture") -> str:
    """SVG of the graph with a box for each label and an arrow for each (source, target) of `edges`.

    Boxes are coloured by the kind of operation that the label names. Raises ValueError if an edge names
    no box or the edges close a cycle.
    """
    width = max([56.0, *(len(label) * CHARACTER_WIDTH + 22 for label in labels)])
    layout = _layout(width, len(labels), tuple(edges))
    size = (width, Spacing.box_height)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {layout.width:.0f} '
            f'{layout.height:.0f}" width="{layout.width:.0f}" height="{layout.height:.0f}">',
            f"<title>{escape(title)}</title>",
            f'<g fill="none" stroke="{EDGE_COLOUR}" stroke-width="1.5">',
            *(f'<path d="{_curve(route)}"/>' for route in layout.routes),
            "</g>",
            f'<g fill="{EDGE_COLOUR}">',
            *(f'<path d="{_arrow_head(route[-1])}"/>' for route in layout.routes),
            "</g>",
            f'<g font-family="{FONT}" font-size="{FONT_SIZE}" text-anchor="middle" stroke-width="1.5">',
            *(_box(label, centre, size) for label, centre in zip(labels, layout.boxes, strict=True)),
            "</g>",
            "</svg>",
        ]
    )


@lru_cache(maxsize=4_096)
def _layout(width: float, boxes: int, edges: tuple[tuple[int, int], ...]) -> Layout:
    """That of boxes of one width: many architectures are the same graph with other labels."""
    return layered_layout([width] * boxes, edges, Spacing())


def _curve(route: list[Point]) -> str:
    """A path that is vertical at every point: straight where it passes a layer, curved between layers."""
    *points, (tip_x, tip_y) = route
    points.append((tip_x, tip_y - ARROW_LENGTH + 1))
    path = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for (x0, y0), (x1, y1) in pairwise(points):
        if abs(x1 - x0) < 0.5:
            path.append(f"L{x1:.1f} {y1:.1f}")
        else:
            middle = (y0 + y1) / 2
            path.append(f"C{x0:.1f} {middle:.1f} {x1:.1f} {middle:.1f} {x1:.1f} {y1:.1f}")
    return "".join(path)


def _arrow_head(tip: Point) -> str:
    x, y = tip
    return f"M{x:.1f} {y:.1f}l{-ARROW_WIDTH / 2} {-ARROW_LENGTH}h{ARROW_WIDTH}z"


def _box(label: str, centre: Point, size: tuple[float, float]) -> str:
    (x, y), (width, height) = centre, size
    fill, border, dashes = next(style for pattern, style in _STYLES if re.match(pattern, label.lower()))
    radius = height / 2 if (fill, border) == _STYLES[0][1][:2] else 8
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<rect x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" width="{width:.1f}" height="{height:.1f}" '
        f'rx="{radius:.0f}" fill="{fill}" stroke="{border}"{dashed}/>'
        f'<text x="{x:.1f}" y="{y + FONT_SIZE * 0.35:.1f}" fill="{TEXT_COLOUR}">{escape(label)}</text>'
    )
