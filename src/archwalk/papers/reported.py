"""What papers print, each in `<paper>/reported.toml`: data with its source and setting, never computed with ours."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def read_reported(paper: str) -> dict[str, Any]:
    """All that a paper prints, as its file has it."""
    folder = files(f"archwalk.papers.{paper}")
    return tomllib.loads((folder / "reported.toml").read_text(encoding="utf-8"))


def figures_of(paper: str, item: str) -> list[dict[str, Any]]:
    """Single figures that a paper prints for an item: what, value, unit, where."""
    return [dict(entry) for entry in read_reported(paper)["figures"] if entry["item"] == item]


def tables_of(paper: str, item: str) -> list[dict[str, Any]]:
    """Whole tables that a paper prints for an item, text as it stands: table, what, head, rows, setting, citation."""
    content = read_reported(paper)
    about = {key: content.get(key, "") for key in ("citation", "setting")}
    return [about | entry for entry in content.get("tables", []) if entry["item"] == item]
