"""What the tests of all rooms share: one thread, a cache folder of the session, spaces and benchmarks."""

import os
import signal
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from filelock import FileLock
from sqlalchemy import make_url

import reproduced
from archwalk.agents.base import Paid
from archwalk.agents.dqn.agent import DQNAgent
from archwalk.agents.dqn.settings import DQNSettings
from archwalk.agents.dqn.trainer import DQNTrainer
from archwalk.data import catalogue
from archwalk.estimators.benchmarks import Benchmark, load_benchmark
from archwalk.estimators.metrics import accuracies
from archwalk.estimators.table import RandomRunEstimator, TableEstimator
from archwalk.papers.catalogue import item_names
from archwalk.spaces.base import EnumerableSpace
from archwalk.spaces.nasbench101.space import NASBench101
from archwalk.spaces.nasbench_graph import PROTEINS_OPERATIONS, NASBenchGraph


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_is_heard() -> None:
    """Also by what tests start: a shell lets what is in its background ignore it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all workers of a session."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session", autouse=True)
def session_cache(shared_folder: Path) -> Iterator[Path]:
    """The cache folder: tables are imported once a session, and never into the user's own."""
    folder = shared_folder / "archwalk-cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARCHWALK_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def data_root() -> Path:
    folder = os.environ.get("ARCHWALK_DATA")
    if not folder:
        pytest.skip("ARCHWALK_DATA is unset: no published benchmark files here")
    return Path(folder)


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """An empty database on the server that `ARCHWALK_TEST_POSTGRES` names; gone afterwards."""
    server = os.environ.get("ARCHWALK_TEST_POSTGRES")
    if not server:
        pytest.skip("ARCHWALK_TEST_POSTGRES is unset: no PostgreSQL server to test with")
    psycopg = pytest.importorskip("psycopg")
    name = f"archwalk_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    place = make_url(server).set(database=name)
    yield place.render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def space4() -> NASBench101:
    return NASBench101(max_vertices=4)


@pytest.fixture(scope="session")
def space5() -> NASBench101:
    return NASBench101(max_vertices=5)


@pytest.fixture(scope="session")
def space7() -> NASBench101:
    return NASBench101()


@pytest.fixture(scope="session")
def hashed7(space7: NASBench101, shared_folder: Path) -> NASBench101:
    """The whole space with its published hashes: many seconds of hashing, once for all workers."""
    file = shared_folder / "published-hashes.npy"
    with FileLock(f"{file}.lock"):
        if not file.exists():
            np.save(file, space7.published_hashes)
    space7.__dict__["published_hashes"] = np.load(file)  # where cached_property keeps it
    return space7


@pytest.fixture(scope="session")
def proteins() -> NASBenchGraph:
    return NASBenchGraph(PROTEINS_OPERATIONS)


@pytest.fixture(scope="session")
def tiny(space4: NASBench101) -> Benchmark:
    """The 91 cells of up to 4 vertices with made-up accuracies, all of them different."""
    rng = np.random.default_rng(0)
    reward_N = 50 + 45 * rng.permutation(space4.size) / space4.size
    report_N = np.clip(reward_N + rng.normal(0, 1, space4.size), 0, 100)
    return Benchmark("tiny", space4, TableEstimator(accuracies(), reward_N, report_N), {"source": "made up"})


@pytest.fixture(scope="session")
def random_runs(space4: NASBench101) -> Benchmark:
    """The same cells with made-up runs, five each: every evaluation draws one."""
    runs = np.random.default_rng(0).uniform(50, 95, (2, space4.size, 5)).astype(np.float32)
    return Benchmark("runs", space4, RandomRunEstimator(*runs), {"source": "made up"})


@pytest.fixture(scope="session")
def nasbench101(data_root: Path, session_cache: Path, hashed7: NASBench101) -> Benchmark:
    """The real table, mean test accuracy as reward and report; imported once a session."""
    with FileLock(f"{session_cache}.lock"), pytest.MonkeyPatch.context() as patch:
        patch.setattr(NASBench101, "published_hashes", hashed7.published_hashes)
        if not catalogue.is_here("nasbench101"):
            catalogue.import_data("nasbench101", data_root / "nasbench101")
    return replace(load_benchmark("nasbench101:test-mean"), space=hashed7)


@pytest.fixture(scope="session")
def ec_nas_4v(data_root: Path, session_cache: Path) -> Path:
    """Where the real table of 91 cells is imported; a benchmark of that name then loads."""
    with FileLock(f"{session_cache}.lock"):
        if not catalogue.is_here("ec-nas-4v"):
            catalogue.import_data("ec-nas-4v", data_root / "ec-nas" / "energy_4V9E.tfrecord")
    return catalogue.table_path("ec-nas-4v")


@pytest.fixture(scope="session")
def reproductions(tiny: Benchmark, shared_folder: Path) -> dict[str, dict[str, Any]]:
    """A record of every item of Cassimon et al. 2024, on the tiny benchmark."""
    with FileLock(f"{shared_folder / 'reproductions'}.lock"):
        made = reproduced.setup(tiny, shared_folder / "reproductions")
        names = [name.partition("/")[2] for name in item_names("cassimon2024")]
        return {name: reproduced.run(name, made) for name in names}


@pytest.fixture(scope="session")
def trained_agent() -> Callable[[EnumerableSpace], DQNAgent]:
    """Agents that have learned for a moment, one a space."""
    agents: dict[tuple[str, int], DQNAgent] = {}
    settings = DQNSettings(
        steps=400, environments=8, neighbours=6, episode_limit=6, capacity=300, learning_starts=50, batch=16,
        target_every=10, calibration=8, width=16, heads=2,
    )  # fmt: skip

    def get(space: EnumerableSpace) -> DQNAgent:
        key = (space.name, space.size)
        if key not in agents:
            reward_N = np.random.default_rng(0).uniform(50, 95, space.size)
            made_up = TableEstimator(accuracies(), reward_N, reward_N)
            trainer = DQNTrainer(Benchmark("made-up", space, made_up, {}), settings, seed=0)
            for _ in trainer.run():
                pass
            agents[key] = trainer.agent()
            agents[key].paid = Paid(40, 30, 1.0)
        return agents[key]

    return get
