"""What the section of an item is made of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archwalk.experiments.records import Comparison, restored
from archwalk.report.palette import Colour
from archwalk.report.svg import NARROW, WIDE

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Words:
    """Paragraphs."""

    texts: Sequence[str]


@dataclass(frozen=True)
class Chart:
    """A figure in both widths; `legend` names its colours, above it."""

    wide: str
    narrow: str
    caption: str
    legend: Sequence[tuple[str, Colour]] = ()
    title: str = ""


@dataclass(frozen=True)
class Grid:
    """A table: `rows` are a label, its colour if it has one, and cells. `title` says what it is, where it must."""

    head: Sequence[str]
    rows: Sequence[tuple[str, Colour | None, Sequence[str]]]
    notes: Sequence[str] = ()
    title: str = ""


@dataclass(frozen=True)
class Drawings:
    """Architectures as SVG with a caption each."""

    items: Sequence[tuple[str, str]]


Block = Words | Chart | Grid | Drawings

View = Callable[[Record], list[Block]]
"""The blocks of an item's record."""


def chart(
    draw: Callable[[int], str], caption: str, legend: Sequence[tuple[str, Colour]] = (), title: str = ""
) -> Chart:
    """A figure drawn for both widths."""
    return Chart(draw(WIDE), draw(NARROW), caption, legend, title)


def comparison_in(record: Record) -> Comparison:
    """The comparison in an item's record."""
    return restored(record["result"]["comparison"], Comparison)


def heading_of(record: Record) -> str:
    """The title and the source of an item, and its objective where the item is there under several."""
    again = f", {record['settings']['objective']}" if "of" in record else ""
    return f"{record['title']} ({record['source']}{again})"


def setting_line(record: Record) -> str:
    """The benchmark, the objective and the seed, which must stand beside every result."""
    settings, by_objective = record["settings"], dict[str, list[str]]()
    for about in settings.get("benchmarks", {}).values() if "benchmark" not in settings else [settings]:
        objective = f"objective {about['objective']} ({about['objective_meaning']})"
        by_objective.setdefault(objective, []).append(about["benchmark"])
    parts = [f"{', '.join(names)}, {objective}" for objective, names in by_objective.items()]
    return "; ".join([*parts, f"seed {record['seed']}", f"scale {record['scale']['name']}"]) + "."
