"""What a paper is here: its citation, its items, and how each kind of item is drawn."""

from collections.abc import Mapping
from dataclasses import dataclass

from archwalk.papers.drawing.blocks import View
from archwalk.papers.item import Item


@dataclass(frozen=True)
class Paper:
    """A paper whose figures and tables are computed again; `name` is its folder, `short` how the text cites it."""

    name: str
    short: str
    citation: str
    items: tuple[Item, ...]
    views: Mapping[str, View]
    """By an item's kind."""
    scales: tuple[str, ...] = ("smoke", "small", "full")
