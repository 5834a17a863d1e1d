"""Agents that come with the package, each with a card: what it was trained on, where it is good, where it is not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from archwalk.errors import UsageError, unknown
from archwalk.spaces.base import SearchSpace

if TYPE_CHECKING:
    from archwalk.agents.base import Agent

PRETRAINED = "pretrained"
"""In place of a name: the one that knows the space."""


@dataclass(frozen=True)
class Card:
    """How an agent of the kind `transfer` was made, and what is known of it. `space` and `features` say where it can be
    used; `seconds` is how long its training took on one core.
    """

    space: str
    features: int
    sources: tuple[str, ...]
    samples: int
    seconds: float
    good: str
    bad: str

    @property
    def line(self) -> str:
        """In one line."""
        return (
            f"searches {self.space}; {self.samples:,} architectures on each of {', '.join(self.sources)};"
            f" {self.good}; {self.bad}"
        )


_GRAPHS = ("arxiv", "citeseer", "computers", "cora", "cs", "photo", "physics", "pubmed")
_IMAGES = ("digits", "mnist5k", "fashion-mnist", "omniglot", "dtd10")
_TASKS = ("cifar10", "cifar100", "ImageNet16-120")

SHIPPED: dict[str, Card] = {
    "transfer-nas-bench-graph": Card(
        "nas-bench-graph", 46, tuple(f"nas-bench-graph:{graph}" for graph in _GRAPHS), 8_000, 25.0,
        "made for the first ten queries on a new graph", "after 30 queries no better than graph-gp from scratch",
    ),
    "transfer-nasbench201": Card(
        "nasbench201", 30, tuple(f"nasbench201:{task}:validation-12" for task in _TASKS), 4_000, 20.0,
        "good for images: the best of a third task within 20 queries",
        "knows rankings after 12 epochs",
    ),
    "transfer-chains": Card(
        "chain", 76, tuple(f"chain-{images}" for images in _IMAGES), 1_000, 20.0,
        "good for the first 10 queries on small images", "rewards of chains are noisy; after 30 queries like graph-gp",
    ),
    "transfer-nasbench101": Card(
        "nasbench101", 56, ("nasbench101:test-mean",), 8_000, 20.0,
        "good to improve a cell for CIFAR-10 without an evaluation",
        "one source: it cannot tell how tasks differ",
    ),
}  # fmt: skip
"""By name."""


def shipped_path(name: str) -> Path:
    """Where an agent lies in the package. Raises UsageError for a name that there is not."""
    if name not in SHIPPED:
        raise unknown("agent that comes with the package", name, SHIPPED)
    return Path(__file__).parent / f"{name}.safetensors"


def name_for(space: SearchSpace) -> str:
    """The agent that knows a space. Raises UsageError where there is none."""
    for name, card in SHIPPED.items():
        if (card.space, card.features) == (space.name, space.feature_count):
            return name
    known = ", ".join(f"{card.space} ({card.features} features)" for card in SHIPPED.values())
    raise UsageError(
        f"no agent of the package knows {space.name} with {space.feature_count} features; they know {known}"
    )


def load_shipped(space: SearchSpace, name: str = "") -> Agent:
    """An agent of the package, the one that knows the space where none is named. Raises UsageError, or DataError for
    one of another space.
    """
    from archwalk.agents.saving import load_agent

    return load_agent(shipped_path(name or name_for(space)), space)
