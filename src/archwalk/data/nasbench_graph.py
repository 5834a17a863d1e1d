"""NAS-Bench-Graph (Qin et al., 2022): the figures inside the installed package `nas_bench_graph`.

The package holds one pickle a graph: {hash: {"valid_perf", "perf", "latency", "para"}}. Its own reader
unpickles without restraint; here the file is read as data and the package is not imported.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.data.pickles import read_pickle
from archwalk.errors import DataError, unknown

GRAPHS = ("cora", "citeseer", "pubmed", "cs", "physics", "photo", "computers", "arxiv", "proteins")
"""The graphs: 26,206 architectures measured on each, 2,021 on proteins."""


@dataclass(frozen=True)
class GraphFigures:
    """What was measured on one graph, N architectures in ascending order of the hash."""

    hashes_N: NDArray[np.int64]
    """`Arch.valid_hash()` of the package."""
    validation_N: NDArray[np.float64]
    """Validation accuracy (proteins: ROC-AUC) in percent."""
    test_N: NDArray[np.float64]
    """Test accuracy (proteins: ROC-AUC) in percent."""
    latency_N: NDArray[np.float64]
    """Seconds of one inference."""
    parameters_N: NDArray[np.int64]
    """Trainable parameters; the file has means over trainings, not all whole, which are rounded here."""


def read_graph(graph: str) -> GraphFigures:
    """Read the figures of one of `GRAPHS`.

    Raises UsageError for another name, DataError if the package is absent or its file damaged.
    """
    if graph not in GRAPHS:
        raise unknown("graph", graph, GRAPHS)
    path = bench_folder() / f"{graph}.bench"
    bench = read_pickle(path)
    try:
        hashes_N = np.array(list(bench), np.int64)
        order = np.argsort(hashes_N)
        validation_N, test_N, latency_N, millions_N = (
            _gather(bench, key)[order] for key in ("valid_perf", "perf", "latency", "para")
        )
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
        raise DataError(f"{path} is not a NAS-Bench-Graph file ({type(error).__name__}: {error})") from error
    parameters_N = np.rint(1e6 * millions_N).astype(np.int64)
    return GraphFigures(hashes_N[order], 100 * validation_N, 100 * test_N, latency_N, parameters_N)


def bench_folder() -> Path:
    """The folder of the package's files. Raises DataError if it is not installed."""
    spec = find_spec("nas_bench_graph")
    if spec is None or not spec.submodule_search_locations:
        raise DataError("nas-bench-graph is not installed; run: pip install nas-bench-graph")
    return Path(spec.submodule_search_locations[0]) / "light"


def _gather(bench: dict[int, dict[str, Any]], key: str) -> NDArray[np.float64]:
    return np.array([figures[key] for figures in bench.values()], np.float64)
