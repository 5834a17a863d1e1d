"""Tiny networks that are told by a number what to do, and leave a mark for every one that is really built."""

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from archwalk.data.images import ImageSet
from archwalk.estimators.images import SMALL, TrainingSettings
from archwalk.spaces.task import Task

QUICK = replace(SMALL, epochs=2, batch=8)
HUGE, DIVERGING, DYING, GREEDY, WRONG_SHAPE, BUGGY, WAITING = range(1000, 1007)


@dataclass(frozen=True)
class ToySize:
    dense: int = 4


@dataclass(frozen=True)
class ToySpace:
    marks: str
    """A file with a line for each network that was built with memory."""
    name: str = "toy"
    code_length: int = 1
    default_size: ToySize = ToySize()

    def describe(self, code_L: np.ndarray) -> dict[str, Any]:
        return {"number": int(code_L[0])}

    def build(self, code_L: np.ndarray, task: Task, size: ToySize) -> nn.Module:
        number = int(code_L[0])
        if torch.empty(0).device.type != "meta":
            mark(self.marks, number)
        inputs = int(np.prod(task.shape))
        if number == HUGE:  # Gomez Robles and Vanschoren 2019: one unpooled convolution of an 84 x 84 image
            return nn.Sequential(
                nn.Flatten(), nn.Linear(inputs, 225_792), nn.ReLU(), nn.Linear(225_792, 1024)
            )
        if number == WRONG_SHAPE:
            return nn.Sequential(nn.Flatten(), nn.Linear(inputs + 1, task.outputs))
        if number == BUGGY:
            raise TypeError("a bug")
        width = size.dense + (number % 7 if number < HUGE else 0)
        layers: list[nn.Module] = [nn.Flatten(), nn.Linear(inputs, width), nn.BatchNorm1d(width), nn.ReLU()]
        if number >= HUGE:
            layers.insert(0, Misbehaving(number, self.marks))
        return nn.Sequential(*layers, nn.Dropout(0.2), nn.Linear(width, task.outputs))


class Misbehaving(nn.Module):
    """What an estimate cannot see: it happens only where there are images."""

    def __init__(self, number: int, marks: str) -> None:
        super().__init__()
        self.number = number
        self.marks = marks

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if images.device.type == "meta" or not images.any():
            return images
        if self.number == DIVERGING:
            return images * float("nan")
        if self.number == DYING:
            os._exit(1)
        if self.number == GREEDY:
            torch.ones(1 << 34)
        if self.number == WAITING:
            while Path(self.marks).with_suffix(".wait").exists():
                pass
        return images


def mark(file: str, number: int) -> None:
    with Path(file).open("a") as marks:
        marks.write(f"{json.dumps(number)}\n")


def marks_in(file: str) -> list[int]:
    path = Path(file)
    return [int(line) for line in path.read_text().splitlines()] if path.exists() else []


def toy_images(n: int = 60, pixels: int = 4, classes: int = 3) -> ImageSet:
    """Noise with a bright row that says the class."""
    rng = np.random.default_rng(0)
    labels_N = np.arange(n) % classes
    images_NCHW = rng.integers(0, 150, (n, 1, pixels, pixels)).astype(np.uint8)
    images_NCHW[np.arange(n), 0, labels_N] += 100
    part_N = np.array([0, 0, 0, 1, 2], np.uint8)[np.arange(n) // classes % 5]
    return ImageSet("toy-images", images_NCHW, labels_N, part_N, tuple("abcdefgh"[:classes]))


def toy_settings(**changes: Any) -> TrainingSettings:
    return replace(QUICK, **changes)


def codes(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int32).reshape(-1, 1)
