"""What a network is for."""

from dataclasses import dataclass
from typing import Any

from archwalk.errors import UsageError

Shape = tuple[int, ...]
"""Of one input, without the batch: (channels, height, width) of an image."""

CLASSIFICATION, ACTOR_CRITIC, NODE_CLASSIFICATION = "classification", "actor-critic", "node-classification"

_INPUTS = {1: "vectors", 3: "images"}


@dataclass(frozen=True)
class Task:
    """What a network reads, and what it gives.

    `shape` is that of one input: (channels, height, width) of an image, (features,) of a vector or of a node in a
    graph. `outputs` are classes, or an agent's actions. By `kind`, `classification` gives scores (B, outputs),
    `actor-critic` logits (B, outputs) and values (B,), and `node-classification`, from features of nodes and edges
    between them, scores (nodes, outputs). A plug-in's space may have kinds of its own. Raises UsageError.
    """

    shape: Shape
    outputs: int
    kind: str = CLASSIFICATION

    def __post_init__(self) -> None:
        if not isinstance(self.shape, tuple | list):
            raise UsageError(
                f"the shape of an input is several whole numbers, such as 3,32,32, not {self.shape!r}"
            )
        object.__setattr__(self, "shape", tuple(self.shape))
        for number in self.shape:
            check_whole("a shape", size=number)
        check_whole("a task", outputs=self.outputs)

    def check(self, other: "Task | None", networks: str) -> "Task":
        """Another task for networks that are for tasks like this one; this one where it is None.

        Raises UsageError for one of another kind, or whose inputs have more dimensions or fewer.
        """
        if other is None:
            return self
        if other.kind != self.kind:
            raise UsageError(f"{networks} are for {self.kind}, not for {other.kind}")
        if len(other.shape) != len(self.shape):
            raise UsageError(
                f"{networks} read {inputs_of(self.shape)}, not inputs of the shape {written(other.shape)}"
            )
        return other


def inputs_of(shape: Shape) -> str:
    """What inputs of so many dimensions are called, with an example."""
    return f"{_INPUTS.get(len(shape), 'inputs')}, of a shape such as {written(shape)}"


def written(shape: Shape) -> str:
    """A shape as the command line takes it: 3,32,32."""
    return ",".join(map(str, shape))


def check_whole(owner: str, **numbers: Any) -> None:
    """Raise UsageError for a number of `owner` that is not whole and at least 1."""
    for name, value in numbers.items():
        if type(value) is not int or not 1 <= value < 2**63:  # nor a bool
            raise UsageError(f"{name} of {owner} must be a whole number of at least 1, not {value!r}")


CIFAR10 = Task((3, 32, 32), 10)
