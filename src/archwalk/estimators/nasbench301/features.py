"""DARTS architectures as the surrogates of NAS-Bench-301 see them.

Both surrogates were fitted on one configuration space (NAS-Bench-301's `configspace.json`), in which a cell is

    edge_{cell}_{0..13}           the operation on each edge that could be: those into node 2 are 0 and 1, into
                                  node 3 are 2 to 4, into node 4 are 5 to 8, into node 5 are 9 to 13, in the
                                  order of the state they come from; an edge that is not chosen is inactive
    inputs_node_{cell}_{3, 4, 5}  which two states feed a node ("0_1", "0_2", ...); node 2 has no choice

and differ in the order of these 34 hyperparameters, their integer values and what stands for inactive.

Sources: `representations.py`, `configspace.json` and `surrogate_models/gradient_boosting/xgboost.py` of
github.com/automl/nasbench301; `encoding_v2.json` of github.com/slds-lmu/yahpo_data, folder nb301.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archwalk.jit import kernel
from archwalk.spaces.base import Codes
from archwalk.spaces.darts.code import CELL_LENGTH, CELLS, EDGES, INPUT_PAIRS, INPUTS, NODES, OPERATIONS

EDGE_OFFSETS = tuple(np.cumsum([0, *(INPUTS + node for node in range(NODES))]).tolist())
"""The first possible edge into each node (0, 2, 5, 9), then their number in a cell (14)."""

POSSIBLE_EDGES = EDGE_OFFSETS[-1]
_OFFSETS = np.array(EDGE_OFFSETS)


def edge_name(cell: str, edge: int) -> str:
    """The hyperparameter of a possible edge."""
    return f"edge_{cell}_{edge}"


def inputs_name(cell: str, node: int) -> str:
    """The hyperparameter of the inputs of a node 1..3, which NAS-Bench-301 counts from the cell's inputs on."""
    return f"inputs_node_{cell}_{INPUTS + node}"


ARCHITECTURE_NAMES = (
    *(edge_name(cell, edge) for cell in CELLS for edge in range(POSSIBLE_EDGES)),
    *(inputs_name(cell, node) for cell in CELLS for node in range(1, NODES)),
)
"""The 34 hyperparameters of an architecture, in YAHPO Gym's order."""

_ALWAYS_ACTIVE = {
    *(edge_name(cell, edge) for cell in CELLS for edge in range(EDGE_OFFSETS[1])),
    *(inputs_name(cell, node) for cell in CELLS for node in range(1, NODES)),
}
"""Those without a condition: the edges into the first node, and all inputs."""

_DARTS = "NetworkSelectorDatasetInfo:darts:"
_TRAINING_NAMES = (
    "CreateImageDataLoader:batch_size",
    "ImageAugmentation:augment",
    "ImageAugmentation:autoaugment",
    "ImageAugmentation:cutout",
    "ImageAugmentation:cutout_holes",
    "ImageAugmentation:cutout_length",
    "ImageAugmentation:fastautoaugment",
    "LossModuleSelectorIndices:loss_module",
    f"{_DARTS}auxiliary",
    f"{_DARTS}drop_path_prob",
    f"{_DARTS}init_channels",
    f"{_DARTS}layers",
    "NetworkSelectorDatasetInfo:network",
    "OptimizerSelector:optimizer",
    "OptimizerSelector:sgd:learning_rate",
    "OptimizerSelector:sgd:momentum",
    "OptimizerSelector:sgd:weight_decay",
    "SimpleLearningrateSchedulerSelector:cosine_annealing:T_max",
    "SimpleLearningrateSchedulerSelector:cosine_annealing:eta_min",
    "SimpleLearningrateSchedulerSelector:lr_scheduler",
    "SimpleTrainNode:batch_loss_computation_technique",
    "SimpleTrainNode:mixup:alpha",
)
"""How every network of NAS-Bench-301 was trained: hyperparameters, but constants of the data."""


def _xgb_order() -> tuple[str, ...]:
    active = [*_TRAINING_NAMES, *(f"{_DARTS}{name}" for name in _ALWAYS_ACTIVE)]
    conditional = [f"{_DARTS}{name}" for name in ARCHITECTURE_NAMES if name not in _ALWAYS_ACTIVE]
    return (*sorted(active), *sorted(conditional))


XGB_NAMES = _xgb_order()
"""The 56 features of the XGB surrogate, in ConfigSpace's order: unconditional hyperparameters, then conditional
ones, each sorted as strings (edge_normal_10 before edge_normal_2).

Derived from ConfigSpace, not checked against an official model. That no tree of a model asks for a feature that
is constant in the data is checked when it is read (`ensemble.py`).
"""


