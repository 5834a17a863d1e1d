"""A training that is kept while it goes on: a kill costs what came after the last checkpoint."""

import hashlib
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torch import nn

from archwalk.data.decoding import reading
from archwalk.data.files import make_folder
from archwalk.data.states import read_state, write_state
from archwalk.errors import DataError
from archwalk.estimators.policies.agent import Agent
from archwalk.estimators.store.records import canonical_json

SAVE_SECONDS = 60.0
"""Shorter trainings are not kept."""

Curves = dict[str, list[float]]

_log = logging.getLogger(__name__)


class Checkpoint:
    """The network, the agent, the curves and the time of one training, in a file of `folder` (None: not kept).

    `identity` is all that the training depends on, as JSON. `clock` gives the seconds that count.
    """

    def __init__(self, folder: Path | None, identity: Mapping[str, Any], clock: Callable[[], float]) -> None:
        digest = hashlib.sha256(canonical_json(identity).encode()).hexdigest()
        name = f"agent-{digest[:16]}.safetensors"
        self.path = None if folder is None else folder / name
        self._clock, self._began, self._saved = clock, clock(), time.monotonic()

    @property
    def seconds(self) -> float:
        """That the training took, those before a kill among them."""
        return self._clock() - self._began

    def restore(self, network: nn.Module, agent: Agent, curves: Curves) -> None:
        """Put them where the file has them; they stay as they are where there is none, or it is damaged."""
        if self.path is None or not self.path.exists():
            return
        try:
            state = read_state(self.path)
        except DataError as error:
            _log.warning("%s; the training begins anew", error)
            return
        with reading(str(self.path), "is not a checkpoint of this training"):
            network.load_state_dict(state["network"])
            agent.load_state_dict(state["agent"])
            curves.update(state["curves"])
            self._began -= state["seconds"]

    def keep(self, network: nn.Module, agent: Agent, curves: Curves) -> None:
        """Write the file, if the last time was long ago."""
        if self.path is None or time.monotonic() - self._saved < SAVE_SECONDS:
            return
        make_folder(self.path.parent)
        state = {"network": dict(network.state_dict()), "agent": agent.state_dict(), "curves": curves}
        write_state(self.path, state | {"seconds": self.seconds})
        self._saved = time.monotonic()

    def forget(self) -> None:
        """The training is over."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)
