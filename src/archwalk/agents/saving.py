"""Agents in files: the name of the class, the space, what training has cost, and the state that the class makes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from archwalk.agents.base import Agent, Paid, SpaceMark
from archwalk.agents.catalogue import AGENTS
from archwalk.data.decoding import WRONG_CONTENT, convert
from archwalk.data.states import read_state, write_state
from archwalk.errors import ArchwalkError, DataError, UsageError
from archwalk.spaces.base import SearchSpace


@dataclass(frozen=True)
class SavedAgent:
    """What is written of an agent."""

    agent: str
    space: SpaceMark
    paid: Paid
    state: dict[str, Any]


def save_agent(path: Path, agent: Agent) -> None:
    """Write an agent, whole or not at all."""
    write_state(path, pack_agent(agent))


def load_agent(path: Path, space: SearchSpace) -> Agent:
    """Read an agent that was trained in this space.

    Raises DataError for one of another space or a damaged file, ArchwalkError where the class that made it is not
    here or is another one now.
    """
    return unpack_agent(read_state(path), space, str(path))


def pack_agent(agent: Agent) -> dict[str, Any]:
    """An agent as `write_state` takes it."""
    return {
        "agent": agent.name,
        "space": asdict(SpaceMark.of(agent.space)),
        "paid": asdict(agent.paid),
        "state": agent.state(),
    }


def unpack_agent(packed: Mapping[str, Any], space: SearchSpace, source: str) -> Agent:
    """The agent that `pack_agent` was given; `source` is named in errors. Raises as `load_agent` does."""
    saved = convert(packed, SavedAgent, source, "an agent of this version of archwalk")
    if difference := saved.space.difference(SpaceMark.of(space)):
        raise DataError(f"the agent in {source} {difference}")
    try:
        agent = AGENTS.load(saved.agent).from_state(saved.state, space)
    except UsageError as error:  # of a plug-in that is not installed, say
        raise ArchwalkError(f"the agent in {source} cannot be loaded: {error}") from error
    except (*WRONG_CONTENT, DataError) as error:
        why = " ".join(str(error).split())
        raise ArchwalkError(f"the agent in {source} does not fit this version of archwalk: {why}") from error
    agent.paid = saved.paid
    return agent
