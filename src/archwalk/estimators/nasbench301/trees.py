"""Gradient-boosted regression trees, evaluated as xgboost does to the last bit, only faster.

A row goes left at a node if `row[feature] < threshold`, in float32; a missing value (NaN) goes where the node
sends it. A prediction is the base score and the leaf of each tree, added in the order of the trees, in float32:
the order in which xgboost's CPU predictor adds (compared bit by bit in the tests).

What makes it fast: trees of small integers ask few different questions (43 in a model of 1,991 trees). Up to 64
rows are answered together: one machine word a question, one bit a row. Going down a tree is then an `and` of
words, the two children of a node share its rows between them, and branches that no row takes are left out.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from archwalk.jit import kernel, map_ranges

_ROWS_A_THREAD = 1024


@dataclass(frozen=True)
class Nodes:
    """The trees of a model, one after the other: N nodes, T trees. Children are places among the N, -1 none."""

    left_N: NDArray[np.int32]
    right_N: NDArray[np.int32]
    feature_N: NDArray[np.int32]
    value_N: NDArray[np.float32]
    """The threshold of a split, the value of a leaf."""
    missing_left_N: NDArray[np.bool_]
    root_T: NDArray[np.int32]
    base: float
    """What every prediction starts from."""
    features: int
    """F, the features of a row."""


@dataclass(frozen=True)
class Trees:
    """Trees ready to be evaluated: C different questions, N nodes, each split followed by its left child."""

    feature_C: NDArray[np.int32]
    threshold_C: NDArray[np.float32]
    missing_left_C: NDArray[np.bool_]
    question_N: NDArray[np.int32]
    """Index of a split's question, -1 at a leaf."""
    right_N: NDArray[np.int32]
    leaf_N: NDArray[np.float32]
    root_T: NDArray[np.int32]
    base: float
    features: int
    depth: int
    """Of the deepest tree, in splits."""

    def predict(self, rows_BF: NDArray[np.float32]) -> NDArray[np.float32]:
        """Predictions (B,) for rows (B, F); NaN is a missing value. Large batches use all cores."""
        if rows_BF.ndim != 2 or rows_BF.shape[1] != self.features:
            raise ValueError(f"the trees take rows of {self.features} features, not {rows_BF.shape}")
        rows_BF = np.ascontiguousarray(rows_BF, np.float32)
        out_B = np.empty(len(rows_BF), np.float32)

        def run(start: int, stop: int) -> None:
            _evaluate(
                rows_BF[start:stop],
                self.feature_C,
                self.threshold_C,
                self.missing_left_C,
                self.question_N,
                self.right_N,
                self.leaf_N,
                self.root_T,
                np.float32(self.base),
                self.depth,
                out_B[start:stop],
            )

        if len(rows_BF) <= _ROWS_A_THREAD:  # a pool of threads would take longer to start
            run(0, len(rows_BF))
        else:
            map_ranges(run, len(rows_BF), _ROWS_A_THREAD)
        return out_B


def make_trees(nodes: Nodes) -> Trees:
    """Number the questions and put the nodes in order. Raises ValueError where `nodes` are no trees."""
    n, split_N = len(nodes.left_N), nodes.left_N >= 0
    if not len(nodes.root_T) or nodes.root_T.min() < 0 or nodes.root_T.max() >= n:
        raise ValueError("no trees, or one without a root")
    if (split_N != (nodes.right_N >= 0)).any() or max(nodes.left_N.max(), nodes.right_N.max()) >= n:
        raise ValueError("a node has a child that is not there")
    if (nodes.feature_N[split_N] < 0).any() or (nodes.feature_N[split_N] >= nodes.features).any():
        raise ValueError(f"a node asks for a feature beyond the {nodes.features} of the model")
    value_N = np.ascontiguousarray(nodes.value_N, np.float32)
    key_N = nodes.feature_N.astype(np.uint64) << np.uint64(33) | value_N.view(np.uint32)
    key_N |= nodes.missing_left_N.astype(np.uint64) << np.uint64(32)
    _, first_C, question_of_split = np.unique(key_N[split_N], return_index=True, return_inverse=True)
    question_N = np.full(n, -1, np.int32)
    question_N[split_N] = question_of_split
    order_N, right_N, root_T, depth = _order_nodes(nodes.left_N, nodes.right_N, nodes.root_T)
    if depth < 0:
        raise ValueError("a node is the child of two nodes")
    asked_C = np.flatnonzero(split_N)[first_C]
    return Trees(
        nodes.feature_N[asked_C],
        value_N[asked_C],
        nodes.missing_left_N[asked_C],
        question_N[order_N],
        right_N,
        value_N[order_N],
        root_T,
        nodes.base,
        nodes.features,
        depth,
    )


