"""What NAS-Bench-Graph put around the architecture, for each data set."""

from dataclasses import dataclass

from archwalk.errors import UsageError
from archwalk.spaces.task import NODE_CLASSIFICATION, Task, check_whole


@dataclass(frozen=True)
class NASBenchGraphSize:
    """The width of every node, the linear layers in front and behind, and the dropout."""

    hidden: int = 64
    preprocess: bool = True
    postprocess: bool = False
    dropout: float = 0.5

    def __post_init__(self) -> None:
        check_whole("networks of nas-bench-graph", hidden=self.hidden)
        if self.hidden % 2:
            raise UsageError(f"hidden must be even, for the two heads of gat, not {self.hidden}")
        if not 0 <= self.dropout < 1:
            raise UsageError(f"dropout must be at least 0 and below 1, not {self.dropout}")


def nodes(features: int, classes: int) -> Task:
    """Classes of nodes by their features."""
    return Task((features,), classes, NODE_CLASSIFICATION)


PUBLISHED = {
    "cora": (nodes(1433, 7), NASBenchGraphSize(256, False, True, 0.7)),
    "citeseer": (nodes(3703, 6), NASBenchGraphSize(256, False, True, 0.7)),
    "pubmed": (nodes(500, 3), NASBenchGraphSize(128, False, False, 0.3)),
    "cs": (nodes(6805, 15), NASBenchGraphSize(128, True, False, 0.6)),
    "physics": (nodes(8415, 5), NASBenchGraphSize(256, True, False, 0.4)),
    "photo": (nodes(745, 8), NASBenchGraphSize(128, False, False, 0.7)),
    "computers": (nodes(767, 10), NASBenchGraphSize(64, True, True, 0.1)),
    "arxiv": (nodes(128, 40), NASBenchGraphSize(128, False, True, 0.2)),
    "proteins": (nodes(8, 112), NASBenchGraphSize(256, True, True, 0.0)),
}
"""The networks of the published tables, task and size: widths and layers are those that give the published counts of
parameters. The dropout leaves no trace in the tables; it is as reported, and not checked.
"""
