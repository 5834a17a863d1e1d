"""Where the boxes and edges of a small directed acyclic graph go, in layers from top to bottom.

The usual four steps (Sugiyama et al., 1981): layers by longest path; a waypoint in every layer that an
edge passes, so that it goes around boxes; an order in each layer with few crossings; positions that keep
edges straight.
"""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

Point = tuple[float, float]
Edge = tuple[int, int]

_STARTS = 16
_SWEEPS = 4


@dataclass(frozen=True)
class Layout:
    """Centres of the boxes, and the points of each edge: from its source, past others, to its target.

    An edge leaves and enters boxes, and passes layers, vertically.
    """

    width: float
    height: float
    boxes: list[Point]
    routes: list[list[Point]]


@dataclass(frozen=True)
class Spacing:
    """Sizes in pixels."""

    box_height: float = 30
    layer_gap: float = 36
    between: float = 20
    """Between neighbours in a layer."""
    ports: float = 16
    """Between edges at one side of a box."""
    margin: float = 8


def layered_layout(widths: Sequence[float], edges: Sequence[Edge], spacing: Spacing) -> Layout:
    """Lay out boxes of these widths (above 0: a node without width is a waypoint).

    Raises ValueError if an edge names no box or the edges close a cycle.
    """
    ranks = _longest_paths(len(widths), edges)
    chains = _add_waypoints(ranks, edges)
    links = [link for chain in chains for link in pairwise(chain)]
    layers = _layers(ranks)
    _reduce_crossings(layers, links)
    all_widths = [*widths, *[0.0] * (len(ranks) - len(widths))]
    x = _positions(layers, links, all_widths, spacing)
    left = min((x[v] - all_widths[v] / 2 for v in range(len(x))), default=0.0) - spacing.margin
    x = [at - left for at in x]
    tops = [spacing.margin + rank * (spacing.box_height + spacing.layer_gap) for rank in ranks]
    return Layout(
        width=max((x[v] + all_widths[v] / 2 for v in range(len(x))), default=0.0) + spacing.margin,
        height=max(tops, default=0.0) + spacing.box_height + spacing.margin,
        boxes=[(x[v], tops[v] + spacing.box_height / 2) for v in range(len(widths))],
        routes=_routes(chains, x, tops, all_widths, spacing),
    )


def _longest_paths(nodes: int, edges: Sequence[Edge]) -> list[int]:
    """Layer of each node: the length of the longest path that leads to it."""
    for edge in edges:
        if not all(0 <= end < nodes for end in edge):
            raise ValueError(f"edge {edge} names no box; there are {nodes}")
    ranks = [0] * nodes
    for _ in range(nodes + 1):
        late = [(u, v) for u, v in edges if ranks[v] <= ranks[u]]
        if not late:
            return ranks
        for u, v in late:
            ranks[v] = max(ranks[v], ranks[u] + 1)
    raise ValueError("the edges close a cycle")


def _add_waypoints(ranks: list[int], edges: Sequence[Edge]) -> list[list[int]]:
    """Append to `ranks` one waypoint for every layer that an edge passes; return each edge's nodes."""
    chains = []
    for u, v in edges:
        passed = range(ranks[u] + 1, ranks[v])
        chains.append([u, *range(len(ranks), len(ranks) + len(passed)), v])
        ranks.extend(passed)
    return chains


def _layers(ranks: list[int]) -> list[list[int]]:
    layers: list[list[int]] = [[] for _ in range(max(ranks, default=-1) + 1)]
    for node, rank in enumerate(ranks):
        layers[rank].append(node)
    return layers


def _neighbours(nodes: int, links: Iterable[Edge]) -> tuple[list[list[int]], list[list[int]]]:
    """Nodes above and below each node."""
    above: list[list[int]] = [[] for _ in range(nodes)]
    below: list[list[int]] = [[] for _ in range(nodes)]
    for u, v in links:
        above[v].append(u)
        below[u].append(v)
    return above, below


def _reduce_crossings(layers: list[list[int]], links: list[Edge]) -> None:
    """Reorder the layers: the best of several starts, the first of which is the given order."""
    ends = _neighbours(sum(map(len, layers)), links)
    shuffler = random.Random(0)
    best, fewest = layers, len(links) ** 2
    for start in range(_STARTS):
        trial = [list(layer) for layer in layers]
        if start:
            for layer in trial:
                shuffler.shuffle(layer)
        _sort_by_barycentre(trial, ends)
        while _exchange_neighbours(trial, ends):
            pass
        crossings = _crossings(trial, links)
        if crossings < fewest:
            best, fewest = trial, crossings
        if not fewest:
            break
    layers[:] = best


