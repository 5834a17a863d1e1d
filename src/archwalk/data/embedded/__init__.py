"""Tables that come with archwalk, one safetensors file each."""

from importlib.resources import as_file, files
from pathlib import Path


def embedded_path(name: str) -> Path:
    """The file of a table, whether it is there or not."""
    with as_file(files(__name__) / f"{name}.safetensors") as path:
        return Path(path)
