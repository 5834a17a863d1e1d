import pickle
import subprocess
import sys

import numpy as np
import pytest

from archwalk.data import nasbench_graph
from archwalk.data.nasbench_graph import GRAPHS, read_graph
from archwalk.errors import DataError, UsageError


@pytest.mark.parametrize("graph", GRAPHS)
def test_figures_of_each_graph(graph):
    figures = read_graph(graph)
    rows = 2_021 if graph == "proteins" else 26_206
    assert (np.diff(figures.hashes_N) > 0).all()
    for accuracy_N in (figures.validation_N, figures.test_N):
        assert accuracy_N.shape == (rows,)
        assert 1 < accuracy_N.min() < accuracy_N.max() < 100
    assert figures.latency_N.shape == figures.parameters_N.shape == (rows,)
    assert 0 < figures.latency_N.min() < figures.latency_N.max() < 1
    assert figures.parameters_N.dtype == np.int64
    assert figures.parameters_N.min() > 30_000


def test_known_row():
    cora = read_graph("cora")
    assert cora.hashes_N[0] == 0
    assert cora.validation_N[0] == pytest.approx(77.3333333333)
    assert cora.test_N[0] == pytest.approx(79.7)
    assert cora.latency_N[0] == 0.005922238032023112
    assert cora.parameters_N[0] == 1_736_711


def test_package_is_not_imported():
    """In a process of its own: another test may have imported it."""
    program = "import sys; from archwalk.data.nasbench_graph import read_graph; read_graph('proteins'); "
    program += "assert 'nas_bench_graph' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_unknown_graph():
    with pytest.raises(UsageError, match="did you mean 'citeseer'"):
        read_graph("citesear")


def test_package_absent(monkeypatch):
    monkeypatch.setattr(nasbench_graph, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="pip install nas-bench-graph"):
        read_graph("cora")


@pytest.mark.parametrize("content", [[1], {"a": 1}, {1: {"perf": 1.0}}, {1 << 70: {}}, {None: {}}])
def test_file_of_another_content(monkeypatch, tmp_path, content):
    (tmp_path / "cora.bench").write_bytes(pickle.dumps(content))
    monkeypatch.setattr(nasbench_graph, "bench_folder", lambda: tmp_path)
    with pytest.raises(DataError, match=r"cora\.bench is not a NAS-Bench-Graph file"):
        read_graph("cora")
