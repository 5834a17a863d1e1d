"""Networks of known names, as near as this space comes to them."""

from typing import Any


def _stage(
    blocks: int, width: int, kind: str, *, halve: bool = True, squeeze: bool = False, kernel: int = 3
) -> Any:
    return {
        "blocks": blocks, "width": width, "kind": kind, "kernel": kernel, "squeeze": squeeze, "halve": halve,
    }  # fmt: skip


MEMBERS: dict[str, dict[str, Any]] = {
    "resnet-20": {
        "activation": "relu",
        "stages": [
            _stage(3, 16, "residual", halve=False),
            _stage(3, 32, "residual"),
            _stage(3, 64, "residual"),
        ],
    },
    "resnet-9": {
        "activation": "relu",
        "stages": [
            _stage(1, 64, "plain", halve=False),
            _stage(1, 128, "residual"),
            _stage(1, 256, "plain"),
            _stage(1, 256, "residual"),
        ],
    },
    "wide-resnet-16-2": {
        "activation": "relu",
        "stages": [
            _stage(2, 32, "residual", halve=False),
            _stage(2, 64, "residual"),
            _stage(2, 128, "residual"),
        ],
    },
    "resnet-18": {
        "activation": "relu",
        "stages": [
            _stage(2, 32, "residual", halve=False),
            _stage(2, 64, "residual"),
            _stage(2, 128, "residual"),
            _stage(2, 256, "residual"),
        ],
    },
    "resnet-50": {
        "activation": "relu",
        "stages": [
            _stage(3, 64, "bottleneck", halve=False),
            _stage(4, 128, "bottleneck"),
            _stage(4, 192, "bottleneck"),
            _stage(3, 256, "bottleneck"),
        ],
    },
    "vgg-11": {
        "activation": "relu",
        "stages": [
            _stage(1, 64, "plain", halve=False),
            _stage(1, 128, "plain"),
            _stage(2, 256, "plain"),
            _stage(2, 256, "plain"),
        ],
    },
    "mobilenet-v2": {
        "activation": "relu",
        "stages": [
            _stage(2, 24, "inverted6", halve=False),
            _stage(3, 32, "inverted6"),
            _stage(4, 64, "inverted6"),
            _stage(3, 96, "inverted6"),
        ],
    },
    "mobilenet-v3": {
        "activation": "hardswish",
        "stages": [
            _stage(2, 24, "inverted3", halve=False),
            _stage(3, 48, "inverted3", kernel=5, squeeze=True),
            _stage(4, 64, "inverted6"),
            _stage(3, 96, "inverted6", kernel=5, squeeze=True),
        ],
    },
    "three-stage": {
        "activation": "relu",
        "stages": [
            _stage(1, 32, "residual", halve=False),
            _stage(1, 64, "residual"),
            _stage(1, 128, "residual"),
        ],
    },
}
"""He et al. 2016 (`resnet-20` is theirs for CIFAR-10, with projections; `resnet-18` and `resnet-50` have half its width
and less), Page 2018 (`resnet-9`, of DAWNBench, its last stage half as wide), Zagoruyko and Komodakis 2016, Simonyan and
Zisserman 2015, Sandler et al. 2018, Howard et al. 2019; `three-stage` is the plain residual
network that searches here are measured by."""
