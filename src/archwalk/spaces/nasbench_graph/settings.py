"""The networks that NAS-Bench-Graph measured: what stands around the architecture, for each data set."""

from typing import TypedDict


class NetworkSettings(TypedDict):
    """What the benchmark fixed around the architecture, one choice a data set."""

    in_features: int
    classes: int
    hidden: int
    preprocess: bool
    postprocess: bool
    dropout: float


def _settings(
    in_features: int, classes: int, hidden: int, preprocess: bool, postprocess: bool, dropout: float
) -> NetworkSettings:
    return NetworkSettings(
        in_features=in_features,
        classes=classes,
        hidden=hidden,
        preprocess=preprocess,
        postprocess=postprocess,
        dropout=dropout,
    )


PUBLISHED = {
    "cora": _settings(1433, 7, 256, False, True, 0.7),
    "citeseer": _settings(3703, 6, 256, False, True, 0.7),
    "pubmed": _settings(500, 3, 128, False, False, 0.3),
    "cs": _settings(6805, 15, 128, True, False, 0.6),
    "physics": _settings(8415, 5, 256, True, False, 0.4),
    "photo": _settings(745, 8, 128, False, False, 0.7),
    "computers": _settings(767, 10, 64, True, True, 0.1),
    "arxiv": _settings(128, 40, 128, False, True, 0.2),
    "proteins": _settings(8, 112, 256, True, True, 0.0),
}
"""The networks of the published tables: widths and layers are those that give the published parameter counts.

The dropout leaves no trace in the tables; it is as reported, and not checked.
"""
