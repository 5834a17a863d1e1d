"""The report of a comparison as one HTML file that needs nothing else; everything from the record is escaped."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from archwalk.data.files import write_atomically
from archwalk.experiments.records import Comparison
from archwalk.report.architectures import examples_section, found_section
from archwalk.report.checklist import checklist, checklist_section
from archwalk.report.explorer.explored import Explored
from archwalk.report.explorer.section import NO_EXPLORER
from archwalk.report.explorer.section import explorer as make_explorer
from archwalk.report.facts import (
    best_after,
    best_word,
    focus,
    headline_budget,
    labels,
    optimum_line,
    report_format,
    settled_budget,
)
from archwalk.report.figures import (
    BEST_SO_FAR,
    CRITICAL,
    FRONTS,
    ONE_EPISODE,
    PROFILE,
    RANKS,
    TRAINING,
    Picture,
    pictures,
)
from archwalk.report.fronts import hypervolume_meaning
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
    tiles,
)
from archwalk.report.palette import strategy_colours
from archwalk.report.tables import Column, Row, columns, pairs_sheet, reading, summary_rows
from archwalk.report.values import count, counted, percent
from archwalk.report.wording import (
    differences_result,
    episode_result,
    interval_note,
    optimum_meaning,
    price,
    query_meanings,
    result,
    setting,
    training_line,
)

FIGURES = (BEST_SO_FAR, FRONTS, RANKS, CRITICAL, PROFILE, ONE_EPISODE)
"""Those that stand before the table, in this order."""


def write_page(comparison: Comparison, path: Path, explored: Explored | None = None) -> None:
    """Write the page, whole or not at all. Raises DataError if the folder or the disk refuses."""
    write_atomically(path, render_page(comparison, explored))


def render_page(comparison: Comparison, explored: Explored | None = None) -> str:
    """The page, with the explorer of what was `explored`. The same comparison gives the same page to the byte."""
    explorer = (
        make_explorer(explored, focus(comparison)) if explored is not None and explored.rows else NO_EXPLORER
    )
    drawn = {picture.key: picture for picture in pictures(comparison)}
    return fill_page(
        title=f"Architecture search on {comparison.benchmark}",
        lead=result(comparison),
        price=paragraphs([" ".join(filter(None, [price(comparison), episode_result(comparison)]))])
        + _setting(comparison),
        key_numbers=_key_numbers(comparison),
        figures="\n".join(_figure(comparison, drawn[key]) for key in FIGURES if key in drawn),
        table=_table(comparison) + _pairs(comparison),
        explorer=explorer.body,
        policy=explorer.policy,
        style=explorer.style,
        examples=found_section(comparison) + examples_section(comparison),
        training=_figure(comparison, drawn[TRAINING]) if TRAINING in drawn else "",
        reading=_reading(comparison),
        origin=_origin(comparison),
        checklist=checklist_section(checklist([comparison])),
    )


def _setting(comparison: Comparison) -> str:
    """Under what rules all figures of the page were found, said once."""
    return f'<p class="small">{escape(f"{setting(comparison)} {training_line(comparison)}")}</p>'


def _key_numbers(comparison: Comparison) -> str:
    """The figures that one would ask for first, of the strategy that the report is about."""
    name, queries, written = focus(comparison), headline_budget(comparison), report_format(comparison)
    one, label, report = comparison.strategies[name], labels(comparison.strategies)[name], comparison.report
    episodes, optimum = one.episodes, optimum_line(comparison)
    unit = f"{written.unit} " if written.unit else ""
    numbers = []
    best = best_after(comparison, name, queries)
    if queries and best and best.mean is not None:
        mean = "" if one.trials == one.agents == 1 else "mean "
        numbers.append(
            (
                written.value(best.mean),
                f"{mean}{report.name} of {label}'s {best_word(comparison)} after {counted(queries, 'query')}",
            )
        )
        if optimum is not None:
            numbers.append((written.signed(best.mean - optimum), f"{unit}from the exact optimum"))
    if episodes and episodes.median_improvement is not None:
        numbers.append((written.signed(episodes.median_improvement), f"{unit}gained in one episode, median"))
    if episodes and episodes.share_of_optimum is not None:
        numbers.append((percent(100 * episodes.share_of_optimum, 0), "of an optimal policy's mean gain"))
    if one.training_queries:
        unique = f", {count(one.training_unique)} unique" if one.training_unique else ""
        numbers.append((count(one.training_queries), f"training queries{unique}"))
    return tiles({text: value for value, text in numbers})


def _figure(comparison: Comparison, picture: Picture) -> str:
    words = paragraphs(differences_result(comparison)) if picture.key == CRITICAL else ""
    drawn = legend(picture.legend) + figure(picture.wide, picture.narrow, [picture.caption])
    return section(picture.key, picture.title, words + drawn)


def _table(comparison: Comparison) -> str:
    """Results, then what they cost: in one table they would not fit."""
    every = columns(comparison, full=True)
    results, costs = ([column for column in every if column.is_result is result] for result in (True, False))
    notes_below = f'<div class="notes">{paragraphs(reading(comparison, full=True))}</div>'
    body = f"{_rows(comparison, 'Table of results', results)}\n{notes_below}"
    if costs:
        body += f"\n<h3>What it cost</h3>\n{_rows(comparison, 'Table of costs', costs)}"
    return section("table", "In numbers", body)


def _rows(comparison: Comparison, name: str, shown: Sequence[Column]) -> str:
    rows = summary_rows(comparison)
    rows = [
        row for row in rows if row.competes or any(row.values.get(column.key) is not None for column in shown)
    ]
    colours, lines = strategy_colours(comparison), []
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
    return table(name, head, lines)


def _cell(column: Column, row: Row, rows: list[Row]) -> str:
    first, *beside = map(escape, column.show(row))
    shown = f"<strong>{first}</strong>" if column.is_best(row, rows) else first
    below = "".join(f'<span class="beside">{line}</span>' for line in beside)
    return f"<td>{shown}{below}</td>"


def _pairs(comparison: Comparison) -> str:
    """Every pair after the last number of queries, and after the others in a fold each."""
    last, found = settled_budget(comparison), comparison.significance
    if last is None or found is None:
        return ""
    words = "" if len(comparison.strategies) > 2 else paragraphs(differences_result(comparison))
    sheets = [pairs_sheet(comparison, queries) for queries in sorted(found.after, reverse=True)]
    folds = (
        f"<details><summary>{escape(sheet.title)}</summary>{sheet_table(sheet)}</details>"
        for sheet in sheets[1:]
    )
    notes_below = f'<div class="notes">{paragraphs(sheets[0].notes[:-1])}</div>'
    return section(
        "pairs", sheets[0].title, f"{words}{sheet_table(sheets[0])}\n{notes_below}{''.join(folds)}"
    )


def _reading(comparison: Comparison) -> str:
    queries = query_meanings(comparison)
    terms = {f"A query of {', '.join(names)}": meaning for meaning, names in queries}
    if len(queries) > 1:
        terms["Unequal queries"] = "A query of one strategy may stand for more work than a query of another."
    if comparison.fronts is None:
        terms["Reward and report"] = (
            f"Strategies see the reward ({comparison.reward.name}); results are told by the report "
            f"({report_format(comparison).described})."
        )
    else:
        terms["Hypervolume"] = hypervolume_meaning(comparison.fronts)
    terms["Intervals"] = interval_note(comparison)
    if optimum := optimum_meaning(comparison):
        terms["Optimum"] = optimum
    terms["Training queries"] = "Architectures evaluated to train an agent, before its first query here."
    sentences = {term: text[:1].upper() + text[1:] for term, text in terms.items()}
    return section("reading", "How to read this", definitions(sentences, "terms"))


def _origin(comparison: Comparison) -> str:
    space = comparison.space
    sizes = [("architecture", space.architectures), ("edge", space.edges)]
    entries = {
        "benchmark": comparison.benchmark,
        "objective": f"{comparison.objective}: {comparison.objective_meaning}",
        **comparison.provenance,
        "space": ", ".join([space.name, *(counted(size, thing) for thing, size in sizes if size)]),
        "budget": f"{counted(comparison.budget, 'query')}, {counted(comparison.trials, 'trial')}",
        "seeds": ", ".join(map(str, comparison.seeds)),
        "strategies": ", ".join(comparison.strategies),
        "versions": ", ".join(" ".join(item) for item in comparison.versions.items()),
        "made": comparison.created,
    }
    again = f"<pre><code>{escape(comparison.command)}</code></pre>" if comparison.command else ""
    return section("origin", "Where it comes from", definitions(entries, "terms origin") + again)
