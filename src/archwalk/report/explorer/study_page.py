"""The page of a study: all that was told, to explore."""

from __future__ import annotations

import math
from pathlib import Path

from archwalk.data.files import write_atomically
from archwalk.report.explorer.explored import Explored
from archwalk.report.explorer.section import explorer as make_explorer
from archwalk.report.html import fill_page
from archwalk.report.values import counted


def write_study_page(name: str, explored: Explored, path: Path) -> None:
    """Write the page, whole or not at all. Raises DataError if the folder or the disk refuses."""
    write_atomically(path, render_study_page(name, explored))


def render_study_page(name: str, explored: Explored) -> str:
    """The page of a study that goes by a name."""
    best = max((one for one in explored.best if math.isfinite(one)), default=None)
    found = "" if best is None else f"; the best reward is {explored.about.reward.upward(best):,.6g}"
    lead = f"{counted(explored.rows, 'evaluation')} by {explored.strategies[0]}{found}."
    if not explored.rows:
        return fill_page(title=name, lead="Nothing was told yet.")
    explorer = make_explorer(explored, explored.strategies[0])
    return fill_page(
        title=name, lead=lead, explorer=explorer.body, policy=explorer.policy, style=explorer.style
    )
