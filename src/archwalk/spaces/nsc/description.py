"""NSC architectures as JSON and as drawings.

{"layers": [{"type": "convolution", "kernel_size": 3, "predecessors": [0]}, ...]}: layers are numbered from 1, and
predecessor 0 is the image. A layer whose "predecessors" are left out reads the one before; chains are written so. A
layer may also be given as Gomez Robles and Vanschoren 2019 writes it, [index, type, kernel size, predecessor 1,
predecessor 2].
"""

from typing import Any

import numpy as np

from archwalk.errors import InvalidArchitectureError, unknown
from archwalk.spaces.base import require_keys
from archwalk.spaces.drawing import draw_dag
from archwalk.spaces.nsc.code import ROW, count_layers, is_merge
from archwalk.spaces.nsc.measuring import Layers
from archwalk.spaces.nsc.table import MERGES, NAMES, SINGLES, TERMINAL, CodeTable, label_name


def read_layers(description: object, table: CodeTable) -> Layers:
    """The layers (D, 4) of a description, as they are numbered there. Raises InvalidArchitectureError."""
    given = require_keys(description, "layers")["layers"]
    if not isinstance(given, list):
        raise InvalidArchitectureError(
            '"layers" must be a list of layers, each with "type" and "kernel_size"'
        )
    rows = [_read_layer(layer, i, table) for i, layer in enumerate(given, start=1)]
    if rows and rows[-1][0] == TERMINAL:
        rows.pop()
    if any(row[0] == TERMINAL for row in rows):
        raise InvalidArchitectureError("a terminal may only be the last layer")
    if not 1 <= len(rows) <= table.depth:
        raise InvalidArchitectureError(f'"layers" must be 1 to {table.depth} layers, not {len(rows)}')
    layers = np.zeros((table.depth, ROW), np.int32)
    layers[: len(rows)] = rows
    return layers


def write_layers(layers: Layers, table: CodeTable) -> dict[str, Any]:
    """The description of layers (D, 4)."""
    found = []
    for number, kernel, first, second in layers[: count_layers(layers)].tolist():
        layer: dict[str, Any] = {"type": NAMES[number]}
        if kernel:
            layer["kernel_size"] = kernel
        if table.branches:
            layer["predecessors"] = [first, second] if is_merge(number) else [first]
        found.append(layer)
    return {"layers": found}


def draw_layers(layers: Layers) -> str:
    """SVG of layers (D, 4), from the image through the concatenation of leaves, if there are several, to the output."""
    rows = layers[: count_layers(layers)].tolist()
    labels = ["input", *(_box(number, kernel) for number, kernel, *_ in rows)]
    edges = [
        (source, i)
        for i, (number, _, first, second) in enumerate(rows, start=1)
        for source in ([first, second] if is_merge(number) else [first])
    ]
    leaves = [i for i in range(1, len(labels)) if all(source != i for source, _ in edges)]
    if len(leaves) > 1:
        edges += [(leaf, len(labels)) for leaf in leaves]
        labels.append("concat leaves")
        leaves = [len(labels) - 1]
    edges.append((leaves[0], len(labels)))
    return draw_dag([*labels, "output"], edges, title="network of structure codes")


def _box(number: int, kernel: int) -> str:
    short = {"convolution": "conv", "max-pooling": "max pool", "avg-pooling": "avg pool"}
    name = NAMES[number]
    return (
        f"{short.get(name, name)} {kernel}x{kernel}"
        if kernel
        else {"concatenation": "concat"}.get(name, "add")
    )


def _read_layer(layer: object, i: int, table: CodeTable) -> list[int]:
    if isinstance(layer, list):
        return _read_vector(layer, i, table)
    if not isinstance(layer, dict) or "type" not in layer:
        raise InvalidArchitectureError(
            f'layer {i} must be an object with "type" and "kernel_size", or the five numbers of an NSC vector'
        )
    name = layer["type"]
    known = {NAMES[number] for number, _ in table.labels}
    if not isinstance(name, str) or name not in known:
        raise InvalidArchitectureError(str(unknown(f"type of layer {i}", str(name), known)))
    number = (SINGLES | MERGES)[name]
    wanted = 2 if is_merge(number) else 1
    predecessors = layer.get("predecessors", [i - 1] if wanted == 1 else None)
    if not isinstance(predecessors, list) or len(predecessors) != wanted:
        raise InvalidArchitectureError(f'layer {i}, {name}, needs "predecessors", a list of {wanted}')
    return _checked(number, layer.get("kernel_size", 0), predecessors, i, table)


def _read_vector(vector: list[Any], i: int, table: CodeTable) -> list[int]:
    if len(vector) != 5 or not all(type(value) is int for value in vector) or vector[0] != i:
        raise InvalidArchitectureError(
            f"layer {i} must be [{i}, type, kernel size, predecessor 1, predecessor 2], not {vector!r:.60}"
        )
    _, number, kernel, *predecessors = vector
    if number == TERMINAL:
        return [TERMINAL, 0, 0, 0]
    return _checked(number, kernel, predecessors if is_merge(number) else predecessors[:1], i, table)


def _checked(number: int, kernel: object, predecessors: list[Any], i: int, table: CodeTable) -> list[int]:
    if type(kernel) is not int or (number, kernel) not in table.labels:
        known = ", ".join(map(label_name, table.labels))
        raise InvalidArchitectureError(
            f"layer {i} is {NAMES.get(number, number)} of kernel size {kernel!r:.20}; the layers are: {known}"
        )
    for predecessor in predecessors:
        if type(predecessor) is not int or not 0 <= predecessor < i:
            raise InvalidArchitectureError(
                f"layer {i} must read the image (0) or an earlier layer, not {predecessor!r:.20}"
            )
    if not table.branches and predecessors != [i - 1]:
        raise InvalidArchitectureError(f"in a chain layer {i} reads {i - 1}, not {predecessors[0]}")
    return [number, kernel, *predecessors, 0][:ROW]
