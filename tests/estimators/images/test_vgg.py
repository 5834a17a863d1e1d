"""Blocks of VGG-19 as Gomez Robles and Vanschoren's reference."""

import numpy as np
import pytest
import torch

from archwalk.errors import InvalidArchitectureError
from archwalk.estimators.images.vgg import BLOCKS, VGG19Blocks, VGGSize
from archwalk.spaces.networks import described_as
from archwalk.spaces.task import Task


def make(blocks, task):
    return VGG19Blocks().build(np.array([blocks], np.int32), task, VGGSize(dense=4))


def test_two_blocks_by_hand():
    network = make(2, Task((1, 8, 8), 3))
    assert network(torch.zeros(5, 1, 8, 8)).shape == (5, 3)
    convolutions = (9 * 1 * 64 + 64) + (9 * 64 * 64 + 64) + (9 * 64 * 128 + 128) + (9 * 128 * 128 + 128)
    head = (128 * 2 * 2 * 4 + 4) + (4 * 3 + 3)
    assert sum(weight.numel() for weight in network.parameters()) == convolutions + head


def test_all_blocks_have_the_sixteen_convolutions_of_vgg19():
    assert sum(count for _, count in BLOCKS) == 16
    network = make(5, Task((3, 32, 32), 10))
    assert sum(isinstance(layer, torch.nn.Conv2d) for layer in network) == 16


def test_an_image_that_is_too_small_has_no_network():
    with pytest.raises(InvalidArchitectureError, match="too small for 4 blocks"):
        make(4, Task((1, 14, 14), 3))


def test_it_is_called_by_its_blocks_in_the_store():
    assert described_as(VGG19Blocks()) == "vgg19-blocks"
    assert VGG19Blocks().describe(np.array([2], np.int32)) == {"blocks": 2}
