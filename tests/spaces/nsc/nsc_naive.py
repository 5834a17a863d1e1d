"""The space again, slowly: layers as tuples ((type, kernel), predecessors), numbered from 1."""

from itertools import permutations

from archwalk.spaces.nsc.code import count_layers, is_merge

SINGLES = [(1, 1), (1, 3), (1, 5), (2, 2), (2, 3), (3, 2), (3, 3)]
MERGES = [(5, 0), (6, 0)]


def listed(layers):
    """Layers (D, 4) as a list."""
    rows = layers[: count_layers(layers)].tolist()
    return [
        ((number, kernel), (first, second) if is_merge(number) else (first,))
        for number, kernel, first, second in rows
    ]


def renumbered(layers, order):
    """The layers in another order, whether it is topological or not."""
    place = {0: 0} | {old: new for new, old in enumerate(order, start=1)}
    return [
        (layers[old - 1][0], tuple(sorted((place[u] for u in layers[old - 1][1]), reverse=True)))
        for old in order
    ]


def canonical(layers):
    """The smallest topological order, of all."""
    orders = (renumbered(layers, order) for order in permutations(range(1, len(layers) + 1)))
    rising = [o for o in orders if all(u < i for i, (_, reads) in enumerate(o, start=1) for u in reads)]
    return (
        tuple(min(rising, key=lambda o: [((*reads, 0)[:2], label) for label, reads in o])) if rising else None
    )


def neighbours(layers, depth):
    """Canonical neighbours of each kind, under the first kind that leads there."""
    found = {"relabel": [], "rewire": [], "insert": [], "remove": []}
    n = len(layers)
    for i, (label, reads) in enumerate(layers):
        for other in SINGLES if len(reads) == 1 else MERGES:
            found["relabel"].append([*layers[:i], (other, reads), *layers[i + 1 :]])
        for slot in range(len(reads)):
            for u in range(n + 1):
                changed = (*reads[:slot], u, *reads[slot + 1 :])
                found["rewire"].append([*layers[:i], (label, changed), *layers[i + 1 :]])
            if n < depth:
                through = (*reads[:slot], n + 1, *reads[slot + 1 :])
                for new in SINGLES:
                    grown = [*layers[:i], (label, through), *layers[i + 1 :], (new, (reads[slot],))]
                    found["insert"].append(grown)
        if n > 1:
            for instead in reads:
                kept = [
                    (other, tuple(instead if u == i + 1 else u for u in theirs))
                    for j, (other, theirs) in enumerate(layers)
                    if j != i
                ]
                closed = [(other, tuple(u - (u > i + 1) for u in theirs)) for other, theirs in kept]
                found["remove"].append(closed)
    if n < depth:
        found["insert"] += [[*layers, (label, (u,))] for label in SINGLES for u in range(n + 1)]
        found["insert"] += [
            [*layers, (label, (u, w))] for label in MERGES for u in range(n + 1) for w in range(n + 1)
        ]
    seen, kinds = {canonical(layers), None}, {}
    for kind, edited in found.items():
        kinds[kind] = {canonical(one) for one in edited} - seen
        seen |= kinds[kind]
    return kinds
