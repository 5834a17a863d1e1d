"""What a space can do beyond the contract `SearchSpace`. It declares a capability by having what is named here, a
plug-in's space as much as ours; who needs one asks here, and is refused in one line where it is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from archwalk.errors import ArchwalkError, UsageError
from archwalk.spaces.base import Codes, EnumerableSpace, Features, SearchSpace
from archwalk.spaces.catalogue import SPACES
from archwalk.spaces.dags import DagSpace, Graph, labelled_graphs
from archwalk.spaces.networks import default_task
from archwalk.spaces.task import ACTOR_CRITIC, CLASSIFICATION


@runtime_checkable
class RewritingSpace(Protocol):
    """A space that knows several ways to write an architecture."""

    def rewritten_features(self, codes_BL: Codes, rng: np.random.Generator) -> Features:
        """Features (B, F) of architectures, each written in a random one of the ways in which it can be: what is
        learned from them does not hang on one way.
        """


@runtime_checkable
class LabelledGraphSpace(Protocol):
    """A space that draws an architecture as one graph with labels of its own, which are too many to be operations of
    `DagSpace`.
    """

    def labelled_graph(self, code_L: Codes) -> Graph:
        """Of a code (L,)."""


@runtime_checkable
class DecisiveSpace(Protocol):
    """A space whose descriptions do not show the decisions that an architecture is made of."""

    def named_decisions(self, code_L: Codes) -> Mapping[str, str | int | float | bool | None]:
        """Decisions by name, in an order that is the same for all."""


@dataclass(frozen=True)
class Capability:
    """`what` ends the sentence "a space that ..."."""

    name: str
    what: str
    has: Callable[[SearchSpace], bool]


def _reads_images(space: SearchSpace) -> bool:
    task = default_task(space)
    return task is None or (len(task.shape) == 3 and task.kind in (CLASSIFICATION, ACTOR_CRITIC))


GRAPHS = Capability(
    "graphs", "shows its architectures as graphs (`dags`)", lambda space: isinstance(space, DagSpace)
)
"""For kernels and features of graphs, and for encodings by paths (`DagSpace`)."""

DIAGRAMS = Capability(
    "diagrams",
    "shows its architectures as graphs (`dags` or `labelled_graph`)",
    lambda space: isinstance(space, DagSpace | LabelledGraphSpace),
)
"""For export to Graphviz."""

IMAGES = Capability("images", "has networks that read images (`default_task`)", _reads_images)
"""For training on images and games, and for proxies; a space that does not say what its networks read may have it."""

NUMBERED = Capability(
    "numbered",
    "numbers its architectures (`EnumerableSpace`)",
    lambda space: isinstance(space, EnumerableSpace),
)
"""For tables, exact optima, plans, and searches that look at all of a space."""

REWRITING = Capability(
    "rewriting",
    "knows several ways to write an architecture (`rewritten_features`)",
    lambda space: isinstance(space, RewritingSpace),
)
"""For models that learn from all of them (`RewritingSpace`)."""

CAPABILITIES = (GRAPHS, DIAGRAMS, IMAGES, NUMBERED, REWRITING)


def capabilities_of(space: SearchSpace) -> list[str]:
    """Names of what a space can do."""
    return [capability.name for capability in CAPABILITIES if capability.has(space)]


def require(space: SearchSpace, capability: Capability, wanted_by: str) -> None:
    """Raise UsageError where a space lacks what `wanted_by`, a strategy or a command, needs."""
    if not capability.has(space):
        known = ", ".join(_spaces_with(capability))
        raise UsageError(
            f"{wanted_by} needs a space that {capability.what}, which {space.name} does not; known: {known}"
        )


def graphs_of(space: SearchSpace) -> DagSpace | None:
    """The space as one that shows graphs; None where it does not."""
    return space if isinstance(space, DagSpace) else None


def numbered(space: SearchSpace) -> EnumerableSpace | None:
    """The space as one that is numbered; None where it is not."""
    return space if isinstance(space, EnumerableSpace) else None


def require_graphs(space: SearchSpace, wanted_by: str) -> DagSpace:
    """The space as one that shows graphs. Raises UsageError as `require` does."""
    require(space, GRAPHS, wanted_by)
    assert isinstance(space, DagSpace)
    return space


def diagrams(space: SearchSpace, code_L: Codes, wanted_by: str) -> list[Graph]:
    """An architecture's graphs for people, one a cell. Raises UsageError for a space that shows none."""
    if isinstance(space, LabelledGraphSpace):
        return [space.labelled_graph(code_L)]
    require(space, DIAGRAMS, wanted_by)
    return labelled_graphs(require_graphs(space, wanted_by), code_L)


def rewritten_features(space: SearchSpace, codes_BL: Codes, rng: np.random.Generator) -> Features:
    """See `RewritingSpace`; the space's features where there is one way to write an architecture."""
    return (
        space.rewritten_features(codes_BL, rng)
        if isinstance(space, RewritingSpace)
        else space.features(codes_BL)
    )


def _spaces_with(capability: Capability) -> list[str]:
    found = []
    for name in SPACES.names():
        try:
            space = SPACES.load(name)()
        except ArchwalkError:  # a plug-in that fails
            continue
        if capability.has(space):
            found.append(name)
    return found
