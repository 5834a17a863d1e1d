"""Engines by name."""

from archwalk.errors import UsageError, unknown
from archwalk.learning.engines.base import Engine

ENGINES = ("local", "processes", "ray")


def make_engine(name: str, *, address: str | None = None, workers: int | None = None) -> Engine:
    """The engine of that name.

    `address` is a Ray cluster's; without it Ray starts one here, with room for `workers` or for as many as there
    are cores. Raises UsageError for an unknown name, for an address where none is needed and for one that does
    not answer, MissingExtraError without Ray.
    """
    if name not in ENGINES:
        raise unknown("engine", name, ENGINES)
    if name == "ray":
        from archwalk.learning.engines.ray import RayEngine

        return RayEngine(address=address, workers=workers)
    if address is not None:
        raise UsageError(f"the engine {name!r} has no address; only 'ray' has")
    if name == "processes":
        from archwalk.learning.engines.processes import ProcessEngine

        return ProcessEngine()
    from archwalk.learning.engines.local import LocalEngine

    return LocalEngine()
