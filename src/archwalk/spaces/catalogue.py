"""Search spaces by name, by the file that declares one, or by where Python has one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from archwalk.errors import UsageError
from archwalk.registry import Registry, find_attribute
from archwalk.spaces.base import SearchSpace

SPACES: Registry[Callable[..., SearchSpace]] = Registry(
    "space",
    "archwalk.spaces",
    {
        "chain": "archwalk.spaces.nsc.chain:Chain",
        "convnet": "archwalk.spaces.convnet.space:ConvNet",
        "darts": "archwalk.spaces.darts.space:DARTS",
        "nasbench101": "archwalk.spaces.nasbench101.space:NASBench101",
        "nasbench201": "archwalk.spaces.nasbench201.space:NASBench201",
        "nas-bench-graph": "archwalk.spaces.nasbench_graph.space:NASBenchGraph",
        "nsc": "archwalk.spaces.nsc.space:nsc",
        "nsc-chain": "archwalk.spaces.nsc.space:nsc_chain",
        "policy-cnn-1": "archwalk.spaces.policy_cnn.papers:atari_1",
        "policy-cnn-2": "archwalk.spaces.policy_cnn.papers:atari_2",
        "policy-cnn-large": "archwalk.spaces.policy_cnn.papers:atari_large",
        "policy-cnn-minatar-1": "archwalk.spaces.policy_cnn.papers:minatar_1",
        "policy-cnn-minatar-2": "archwalk.spaces.policy_cnn.papers:minatar_2",
    },
)


_ADDED = "archwalk.estimators.added.benchmark:find_added_space"
"""Who knows the spaces of tables that were added, and gives None for any other name."""


def load_space(name: str) -> SearchSpace:
    """The space of a name, of a table that was added, of a TOML file that declares it, or what "module:name" or
    "file.py:name" makes or is.

    Raises UsageError for one that there is not, with the nearest right one.
    """
    if name.endswith(".toml"):
        from archwalk.spaces.declared import read_space

        return read_space(Path(name))
    if ":" not in name:
        if name not in SPACES.names() and (added := find_attribute(_ADDED, "a space")(name)) is not None:
            return cast(SearchSpace, added)
        return SPACES.load(name)()
    found = find_attribute(name, "a space")
    space: SearchSpace = found() if callable(found) else found
    if not hasattr(space, "from_choices"):
        raise UsageError(f"{name} is a {type(space).__name__}, no search space")
    return space


FAMILIES: Registry[Callable[..., SearchSpace]] = Registry(
    "family of spaces",
    "archwalk.space_families",
    {
        "declared": "archwalk.spaces.declared.reading:from_declaration",
        "policy-cnn": "archwalk.spaces.policy_cnn.papers:policy_cnn",
    },
)
"""What makes spaces of parameters and is none without."""


@dataclass(frozen=True)
class SpaceReference:
    """A space as a file names it: its name in `SPACES` or that of its family, and what to make it with.

    A space that is made with parameters has them in `parameters`, as JSON; one of a family says which in `made_as`.
    """

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, space: SearchSpace) -> SpaceReference:
        """That of a space."""
        return cls(getattr(space, "made_as", space.name), getattr(space, "parameters", {}))

    def load(self) -> SearchSpace:
        """The space. Raises UsageError for an unknown name, and for parameters that it is not made with."""
        make = FAMILIES.load(self.name) if self.name in FAMILIES.names() else SPACES.load(self.name)
        try:
            return make(**self.parameters)
        except TypeError as error:
            raise UsageError(
                f"the space {self.name} is not made with {dict(self.parameters)}: {error}"
            ) from error
