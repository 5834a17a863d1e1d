"""The page of a reproduction: a section an item, each with what it shows, its settings and what the paper reports."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from archwalk.data.files import write_atomically
from archwalk.papers.catalogue import PAPERS, VIEWS
from archwalk.papers.drawing.blocks import (
    Block,
    Chart,
    Drawings,
    Grid,
    Record,
    Words,
    comparison_in,
    heading_of,
    setting_line,
)
from archwalk.papers.reported import figures_of
from archwalk.report.checklist import checklist, checklist_section
from archwalk.report.html import (
    definitions,
    figure,
    fill_page,
    image,
    legend,
    paragraphs,
    section,
    swatch,
    table,
)
from archwalk.report.values import count, counted


def write_page(records: Sequence[Record], missing: Mapping[str, str], command: str, path: Path) -> None:
    """Write the page, whole or not at all. Raises DataError if the folder or the disk refuses."""
    write_atomically(path, render_page(records, missing, command))


def render_page(records: Sequence[Record], missing: Mapping[str, str], command: str) -> str:
    """One page of all records; `missing` gives the reason for each item that could not be computed here."""
    first = records[0]
    title = (
        f"{first['paper']}: {heading_of(first)}" if len(records) == 1 else f"{first['paper']}, item by item"
    )
    lead = (
        f"Computed again after {PAPERS[first['paper']].citation}. "
        f"The figures are ours, at scale {first['scale']['name']}; what the paper or others report is named as theirs."
    )
    absent = [f"Not here: {name}: {reason}" for name, reason in missing.items()]
    return fill_page(
        title=title,
        lead=lead,
        price=paragraphs(absent) + (_contents(records) if len(records) > 1 else ""),
        figures="\n".join(_item(record) for record in records),
        origin=section(
            "origin",
            "Where it comes from",
            definitions(_origin(first), "terms origin") + f"<pre><code>{escape(command)}</code></pre>",
        ),
        checklist=_checklist(records),
    )


def _contents(records: Sequence[Record]) -> str:
    links = (f'<li><a href="#{record["item"]}">{escape(heading_of(record))}</a></li>' for record in records)
    return f'<nav aria-label="Items"><ul class="contents">{"".join(links)}</ul></nav>'


def _item(record: Record) -> str:
    blocks = "\n".join(map(_block, VIEWS[record["kind"]](record)))
    notes = f'<div class="notes">{paragraphs(record["notes"])}</div>' if record["notes"] else ""
    line = f'<p class="small">{escape(setting_line(record))}</p>'
    return section(
        record["item"], heading_of(record), line + blocks + _printed(record) + notes + _settings(record)
    )


def _block(block: Block) -> str:
    if isinstance(block, Words):
        return paragraphs(filter(None, block.texts))
    if isinstance(block, Drawings):
        return '<div class="cells">' + "".join(_drawing(*item) for item in block.items) + "</div>"
    title = f"<h3>{escape(block.title)}</h3>" if block.title else ""
    return title + (_chart(block) if isinstance(block, Chart) else _grid(block))


def _chart(block: Chart) -> str:
    return legend(block.legend) + figure(block.wide, block.narrow, filter(None, [block.caption]))


def _grid(block: Grid) -> str:
    rows = []
    for label, colour, cells in block.rows:
        dot = swatch(colour.name) if colour else ""
        columns = "".join(f"<td>{_lines(cell)}</td>" for cell in cells)
        rows.append(f'<tr><th scope="row">{dot}{escape(label)}</th>{columns}</tr>')
    below = f'<div class="notes">{paragraphs(block.notes)}</div>' if block.notes else ""
    return table(block.title or "Table", block.head, rows) + below


def _lines(cell: str) -> str:
    first, *beside = map(escape, cell.split("\n"))
    return first + "".join(f'<span class="beside">{line}</span>' for line in beside)


def _drawing(caption: str, svg: str) -> str:
    return f'<figure class="drawing">{image(svg, caption)}<figcaption>{escape(caption)}</figcaption></figure>'


def _printed(record: Record) -> str:
    """What the paper prints for this item: its figures, in its setting."""
    printed = figures_of(record["paper"], record.get("of", record["item"]))
    if not printed:
        return ""
    rows = [
        f'<tr class="reference"><th scope="row">{escape(p["what"])}</th><td>{escape(p["value"])}</td>'
        f"<td>{escape(p['where'])}</td></tr>"
        for p in printed
    ]
    head = [f"reported by {PAPERS[record['paper']].short}, in another setting", "value", "where"]
    return f'<div class="printed">{table("What the paper reports", head, rows)}</div>'


def _settings(record: Record) -> str:
    scale = record["scale"]["name"]
    entries = {
        **{key.replace("_", " "): _plain(value) for key, value in record["settings"].items()},
        "scale": scale,
        "computed in": f"{record['seconds']:.1f} s, {record['created']}",
    }
    return f"<details><summary>Settings</summary>{definitions(entries, 'terms origin')}</details>"


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_plain(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_plain, value))
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, int):
        return count(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _checklist(records: Sequence[Record]) -> str:
    """Best practices, where the page has comparisons of searches."""
    comparisons = [comparison_in(record) for record in records if record["kind"] == "errors"]
    return checklist_section(checklist(comparisons)) if comparisons else ""


def _origin(record: Record) -> dict[str, str]:
    scale, size = record["scale"], "trials stand with each strategy"
    if record["paper"] in ("gomezrobles2019", "mazyavkina2020"):
        size = "steps and seeds stand with each item"
    elif record["kind"] not in ("errors", "parameters"):
        size = f"{scale['sets']} sets of {counted(scale['starts'], 'start')}, {counted(scale['trials'], 'trial')}"
    return {
        "paper": PAPERS[record["paper"]].citation,
        "scale": f"{scale['name']}: {size}",
        "seed": str(record["seed"]),
        "versions": ", ".join(" ".join(item) for item in record["versions"].items()),
    }
