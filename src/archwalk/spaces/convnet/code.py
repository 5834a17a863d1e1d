"""The decisions that make a network, and where they stand in a code.

A network is a 3 x 3 convolution (the stem), one to four stages, the mean over the plane, and a dense layer. A stage is
one to four blocks of one kind, width and kernel; where it says so, its first block halves the resolution.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archwalk.spaces.base import Codes

MOST_STAGES = 4
ACTIVATIONS = ("relu", "silu", "hardswish")
BLOCKS = (1, 2, 3, 4)
WIDTHS = (8, 16, 24, 32, 48, 64, 96, 128, 192, 256)
KINDS = ("plain", "residual", "bottleneck", "inverted3", "inverted6")
PLAIN, RESIDUAL, BOTTLENECK, INVERTED3, INVERTED6 = range(len(KINDS))
KERNELS = (3, 5)
SWITCH = (False, True)

STAGES_AT, ACTIVATION_AT, FIRST_STAGE = 0, 1, 2
STAGE_DECISIONS: dict[str, tuple[object, ...]] = {
    "blocks": BLOCKS,
    "width": WIDTHS,
    "kind": KINDS,
    "kernel": KERNELS,
    "squeeze": SWITCH,
    "halve": SWITCH,
}
"""Of a stage, in the order of its columns, with their values."""

PER_STAGE = len(STAGE_DECISIONS)
CHOICES = (
    MOST_STAGES,
    len(ACTIVATIONS),
    *([len(values) for values in STAGE_DECISIONS.values()] * MOST_STAGES),
)
CODE_LENGTH = len(CHOICES)

STAGE_OF = np.array([-1, -1, *np.repeat(np.arange(MOST_STAGES), PER_STAGE)])
"""Of each column its stage; -1 for those of the whole network."""
DECISION_OF = ("stages", "activation", *(list(STAGE_DECISIONS) * MOST_STAGES))
"""Of each column what is decided."""
WIDTHS_AT, HALVES_AT = (
    [column for column, decision in enumerate(DECISION_OF) if decision == name] for name in ("width", "halve")
)
EDIT_KINDS = tuple(dict.fromkeys(DECISION_OF))
SIZE = sum(
    len(ACTIVATIONS) * int(np.prod(CHOICES[FIRST_STAGE : FIRST_STAGE + PER_STAGE], dtype=np.int64)) ** stages
    for stages in range(1, MOST_STAGES + 1)
)
"""Number of architectures."""


@dataclass(frozen=True)
class Stages:
    """What the columns of B codes say, as values: (B, S) each, for `MOST_STAGES` stages."""

    present: NDArray[np.bool_]
    blocks: NDArray[np.int64]
    width: NDArray[np.int64]
    kind: NDArray[np.int64]
    """Index of `KINDS`."""
    kernel: NDArray[np.int64]
    squeeze: NDArray[np.bool_]
    halve: NDArray[np.bool_]


def read_stages(codes_BL: Codes) -> Stages:
    """The decisions about stages."""
    codes_BSD = codes_BL[:, FIRST_STAGE:].reshape(-1, MOST_STAGES, PER_STAGE)
    blocks, width, kind, kernel, squeeze, halve = np.moveaxis(codes_BSD, 2, 0)
    return Stages(
        np.arange(MOST_STAGES) <= codes_BL[:, STAGES_AT, None],
        np.array(BLOCKS)[blocks],
        np.array(WIDTHS)[width],
        kind.astype(np.int64),
        np.array(KERNELS)[kernel],
        squeeze.astype(np.bool_),
        halve.astype(np.bool_),
    )


def present_columns(codes_BL: Codes) -> NDArray[np.bool_]:
    """Which columns (B, L) are about something that the network has."""
    present: NDArray[np.bool_] = codes_BL[:, STAGES_AT, None] >= STAGE_OF
    return present


def canonical(codes_BL: Codes) -> Codes:
    """One code for one network: zeros where there is no stage."""
    return np.where(present_columns(codes_BL), codes_BL, 0).astype(np.int32)


def shifted(codes_BL: Codes, by: int) -> Codes:
    """Networks whose stages are all wider by so many steps of `WIDTHS`, or narrower, as far as these go."""
    shifted_BL = codes_BL.copy()
    shifted_BL[:, WIDTHS_AT] = np.clip(shifted_BL[:, WIDTHS_AT] + by, 0, len(WIDTHS) - 1)
    return canonical(shifted_BL)
