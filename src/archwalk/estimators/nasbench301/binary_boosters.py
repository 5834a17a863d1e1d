"""The binary form of xgboost's models, in which it pickled them until 1.2: that of NAS-Bench-301 v1.0's time.

xgboost itself has not read this form since 3.1, so that the official models would need an old one. A model is,
little-endian and without padding beyond the C structures' own:

    "binf" (since 1.1); the learner's parameters (136 bytes); the names of objective and booster, each after
    its length (8 bytes); the booster's parameters (160 bytes); then for each tree its parameters (148 bytes),
    its nodes (20 bytes each) and their statistics (16 bytes each); groups of trees and attributes, which are
    not needed

In a pickle, "CONFIG-offset:", the model's length (8 bytes) and the model come before a JSON text of settings.

Source: `src/learner.cc`, `src/gbm/gbtree_model.h` and `include/xgboost/tree_model.h` of xgboost 1.2.
"""

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.estimators.nasbench301.trees import Nodes

SNAPSHOT = b"CONFIG-offset:"
"""How the pickled form begins."""

MODEL = b"binf"
"""How a model that stands alone begins."""

_LEARNER_BYTES, _BOOSTER_BYTES, _TREE_BYTES, _STATISTIC_BYTES = 136, 160, 148, 16
_NODE = np.dtype([("parent", "<i4"), ("left", "<i4"), ("right", "<i4"), ("split", "<u4"), ("value", "<f4")])
_MISSING_LEFT = np.uint32(1 << 31)
"""The bit of a node's `split` that sends missing values left; the others are the feature."""


def read_binary(content: bytes) -> tuple[Nodes, str, str]:
    """The trees of a model, its objective and its booster. Raises ValueError if it is cut short or damaged."""
    if content.startswith(SNAPSHOT):
        (length,) = _unpack("<q", content, len(SNAPSHOT))
        content = content[len(SNAPSHOT) + 8 :][:length]
    content = content.removeprefix(MODEL)
    base, features = _unpack("<fI", content, 0)
    objective, at = _text(content, _LEARNER_BYTES)
    booster, at = _text(content, at)
    (trees,) = _unpack("<i", content, at)
    at += _BOOSTER_BYTES
    parts, roots = [], [0]
    for _ in range(trees):
        _, count = _unpack("<ii", content, at)
        at += _TREE_BYTES
        if not 0 < count <= (len(content) - at) // (_NODE.itemsize + _STATISTIC_BYTES):
            raise ValueError(f"cut short at byte {at} of {len(content)}")
        parts.append(np.frombuffer(content, _NODE, count, at))
        at += count * (_NODE.itemsize + _STATISTIC_BYTES)
        roots.append(roots[-1] + count)
    return _join(parts, roots, base, features), objective, booster


def _join(parts: list[NDArray[np.void]], roots: list[int], base: float, features: int) -> Nodes:
    nodes_N = np.concatenate([np.empty(0, _NODE), *parts])
    offset_N = np.repeat(roots[:-1], np.diff(roots)).astype(np.int32)
    left_N, right_N = (
        np.where(nodes_N[side] >= 0, nodes_N[side] + offset_N, -1).astype(np.int32)
        for side in ("left", "right")
    )
    return Nodes(
        left_N,
        right_N,
        (nodes_N["split"] & ~_MISSING_LEFT).astype(np.int32),
        nodes_N["value"].copy(),
        (nodes_N["split"] & _MISSING_LEFT) != 0,
        np.array(roots[:-1], np.int32),
        base,
        features,
    )


def _text(content: bytes, at: int) -> tuple[str, int]:
    (length,) = _unpack("<Q", content, at)
    at += 8
    if length > len(content) - at:
        raise ValueError(f"cut short at byte {at} of {len(content)}")
    return content[at : at + length].decode("latin1"), at + length


def _unpack(form: str, content: bytes, at: int) -> tuple[Any, ...]:
    try:
        return struct.unpack_from(form, content, at)
    except struct.error as error:
        raise ValueError(f"cut short at byte {at} of {len(content)}") from error
