"""The tables of agents that are here: those that come with archwalk, and those that a user made.

Listing them does without PyTorch.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from archwalk.data.decoding import decode_json, reading
from archwalk.data.files import cache_folder, read_file
from archwalk.errors import ArchwalkError

FOLDER: Traversable = files("archwalk.estimators.policies") / "tables_of_ours"


def table_name(game: str, space: str) -> str:
    """The file of a game and a space's word."""
    return f"{re.sub(r'[^a-zA-Z0-9.-]', '_', game)}-{space}.json"


def made_folder() -> Path:
    """Where tables are that were made here; they stand in for those that come with archwalk."""
    return cache_folder() / "tables" / "policy-cnn"


def table_files() -> dict[str, Traversable]:
    """The tables by the names of their files; a README lies beside them."""
    folders = [FOLDER, *([made_folder()] if made_folder().is_dir() else [])]
    return {one.name: one for folder in folders for one in folder.iterdir() if one.name.endswith(".json")}


def made_tables() -> dict[str, list[int]]:
    """The benchmarks whose tables are here, with the seeds under which all agents are trained.

    What is damaged is left out: who searches it is told.
    """
    made = {}
    for name, path in sorted(table_files().items()):
        word = name.removesuffix(".json").rpartition("-space-")[2]
        with suppress(ArchwalkError), reading(name, "is not a table of agents"):
            table = load_table(path)
            made[f"policy-cnn:{table['game']}:space-{word}"] = [table["seeds"][s] for s in whole_seeds(table)]
    return made


def load_table(path: Traversable) -> dict[str, Any]:
    """The content of a table's file. Raises DataError."""
    content = read_file(path) if isinstance(path, Path) else path.read_bytes()
    return decode_json(content, dict[str, Any], path.name, "a table of agents")


def whole_seeds(table: Mapping[str, Any]) -> list[int]:
    """Places of the seeds under which all are trained."""
    rows_NS = [row["seeds"] for row in table["architectures"]]
    return [s for s in range(len(table["seeds"])) if all(row[s] is not None for row in rows_NS)]
