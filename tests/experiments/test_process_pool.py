"""Processes of a pool end with whoever asked for them."""

import subprocess
import sys
import time

import psutil

SCRIPT = """
import os, time
from archwalk.experiments.running import process_pool

with process_pool(2) as pool:
    print(*{pool.submit(os.getpid).result() for _ in range(4)}, flush=True)
    pool.submit(time.sleep, 300).result()
"""


def test_workers_end_when_their_parent_is_killed():
    parent = subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, text=True)
    first = parent.stdout.readline().split()
    below = psutil.Process(parent.pid).children(recursive=True)
    assert first
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 60  # generous: nobody waits so long unless it fails
    while any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in below):
        assert time.monotonic() < deadline, "a worker works on for nobody"
        time.sleep(0.05)
