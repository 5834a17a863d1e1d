"""How large the network around a NAS-Bench-101 cell is."""

from dataclasses import asdict, dataclass, replace

from archwalk.spaces.task import check_whole


@dataclass(frozen=True)
class NASBench101Size:
    """The defaults are the published ones. The channels of the stem double from one stack to the next."""

    stem_channels: int = 128
    stacks: int = 3
    cells_per_stack: int = 3

    def __post_init__(self) -> None:
        check_whole("networks of nasbench101", **asdict(self))

    def scaled(self, channels: int, cells: int) -> "NASBench101Size":
        """See `ScalableSize`."""
        return replace(self, stem_channels=channels, cells_per_stack=cells)


PUBLISHED = NASBench101Size()
