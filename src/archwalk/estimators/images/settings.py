"""How a network is trained: Gomez Robles and Vanschoren's early stop (section 4.1.2), its intensive training (section
6.1), and a small one.
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from archwalk.errors import UsageError


@dataclass(frozen=True)
class TrainingSettings:
    """One training. The defaults are Gomez Robles and Vanschoren's 4.1.2; what it leaves open is ours: the limits,
    and all of `validation`.

    Gomez Robles and Vanschoren 2019 writes Adam's epsilon as 10e-8, which is 1e-7; its code left it to TensorFlow's
    default, 1e-8.
    """

    epochs: int = 12
    batch: int = 128
    """64 for the multi-branch space (Gomez Robles and Vanschoren 2019 6.2)."""
    learning_rate: float = 1e-3
    decay: Literal["steps", "exponential"] = "steps"
    """`steps`: times `decay_factor` after every `decay_epochs` epochs. `exponential`: the same without the steps."""
    decay_factor: float = 0.2
    decay_epochs: int = 5
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 10e-8
    recompute_statistics: bool = False
    """Whether batch normalisation is tested with means over the training images that are computed after training, not
    with running ones (ours): those are still near where they began after a few dozen batches."""
    seconds_limit: float | None = 600.0
    """Of processor time (on CUDA of the clock); a network that needs more scores 0. None: no limit."""
    memory_limit: int = 8192
    """Megabytes that a training may need by the estimate of `limits.py`; a network that needs more scores 0."""

    def __post_init__(self) -> None:
        for name in ("epochs", "batch", "learning_rate", "decay_factor", "decay_epochs", "memory_limit"):
            if getattr(self, name) <= 0:
                raise UsageError(f"{name} of a training must be above 0, not {getattr(self, name)}")
        if self.batch < 2:
            raise UsageError("batch must be at least 2: normalisation needs several images")
        if self.decay not in ("steps", "exponential"):
            raise UsageError(f"decay must be steps or exponential, not {self.decay!r}")
        if self.seconds_limit is not None and self.seconds_limit <= 0:
            raise UsageError(f"seconds_limit must be above 0, not {self.seconds_limit}")

    def learning_rate_at(self, epoch: int) -> float:
        """The learning rate in an epoch; the first is 0."""
        passed = epoch // self.decay_epochs if self.decay == "steps" else epoch / self.decay_epochs
        return float(self.learning_rate * self.decay_factor**passed)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


FULL = TrainingSettings()
"""Gomez Robles and Vanschoren's early stop, for images of 84 x 84."""

SMALL = TrainingSettings(
    epochs=3,
    batch=32,
    recompute_statistics=True,
    seconds_limit=10.0,
    memory_limit=1024,
)
"""For two processor cores: with 14 x 14 pixels and at most 600 images a chain of four layers takes a second at most.

Gomez Robles and Vanschoren's batch of 128 would leave nine steps, after which most networks guess. The limit of time
is ten times what is usual, so that no score hangs on how busy the machine is.
"""

INTENSIVE = TrainingSettings(
    epochs=100,
    decay="exponential",
    decay_factor=0.01,
    decay_epochs=100,
    seconds_limit=None,
    memory_limit=16_384,
)
"""Gomez Robles and Vanschoren's final training (section 6.1). It does not say how fast the rate decays: to a
hundredth in 100 epochs is ours.
"""
