"""A toy worker, in a module that worker processes import fast: without PyTorch."""

import os
import signal
import sys
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from archwalk.errors import ArchwalkError, MissingExtraError, UsageError


class Odd:
    """Something that cannot be pickled."""

    def __reduce__(self) -> Any:
        raise TypeError("odd things stay here")


class Sealed:
    """Something that can be pickled, but not unpickled."""

    def __reduce__(self) -> Any:
        return int, ("sealed",)

    def __call__(self) -> None:
        """A factory too, as far as anyone can tell."""


class OddError(Exception):
    """An exception that cannot be pickled."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(Odd())


class Toy:
    """A bit of everything that workers do."""

    def __init__(self, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.said: list[int] = []
        self.array = np.zeros(4)
        self.kept: Mapping[str, np.ndarray] = {}

    def pid(self) -> int:
        return os.getpid()

    def threads(self) -> int:
        import torch

        return torch.get_num_threads()

    def say(self, what: int) -> list[int]:
        self.said.append(what)
        return self.said

    def draw(self, size: int) -> np.ndarray:
        return self.rng.normal(size=size)

    def echo(self, *values: Any) -> Any:
        return values[0] if len(values) == 1 else values

    def writeable(self, array: np.ndarray) -> bool:
        return array.flags.writeable

    def bump(self) -> np.ndarray:
        self.array += 1
        return self.array

    def total(self, weights: Mapping[str, np.ndarray], scale: float) -> float:
        return scale * sum(float(array.sum()) for array in weights.values())

    def keep(self, weights: Mapping[str, np.ndarray]) -> None:
        self.kept = weights

    def kept_total(self) -> float:
        return self.total(self.kept, 1)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def odd(self) -> Odd:
        return Odd()

    def fail(self, kind: str) -> None:
        raise {
            "value": ValueError("a bad value"),
            "usage": UsageError("the call was wrong"),
            "extra": MissingExtraError("anvil", "forge"),
            "work": ArchwalkError("the work failed"),
            "odd": OddError(1, 2),
        }[kind]

    def leave(self) -> None:
        sys.exit(3)

    def vanish(self) -> None:
        os._exit(0)

    def kill(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class Broken:
    """Cannot be made."""

    def __init__(self) -> None:
        raise UsageError("no such worker")
