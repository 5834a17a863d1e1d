"""Items by name."""

from archwalk.errors import unknown
from archwalk.experiments.reproductions import cassimon2024, gomezrobles2019, mazyavkina2020, remaade
from archwalk.experiments.reproductions.item import Item

PAPERS: dict[str, tuple[Item, ...]] = {
    "cassimon2024": cassimon2024.ITEMS,
    "remaade": remaade.ITEMS,
    "gomezrobles2019": gomezrobles2019.ITEMS,
    "mazyavkina2020": mazyavkina2020.ITEMS,
}
CITATIONS = {
    "cassimon2024": cassimon2024.CITATION,
    "remaade": remaade.CITATION,
    "gomezrobles2019": gomezrobles2019.CITATION,
    "mazyavkina2020": mazyavkina2020.CITATION,
}
SHORT_CITATIONS = {
    "cassimon2024": "Cassimon et al. 2024",
    "remaade": "Krishna et al. 2020",
    "gomezrobles2019": "Gomez Robles and Vanschoren 2019",
    "mazyavkina2020": "Mazyavkina et al. 2020",
}
ALL = "all"


def item_names(*papers: str) -> list[str]:
    """Every PAPER/ITEM, or those of some papers."""
    return [f"{paper}/{item.name}" for paper in papers or PAPERS for item in PAPERS[paper]]


def find_items(name: str) -> tuple[str, tuple[Item, ...]]:
    """The paper, and the item of PAPER/ITEM or all of PAPER/all. Raises UsageError with the nearest name."""
    paper, _, word = name.partition("/")
    if paper in PAPERS and word in (ALL, ""):
        return paper, PAPERS[paper]
    for item in PAPERS.get(paper, ()):
        if item.name == word:
            return paper, (item,)
    raise unknown("item", name, [*item_names(), *(f"{paper}/{ALL}" for paper in PAPERS)])
