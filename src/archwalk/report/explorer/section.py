"""The explorer as a section of a page: its data, its scripts, and the hash that lets these scripts run and no other."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from archwalk.data.decoding import encode_json
from archwalk.report.explorer.drawn import pack, packed_drawings
from archwalk.report.explorer.explored import Explored
from archwalk.report.explorer.importance import importance
from archwalk.report.explorer.landscape import landscape
from archwalk.report.html import NOTHING_RUNS, section
from archwalk.report.palette import colours_of
from archwalk.report.values import count, counted

SCRIPTS = (
    "tools", "store", "view", "plot", "card", "filters", "table", "landscape", "steps", "fronts",
    "parallel", "importance", "curves", "live", "main",
)  # fmt: skip
"""Files of JavaScript, in this order one script."""

KEY, TITLE = "explore", "All that was evaluated"


@dataclass(frozen=True)
class Explorer:
    """What a page takes up: a section, and the policy under which its script runs."""

    body: str
    policy: str
    style: str
    """What page.css lacks."""


NO_EXPLORER = Explorer("", NOTHING_RUNS, "")
"""Of a page without one."""


def explorer(explored: Explored, first: str) -> Explorer:
    """The section of evaluations that are all there; strategies have the colours that they have beside `first`."""
    drawings, drawn = packed_drawings(explored)
    every = len(explored.descriptions)
    some = (
        [f"Drawn are the {count(drawn)} best of {counted(every, 'architecture')}."]
        if 0 < drawn < every
        else []
    )
    beside = {"colours": colours(explored, first), "walks": explored.walks, "front": explored.front}
    data = pack(encode_json(explored.delta() | beside | {"views": views(explored)}))
    body = section(
        KEY, TITLE,
        f'{_help(*some, *explored.notes)}<div id="x-explorer"></div>\n'
        "<noscript><p>This part needs JavaScript, which is in the page; nothing is loaded.</p></noscript>\n"
        f'<script type="text/plain" id="x-data">{data}</script>\n'
        f'<script type="text/plain" id="x-drawings">{drawings}</script>\n'
        f"<script>{script()}</script>",
    )  # fmt: skip
    return Explorer(body, policy(), _file("explorer.css"))


def views(explored: Explored) -> dict[str, Any]:
    """What is computed of all that was evaluated."""
    return {"landscape": landscape(explored), "importance": importance(explored)}


def live_explorer() -> Explorer:
    """The section that asks whoever serves the page."""
    body = section(KEY, TITLE, f'{_help()}<div id="x-explorer" data-live></div>\n<script>{script()}</script>')
    return Explorer(body, policy(live=True), _file("explorer.css"))


def colours(explored: Explored, first: str = "") -> list[str]:
    """Names of the strategies' colours."""
    chosen = colours_of(explored.strategies, first or explored.strategies[0] if explored.strategies else "")
    return [chosen[name].name for name in explored.strategies]


@cache
def script() -> str:
    """All scripts, in a scope of their own."""
    parts = "\n".join(_file(f"{name}.js").strip() for name in SCRIPTS)
    return f'(() => {{\n"use strict";\n{parts}\n}})();'


def policy(live: bool = False) -> str:
    """The content security policy: our script and no other; no request, but to who serves the page where it is live."""
    digest = base64.b64encode(hashlib.sha256(script().encode()).digest()).decode()
    images, requests = ("data: 'self'", "'self'") if live else ("data:", "'none'")
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src {images}; "
        f"connect-src {requests}; base-uri 'none'; form-action 'none'"
    )


def _help(*more: str) -> str:
    words = [
        "Point at a row, or move to it with the arrow keys, to see the architecture. Words narrow the rows down, and "
        "so do comparisons such as reward>90, trial=0 or query<=50.",
        *more,
    ]
    return f'<p class="small" id="x-help">{escape(" ".join(words))}</p>'


def _file(name: str) -> str:
    return files("archwalk.report.explorer").joinpath(name).read_text(encoding="utf-8")
