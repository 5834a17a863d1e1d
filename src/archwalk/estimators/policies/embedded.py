"""The tables of agents that come with archwalk: which there are. Listing them does without PyTorch."""

import json
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

FOLDER: Traversable = files("archwalk.estimators.policies") / "tables_of_ours"


def table_name(game: str, space: str) -> str:
    """The file of a game and a space's word."""
    return f"{game}-{space}.json"


def table_files() -> list[Traversable]:
    """The tables by name; a README lies beside them."""
    return sorted((one for one in FOLDER.iterdir() if one.name.endswith(".json")), key=lambda one: one.name)


def made_tables() -> dict[str, list[int]]:
    """The benchmarks whose tables are here, with the seeds under which all agents are trained."""
    made = {}
    for path in table_files():
        game, _, word = path.name.removesuffix(".json").rpartition("-space-")
        table = json.loads(path.read_text())
        made[f"policy-cnn:{game}:space-{word}"] = [table["seeds"][s] for s in whole_seeds(table)]
    return made


def whole_seeds(table: Mapping[str, Any]) -> list[int]:
    """Places of the seeds under which all are trained."""
    rows_NS = [row["seeds"] for row in table["architectures"]]
    return [s for s in range(len(table["seeds"])) if all(row[s] is not None for row in rows_NS)]
