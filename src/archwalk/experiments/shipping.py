"""Making the agents that come with the package."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from archwalk.agents.saving import save_agent
from archwalk.agents.shipped import SHIPPED, shipped_path
from archwalk.agents.transfer.settings import TransferSettings
from archwalk.data.states import read_state
from archwalk.errors import ArchwalkError
from archwalk.estimators.benchmarks import load_benchmark
from archwalk.experiments.transfer_target import train_over

_ROUNDING = 1e-4
"""What may lie between processors; two seeds are more than 1 apart."""


def make_shipped(name: str, out: Path | None = None) -> Path:
    """Train one anew, to the same bits on the same kind of machine; over the package's own where `out` is None.

    Raises UsageError for a name that there is not, DataError where a source's table is not here.
    """
    inside = shipped_path(name)
    card = SHIPPED[name]
    sources = [load_benchmark(source) for source in card.sources]
    agent = train_over(sources, TransferSettings(samples=card.samples), seed=0)
    agent.paid = replace(agent.paid, seconds=card.seconds)
    save_agent(out or inside, agent)
    return out or inside


def check_shipped(name: str) -> float:
    """Train one anew; gives how far its numbers are from those of the package's file, 0 for the same bits.

    A distance is relative to the largest value of its array. Another kind of processor, or another version of a
    library, rounds otherwise. Raises ArchwalkError beyond `_ROUNDING`, and as `make_shipped` does.
    """
    inside = shipped_path(name)
    with TemporaryDirectory() as folder:
        made = make_shipped(name, Path(folder) / inside.name)
        if made.read_bytes() == inside.read_bytes():
            return 0.0
        ours, theirs = dict(_leaves(read_state(made))), dict(_leaves(read_state(inside)))
    if ours.keys() != theirs.keys():
        raise ArchwalkError(
            f"{name}, trained anew, has other fields: {', '.join(sorted(ours.keys() ^ theirs.keys()))}"
        )
    distances = {key: _distance(ours[key], theirs[key]) for key in ours}
    far = max(distances, key=lambda key: distances[key])
    if distances[far] > _ROUNDING:
        raise ArchwalkError(
            f"{name}, trained anew, differs most in {far}: by {distances[far]:.2g} of its largest value"
        )
    return distances[far]


def _leaves(state: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a state with where it stands."""
    if isinstance(state, dict | list | tuple):
        for key, value in state.items() if isinstance(state, dict) else enumerate(state):
            yield from _leaves(value, f"{name}.{key}" if name else str(key))
    else:
        yield name, state


def _distance(one: Any, other: Any) -> float:
    one, other = np.asarray(one), np.asarray(other)
    if one.dtype.kind != "f" or one.shape != other.shape:
        return float(not np.array_equal(one, other))
    return float(np.abs(one - other).max(initial=0) / max(np.abs(other).max(initial=0), 1e-12))
