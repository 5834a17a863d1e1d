"""The system asks a command to end, as at a shutdown or where a cluster takes a machine back: as Ctrl-C, in order."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
import uuid
from pathlib import Path

import pytest

from archwalk.cli.guard import ending_in_order

PROGRAM = """
import sys, time
from archwalk.cli import main
from archwalk.experiments.runs import RunFolder

write = RunFolder.log

def log(run, row):
    write(run, row)
    print("now", flush=True)
    time.sleep(600)

if __name__ == "__main__":
    RunFolder.log = log
    main.run()
"""

TRAIN = [
    "train", "apex", "--benchmark", "nas-bench-graph:proteins", "--steps", "400", "--engine", "processes",
    "--set", "actors=2", "--set", "environments=4", "--set", "neighbours=6", "--set", "episode_limit=5",
    "--set", "shards=1", "--set", "capacity=120", "--set", "fragment=5", "--set", "block=1",
    "--set", "learning_starts=100", "--set", "batch=16", "--set", "width=8", "--set", "heads=2", "--set", "layers=1",
    "--set", "encoder_layers=1",
]  # fmt: skip


def marked(mark: str) -> set[int]:
    """The processes that have a variable of this value."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            content = (folder / "environ").read_bytes()
            gone = (folder / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            continue
        if mark.encode() in content and not gone:
            found.add(int(folder.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes as Linux shows them")
def test_what_was_begun_is_kept_and_workers_end(tmp_path):
    mark, out, program = uuid.uuid4().hex, tmp_path / "run", tmp_path / "program.py"
    program.write_text(PROGRAM)
    process = subprocess.Popen(
        [sys.executable, program, *TRAIN, "--out", out], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "MARK": mark},
    )  # fmt: skip
    assert process.stdout.readline() == "now\n"
    assert len(marked(mark)) > 2
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 143
    assert said.splitlines()[-1] == "archwalk: stopped"
    assert "Traceback" not in said
    deadline = time.monotonic() + 5
    while marked(mark) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert marked(mark) == set()
    assert (out / "checkpoint.safetensors").is_file()


def test_what_nohup_ignores_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ending_in_order():
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) != before
    finally:
        signal.signal(signal.SIGHUP, before)


EARLY = """
import os, signal, sys
from archwalk.__main__ import start

class Interrupt:
    def find_spec(self, name, *more):
        if name == "archwalk.cli.data":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupt())
start()
"""


def test_ctrl_c_at_the_very_beginning_is_no_traceback():
    said = subprocess.run(
        [sys.executable, "-c", EARLY, "--version"], capture_output=True, text=True, check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert (said.returncode, said.stdout, said.stderr) == (-signal.SIGINT, "", "")


SWALLOWED = """
import os, signal, sys, time
from archwalk.cli import main

class Gone:
    def __del__(self):
        os.kill(os.getpid(), signal.{name})
        time.sleep(0.01)

def parser():
    Gone()
    time.sleep(60)

main.make_parser = parser
main.run()
"""


@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_an_end_that_is_asked_for_amid_a_destructor(name, status):
    """Where Python swallows what handlers raise."""
    said = subprocess.run(
        [sys.executable, "-c", SWALLOWED.format(name=name)], capture_output=True, text=True, check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler), timeout=50,
    )  # fmt: skip
    assert (said.returncode, said.stdout, said.stderr) == (status, "", "archwalk: stopped\n")


def test_watching_begins_before_the_search_and_ends_with_ctrl_c(tmp_path):
    place = tmp_path / "mine"
    process = subprocess.Popen(
        [sys.executable, "-m", "archwalk", "watch", place, "--port", "0", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stderr.readline().startswith(f"archwalk: there is no {place} yet; ")
    place.mkdir()
    url = json.loads(process.stdout.readline())["url"]
    with urllib.request.urlopen(url, timeout=20) as page:
        assert b"x-explorer" in page.read()
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=20)
    assert (process.returncode, rest, errors) == (0, "", "archwalk: stopped watching\n")
