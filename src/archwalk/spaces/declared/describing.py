"""Architectures of a declared space as JSON and as drawings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

import numpy as np

from archwalk.errors import InvalidArchitectureError, unknown
from archwalk.spaces.base import Codes
from archwalk.spaces.declared.declaration import Declaration
from archwalk.spaces.drawing import CHARACTER_WIDTH, EDGE_COLOUR, FONT, FONT_SIZE, TEXT_COLOUR
from archwalk.spaces.foreign import plain

_LINE = 26


def parse_row(declaration: Declaration, description: object) -> Codes:
    """The row (D,) of {"depth": 3, "activation": "relu"}; what does not exist is left out, or null.

    A list names the values of all decisions in the order of the declaration. Raises InvalidArchitectureError.
    """
    decisions, rules = declaration.decisions, declaration.rules
    given = _as_object(declaration, plain(description))
    for name in given:
        if name not in {decision.name for decision in decisions}:
            raise InvalidArchitectureError(
                str(unknown("decision", str(name), [decision.name for decision in decisions]))
            )
    row_1D = np.zeros((1, len(decisions)), np.int32)
    exists_1D = np.ones(row_1D.shape, np.bool_)
    for d in rules.order:
        decision, value = decisions[d], given.get(decisions[d].name)
        if value is not None:
            row_1D[0, d] = decision.index(value)
        rules.settle_one(d, row_1D, exists_1D)
        if exists_1D[0, d] and value is None:
            raise InvalidArchitectureError(f'an architecture of {declaration.name} needs "{decision.name}"')
        if value is not None and not exists_1D[0, d]:
            rule = rules.conditions[d]
            raise InvalidArchitectureError(
                f'"{decision.name}" does not exist here: it needs {rule.text if rule else ""}'
            )
    if (broken := rules.broken(row_1D, exists_1D)) is not None:
        raise InvalidArchitectureError(f"an architecture of {declaration.name} satisfies {broken}")
    row_D: Codes = row_1D[0]
    return row_D


def _as_object(declaration: Declaration, description: object) -> Mapping[str, Any]:
    decisions = declaration.decisions
    if isinstance(description, Mapping):
        return description
    if isinstance(description, list | tuple) and len(description) == len(decisions):
        return {decision.name: value for decision, value in zip(decisions, description, strict=True)}
    names = ", ".join(f'"{decision.name}"' for decision in decisions[:8])
    raise InvalidArchitectureError(
        f"an architecture of {declaration.name} is a JSON object with its {len(decisions)} decisions ({names}"
        f"{', ...' if len(decisions) > 8 else ''}), or a list of their values"
    )


def describe_row(declaration: Declaration, row_D: Codes) -> dict[str, Any]:
    """The decisions that exist in a settled row, with their values."""
    exists_D = declaration.rules.exists(row_D[None])[0]
    return {
        decision.name: decision.values[index]
        for decision, index, exists in zip(declaration.decisions, row_D.tolist(), exists_D, strict=True)
        if exists
    }


def draw_row(declaration: Declaration, row_D: Codes) -> str:
    """The decisions that exist as a table, an SVG."""
    lines = [(name, str(value)) for name, value in describe_row(declaration, row_D).items()]
    widths = [max(len(line[side]) for line in lines) * CHARACTER_WIDTH for side in (0, 1)]
    middle, width, height = widths[0] + 24, sum(widths) + 48, _LINE * len(lines) + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width:.0f} {height}" '
        f'width="{width:.0f}" height="{height}">',
        f"<title>{escape(f'architecture of {declaration.name}')}</title>",
        f'<rect x="1" y="1" width="{width - 2:.0f}" height="{height - 2}" rx="8" fill="#ffffff" '
        f'stroke="{EDGE_COLOUR}"/>',
        f'<g font-family="{FONT}" font-size="{FONT_SIZE}" fill="{TEXT_COLOUR}">',
    ]
    for number, (name, value) in enumerate(lines, start=1):
        y = _LINE * number - 4
        parts.append(f'<text x="{middle - 12:.0f}" y="{y}" text-anchor="end">{escape(name)}</text>')
        parts.append(f'<text x="{middle:.0f}" y="{y}" font-weight="600">{escape(value)}</text>')
    return "\n".join([*parts, "</g>", "</svg>"])
