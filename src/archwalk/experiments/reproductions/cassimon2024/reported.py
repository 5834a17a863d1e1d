"""What P1 prints: figures of its own and of other systems, each in a setting that is not ours."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from archwalk.experiments.statistics import normal_interval


@cache
def _content() -> dict[str, Any]:
    folder = files("archwalk.experiments.reproductions.cassimon2024")
    return tomllib.loads((folder / "reported.toml").read_text(encoding="utf-8"))


def reported(table: str) -> list[dict[str, Any]]:
    """Rows of `table1` or `table2`: system, citation, queries, mean, std, P1's interval and the normal one."""
    content = _content()
    rows = []
    for entry in content[table]:
        about = content["systems"][entry["system"]]
        for queries, mean, std, low, high in entry["values"]:
            rows.append(
                {
                    "system": about["name"],
                    "citation": about["citation"],
                    "of_paper": about["of_paper"],
                    "setting": content["settings"][table],
                    "unit": content["unit"],
                    "queries": queries,
                    "mean": mean,
                    "std": std,
                    "printed_interval": [low, high],
                    "normal_interval": list(normal_interval(mean, std)),
                }
            )
    return rows


def figures_of(item: str) -> list[dict[str, Any]]:
    """Single figures that P1 prints for an item: what, value, unit, where."""
    return [dict(entry) for entry in _content()["figures"] if entry["item"] == item]
