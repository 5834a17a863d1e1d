"""The report of a comparison as one HTML file that needs nothing else; everything from the record is escaped."""

from html import escape
from pathlib import Path

from archwalk.data.files import write_atomically
from archwalk.report.architectures import examples_section, found_section
from archwalk.report.checklist import checklist, checklist_section
from archwalk.report.facts import (
    best_after,
    focus,
    headline_budget,
    labels,
    metrics,
    number,
    optimum_line,
    settled_budget,
)
from archwalk.report.figures import (
    BEST_SO_FAR,
    CRITICAL,
    ONE_EPISODE,
    PROFILE,
    RANKS,
    TRAINING,
    Picture,
    pictures,
)
from archwalk.report.html import (
    definitions,
    figure,
    fill_page,
    legend,
    paragraphs,
    section,
    sheet_table,
    swatch,
    table,
)
from archwalk.report.palette import strategy_colours
from archwalk.report.record import Record
from archwalk.report.tables import ABSENT, Column, Row, columns, notes, pairs_sheet, summary_rows
from archwalk.report.wording import (
    count,
    counted,
    differences_result,
    episode_result,
    interval_note,
    optimum_meaning,
    percent,
    points,
    price,
    query_meanings,
    result,
    rules,
    worth,
)

FIGURES = (BEST_SO_FAR, RANKS, CRITICAL, PROFILE, ONE_EPISODE)
"""Those that stand before the table, in this order."""


def write_page(record: Record, path: Path) -> None:
    """Write the page, whole or not at all. Raises DataError if the folder or the disk refuses."""
    write_atomically(path, render_page(record))


def render_page(record: Record) -> str:
    """The page. The same record gives the same page to the byte."""
    drawn = {picture.key: picture for picture in pictures(record)}
    return fill_page(
        title=f"Architecture search on {record['benchmark']}",
        lead=result(record),
        price=paragraphs([" ".join(filter(None, [price(record), episode_result(record)]))]),
        key_numbers=_key_numbers(record),
        figures="\n".join(_figure(record, drawn[key]) for key in FIGURES if key in drawn),
        table=_table(record) + _pairs(record),
        examples=found_section(record) + examples_section(record),
        training=_figure(record, drawn[TRAINING]) if TRAINING in drawn else "",
        reading=_reading(record),
        origin=_origin(record),
        checklist=checklist_section(checklist([record])),
    )


def _key_numbers(record: Record) -> str:
    """The figures that one would ask for first, of the strategy that the report is about."""
    name, queries = focus(record), headline_budget(record)
    strategy, label, report = record["strategies"][name], labels(record)[name], metrics(record)[1]
    episodes, optimum = strategy.get("episodes") or {}, optimum_line(record)
    tiles = []
    best = best_after(record, name, queries) if queries else None
    if queries and best is not None:
        tiles.append(
            (worth(record, best), f"mean {report} of {label}'s best after {counted(queries, 'query')}")
        )
        if optimum is not None:
            tiles.append((points(best - optimum), "points from the exact optimum"))
    if (median := number(episodes.get("median_improvement"))) is not None:
        tiles.append((points(median), "points gained in one episode, median"))
    if (share := number(episodes.get("share_of_optimum"))) is not None:
        tiles.append((percent(100 * share, 0), "of an optimal policy's mean gain"))
    if trained := number(strategy.get("training_queries")):
        unique = number(strategy.get("training_unique"))
        tiles.append((count(trained), "training queries" + (f", {count(unique)} unique" if unique else "")))
    cells = (f"<div><dt>{escape(text)}</dt><dd>{escape(value)}</dd></div>" for value, text in tiles)
    return f'<dl class="key">{"".join(cells)}</dl>' if tiles else ""


def _figure(record: Record, picture: Picture) -> str:
    captions = [picture.caption, " ".join(rules(record))]
    words = paragraphs(differences_result(record)) if picture.key == CRITICAL else ""
    drawn = legend(picture.legend) + figure(picture.wide, picture.narrow, captions)
    return section(picture.key, picture.title, words + drawn)


