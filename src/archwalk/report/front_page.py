"""The report of a search with several goals as one HTML file that needs nothing else."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path

from archwalk.data.files import write_atomically
from archwalk.experiments.records import Front
from archwalk.report.explorer.explored import Explored
from archwalk.report.explorer.section import NO_EXPLORER
from archwalk.report.explorer.section import explorer as make_explorer
from archwalk.report.fronts import front_lines, front_rows, volume_line
from archwalk.report.html import definitions, figure, fill_page, paragraphs, section, table
from archwalk.report.lines import Axis, Plot, Series, draw_lines
from archwalk.report.palette import VERMILION
from archwalk.report.svg import NARROW, WIDE
from archwalk.report.values import count, counted


def write_front_page(record: Front, path: Path, explored: Explored | None = None) -> None:
    """Write the page, whole or not at all. Raises DataError if the folder or the disk refuses."""
    write_atomically(path, render_front_page(record, explored))


def render_front_page(record: Front, explored: Explored | None = None) -> str:
    """The page, with the explorer of what was `explored`."""
    explorer = (
        make_explorer(explored, record.strategy) if explored is not None and explored.rows else NO_EXPLORER
    )
    setting, *words = [line for line in front_lines(record, with_table=False) if line]
    return fill_page(
        title=f"Trade-offs on {record.benchmark}",
        lead=volume_line(record) if record.points else " ".join(words),
        price=paragraphs(words[1:] if record.points else []) + f'<p class="small">{escape(setting)}</p>',
        figures=_volume(record),
        table=_table(record),
        explorer=explorer.body,
        policy=explorer.policy,
        style=explorer.style,
        origin=_origin(record),
    )


def _volume(record: Front) -> str:
    """The hypervolume by query."""
    exact, curve = record.exact_hypervolume, record.hypervolume
    if not record.points or len(curve) < 2:
        return ""
    share = bool(exact)
    values = [None if one is None else one / exact * 100 if exact else one for one in curve]
    mean = f", mean of {counted(record.trials, 'trial')}" if record.trials > 1 else ""
    plot = Plot(
        "hypervolume",
        Axis("queries"),
        Axis("hypervolume (% of the exact front's)" if share else "hypervolume", format="{:,.4g}".format),
        [Series(record.strategy, VERMILION, list(range(1, len(curve) + 1)), values, steps=True)],
        f"hypervolume over queries{mean}",
        "The volume between the front that was found and the reference point.",
        level=(100.0, "exact front") if share else None,
    )
    caption = (
        f"The volume of all that the front beats, down to the reference point, after each query{mean}. "
        "It grows whenever an evaluation is better in some goal than all that are not worse in the others."
    )
    drawn = figure(draw_lines(plot, WIDE), draw_lines(plot, NARROW), [caption])
    return section("hypervolume", "The front over queries", drawn)


def _table(record: Front) -> str:
    """The front, with the architectures."""
    if not record.points:
        return ""
    head, rows = front_rows(record)
    lines = []
    for cells, point in zip(rows, record.points, strict=False):
        told = escape(json.dumps(point.description, ensure_ascii=False))
        first, *others = map(escape, cells)
        lines.append(
            f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in others)}'
            f"<td>{point.trial}</td><td>{count(point.query)}</td><td><code>{told}</code></td></tr>"
        )
    more = len(record.points) - len(rows)
    note = paragraphs([f"And {count(more)} more, in front.json."]) if more > 0 else ""
    body = table("The front", [*head, "trial", "query", "architecture"], lines)
    return section("front", "What no other evaluation beats", body + note)


def _origin(record: Front) -> str:
    entries = {
        "benchmark": record.benchmark,
        **record.provenance,
        "space": record.space,
        "strategy": record.strategy,
        "a query": record.query,
        "settings": ", ".join(f"{key} {value}" for key, value in record.settings.items()),
        "seeds": ", ".join(map(str, record.seeds)),
        "versions": ", ".join(" ".join(item) for item in record.versions.items()),
        "made": record.created,
    }
    again = f"<pre><code>{escape(record.command)}</code></pre>" if record.command else ""
    return section("origin", "Where it comes from", definitions(entries, "terms origin") + again)
