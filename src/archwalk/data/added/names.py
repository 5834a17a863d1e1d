"""Names of added tables, and where they are kept."""

import re
from pathlib import Path

from archwalk.data.files import cache_folder
from archwalk.errors import UsageError

TABLE = "table.safetensors"

_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,80}"


def added_folder(name: str) -> Path:
    """Where the table of a name is or will be. Raises UsageError for what cannot be a name."""
    if not re.fullmatch(_NAME, name):
        raise UsageError(f"the name of a table has letters, digits, - and _, not {name!r}")
    return cache_folder() / "added" / name


def added_names() -> list[str]:
    """All tables that were added, sorted."""
    folder = cache_folder() / "added"
    return sorted(path.parent.name for path in folder.glob(f"*/{TABLE}")) if folder.is_dir() else []


def is_added(name: str) -> bool:
    """Whether there is such a table."""
    return re.fullmatch(_NAME, name) is not None and (added_folder(name) / TABLE).is_file()