@dataclass(frozen=True)
class Layout:
    """Where the hyperparameters of an architecture stand in a row of F integers, and their values."""

    background_F: NDArray[np.int32]
    """The value of what is inactive, or says nothing of the architecture."""
    edge_column: NDArray[np.int32]
    """Shape (2, 14): cell, possible edge."""
    inputs_column: NDArray[np.int32]
    """Shape (2, 4): cell, node; the first node has none (-1)."""
    operation_value: NDArray[np.int32]
    """The value (7,) of each of `OPERATIONS`."""
    first_pair: int
    """The value of the first pair of inputs; the others follow in ascending order."""


def _make_layout(
    names: list[str], background_F: NDArray[np.int32], values: dict[str, int], first_pair: int
) -> Layout:
    edges = [[names.index(edge_name(cell, edge)) for edge in range(POSSIBLE_EDGES)] for cell in CELLS]
    inputs = [[-1, *(names.index(inputs_name(cell, node)) for node in range(1, NODES))] for cell in CELLS]
    operations = np.array([values[name] for name in OPERATIONS], np.int32)
    return Layout(background_F, np.array(edges, np.int32), np.array(inputs, np.int32), operations, first_pair)


_IS_ARCHITECTURE = np.array([name.removeprefix(_DARTS) in ARCHITECTURE_NAMES for name in XGB_NAMES])
XGB_CONSTANTS = np.flatnonzero(~_IS_ARCHITECTURE)
"""The features (22,) that are constant in NAS-Bench-301's data."""

XGB_LAYOUT = _make_layout(
    [name.removeprefix(_DARTS) for name in XGB_NAMES],
    np.where(_IS_ARCHITECTURE, -1, 0).astype(np.int32),
    {name: value for value, name in enumerate(OPERATIONS)},
    first_pair=0,
)

YAHPO_OPERATIONS = {name: value for value, name in enumerate(sorted(OPERATIONS), start=1)}
"""YAHPO Gym's values of operations: alphabetical, after "#na#" (inactive), which is 0."""

YAHPO_INPUTS = tuple(
    {f"{low}_{high}": value for value, (low, high) in enumerate(pairs.tolist(), start=1)}
    for pairs in INPUT_PAIRS
)
"""YAHPO Gym's values of the pairs of inputs of each node."""

YAHPO_LAYOUT = _make_layout(
    list(ARCHITECTURE_NAMES),
    np.zeros(len(ARCHITECTURE_NAMES), np.int32),
    YAHPO_OPERATIONS,
    first_pair=1,
)


def xgb_features(codes_BL: Codes) -> NDArray[np.float32]:
    """The features (B, 56) of codes (B, 32) for the XGB surrogate; inactive: -1; see `XGB_NAMES`.

    The 22 features that are constant in NAS-Bench-301's data are 0 here, whatever they were there.
    """
    return encode(codes_BL, XGB_LAYOUT).astype(np.float32)


def yahpo_features(codes_BL: Codes) -> NDArray[np.int32]:
    """The input `x_cat` (B, 34) of the YAHPO surrogate for codes (B, 32); inactive: 0."""
    return encode(codes_BL, YAHPO_LAYOUT)


def encode(codes_BL: Codes, layout: Layout) -> NDArray[np.int32]:
    """Rows (B, F) of codes (B, 32)."""
    rows_BF = np.repeat(layout.background_F[None], len(codes_BL), axis=0)
    _fill_rows(
        np.ascontiguousarray(codes_BL),
        layout.edge_column,
        layout.inputs_column,
        layout.operation_value,
        layout.first_pair,
        _OFFSETS,
        rows_BF,
    )
    return rows_BF


@kernel
def _fill_rows(codes_BL, edge_column, inputs_column, operation_value, first_pair, offsets, rows_BF):  # type: ignore[no-untyped-def]
    for b in range(len(codes_BL)):
        for cell in range(len(edge_column)):
            for edge in range(EDGES):
                at = cell * CELL_LENGTH + 2 * edge
                node, state = edge // 2, codes_BL[b, at]
                column = edge_column[cell, offsets[node] + state]
                rows_BF[b, column] = operation_value[codes_BL[b, at + 1]]
                if edge % 2 and node:
                    low, states = codes_BL[b, at - 2], INPUTS + node
                    pair = low * (2 * states - low - 1) // 2 + state - low - 1
                    rows_BF[b, inputs_column[cell, node]] = first_pair + pair
