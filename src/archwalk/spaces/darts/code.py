"""The code of a DARTS architecture: 32 integers.

A cell has two inputs, the states 0 and 1, and four nodes, the states 2 to 5. Each node sums two operations on
two different earlier states; its output is the four nodes' concatenation. A cell is 8 pairs (input, operation),
two for each node in order, the one with the lower input first; an architecture is its normal cell, then its
reduction cell:

    code[16 * cell + 2 * edge]      the input of the edge, 0 <= input < 2 + edge // 2
    code[16 * cell + 2 * edge + 1]  its operation, an index into OPERATIONS

so that `codes_BL.reshape(-1, 2, 8, 2)` has the axes batch, cell, edge, (input, operation), and every
architecture has one code. Nodes that could change places keep their numbers, as in NAS-Bench-301: cells that
differ in them alone are different architectures, although they compute the same up to the order of channels.
That leaves 180 * 7^8 = 1,037,664,180 cells and 1.08e18 architectures (Cassimon et al. 2024: "around 10^9", "10^18").

Source: Liu, Simonyan and Yang, DARTS, ICLR 2019; Zela et al., NAS-Bench-301, ICLR 2022.
"""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from archwalk.spaces.base import Codes

OPERATIONS = (
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
)
"""Operations in the order of DARTS and NAS-Bench-301."""

CELLS = ("normal", "reduce")
INPUTS = 2
"""States that a cell is given: the outputs of the two cells before it."""

NODES = 4
EDGES = 2 * NODES
CELL_LENGTH = 2 * EDGES
CODE_LENGTH = len(CELLS) * CELL_LENGTH

INPUT_PAIRS = tuple(np.array(list(combinations(range(INPUTS + node), 2)), np.int32) for node in range(NODES))
"""For each node, its possible pairs of inputs (1, 3, 6 and 10 of them, 2), ascending."""

CHOICES = len(CELLS) * (*(len(pairs) for pairs in INPUT_PAIRS[1:]), *EDGES * (len(OPERATIONS),))
"""Sizes of the categorical decisions: for each cell the input pairs of nodes 1 to 3, then 8 operations."""


def genotype_arrays(codes_BL: Codes) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Inputs and operations (B, 2, 8) of the edges of codes, as views."""
    edges = codes_BL.reshape(-1, len(CELLS), EDGES, 2)
    return edges[..., 0], edges[..., 1]


def canonical_codes(inputs_BCE: NDArray[np.integer], operations_BCE: NDArray[np.integer]) -> Codes:
    """Codes (B, 32) of edges (B, 2, 8) that come node by node, the two of a node in any order."""
    edges = np.stack([inputs_BCE, operations_BCE], axis=-1).astype(np.int32)
    edges = edges.reshape(-1, len(CELLS), NODES, 2, 2)
    swapped = edges[..., 0, 0] > edges[..., 1, 0]
    edges[swapped] = edges[swapped][:, ::-1]
    return edges.reshape(-1, CODE_LENGTH)


def codes_of_choices(choices_BC: NDArray[np.int32]) -> Codes:
    """Codes (B, 32) of strings of `CHOICES`. Raises ValueError if a choice is out of its range."""
    if ((choices_BC < 0) | (choices_BC >= CHOICES)).any():
        raise ValueError("a choice is out of its range")
    choices = choices_BC.reshape(len(choices_BC), len(CELLS), NODES - 1 + EDGES)
    edges = np.empty((len(choices_BC), len(CELLS), NODES, 2, 2), np.int32)
    edges[:, :, 0, :, 0] = INPUT_PAIRS[0][0]
    for node in range(1, NODES):
        edges[:, :, node, :, 0] = INPUT_PAIRS[node][choices[:, :, node - 1]]
    edges[..., 1] = choices[:, :, NODES - 1 :].reshape(-1, len(CELLS), NODES, 2)
    return edges.reshape(-1, CODE_LENGTH)


def choices_of_codes(codes_BL: Codes) -> NDArray[np.int32]:
    """The string (B, 22) of each code."""
    inputs_BCE, operations_BCE = genotype_arrays(codes_BL)
    choices = np.empty((len(codes_BL), len(CELLS), NODES - 1 + EDGES), np.int32)
    for node in range(1, NODES):
        low, high = inputs_BCE[..., 2 * node], inputs_BCE[..., 2 * node + 1]
        states = INPUTS + node
        choices[:, :, node - 1] = low * (2 * states - low - 1) // 2 + high - low - 1
    choices[:, :, NODES - 1 :] = operations_BCE
    return choices.reshape(-1, len(CHOICES))
