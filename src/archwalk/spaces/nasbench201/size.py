"""How large the network around a NAS-Bench-201 cell is."""

from dataclasses import asdict, dataclass, replace

from archwalk.spaces.task import check_whole


@dataclass(frozen=True)
class NASBench201Size:
    """The defaults are the published ones. The channels of the stem double from one stage to the next."""

    stem_channels: int = 16
    stages: int = 3
    cells_per_stage: int = 5

    def __post_init__(self) -> None:
        check_whole("networks of nasbench201", **asdict(self))

    def scaled(self, channels: int, cells: int) -> "NASBench201Size":
        """See `ScalableSize`."""
        return replace(self, stem_channels=channels, cells_per_stage=cells)


PUBLISHED = NASBench201Size()
