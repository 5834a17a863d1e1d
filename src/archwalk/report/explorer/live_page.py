"""The page of a search that goes on: the explorer alone, which asks whoever serves it for more."""

from __future__ import annotations

from archwalk.report.explorer.section import live_explorer
from archwalk.report.html import fill_page


def render_live_page(name: str) -> str:
    """The page of what goes by a name."""
    explorer = live_explorer()
    return fill_page(
        title=name,
        lead="",
        price='<p class="lead" id="x-state" role="status">Loading what was evaluated.</p>'
        '<div id="x-now"></div>',
        explorer=explorer.body,
        policy=explorer.policy,
        style=explorer.style,
    )
