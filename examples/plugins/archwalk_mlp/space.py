"""Multilayer perceptrons: four hidden layers, each with one of three activations, 81 networks."""

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from archwalk.errors import InvalidArchitectureError
from archwalk.spaces.base import Codes, Features, NeighbourGraph, require_keys
from archwalk.spaces.drawing import draw_dag
from archwalk.spaces.mixed_base import MixedBaseSpace
from archwalk.spaces.task import Task

ACTIVATIONS = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "identity": torch.nn.Identity}
NAMES = tuple(ACTIVATIONS)
LAYERS = 4


@dataclass(frozen=True)
class Size:
    """How large the networks are."""

    width: int = 12


class MLP(MixedBaseSpace):
    """Networks of four layers, each with its activation, which are read as the digits of a number."""

    name = "mlp"
    edit_kinds = ("relabel",)
    choices = (len(NAMES),) * LAYERS
    size = len(NAMES) ** LAYERS
    default_size = Size()

    @cached_property
    def graph(self) -> NeighbourGraph:
        """One layer gets another activation."""
        found = [
            [*layers[:i], other, *layers[i + 1 :]]
            for layers in self.to_choices(self._everyone).tolist()
            for i in range(LAYERS)
            for other in range(len(NAMES))
            if other != layers[i]
        ]
        targets_E = self.from_choices(np.array(found, np.int32))[:, 0]
        offsets = np.arange(self.size + 1) * (len(found) // self.size)
        return NeighbourGraph(offsets, targets_E, np.zeros(len(found), np.uint8))

    @cached_property
    def feature_table(self) -> Features:
        """One-hot activations."""
        return np.eye(len(NAMES), dtype=np.uint8)[self.to_choices(self._everyone)].reshape(self.size, -1)

    def parse(self, description: object) -> Codes:
        """Read {"activations": ["relu", ...]}."""
        given = require_keys(description, "activations")["activations"]
        if not isinstance(given, list) or len(given) != LAYERS or any(name not in NAMES for name in given):
            raise InvalidArchitectureError(f'"activations" must be {LAYERS} of {", ".join(NAMES)}')
        code: Codes = self.from_choices(np.array([list(map(NAMES.index, given))], np.int32))[0]
        return code

    def describe(self, code_L: Codes) -> dict[str, Any]:
        """What `parse` reads."""
        return {"activations": [NAMES[i] for i in self.to_choices(code_L[None])[0]]}

    def build(self, code_L: Codes, task: Task, size: Size) -> torch.nn.Module:
        """A classifier of points, images or whatever else, each as one vector."""
        first = torch.nn.Linear(math.prod(task.shape), size.width)
        layers: list[torch.nn.Module] = [torch.nn.Flatten(), first]
        for name in self.describe(code_L)["activations"]:
            layers += [ACTIVATIONS[name](), torch.nn.Linear(size.width, size.width)]
        layers[-1] = torch.nn.Linear(size.width, task.outputs)
        return torch.nn.Sequential(*layers)

    def draw(self, code_L: Codes) -> str:
        """The layers from input to output as SVG."""
        labels = ["input", *self.describe(code_L)["activations"], "output"]
        return draw_dag(labels, list(pairwise(range(len(labels)))))
