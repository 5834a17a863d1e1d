"""The engine on Ray. One cluster serves this module; another process starts the ones that must be fresh."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from engine_cases import RemoteCases
from engine_workers import Toy

from archwalk.errors import UsageError
from archwalk.learning.engines import Engine, make_engine

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
ray = pytest.importorskip("ray")


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """A cluster of this process, and its address."""
    context = ray.init("local", num_cpus=1, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    yield context.address_info["gcs_address"]
    ray.shutdown()


class TestRay(RemoteCases):
    @pytest.fixture
    def engine(self, cluster: str) -> Iterator[Engine]:
        with make_engine("ray") as engine:
            yield engine
        assert ray.is_initialized(), "a cluster that was there before stays"


DRIVER = """
import sys
sys.path.insert(0, {here!r})
from engine_workers import Toy
from archwalk.learning.engines import make_engine

if __name__ == "__main__":
    with make_engine("ray", address={address!r}, workers=1) as engine:
        workers = [engine.spawn(Toy, str(i)) for i in range(2)]
        print(*(worker.submit("pid").result() for worker in workers), flush=True)
        {then}
"""


def start_driver(folder: Path, then: str, address: str | None = None) -> tuple[subprocess.Popen[str], list[int]]:
    script = folder / "driver.py"
    script.write_text(DRIVER.format(here=str(Path(__file__).parent), then=then, address=address))
    driver = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    return driver, [int(pid) for pid in driver.stdout.readline().split()]


def wait_until_gone(processes: list[psutil.Process]) -> bool:
    deadline = time.monotonic() + 30
    while any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
