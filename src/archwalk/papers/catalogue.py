"""Items by name."""

from archwalk.errors import unknown
from archwalk.papers import cassimon2024, gomezrobles2019, krishna2020, mazyavkina2020
from archwalk.papers.drawing.blocks import View
from archwalk.papers.item import Item
from archwalk.papers.paper import Paper

PAPERS: dict[str, Paper] = {
    module.PAPER.name: module.PAPER for module in (cassimon2024, krishna2020, gomezrobles2019, mazyavkina2020)
}
VIEWS: dict[str, View] = {kind: view for paper in PAPERS.values() for kind, view in paper.views.items()}
"""How each kind of item is drawn."""

ALL = "all"


def item_names(*papers: str) -> list[str]:
    """Every PAPER/ITEM, or those of some papers."""
    return [f"{paper}/{item.name}" for paper in papers or PAPERS for item in PAPERS[paper].items]


def find_items(name: str) -> tuple[str, tuple[Item, ...]]:
    """The paper, and the item of PAPER/ITEM or all of PAPER/all. Raises UsageError with the nearest name."""
    paper, _, word = name.partition("/")
    if paper in PAPERS and word in (ALL, ""):
        return paper, PAPERS[paper].items
    for item in PAPERS[paper].items if paper in PAPERS else ():
        if item.name == word:
            return paper, (item,)
    raise unknown("item", name, [*item_names(), *(f"{paper}/{ALL}" for paper in PAPERS)])
