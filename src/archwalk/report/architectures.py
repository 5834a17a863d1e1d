"""Architectures on the page of a comparison: what each strategy found, and single episodes from start to find."""

import json
import re
from collections.abc import Mapping
from html import escape
from typing import Any

from archwalk.report.facts import in_percent, labels, metrics, number
from archwalk.report.html import image, paragraphs, section
from archwalk.report.record import Record
from archwalk.report.wording import counted, points, worth


def found_sentence(record: Record, name: str) -> str | None:
    """How good the architecture is that a strategy found, by reward and by report; None where none is on record."""
    found = record["strategies"][name].get("found") or {}
    reward, report = (number(found.get(key)) for key in ("reward", "report"))
    if not found or reward is None:
        return None
    seen, judged = metrics(record)
    among = "" if record["trials"] == 1 else f", the best by {seen} of {counted(record['trials'], 'trial')}"
    scores = f"{seen} {worth(record, reward)}"
    if report is not None and judged != seen:
        scores += f", {judged} {worth(record, report)}"
    return f"Found by {labels(record)[name]}{among}: {scores}."


def found_section(record: Record) -> str:
    """The best architecture of every strategy, drawn, with its JSON to go on with."""
    blocks = []
    for name, strategy in record["strategies"].items():
        if (sentence := found_sentence(record, name)) is None:
            continue
        found = strategy["found"]
        drawn = image(found["svg"], sentence) if found.get("svg") else ""
        details = escape(json.dumps(found.get("description"), ensure_ascii=False))
        blocks.append(
            f'<div class="example">{paragraphs([sentence])}<figure class="drawing">{drawn}</figure>\n'
            f"<details><summary>As JSON</summary><pre>{details}</pre></details></div>"
        )
    return section("found", "What was found", "\n".join(blocks)) if blocks else ""


def examples_section(record: Record) -> str:
    """Start and find of a few episodes, side by side."""
    short = labels(record)
    blocks = [
        _example(short[name], example, record)
        for name, strategy in record["strategies"].items()
        for example in strategy.get("examples") or []
    ]
    if not blocks:
        return ""
    intro = "<p>Single episodes, as they went: where one was set down, and where it stopped.</p>"
    return section("examples", "From start to find", intro + "\n".join(blocks))


def _example(label: str, example: Mapping[str, Any], record: Record) -> str:
    steps, start, found = number(example.get("steps")), example["start"], example["found"]
    before, after = number(start.get("report")), number(found.get("report"))
    unit = " points" if in_percent(record) else ""
    change = "" if before is None or after is None else f": {points(after - before)}{unit}"
    taken = "" if steps is None else f"{counted(steps, 'step')}<br>"
    left, right = _width(start), _width(found)  # of the columns too: both are drawn to one scale
    layout = (
        f"grid-template-columns:minmax(0,{left}fr) auto minmax(0,{right}fr);max-width:{left + right + 160}px"
    )
    descriptions = {"start": start.get("description"), "found": found.get("description")}
    details = escape(json.dumps(descriptions, ensure_ascii=False))
    return (
        f'<div class="example"><h3>{escape(label + change)}</h3>\n'
        f'<div class="pair" style="{layout}">{_drawing("Start", start, record)}'
        f'<div class="arrow">{taken}<span aria-hidden="true"></span></div>{_drawing("Found", found, record)}</div>\n'
        f"<details><summary>Both as JSON</summary><pre>{details}</pre></details></div>"
    )


def _width(end: Mapping[str, Any]) -> int:
    found = re.match(r'<svg[^>]* width="(\d+)', end.get("svg") or "")
    return max(int(found[1]), 1) if found else 1


def _drawing(title: str, end: Mapping[str, Any], record: Record) -> str:
    value, svg = number(end.get("report")), end.get("svg")
    caption, alt = title, f"{title}: the architecture"
    if value is not None:
        caption += f": {worth(record, value)}"
        alt += f", {metrics(record)[1]} {worth(record, value)}"
    drawn = image(svg, alt) if svg else ""
    return f'<figure class="drawing">{drawn}<figcaption>{escape(caption)}</figcaption></figure>'
