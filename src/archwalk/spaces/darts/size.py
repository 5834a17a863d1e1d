"""How large the network of two DARTS cells is, and what its training adds."""

from dataclasses import dataclass, replace

from archwalk.errors import UsageError
from archwalk.spaces.task import check_whole


@dataclass(frozen=True)
class DARTSSize:
    """The defaults are what NAS-Bench-301 trained; DARTS' own results are of 20 layers and 36 channels.

    `drop_path` is the probability that training drops an edge (never a plain `skip_connect`); DARTS raises it as
    training goes on. With `auxiliary` there is an auxiliary head, and images are 32 x 32.
    """

    channels: int = 32
    layers: int = 8
    drop_path: float = 0.0
    auxiliary: bool = False

    def __post_init__(self) -> None:
        check_whole("networks of darts", channels=self.channels, layers=self.layers)
        if self.channels % 2:
            raise UsageError(f"channels must be even, not {self.channels}")
        if not 0 <= self.drop_path < 1:
            raise UsageError(f"drop_path must be at least 0 and below 1, not {self.drop_path}")

    def scaled(self, channels: int, cells: int) -> "DARTSSize":
        """See `ScalableSize`; there are three resolutions."""
        return replace(self, channels=channels, layers=3 * cells)


NASBENCH301 = DARTSSize()
