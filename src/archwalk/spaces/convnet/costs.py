"""What networks cost, in closed form over arrays of codes, and limits on it."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import UsageError
from archwalk.spaces.base import Codes
from archwalk.spaces.convnet.code import (
    BOTTLENECK,
    INVERTED3,
    INVERTED6,
    MOST_STAGES,
    PLAIN,
    RESIDUAL,
    read_stages,
)

Ints = NDArray[np.int64]

STEM_KERNEL = 3
BOTTLENECK_RATIO = 4
"""Width of a bottleneck block over that of its inner convolution (He et al. 2016)."""
EXPANSION = {INVERTED3: 3, INVERTED6: 6}
SQUEEZE_RATIO = 4
_BYTES = 4


@dataclass(frozen=True)
class Costs:
    """Of B networks, for one image: what they take when they are used, in single precision."""

    parameters_B: Ints
    macs_B: Ints
    """Multiplications with additions, of convolutions and dense layers."""
    activations_B: Ints
    """Numbers that convolutions give: what a training has to keep, but for a factor."""
    depthwise_B: Ints
    """Those of them that depthwise convolutions give, which take long for what they compute."""
    peak_B: Ints
    """Most numbers of feature maps that are there at a time; normalisation, activation and sums work in place."""
    statistics_B: Ints
    """Running means and variances of batch normalisation."""

    @property
    def megabytes_B(self) -> NDArray[np.float64]:
        """Weights, statistics and the peak of feature maps."""
        return _BYTES * (self.parameters_B + self.statistics_B + self.peak_B) / 2**20


@dataclass(frozen=True)
class Limits:
    """What a network may cost at most; None is no limit."""

    max_parameters: int | None = None
    max_macs: int | None = None
    max_megabytes: float | None = None

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if value is not None and not value > 0:
                raise UsageError(f"{name} must be above 0, not {value}")

    def excess_B(self, costs: Costs) -> NDArray[np.float64]:
        """By what factor the limit that is broken most is broken; at most 1 where all are kept."""
        ratios = [
            cost_B / limit
            for cost_B, limit in (
                (costs.parameters_B, self.max_parameters),
                (costs.macs_B, self.max_macs),
                (costs.megabytes_B, self.max_megabytes),
            )
            if limit is not None
        ]
        excess_B: NDArray[np.float64] = np.max([np.zeros(len(costs.parameters_B)), *ratios], axis=0)
        return excess_B

    def __bool__(self) -> bool:
        return any(value is not None for value in asdict(self).values())

    def as_dict(self) -> dict[str, Any]:
        """For JSON: those that there are."""
        return {name: value for name, value in asdict(self).items() if value is not None}


class _Sums:
    """Running totals of B networks while their layers are gone through."""

    def __init__(self, batch: int) -> None:
        self.parameters, self.statistics, self.macs = (np.zeros(batch, np.int64) for _ in range(3))
        self.activations, self.depthwise, self.peak = (np.zeros(batch, np.int64) for _ in range(3))

    def convolution(self, weights: Ints, width: Ints, plane: Ints, times: Ints) -> None:
        """A convolution and its normalisation, so many times; `weights` of one."""
        self.parameters += times * (weights + 2 * width)
        self.statistics += times * 2 * width
        self.macs += times * weights * plane
        self.activations += times * width * plane

    def squeeze(self, width: Ints, times: Ints) -> None:
        """Squeeze-and-excitation: two dense layers on the means of the planes."""
        hidden: Ints = np.maximum(width // SQUEEZE_RATIO, 1)
        self.parameters += times * (2 * width * hidden + hidden + width)
        self.macs += 2 * times * width * hidden
        self.activations += times * (hidden + width)

    def hold(self, numbers: Ints, where: NDArray[np.bool_]) -> None:
        """So many numbers of feature maps are there at one time."""
        self.peak = np.maximum(self.peak, np.where(where, numbers, 0))


def costs_of(codes_BL: Codes, image_shape: tuple[int, int, int], classes: int) -> Costs:
    """The costs of networks (B, L) for images (channels, height, width)."""
    channels, height, width = image_shape
    stages, sums = read_stages(codes_BL), _Sums(len(codes_BL))
    one = np.ones(len(codes_BL), np.int64)
    high, wide, inside = height * one, width * one, stages.width[:, 0]
    plane = high * wide
    sums.convolution(STEM_KERNEL**2 * channels * inside, inside, plane, one)
    sums.hold((channels + inside) * plane, one > 0)
    for s in range(MOST_STAGES):
        there, halve = stages.present[:, s], stages.halve[:, s]
        out, kind, kernel = stages.width[:, s], stages.kind[:, s], stages.kernel[:, s]
        high_out, wide_out = np.where(halve, -(-high // 2), high), np.where(halve, -(-wide // 2), wide)
        before, plane = high * wide, high_out * wide_out
        for first, times in ((True, one), (False, stages.blocks[:, s] - 1)):
            where = there & (times > 0)
            size = (inside, before) if first else (out, plane)
            projected = (halve | (inside != out)) if first else one < 0
            _block(
                sums,
                kind,
                kernel,
                stages.squeeze[:, s],
                size,
                (out, plane),
                projected,
                np.where(where, times, 0),
            )
        high, wide = np.where(there, high_out, high), np.where(there, wide_out, wide)
        inside = np.where(there, out, inside)
    sums.parameters += (inside + 1) * classes
    sums.macs += inside * classes
    return Costs(sums.parameters, sums.macs, sums.activations, sums.depthwise, sums.peak, sums.statistics)


def _block(
    sums: _Sums,
    kind: Ints,
    kernel: Ints,
    squeeze: NDArray[np.bool_],
    before: tuple[Ints, Ints],
    after: tuple[Ints, Ints],
    projected: NDArray[np.bool_],
    times: Ints,
) -> None:
    """Add equal blocks, so many `times`, from (width, plane) to (width, plane)."""
    (inside, plane_in), (out, plane) = before, after
    square, come, go = kernel**2, inside * plane_in, out * plane

    of = np.where(kind == PLAIN, times, 0)
    sums.convolution(square * inside * out, out, plane, of)
    sums.hold(come + go, of > 0)

    of = np.where(kind == RESIDUAL, times, 0)
    sums.convolution(square * inside * out, out, plane, of)
    sums.convolution(square * out * out, out, plane, of)
    sums.hold(come + 2 * go, of > 0)

    of, inner = np.where(kind == BOTTLENECK, times, 0), out // BOTTLENECK_RATIO
    sums.convolution(inside * inner, inner, plane_in, of)
    sums.convolution(square * inner * inner, inner, plane, of)
    sums.convolution(inner * out, out, plane, of)
    sums.hold(come + inner * (plane_in + plane), of > 0)
    sums.hold(come + inner * plane + go, of > 0)
    sums.hold(come + 2 * go, (of > 0) & projected)

    of = np.where(((kind == RESIDUAL) | (kind == BOTTLENECK)) & projected, times, 0)
    sums.convolution(inside * out, out, plane, of)
    sums.squeeze(out, np.where((kind <= BOTTLENECK) & squeeze, times, 0))

    for which, factor in EXPANSION.items():
        of, inner = np.where(kind == which, times, 0), factor * inside
        held = np.where(projected, 0, come)
        sums.convolution(inside * inner, inner, plane_in, of)
        sums.convolution(square * inner, inner, plane, of)
        sums.depthwise += of * inner * plane
        sums.convolution(inner * out, out, plane, of)
        sums.squeeze(inner, np.where(squeeze, of, 0))
        sums.hold(come + inner * plane_in, of > 0)
        sums.hold(held + inner * (plane_in + plane), of > 0)
        sums.hold(held + inner * plane + go, of > 0)