@kernel
def _order_nodes(left_N, right_N, root_T):  # type: ignore[no-untyped-def]
    """The nodes in pre-order, their right children there, the roots there, the depth (-1: these are no trees)."""
    n = len(left_N)
    order_N, new_right_N = np.empty(n, np.int32), np.full(n, -1, np.int32)
    new_root_T = np.empty(len(root_T), np.int32)
    node_S, parent_S, depth_S = np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.int32)
    count = deepest = 0
    for t in range(len(root_T)):
        new_root_T[t] = count
        node_S[0], parent_S[0], depth_S[0] = root_T[t], -1, 0
        top = 1
        while top:
            top -= 1
            node, parent, depth = node_S[top], parent_S[top], depth_S[top]
            if count == n:
                return order_N, new_right_N, new_root_T, -1
            if parent >= 0:
                new_right_N[parent] = count
            order_N[count] = node
            if left_N[node] >= 0:
                deepest = max(deepest, depth + 1)
                if top + 2 > n:
                    return order_N, new_right_N, new_root_T, -1
                node_S[top], parent_S[top], depth_S[top] = right_N[node], count, depth + 1
                node_S[top + 1], parent_S[top + 1], depth_S[top + 1] = left_N[node], -1, depth + 1
                top += 2
            count += 1
    return order_N[:count], new_right_N[:count], new_root_T, deepest


@intrinsic  # type: ignore[untyped-decorator]
def _lowest_bit(typing: Any, word: Any) -> Any:
    """Place of the lowest bit of a word that is not 0: one instruction, which numba has no name for."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], context.get_constant(types.boolean, True))  # True: never of 0

    return types.uint64(types.uint64), generate


@kernel
def _answer(rows_BF, start, n, feature_C, threshold_C, missing_left_C, word_C):  # type: ignore[no-untyped-def]
    """For each question, the word whose bit r says whether row start + r goes left."""
    for c in range(len(feature_C)):
        word = np.uint64(0)
        for r in range(n):
            x = rows_BF[start + r, feature_C[c]]
            left = missing_left_C[c] if np.isnan(x) else x < threshold_C[c]
            word |= np.uint64(left) << np.uint64(r)
        word_C[c] = word


@kernel
def _evaluate(  # type: ignore[no-untyped-def]
    rows_BF, feature_C, threshold_C, missing_left_C, question_N, right_N, leaf_N, root_T, base, depth, out_B
):
    zero, one = np.uint64(0), np.uint64(1)
    word_C, sum_R = np.empty(len(feature_C), np.uint64), np.empty(64, np.float32)
    node_S, rows_S = np.empty(depth + 1, np.int32), np.empty(depth + 1, np.uint64)
    for start in range(0, len(rows_BF), 64):
        n = min(64, len(rows_BF) - start)
        _answer(rows_BF, start, n, feature_C, threshold_C, missing_left_C, word_C)
        sum_R[:] = base
        for t in range(len(root_T)):
            node, rows, waiting = root_T[t], ~zero >> np.uint64(64 - n), 0
            while True:
                question = question_N[node]
                if question >= 0:
                    left, right = rows & word_C[question], rows & ~word_C[question]
                    if left == zero:
                        node, rows = right_N[node], right
                        continue
                    if right != zero:
                        node_S[waiting], rows_S[waiting] = right_N[node], right
                        waiting += 1
                    node, rows = node + 1, left
                    continue
                while rows != zero:
                    sum_R[_lowest_bit(rows)] += leaf_N[node]
                    rows &= rows - one
                if waiting == 0:
                    break
                waiting -= 1
                node, rows = node_S[waiting], rows_S[waiting]
        out_B[start : start + n] = sum_R[:n]
