"""Tables of our own: those that come with archwalk, one safetensors file each, and those that a user made."""

from importlib.resources import as_file, files
from pathlib import Path

from archwalk.data.files import cache_folder


def made_path(name: str) -> Path:
    """Where `archwalk data make` puts a table, in the cache folder."""
    return cache_folder() / "tables" / f"{name}.safetensors"


def own_table_path(name: str) -> Path:
    """The file of a table, whether it is there or not: the user's, otherwise that in the package."""
    made = made_path(name)
    if made.exists():
        return made
    with as_file(files(__name__) / f"{name}.safetensors") as path:
        return Path(path)
