"""NASBench-101 cells the slow way, as an independent check: sets of edges, rules word by word.

A cell is (edges, labels): vertex 0 is the input, the highest the output, the rest carry `labels` in order.
"""

from functools import cache
from itertools import combinations, permutations, product

Edges = frozenset[tuple[int, int]]
Cell = tuple[Edges, tuple[int, ...]]

OPERATIONS = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")


def cell(edges: str, labels: str = "") -> Cell:
    """Read "01 12", "0"."""
    return frozenset((int(a), int(b)) for a, b in edges.split()), tuple(map(int, labels))


def description(of: Cell) -> dict[str, list[object]]:
    """The published form; the edges must be in topological order."""
    edges, labels = of
    n = len(labels) + 2
    matrix = [[int((a, b) in edges) for b in range(n)] for a in range(n)]
    return {"matrix": matrix, "ops": ["input", *(OPERATIONS[label] for label in labels), "output"]}


def undescribe(described: dict[str, list[object]]) -> Cell:
    rows = enumerate(described["matrix"])
    edges = frozenset((a, b) for a, row in rows for b, entry in enumerate(row) if entry)
    return edges, tuple(OPERATIONS.index(name) for name in described["ops"][1:-1])


def renumber(of: Cell, order: tuple[int, ...]) -> Cell:
    """Put vertex order[i] at place i + 1; `order` lists the interior vertices."""
    edges, labels = of
    place = {v: i + 1 for i, v in enumerate(order)} | {0: 0, len(labels) + 1: len(labels) + 1}
    return frozenset((place[a], place[b]) for a, b in edges), tuple(labels[v - 1] for v in order)


@cache
def canonical(of: Cell) -> tuple[tuple[tuple[int, int], ...], tuple[int, ...]]:
    """The smallest of all numberings of the interior vertices, topological or not."""
    orders = permutations(range(1, len(of[1]) + 1))
    return min((tuple(sorted(edges)), labels) for edges, labels in (renumber(of, o) for o in orders))


def is_valid(of: Cell, max_vertices: int, max_edges: int) -> bool:
    """Every vertex has an edge in and out where it needs one, no cycle, within the limits."""
    edges, labels = of
    n = len(labels) + 2
    sources, targets = {a for a, _ in edges}, {b for _, b in edges}
    if n > max_vertices or len(edges) > max_edges:
        return False
    return sources == set(range(n - 1)) and targets == set(range(1, n)) and not _has_cycle(edges)


def _has_cycle(edges: Edges) -> bool:
    left = set(edges)
    while left:
        sources = {a for a, _ in left} - {b for _, b in left}
        if not sources:
            return True
        left = {(a, b) for a, b in left if a not in sources}
    return False


def all_cells(vertices: int, max_edges: int = 9):
    """Every valid upper-triangular labelled DAG of that many vertices."""
    pairs = list(combinations(range(vertices), 2))
    for bits in product((0, 1), repeat=len(pairs)):
        edges = frozenset(pair for pair, bit in zip(pairs, bits, strict=True) if bit)
        for labels in product(range(3), repeat=vertices - 2):
            if not is_valid((edges, labels), vertices, max_edges):
                break
            yield edges, labels


def prune(of: Cell) -> Cell | None:
    """Keep what lies on paths from input to output; None if there is none."""
    edges, labels = of
    n = len(labels) + 2
    forward, backward = {0}, {n - 1}
    for _ in range(n):
        forward |= {b for a, b in edges if a in forward}
        backward |= {a for a, b in edges if b in backward}
    kept = sorted(forward & backward)
    if 0 not in kept or n - 1 not in kept:
        return None
    place = {v: i for i, v in enumerate(kept)}
    left = frozenset((place[a], place[b]) for a, b in edges if a in place and b in place)
    return left, tuple(labels[v - 1] for v in kept[1:-1])


def neighbours(of: Cell, max_vertices: int = 7, max_edges: int = 9) -> dict[object, str]:
    """Cassimon et al.'s neighbours (3.2.1) in canonical form, with the kind of edit that leads there."""
    found: dict[object, str] = {}
    for kind, edited in _edits(of):
        if is_valid(edited, max_vertices, max_edges):
            found[canonical(edited)] = kind
    found.pop(canonical(of), None)
    return found


def _edits(of: Cell):
    edges, labels = of
    out = len(labels) + 1
    for i in range(len(labels)):
        for operation in range(3):
            yield "relabel", (edges, (*labels[:i], operation, *labels[i + 1 :]))
    for edge in edges:
        yield "remove edge", (edges - {edge}, labels)
    pairs = [(a, b) for a in range(out) for b in range(1, out + 1) if a != b]
    for edge in set(pairs) - edges:
        yield "add edge", (edges | {edge}, labels)
    moved = frozenset((a, b + 1 if b == out else b) for a, b in edges)  # the output's number goes up by one
    for a, b in product(range(out), range(1, out + 1)):
        for operation in range(3):
            target = b + 1 if b == out else b
            yield "add vertex", (moved | {(a, out), (out, target)}, (*labels, operation))
    for v in range(1, out):
        joins = {(a, b) for a, gone in edges if gone == v for back, b in edges if back == v} - edges
        rest = frozenset(edge for edge in edges if v not in edge)
        for count in range(len(joins) + 1):
            for chosen in combinations(sorted(joins), count):
                shift = {u: u - (u > v) for u in range(out + 1)}
                joined = frozenset((shift[a], shift[b]) for a, b in rest | set(chosen))
                yield "remove vertex", (joined, (*labels[: v - 1], *labels[v:]))
