"""Pieces of HTML that every page is made of, and the template that holds them.

Pages need nothing else: no network, no fonts, and no scripts but those of the explorer. Text is escaped here; SVG comes
from `svg.to_svg`, and drawings of architectures stand in `<img>`, where an SVG can neither run nor load anything.
"""

import base64
from collections.abc import Iterable, Mapping
from html import escape
from importlib.resources import files
from string import Template

from archwalk.report.palette import COLOURS, Colour
from archwalk.report.sheets import Sheet

_SLOTS = (
    "price",
    "key_numbers",
    "figures",
    "table",
    "explorer",
    "examples",
    "training",
    "reading",
    "origin",
    "checklist",
)


_EVERY = (*COLOURS, Colour("ground", "#ffffff", "#13181c"), Colour("raised", "#f5f7f8", "#1c2328"))

NOTHING_RUNS = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
)
"""The content security policy of a page without scripts."""


def fill_page(*, title: str, lead: str, policy: str = NOTHING_RUNS, style: str = "", **parts: str) -> str:
    """The whole page: a title and a lead as text, and parts of HTML for the template's slots; `policy` says what may
    run in it, `style` is added to that of all pages.
    """
    template = Template(files("archwalk.report").joinpath("page.html").read_text(encoding="utf-8"))
    empty = dict.fromkeys(_SLOTS, "")
    words = {
        "title": escape(title),
        "result": escape(lead),
        "policy": policy,
        "style": f"{_style()}\n{style}".strip(),
    }
    return template.substitute(empty | parts | words)


def _style() -> str:
    """The colours, as the reader's system prefers them or as was chosen on a page with an explorer; then page.css."""
    sheet = files("archwalk.report").joinpath("page.css").read_text(encoding="utf-8")
    light, dark = (
        ";".join([f"color-scheme:{ground}", *(f"--{one.name}:{getattr(one, ground)}" for one in _EVERY)])
        for ground in ("light", "dark")
    )
    prefers = f"@media (prefers-color-scheme:dark){{:root{{{dark}}}}}"
    chosen = f":root[data-theme=light]{{{light}}}\n:root[data-theme=dark]{{{dark}}}"
    return f":root{{{light}}}\n{prefers}\n{chosen}\n{sheet.strip()}"


def themed(svg: str) -> str:
    """A figure whose colours follow the reader's choice of a light or dark ground."""
    for colour in COLOURS:
        svg = svg.replace(colour.light, f"var(--{colour.name})")
    return svg


def figure(wide: str, narrow: str, captions: Iterable[str]) -> str:
    """Both drawings of a figure, of which the style shows one, and what stands under it."""
    return (
        f'<figure>\n<div class="wide">{themed(wide)}</div>\n<div class="narrow">{themed(narrow)}</div>\n'
        f"<figcaption>{paragraphs(captions)}</figcaption>\n</figure>"
    )


def legend(entries: Iterable[tuple[str, Colour]]) -> str:
    """Names with their colours, in a line above a figure; nothing for none."""
    names = "".join(f"<li>{swatch(colour.name)}{escape(name)}</li>" for name, colour in entries)
    return f'<ul class="legend">{names}</ul>' if names else ""


def table(label: str, head: Iterable[str], rows: Iterable[str]) -> str:
    """A table that scrolls where it is too wide; `head` is text, `rows` are `<tr>`."""
    cells = "".join(f'<th scope="col">{escape(title)}</th>' for title in head)
    return (
        f'<div class="scroll" role="region" aria-label="{escape(label)}" tabindex="0"><table>\n'
        f"<thead><tr>{cells}</tr></thead>\n<tbody>{''.join(rows)}</tbody>\n</table></div>"
    )


def sheet_table(sheet: Sheet) -> str:
    """A table of text, without its title and notes."""
    rows = []
    for line in sheet.lines:
        cells = "".join(
            f"<td><strong>{escape(cell)}</strong></td>" if best else f"<td>{escape(cell)}</td>"
            for cell, best in line.marked()
        )
        rows.append(f'<tr><th scope="row">{escape(line.label)}</th>{cells}</tr>')
    return table(sheet.title or "Table", sheet.head, rows)


def image(svg: str, alt: str) -> str:
    """A drawing of an architecture."""
    source = base64.b64encode(svg.encode()).decode()
    return f'<img alt="{escape(alt)}" src="data:image/svg+xml;base64,{source}">'


def section(key: str, title: str, body: str) -> str:
    """A part of the page with its heading; `key` is unique in the page."""
    head = f'<h2 id="{key}-title">{escape(title)}</h2>'
    return f'<section id="{key}" aria-labelledby="{key}-title">\n{head}\n{body}\n</section>'


def definitions(entries: Mapping[str, str], style: str) -> str:
    """A list of terms; those without a text are left away."""
    pairs = ((escape(term), escape(text)) for term, text in entries.items() if text)
    return f'<dl class="{style}">{"".join(f"<dt>{term}</dt><dd>{text}</dd>" for term, text in pairs)}</dl>'


def tiles(entries: Mapping[str, str]) -> str:
    """Key numbers: a tile for each, its value above what it is; nothing where there are none."""
    cells = (f"<div><dt>{escape(term)}</dt><dd>{escape(value)}</dd></div>" for term, value in entries.items())
    return f'<dl class="key">{"".join(cells)}</dl>' if entries else ""


def paragraphs(texts: Iterable[str]) -> str:
    """Text, a paragraph each."""
    return "".join(f"<p>{escape(text)}</p>" for text in texts)


def swatch(colour: str) -> str:
    """A dot in a colour of the palette, by name."""
    return f'<span class="swatch" style="background:var(--{colour})"></span>'
