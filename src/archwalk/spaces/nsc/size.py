"""How large the network around the layers is."""

from dataclasses import dataclass, replace

from archwalk.errors import UsageError
from archwalk.spaces.task import Task, check_whole


@dataclass(frozen=True)
class NSCSize:
    """The convolutions' width and the prediction module (Gomez Robles and Vanschoren 2019, sections 4.1.1, 4.1.2).

    With `doubling` the i-th convolution, in the order of the layers, has `filters` * 2^i filters, i from 0: the paper's
    2^(4 + i) of experiment 2, which also has `dense` 4096. A network with more weights than `max_parameters` is refused
    (ours; a gigabyte in single precision); None refuses none. All else are the paper's values for early-stop training.
    """

    filters: int = 32
    doubling: bool = False
    dense: int = 1024
    dropout: float = 0.4
    max_parameters: int | None = 250_000_000

    def __post_init__(self) -> None:
        check_whole("networks of layers", filters=self.filters, dense=self.dense)
        if self.max_parameters is not None:
            check_whole("networks of layers", max_parameters=self.max_parameters)
        if not 0 <= self.dropout < 1:
            raise UsageError(f"dropout must be at least 0 and below 1, not {self.dropout}")

    def scaled(self, channels: int, cells: int) -> "NSCSize":
        """See `ScalableSize`; how many layers there are is the architecture's."""
        return replace(self, filters=channels)


SIZE = NSCSize()

TASK = Task((3, 84, 84), 10)
"""The paper's images (section 4.1.2), of a number of classes that is ours."""