def _table(record: Record) -> str:
    rows, shown, colours = summary_rows(record), columns(record, full=True), strategy_colours(record)
    lines = []
    for row in rows:
        cells = "".join(_cell(column, row, rows) for column in shown)
        if row.competes:
            dot = swatch(colours[row.name].name)
            lines.append(
                f'<tr><th scope="row" title="{escape(row.name)}">{dot}{escape(row.label)}</th>{cells}</tr>'
            )
        else:
            lines.append(f'<tr class="reference"><th scope="row">{escape(row.label)}</th>{cells}</tr>')
    head = ["strategy", *(column.title for column in shown)]
    notes_below = f'<div class="notes">{paragraphs(notes(record, full=True))}</div>'
    return section("table", "In numbers", f"{table('Table of results', head, lines)}\n{notes_below}")


def _cell(column: Column, row: Row, rows: list[Row]) -> str:
    first, *beside = map(escape, column.show(row))
    shown = f"<strong>{first}</strong>" if column.is_best(row, rows) else first
    below = "".join(f'<span class="beside">{line}</span>' for line in beside)
    return f"<td>{shown}{below}</td>"


def _pairs(record: Record) -> str:
    """Every pair after the last number of queries, and after the others in a fold each."""
    last = settled_budget(record)
    if last is None:
        return ""
    after = sorted((int(queries) for queries in record["significance"]["after"]), reverse=True)
    words = "" if len(record["strategies"]) > 2 else paragraphs(differences_result(record))
    folds = (
        f"<details><summary>{escape(pairs_sheet(record, queries).title)}</summary>"
        f"{sheet_table(pairs_sheet(record, queries))}</details>"
        for queries in after[1:]
    )
    sheet = pairs_sheet(record, last)
    notes_below = f'<div class="notes">{paragraphs(sheet.notes)}</div>'
    return section("pairs", sheet.title, f"{words}{sheet_table(sheet)}\n{notes_below}{''.join(folds)}")


def _reading(record: Record) -> str:
    reward, report = metrics(record)
    queries = query_meanings(record)
    terms = {f"A query of {', '.join(names)}": meaning for meaning, names in queries}
    if len(queries) > 1:
        terms["Unequal queries"] = "A query of one strategy may stand for more work than a query of another."
    terms["Reward and report"] = (
        f"Strategies see the reward ({reward}); results are told by the report ({report})."
    )
    terms["Intervals"] = interval_note(record)
    if optimum := optimum_meaning(record):
        terms["Optimum"] = optimum
    terms["Training queries"] = "Architectures evaluated to train an agent, before its first query here."
    sentences = {term: text[:1].upper() + text[1:] for term, text in terms.items()}
    return section("reading", "How to read this", definitions(sentences, "terms"))


def _origin(record: Record) -> str:
    space, meaning = record.get("space") or {}, record.get("objective_meaning")
    size = [counted(space[key], key[:-1]) for key in ("architectures", "edges") if space.get(key)]
    entries = {
        "benchmark": record["benchmark"],
        "objective": record["objective"] + (f": {meaning}" if meaning else ""),
        **{key: str(value) for key, value in (record.get("provenance") or {}).items()},
        "space": ", ".join([space.get("name") or ABSENT, *size]),
        "budget": f"{counted(record['budget'], 'query')}, {counted(record['trials'], 'trial')}",
        "seeds": ", ".join(map(str, record.get("seeds") or [])),
        "strategies": ", ".join(record["strategies"]),
        "versions": ", ".join(" ".join(item) for item in (record.get("versions") or {}).items()),
        "made": record.get("created") or "",
    }
    command = record.get("command")
    again = f"<pre><code>{escape(command)}</code></pre>" if command else ""
    return section("origin", "Where it comes from", definitions(entries, "terms origin") + again)
