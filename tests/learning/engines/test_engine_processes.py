"""The engine of local processes: what it leaves behind, and what happens when someone is killed."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from engine_cases import RemoteCases
from engine_drivers import all_end, is_gone, start_driver
from engine_workers import Toy

from archwalk.learning.engines import Engine, Worker, WorkerLostError, make_engine

ENGINE = "make_engine('processes')"


class TestProcesses(RemoteCases):
    @pytest.fixture
    def engine(self) -> Iterator[Engine]:
        with make_engine("processes") as engine:
            yield engine


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir())) if sys.platform == "linux" else 0


def named_segments() -> set[str]:
    folder = Path("/dev/shm")
    return (
        {file.name for file in folder.iterdir() if not file.name.startswith("plasma")}
        if folder.exists()
        else set()
    )


def use(worker: Worker, engine: Engine) -> int:
    """Calls with arrays in and out, small, large and shared; the worker's process."""
    shared = engine.share({"a": np.ones(100_000)})
    assert worker.submit("echo", np.zeros(1000), np.zeros(100_000)).result()[1].shape == (100_000,)
    assert worker.submit("total", shared, 1).result() == 100_000
    return worker.submit("pid").result()


def test_killed_from_outside_amid_a_call() -> None:
    with make_engine("processes") as engine:
        worker, other = engine.spawn(Toy, "toy"), engine.spawn(Toy, "other")
        pid = use(worker, engine)
        pending = [worker.submit("sleep", 60), worker.submit("echo", np.zeros(100_000))]
        os.kill(pid, signal.SIGKILL)
        for lost in pending:
            with pytest.raises(WorkerLostError):
                lost.result()
        use(other, engine)


def test_nothing_is_left_behind() -> None:
    with make_engine("processes") as engine:
        use(engine.spawn(Toy, "toy"), engine)  # what Python itself keeps open is open now
    before = named_segments(), descriptors(), threading.active_count()
    with make_engine("processes") as engine:
        workers = [engine.spawn(Toy, f"toy {i}") for i in range(2)]
        pids = [use(worker, engine) for worker in workers]
        os.kill(pids[0], signal.SIGKILL)
        with pytest.raises(WorkerLostError):
            workers[0].submit("pid").result()
        busy = workers[1].submit("sleep", 60)
        after_close = workers[1].submit("echo", np.zeros(100_000))
    for lost in (busy, after_close):
        with pytest.raises(WorkerLostError):
            lost.result()
    assert all(is_gone(pid) for pid in pids)
    assert not multiprocessing.active_children()
    assert (named_segments(), descriptors(), threading.active_count()) == before


def test_an_error_inside_the_block_closes() -> None:
    pids = []

    def work() -> None:
        with make_engine("processes") as engine:
            pids.append(use(engine.spawn(Toy, "toy"), engine))
            raise KeyError("here")

    with pytest.raises(KeyError, match="here"):
        work()
    assert is_gone(pids[0])


def test_dropped_segments_are_closed() -> None:
    with make_engine("processes") as engine:
        worker = engine.spawn(Toy, "toy")
        use(worker, engine)
        before = descriptors()
        for _ in range(50):
            use(worker, engine)
        assert descriptors() == before
        kept = [worker.submit("echo", np.zeros(1000)) for _ in range(50)]
        kept[-1].result()
        assert descriptors() == before


def test_more_calls_at_once_than_descriptors() -> None:
    """A worker takes its commands in while it is busy, and keeps one mapping of what is shared."""
    with make_engine("processes") as engine:
        worker = engine.spawn(Toy, "toy")
        shared = engine.share({"a": np.ones(1000)})
        pending = [worker.submit("sleep", 0.2), *(worker.submit("total", shared, i) for i in range(2000))]
        assert [one.result() for one in pending[1:]] == [1000 * i for i in range(2000)]


def test_a_driver_that_ends_well_says_nothing(tmp_path: Path) -> None:
    driver, pids = start_driver(tmp_path, ENGINE, "workers[1].submit('kill')")
    output, errors = driver.communicate()
    assert (driver.returncode, output, errors) == (0, "", "")
    assert all(is_gone(pid) for pid in pids)


def test_ctrl_c_ends_the_driver_alone_which_ends_the_workers(tmp_path: Path) -> None:
    driver, pids = start_driver(tmp_path, ENGINE, "workers[0].submit('sleep', 60).result()")
    os.killpg(driver.pid, signal.SIGINT)
    _, errors = driver.communicate()
    assert errors.count("Traceback") == 1
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert all(is_gone(pid) for pid in pids)


def test_ctrl_c_while_workers_start(tmp_path: Path) -> None:
    driver, pids = start_driver(
        tmp_path,
        ENGINE,
        "late = engine.spawn(Toy, 'late'); print('spawned', flush=True); late.submit('say', 1).result()",
    )
    assert driver.stdout.readline() == "spawned\n"
    os.killpg(driver.pid, signal.SIGINT)
    _, errors = driver.communicate()
    assert errors.count("Traceback") <= 1
    assert all(is_gone(pid) for pid in pids)


def test_workers_die_with_a_killed_driver(tmp_path: Path) -> None:
    """The idle one and the busy one."""
    before = named_segments()
    driver, pids = start_driver(tmp_path, ENGINE, "workers[0].submit('sleep', 60).result()")
    driver.kill()
    driver.communicate()
    assert all_end(pids)
    assert named_segments() <= before


def test_a_worker_that_is_stopped_dies_with_a_killed_driver(tmp_path: Path) -> None:
    driver, pids = start_driver(tmp_path, ENGINE, "workers[0].submit('sleep', 60).result()")
    os.kill(pids[1], signal.SIGSTOP)
    driver.kill()
    driver.communicate()
    assert all_end(pids)


SCRIPT = """
from collections import Counter
from archwalk.learning.engines import make_engine

with make_engine("processes") as engine:
    worker = engine.spawn(Counter, "counter")
    print(worker.submit("update", "aab").result(), worker.submit("total").result())
"""


@pytest.mark.parametrize("place", ["a file", "standard input"])
def test_a_script_without_a_main_guard(tmp_path: Path, place: str) -> None:
    """It is not run again by its workers."""
    (tmp_path / "script.py").write_text(SCRIPT)
    words = [sys.executable, str(tmp_path / "script.py") if place == "a file" else "-"]
    ran = subprocess.run(words, input=SCRIPT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "None 3\n", "")
