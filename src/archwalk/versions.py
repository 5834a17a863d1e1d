"""Versions of what results depend on, without importing it."""

import platform
from importlib.metadata import version

import archwalk


def versions() -> dict[str, str]:
    """Of archwalk, Python and the libraries that calculate."""
    libraries = {name: version(name) for name in ("numpy", "torch", "gymnasium")}
    return {"archwalk": archwalk.__version__, "python": platform.python_version(), **libraries}
