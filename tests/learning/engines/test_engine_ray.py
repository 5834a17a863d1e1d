"""The engine on Ray. One cluster serves this module; another process starts the ones that must be fresh."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import psutil
import pytest
from engine_cases import RemoteCases
from engine_drivers import all_end, start_driver
from engine_workers import Toy

from archwalk.errors import ArchwalkError, UsageError
from archwalk.learning.engines import Engine, WorkerLostError, make_engine
from archwalk.learning.engines import ray as ray_engine

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
ray = pytest.importorskip("ray")


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """A cluster of this process, and its address."""
    context = ray.init(
        "local", num_cpus=1, include_dashboard=False, log_to_driver=False, logging_level="ERROR"
    )
    yield context.address_info["gcs_address"]
    ray.shutdown()


class TestRay(RemoteCases):
    @pytest.fixture
    def engine(self, cluster: str) -> Iterator[Engine]:
        with make_engine("ray") as engine:
            yield engine
        assert ray.is_initialized(), "a cluster that was there before stays"


def test_killed_from_outside_amid_a_call(cluster: str) -> None:
    with make_engine("ray") as engine:
        worker, other = engine.spawn(Toy, "toy"), engine.spawn(Toy, "other")
        pid = worker.submit("pid").result()
        pending = [worker.submit("sleep", 60), worker.submit("say", 1)]
        os.kill(pid, signal.SIGKILL)
        for lost in pending:
            with pytest.raises(WorkerLostError):
                lost.result()
        assert other.submit("say", 1).result() == [1]


def test_workers_end_with_their_engine(cluster: str) -> None:
    with make_engine("ray") as engine:
        workers = [engine.spawn(Toy, str(i)) for i in range(2)]
        pids = [worker.submit("pid").result() for worker in workers]
        busy = workers[0].submit("sleep", 60)
    assert all_end(pids)
    with pytest.raises(WorkerLostError):
        busy.result()


def test_workers_die_with_a_killed_driver(cluster: str, tmp_path: Path) -> None:
    """The driver is another process, which joins the cluster by its address."""
    engine = f"make_engine('ray', address={cluster!r})"
    driver, pids = start_driver(tmp_path, engine, "workers[0].submit('sleep', 60).result()")
    assert len(pids) == 2
    driver.kill()
    driver.communicate()
    assert all_end(pids)


def test_one_cluster_a_process(cluster: str) -> None:
    with make_engine("ray", address=cluster) as engine:
        assert engine.spawn(Toy, "toy").submit("say", 1).result() == [1]
    with pytest.raises(UsageError, match=r"this process has joined the Ray cluster at .* already"):
        make_engine("ray", address="localhost:1")


def driver_with_a_cluster(folder: Path, then: str) -> tuple[subprocess.Popen[str], list[int]]:
    """A driver that starts a cluster of its own, and all processes below it: workers too, which Ray may have handed
    to another parent by now.
    """
    driver, pids = start_driver(folder, "make_engine('ray', workers=1)", then)
    below = {child.pid for child in psutil.Process(driver.pid).children(recursive=True)}
    return driver, sorted(below | {*pids})


def test_a_driver_that_ends_well_has_no_faults_to_tell(tmp_path: Path) -> None:
    """Ray itself may tell of the worker that was killed."""
    driver, pids = driver_with_a_cluster(tmp_path, "workers[1].submit('kill')")
    output, errors = driver.communicate()
    assert (driver.returncode, errors) == (0, "")
    assert all(line.startswith("\x1b[33m(raylet)") for line in output.splitlines()), output
    assert all_end(pids)


def test_ctrl_c_ends_driver_and_cluster(tmp_path: Path) -> None:
    driver, pids = driver_with_a_cluster(tmp_path, "workers[0].submit('sleep', 60).result()")
    os.killpg(driver.pid, signal.SIGINT)
    _, errors = driver.communicate()
    assert errors.count("Traceback") == 1
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert all_end(pids)


def test_a_driver_that_is_killed_leaves_nothing_of_its_cluster(tmp_path: Path) -> None:
    driver, pids = driver_with_a_cluster(tmp_path, "workers[0].submit('sleep', 60).result()")
    names = {psutil.Process(pid).name() for pid in pids}
    assert {"raylet", "ray::DashboardAgent"} <= names
    driver.kill()
    driver.communicate()
    assert all_end(pids, seconds=180)  # Ray itself needs a minute where we come too late


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "127.0.0.1:99999", "nonsense"])
def test_no_cluster_there(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    words = f"no Ray cluster answers at {address}; start one with: ray start --head, or leave --address out"
    with pytest.raises(UsageError) as raised:
        make_engine("ray", address=address)
    assert str(raised.value) == words


def test_a_cluster_that_does_not_start_is_one_line(cluster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here since this process has one, which it does not know."""
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    with pytest.raises(ArchwalkError, match=r"^Ray did not start: [^\n]+$"):
        make_engine("ray")


@pytest.mark.parametrize(("late", "starts"), [(1, 2), (9, 4)])
def test_a_cluster_that_is_late_is_started_again(late: int, starts: int) -> None:
    """As Ray's is on a busy machine, which cannot be had at will."""

    class Late:
        said: ClassVar[list[str]] = []

        def init(self, *_: object, **__: object) -> None:
            self.said.append("init")
            if self.said.count("init") <= late:
                raise RuntimeError("The current node timed out during startup. This could happen because ...")

        def shutdown(self) -> None:
            self.said.append("shutdown")

    with contextlib.suppress(RuntimeError):
        ray_engine._start(Late(), 1).close()
    assert Late.said == (["init", "shutdown"] * starts)[:-1]


def test_something_else_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that never says a word."""
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr("archwalk.learning.engines.ray._JOIN_SECONDS", 1.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(UsageError, match=f"no Ray cluster answers at {address}"):
            make_engine("ray", address=address)


def test_a_head_that_is_away_is_waited_for_and_sigterm_stays_ours(tmp_path: Path) -> None:
    """Workers go on without it, and one that is to start waits for it."""
    program = tmp_path / "driver.py"
    program.write_text(AWAY)
    said = subprocess.run(
        [sys.executable, program], capture_output=True, text=True, timeout=240, check=False, env=os.environ
    )
    assert said.stdout.splitlines() == ["True", "1 while it is away", "2 when it is back"], said.stderr


AWAY = """
import os, signal, threading
import psutil
from archwalk.learning.engines import make_engine

class Counter:
    count = 0

    def add(self):
        self.count += 1
        return self.count

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with make_engine("ray", workers=1) as engine:
        print(signal.getsignal(signal.SIGTERM) == signal.SIG_IGN)
        worker = engine.spawn(Counter, "one")
        worker.submit("__class__").result()
        (head,) = [one for one in psutil.Process().children(recursive=True) if one.name() == "gcs_server"]
        head.suspend()
        print(worker.submit("add").result(), "while it is away")
        threading.Timer(2, head.resume).start()
        engine.spawn(Counter, "other").submit("add").result()
        print(worker.submit("add").result(), "when it is back")
"""
