"""One colour for each strategy in every figure and on the page, on light and on dark ground.

After Okabe and Ito, which the colour-blind can tell apart; darker on white and lighter on black, so that a
line stands out from its ground at least 3 to 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle

from archwalk.experiments.records import Comparison
from archwalk.report.facts import focus


@dataclass(frozen=True)
class Colour:
    """A colour as figures draw it (`light`), its stand-in on dark ground, and its name in the page's style."""

    name: str
    light: str
    dark: str


INK = Colour("ink", "#1b2126", "#e8ecef")
MUTED = Colour("muted", "#59646d", "#a3aeb7")
GRID = Colour("grid", "#e1e5e8", "#2b333a")

VERMILION = Colour("vermilion", "#cf4f00", "#ff8b45")
BLUE = Colour("blue", "#0072b2", "#5cb3f0")
GREEN = Colour("green", "#00825c", "#35c79c")
GREY = Colour("grey", "#77828a", "#8f9ba4")
PURPLE = Colour("purple", "#a8447e", "#e596c6")
AMBER = Colour("amber", "#9a6d00", "#e2b044")
INDIGO = Colour("indigo", "#4a48a0", "#a9a7f2")
OLIVE = Colour("olive", "#66701c", "#bcc65c")
TEAL = Colour("teal", "#007c8c", "#4fc6d6")
BROWN = Colour("brown", "#875437", "#d1a384")
CRIMSON = Colour("crimson", "#b3203f", "#ff8198")

SERIES = (VERMILION, BLUE, GREEN, GREY, PURPLE, AMBER, INDIGO, OLIVE, TEAL, BROWN, CRIMSON)
COLOURS = (INK, MUTED, GRID, *SERIES)

# The same in every report, so that reports can be read side by side.
_USUAL = {"local-search": BLUE, "random-walk": GREEN, "random-search": GREY}


def strategy_colours(comparison: Comparison) -> dict[str, Colour]:
    """Colours by strategy, vermilion for what the report is about."""
    return colours_of(list(comparison.strategies), focus(comparison))


def colours_of(names: Sequence[str], first: str) -> dict[str, Colour]:
    """Colours by name: the usual ones, vermilion for the `first`, then the others in turn."""
    chosen = {name: _USUAL[name] for name in names if name in _USUAL}
    free = [colour for colour in SERIES if colour not in _USUAL.values()]
    others = sorted((name for name in names if name not in chosen), key=lambda name: name != first)
    return chosen | dict(zip(others, cycle(free), strict=False))
