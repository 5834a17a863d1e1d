"""Architectures on the page of a comparison: what each strategy found, and single episodes from start to find."""

import json
import re
from html import escape

from archwalk.experiments.records import Comparison, Example, Found
from archwalk.report.facts import labels, report_format, reward_format
from archwalk.report.html import image, paragraphs, section
from archwalk.report.values import counted


def found_sentence(comparison: Comparison, name: str) -> str | None:
    """How good the architecture is that a strategy found, by reward and by report; None where none is on record."""
    found = comparison.strategies[name].found
    if found is None or found.reward is None:
        return None
    seen, judged = comparison.reward.name, comparison.report.name
    trials = comparison.trials
    among = "" if trials == 1 else f", the best by {seen} of {counted(trials, 'trial')}"
    scores = f"{seen} {reward_format(comparison).value(found.reward)}"
    if judged != seen:
        scores += f", {judged} {report_format(comparison).value(found.report)}"
    return f"Found by {labels(comparison.strategies)[name]}{among}: {scores}."


def found_section(comparison: Comparison) -> str:
    """The best architecture of every strategy, drawn, with its JSON to go on with."""
    blocks = []
    for name, strategy in comparison.strategies.items():
        sentence, found = found_sentence(comparison, name), strategy.found
        if sentence is None or found is None:
            continue
        drawn = image(found.svg, sentence) if found.svg else ""
        details = escape(json.dumps(found.description, ensure_ascii=False))
        blocks.append(
            f'<div class="example">{paragraphs([sentence])}<figure class="drawing">{drawn}</figure>\n'
            f"<details><summary>As JSON</summary><pre>{details}</pre></details></div>"
        )
    if not blocks:
        return ""
    return section("found", "What was found", f'<div class="found">{"".join(blocks)}</div>')


def examples_section(comparison: Comparison) -> str:
    """Start and find of a few episodes, side by side."""
    short = labels(comparison.strategies)
    blocks = [
        _example(short[name], example, comparison)
        for name, strategy in comparison.strategies.items()
        for example in strategy.examples
    ]
    if not blocks:
        return ""
    intro = "<p>Single episodes, as they went: where one was set down, and where it stopped.</p>"
    return section("examples", "From start to find", intro + "\n".join(blocks))


def _example(label: str, example: Example, comparison: Comparison) -> str:
    start, found = example.start, example.found
    change = ""
    if start.report is not None and found.report is not None:
        change = f": {report_format(comparison).change(found.report - start.report)}"
    taken = f"{counted(example.steps, 'step')}<br>"
    left, right = _width(start), _width(found)  # of the columns too: both are drawn to one scale
    layout = (
        f"grid-template-columns:minmax(0,{left}fr) auto minmax(0,{right}fr);max-width:{left + right + 160}px"
    )
    descriptions = {"start": start.description, "found": found.description}
    details = escape(json.dumps(descriptions, ensure_ascii=False))
    before, after = _drawing("Start", start, comparison), _drawing("Found", found, comparison)
    return (
        f'<div class="example"><h3>{escape(label + change)}</h3>\n'
        f'<div class="pair" style="{layout}">{before}'
        f'<div class="arrow">{taken}<span aria-hidden="true"></span></div>{after}</div>\n'
        f"<details><summary>Both as JSON</summary><pre>{details}</pre></details></div>"
    )


def _width(end: Found) -> int:
    found = re.match(r'<svg[^>]* width="(\d+)', end.svg)
    return max(int(found[1]), 1) if found else 1


def _drawing(title: str, end: Found, comparison: Comparison) -> str:
    caption, alt = title, f"{title}: the architecture"
    if end.report is not None:
        value = report_format(comparison).value(end.report)
        caption += f": {value}"
        alt += f", {comparison.report.name} {value}"
    drawn = image(end.svg, alt) if end.svg else ""
    return f'<figure class="drawing">{drawn}<figcaption>{escape(caption)}</figcaption></figure>'