def _sort_by_barycentre(layers: list[list[int]], ends: tuple[list[list[int]], list[list[int]]]) -> None:
    """Sort each layer by the mean place of the nodes above, then by that of the nodes below, and so on."""
    place = {v: i / len(layer) for layer in layers for i, v in enumerate(layer)}

    def wish(v: int) -> float:
        adjacent = ends[sweep % 2][v]
        return sum(place[u] for u in adjacent) / len(adjacent) if adjacent else place[v]

    for sweep in range(_SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            layer.sort(key=wish)
            place.update({v: i / len(layer) for i, v in enumerate(layer)})


def _exchange_neighbours(layers: list[list[int]], ends: tuple[list[list[int]], list[list[int]]]) -> bool:
    """Exchange neighbours in a layer where that saves crossings; return whether any did."""
    place = {v: i for layer in layers for i, v in enumerate(layer)}
    changed = False
    for layer in layers:
        for i in range(len(layer) - 1):
            u, v = layer[i], layer[i + 1]
            if _crossed(v, u, ends, place) < _crossed(u, v, ends, place):
                layer[i], layer[i + 1] = v, u
                place[u], place[v] = i + 1, i
                changed = True
    return changed


def _crossed(u: int, v: int, ends: tuple[list[list[int]], list[list[int]]], place: dict[int, int]) -> int:
    """How often edges at `u` cross edges at `v` where `u` stands before it."""
    return sum(place[a] > place[b] for side in ends for a in side[u] for b in side[v])


def _crossings(layers: list[list[int]], links: list[Edge]) -> int:
    place = {v: (rank, i) for rank, layer in enumerate(layers) for i, v in enumerate(layer)}
    ends = [(*place[u], place[v][1]) for u, v in links]
    return sum(a[0] == b[0] and (a[1] - b[1]) * (a[2] - b[2]) < 0 for a, b in combinations(ends, 2))


def _positions(
    layers: list[list[int]], links: list[Edge], widths: Sequence[float], spacing: Spacing
) -> list[float]:
    """Horizontal centres: adjacent nodes pull each other, layers keep their order and distances.

    Minimises sum(pull * (x_u - x_v)^2) with gaps between neighbours in a layer, exactly: as a least-distance
    problem solved by non-negative least squares (Lawson and Hanson, 1974, chapter 23).
    """
    from scipy.optimize import nnls  # takes 0.3 s to import, and spaces are imported for much else

    nodes = len(widths)
    stiffness = 1e-4 * np.eye(nodes)  # else the whole drawing could move freely
    for (u, v), pull in zip(links, _pulls(links, widths), strict=True):
        stiffness[[u, v], [u, v]] += pull
        stiffness[[u, v], [v, u]] -= pull
    neighbours = [pair for layer in layers for pair in pairwise(layer)]
    if not neighbours:
        return [0.0] * nodes
    order = np.zeros((len(neighbours), nodes))
    for row, (u, v) in enumerate(neighbours):
        order[row, [u, v]] = -1, 1
    gaps = [(widths[u] + widths[v]) / 2 + spacing.between for u, v in neighbours]
    root = np.linalg.cholesky(stiffness)
    dual = np.vstack([np.linalg.solve(root, order.T), gaps])
    target = np.zeros(nodes + 1)
    target[-1] = 1
    residual = dual @ nnls(dual, target)[0] - target
    x: list[float] = np.linalg.solve(root.T, residual[:-1] / -residual[-1]).tolist()
    return x


def _pulls(links: list[Edge], widths: Sequence[float]) -> list[float]:
    """Strength of each link: waypoints stay above each other, then boxes do, unless many edges meet there.

    A long edge bends rather at the end where more edges meet, so that it runs straight to the other end.
    """
    leaving = Counter(u for u, _ in links)
    entering = Counter(v for _, v in links)
    pulls = []
    for u, v in links:
        if widths[u] and widths[v]:
            pulls.append(400.0 if max(leaving[u], entering[v]) <= 3 else 1.0)
        elif widths[u] or widths[v]:
            pulls.append(1.0 / (leaving[u] if widths[u] else entering[v]))
        else:
            pulls.append(4000.0)
    return pulls


def _routes(
    chains: list[list[int]], x: list[float], tops: list[float], widths: Sequence[float], spacing: Spacing
) -> list[list[Point]]:
    """Points of each edge; at one side of a box, edges are in the order of their other ends."""
    leaving: dict[int, list[tuple[float, int]]] = {}
    entering: dict[int, list[tuple[float, int]]] = {}
    for e, chain in enumerate(chains):
        leaving.setdefault(chain[0], []).append((x[chain[1]], e))
        entering.setdefault(chain[-1], []).append((x[chain[-2]], e))
    start = _ports(leaving, x, widths, spacing)
    end = _ports(entering, x, widths, spacing)
    routes = []
    for e, chain in enumerate(chains):
        passed = [(x[w], tops[w] + side) for w in chain[1:-1] for side in (0, spacing.box_height)]
        routes.append([(start[e], tops[chain[0]] + spacing.box_height), *passed, (end[e], tops[chain[-1]])])
    return routes


def _ports(
    edges_of: dict[int, list[tuple[float, int]]], x: list[float], widths: Sequence[float], spacing: Spacing
) -> dict[int, float]:
    """Where each edge meets its box: one that can go straight does, the others keep to its sides."""
    ports = {}
    for v, ends in edges_of.items():
        ends.sort()
        straight = [i for i, (end, _) in enumerate(ends) if abs(end - x[v]) < spacing.ports / 4]
        centre = straight[0] if straight else (len(ends) - 1) / 2
        step = min(spacing.ports, 0.4 * widths[v] / max(centre, len(ends) - 1 - centre, 1))
        for i, (_, e) in enumerate(ends):
            ports[e] = x[v] + (i - centre) * step
    return ports
