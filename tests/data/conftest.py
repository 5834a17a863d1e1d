import os
from pathlib import Path

import pytest

from archwalk.spaces.nasbench101.space import NASBench101


@pytest.fixture(scope="session")
def data_root() -> Path:
    folder = os.environ.get("ARCHWALK_DATA")
    if not folder:
        pytest.skip("ARCHWALK_DATA is unset: no published benchmark files here")
    return Path(folder)


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("ARCHWALK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="session")
def space4() -> NASBench101:
    return NASBench101(max_vertices=4)


@pytest.fixture(scope="session")
def space7() -> NASBench101:
    return NASBench101(max_vertices=7)
