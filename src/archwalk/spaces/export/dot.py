"""An architecture's graph in Graphviz' language."""

from __future__ import annotations

from archwalk.spaces.base import Codes, SearchSpace
from archwalk.spaces.capabilities import diagrams
from archwalk.spaces.dags import Graph


def to_dot(space: SearchSpace, code_L: Codes) -> str:
    """A digraph with operations as labels; where an architecture has several cells, each is a cluster.

    What lies on no path to the output is left out. Raises UsageError for a space that shows no graphs.
    """
    graphs = diagrams(space, code_L, "export --to dot")
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


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
