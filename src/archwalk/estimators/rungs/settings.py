"""How a network is trained: AdamW through cycles in which the learning rate rises and falls once."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from archwalk.errors import UsageError
from archwalk.learning.precision import has_bfloat16

Arithmetic = Literal["fp32", "bf16"]
ARITHMETICS = ("fp32", "bf16")

_STEPS_AN_EPOCH = 24
_BATCHES = (32, 256)
_FEW_IMAGES = (10_000, 50_000)


@dataclass(frozen=True)
class RecipeSettings:
    """One training. Loshchilov and Hutter 2019 (AdamW, cycles), Smith and Topin 2018 (one cycle), Szegedy et al. 2016
    (label smoothing). The values are ours.
    """

    batch: int = 128
    learning_rate: float = 1e-2
    """At the peak of a cycle, for batches of 128; it grows with the root of the batch."""
    weight_decay: float = 0.05
    """Of convolutions and dense layers; normalisation and biases have none."""
    smoothing: float = 0.1
    """Share of the target that is spread over all classes."""
    warm: float = 0.2
    """Share of a cycle in which the learning rate rises, from a tenth of its peak; then it falls as a cosine."""
    shift: int = 0
    """Pixels by which an image is moved at most in each direction; what comes in is its own reflection."""
    mirror: bool = False
    """Whether half of the images are mirrored."""
    strength: float = 0.0
    """Of warps, light and covers (`augmenting.py`), 0 to 1."""
    arithmetic: Arithmetic = "fp32"
    """`bf16`: convolutions and dense layers in bfloat16 by PyTorch's autocast; weights stay in single precision."""
    seconds_limit: float | None = None
    memory_limit: int = 8192
    """Megabytes that a worker may map."""

    def __post_init__(self) -> None:
        for name in ("batch", "learning_rate", "memory_limit"):
            if not getattr(self, name) > 0:
                raise UsageError(f"{name} of a recipe must be above 0, not {getattr(self, name)}")
        if self.arithmetic not in ARITHMETICS:
            raise UsageError(f"arithmetic is one of {', '.join(ARITHMETICS)}, not {self.arithmetic!r}")

    def learning_rate_at(self, progress: float) -> float:
        """The learning rate at a share of the cycle, 0 to 1."""
        peak = self.learning_rate * (self.batch / 128) ** 0.5
        if progress < self.warm:
            return float(peak * (0.1 + 0.9 * progress / self.warm))
        fallen = min((progress - self.warm) / (1 - self.warm), 1.0)
        return float(peak * 0.5 * (1 + np.cos(np.pi * fallen)))

    def as_dict(self) -> dict[str, Any]:
        """For JSON: all that decides on bits."""
        return {k: v for k, v in asdict(self).items() if k not in ("seconds_limit", "memory_limit")}


def strength_for(images: int) -> float:
    """How strongly so many images are changed: all of it for ten thousand and fewer, which are seen many times."""
    few, many = _FEW_IMAGES
    return round(float(np.clip(np.log(many / max(images, 1)) / np.log(many / few), 0, 1)), 2)


def batch_for(images: int) -> int:
    """Images in a batch: a power of two that leaves some twenty-four steps an epoch, 32 to 256."""
    wanted = 2 ** round(np.log2(max(images, 1) / _STEPS_AN_EPOCH))
    return int(np.clip(wanted, *_BATCHES))


def arithmetic_of(device: str) -> Arithmetic:
    """`bf16` where the device has it in hardware: AMX or AVX512-BF16, or a GPU."""
    return "bf16" if has_bfloat16(device) else "fp32"
