"""Drivers that are processes of their own, to be killed or interrupted."""

import subprocess
import sys
import time
from pathlib import Path

import psutil

DRIVER = """
import sys
sys.path.insert(0, {here!r})
from engine_workers import Toy
from archwalk.learning.engines import make_engine

if __name__ == "__main__":
    with {engine} as engine:
        workers = [engine.spawn(Toy, str(i)) for i in range(2)]
        print(*(worker.submit("pid").result() for worker in workers), flush=True)
        {then}
"""


def start_driver(folder: Path, engine: str, then: str) -> tuple[subprocess.Popen[str], list[int]]:
    """A driver in a session of its own, and the processes of its two workers, which run by now."""
    script = folder / "driver.py"
    script.write_text(DRIVER.format(here=str(Path(__file__).parent), engine=engine, then=then))
    driver = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    return driver, [int(pid) for pid in driver.stdout.readline().split()]


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def all_end(pids: list[int], seconds: float = 30) -> bool:
    """Whether all processes end, within generous time."""
    deadline = time.monotonic() + seconds
    while not all(is_gone(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
