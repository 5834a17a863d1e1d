"""An architecture's graph in Graphviz' language."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from archwalk.spaces.base import Codes, SearchSpace
from archwalk.spaces.convnet import ConvNet
from archwalk.spaces.dags import NO_VERTEX, Dags, DagSpace, require_dags
from archwalk.spaces.policy_cnn.space import PolicyCNN

Graph = tuple[list[str], list[tuple[int, int]]]
"""Labels of vertices, and pairs (from, to) of them."""


def to_dot(space: SearchSpace, code_L: Codes) -> str:
    """A digraph with operations as labels; where an architecture has several cells, each is a cluster.

    What lies on no path to the output is left out. Raises UsageError for a space that shows no graphs.
    """
    graphs = _graphs(space, code_L)
    names = getattr(space, "dag_names", tuple(f"cell {c}" for c in range(1, len(graphs) + 1)))
    lines = [f"digraph {_quoted(space.name)} {{", "  node [shape=box];"]
    for c, graph in enumerate(graphs):
        if len(graphs) == 1:
            lines += _statements(graph, "v", "  ")
        else:
            inside = _statements(graph, f"c{c}v", "    ")
            lines += [f"  subgraph cluster_{c} {{", f"    label={_quoted(names[c])};", *inside, "  }"]
    return "\n".join([*lines, "}"]) + "\n"


def _statements(graph: Graph, prefix: str, indent: str) -> list[str]:
    labels, edges = graph
    vertices = [f"{indent}{prefix}{v} [label={_quoted(label)}];" for v, label in enumerate(labels)]
    return vertices + [f"{indent}{prefix}{u} -> {prefix}{v};" for u, v in edges]


def _graphs(space: SearchSpace, code_L: Codes) -> list[Graph]:
    if isinstance(space, PolicyCNN):  # too large to number, so that it shows no graphs to strategies
        labels = [
            "input",
            *(f"conv {kernel}x{kernel}, {channels}" for kernel, channels in space.options(code_L)),
        ]
        return [([*labels, "output"], list(pairwise(range(len(labels) + 1))))]
    if isinstance(space, ConvNet):
        labels = space.labels(code_L)
        return [(labels, list(pairwise(range(len(labels)))))]
    shown = require_dags(space, "export --to dot")
    dags = shown.dags(code_L[None])
    return [_graph(shown, dags, c) for c in range(dags.labels_BCV.shape[1])]


def _graph(space: DagSpace, dags: Dags, cell: int) -> Graph:
    labels_V, edges_VV = dags.labels_BCV[0, cell], dags.edges_BCVV[0, cell]
    one = space.dag_inputs == 1
    inputs = ["input"] if one else [f"input {i}" for i in range(1, space.dag_inputs + 1)]
    words = [*space.dag_operations, "output", *inputs]
    there = np.flatnonzero(labels_V != NO_VERTEX)
    place = {int(v): i for i, v in enumerate(there)}
    edges = [(place[int(u)], place[int(v)]) for u, v in np.argwhere(edges_VV)]
    return [words[label] for label in labels_V[there]], edges


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
