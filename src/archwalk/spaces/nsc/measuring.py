"""How large a network is, without building it: shapes, weights, multiplications.

One unpooled convolution of an 84 x 84 image has 231 million weights in the prediction module of Gomez Robles and
Vanschoren 2019: whoever trains such networks must know before anything is allocated.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import InvalidArchitectureError
from archwalk.jit import kernel
from archwalk.spaces.nsc.code import FIRST, KERNEL, SECOND, TYPE, count_layers, is_merge
from archwalk.spaces.nsc.size import NSCSize
from archwalk.spaces.nsc.table import ADDITION, CONVOLUTION, label_name
from archwalk.spaces.task import Task

Layers = NDArray[np.int32]
"""The layers of B architectures, (B, D, 4): codes (B, 4 D) in another shape."""


@dataclass(frozen=True)
class Measurements:
    """Of B architectures. `failed_B` is 0, or the number of the first layer for which the image is too small.

    `shapes_BD3` are the layers' outputs (channels, height, width); `features_B` what the dense layer reads. Of the
    other three, for one image: weights, values computed by layers, multiplications of convolutions and dense layers.
    Those of an architecture that failed mean nothing.
    """

    failed_B: NDArray[np.int64]
    shapes_BD3: NDArray[np.int64]
    features_B: NDArray[np.int64]
    parameters_B: NDArray[np.int64]
    activations_B: NDArray[np.int64]
    multiplications_B: NDArray[np.int64]

    def fits_B(self, size: NSCSize) -> NDArray[np.bool_]:
        """Which can be built within the limit of weights."""
        fits: NDArray[np.bool_] = self.failed_B == 0
        if size.max_parameters is not None:
            fits &= self.parameters_B <= size.max_parameters
        return fits


@dataclass(frozen=True)
class Measurement:
    """Of one architecture: see `Measurements`."""

    shapes: list[tuple[int, int, int]]
    features: int
    parameters: int
    activations: int
    multiplications: int


def measure_all(layers_BDR: Layers, task: Task, size: NSCSize) -> Measurements:
    """Sizes of B architectures, (B, D, 4), numbered so that layers read earlier ones; an empty one has failed."""
    batch, depth, _ = layers_BDR.shape
    shapes_BD3, totals_B4 = np.zeros((batch, depth, 3), np.int64), np.zeros((batch, 4), np.int64)
    failed_B = np.zeros(batch, np.int64)
    image = np.array(task.shape, np.int64)
    widths = (size.filters, size.doubling, size.dense, task.outputs)
    _measure(np.ascontiguousarray(layers_BDR), image, *widths, shapes_BD3, totals_B4, failed_B)
    return Measurements(failed_B, shapes_BD3, *totals_B4.T)


def measure(layers: Layers, task: Task, size: NSCSize) -> Measurement:
    """The size of one architecture (D, 4). Raises InvalidArchitectureError if it cannot be built."""
    sizes = measure_all(layers[None], task, size)
    n = int(count_layers(layers))
    if failed := int(sizes.failed_B[0]):
        row = layers[failed - 1]
        if row[TYPE] <= 0:
            raise InvalidArchitectureError("an architecture without layers is none")
        above = int(row[FIRST])
        _, height, width = sizes.shapes_BD3[0, above - 1] if above else task.shape
        name = label_name((int(row[TYPE]), int(row[KERNEL])))
        raise InvalidArchitectureError(
            f"layer {failed}, {name}, is larger than the {height} x {width} it reads"
        )
    found = Measurement(
        shapes=[(int(c), int(h), int(w)) for c, h, w in sizes.shapes_BD3[0, :n]],
        features=int(sizes.features_B[0]),
        parameters=int(sizes.parameters_B[0]),
        activations=int(sizes.activations_B[0]),
        multiplications=int(sizes.multiplications_B[0]),
    )
    if size.max_parameters is not None and found.parameters > size.max_parameters:
        raise InvalidArchitectureError(
            f"the network has {found.parameters:,} weights, more than max_parameters = {size.max_parameters:,}"
        )
    return found


@kernel
def _measure(layers_BDR, image, filters, doubling, dense, classes, shapes_BD3, totals_B4, failed_B):  # type: ignore[no-untyped-def]
    for b in range(len(layers_BDR)):
        failed_B[b] = _measure_one(
            layers_BDR[b], image, filters, doubling, dense, classes, shapes_BD3[b], totals_B4[b]
        )


@kernel
def _measure_one(layers, image, filters, doubling, dense, classes, shapes, totals):  # type: ignore[no-untyped-def]
    n = count_layers(layers)
    if n == 0:
        return 1
    parameters, activations, multiplications, width = 0, 0, 0, filters
    for i in range(n):
        first = layers[i, FIRST]
        c, h, w = shapes[first - 1] if first > 0 else image
        size = layers[i, KERNEL]
        if layers[i, TYPE] == CONVOLUTION:
            weights = c * size * size * width
            parameters += weights + 2 * width  # the batch normalisation's scale and shift
            multiplications += weights * h * w
            c = width
            if doubling:
                width *= 2
        elif is_merge(layers[i, TYPE]):
            second = layers[i, SECOND]
            c2, h2, w2 = shapes[second - 1] if second > 0 else image
            c = max(c, c2) if layers[i, TYPE] == ADDITION else c + c2
            h, w = max(h, h2), max(w, w2)
        else:
            h, w = h // size, w // size
            if h == 0 or w == 0:
                return i + 1
        shapes[i, 0], shapes[i, 1], shapes[i, 2] = c, h, w
        activations += c * h * w
    c, h, w = leaf_shape(layers, n, shapes)
    totals[0] = c * h * w
    totals[1] = parameters + (totals[0] + 1) * dense + (dense + 1) * classes
    totals[2] = activations + totals[0] + dense + classes
    totals[3] = multiplications + totals[0] * dense + dense * classes
    return 0


@kernel
def leaf_shape(layers, n, shapes):  # type: ignore[no-untyped-def]
    """The shape (channels, height, width) of the concatenated leaves."""
    read = np.zeros(n + 1, np.bool_)
    for i in range(n):
        read[layers[i, FIRST]] = True
        if is_merge(layers[i, TYPE]):
            read[layers[i, SECOND]] = True
    c, h, w = 0, 0, 0
    for i in range(n):
        if not read[i + 1]:
            c, h, w = c + shapes[i, 0], max(h, shapes[i, 1]), max(w, shapes[i, 2])
    return c, h, w
