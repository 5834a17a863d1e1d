"""One training, whatever is trained: alone in its process, by a clock that counts its own work, and what fails is an
outcome too.
"""

import time
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import nn

from archwalk.estimators.store.records import DONE
from archwalk.estimators.trainings.isolation import alone
from archwalk.estimators.trainings.limits import is_out_of_memory

N = TypeVar("N", bound=nn.Module)


class TrainingFailedError(Exception):
    """The training ends here, with a status and a reason."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def attempt(work: Callable[[], None], device: str, seed: int) -> tuple[str, str]:
    """Do a training's work with generators of its own, which leaves the process as it was.

    Returns its status and why it failed. Raises what is no failure of the training but a fault of the code.
    """
    try:
        with alone(device, seed):
            work()
    except TrainingFailedError as failure:
        return failure.status, str(failure)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        return "memory", "memory ran out while it was trained"
    return DONE, ""


def clock_on(device: str) -> Callable[[], float]:
    """The seconds that count: processor time, so that it matters little what else runs; on CUDA those of the clock."""
    return time.process_time if device == "cpu" else time.perf_counter


def check_time(seconds: float, limit: float | None, where: str) -> None:
    """Raise TrainingFailedError once a limit is passed; `where` says how far the training is."""
    if limit is not None and seconds > limit:
        raise TrainingFailedError("time", f"not done after {limit:g} seconds, {where}")


def placed(network: N, device: str) -> N:
    """A network where it is trained, its weights in the memory order in which it says that it is quick."""
    if getattr(network, "channels_last", False):
        network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # PyTorch knows it
    moved: N = network.to(device)
    return moved
