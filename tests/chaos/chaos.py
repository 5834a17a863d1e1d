"""`kill -9` at random moments of all that takes long, services that go away, disks that are full, and what comes of it.

`python tests/chaos/chaos.py --kills 20` prints one table (docs/robustness.md). Moments are drawn from a seed, but
what happens at a moment depends on the machine. Each scenario is first run undisturbed; a disturbed run goes on until
it is done, then its results are compared with the undisturbed ones, byte by byte but for times. With `--out FOLDER`
every disturbed run is kept there when it is done, and the same call goes on.
"""

import argparse
import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import psutil
from services import tagged

TAG = "ARCHWALK_CHAOS"
"""In the environment of every process of a run: who has it afterwards was left over."""

LONG = 900.0
"""Seconds in which an undisturbed run is over."""

ROUNDS = 5
"""How often a run that works may exceed its time."""

VOLATILE = (
    "seconds",
    "created",
    "training_seconds",
    "command",
    "versions",
    "finished",
    "search_seconds",
    "git",
)
"""Keys of times and places."""

Words = Sequence[str]
Acknowledged = Mapping[str, str]


@dataclass(frozen=True)
class Scenario:
    """What is disturbed: a program in a folder, its results, and how it goes on."""

    name: str
    command: Words
    results: Sequence[str]
    """Files that have to be as those of an undisturbed run."""
    again: Words = ()
    """What goes on after a kill; without, the command itself."""
    prepare: Callable[[Path], object] = lambda folder: None
    kept: Callable[[Path], Acknowledged] = lambda folder: {}
    """What is acknowledged: it must be there, and the same, whatever happens later."""
    disturb: Callable[["Run", random.Random], None] = lambda run, rng: run.kill()
    survives: int = 0
    """How often a run may be disturbed and has to come to its end all the same; 0 for one that is killed."""
    service: Callable[[], AbstractContextManager[dict[str, str]]] = lambda: nullcontext({})
    """What has to be there meanwhile; gives variables of the environment."""
    missing: Callable[[], str] = lambda: ""
    """Why it cannot be run here."""
    fills: bool = False
    """Whether the disk has no room for a part of its files, in disturbed runs; then nothing is killed."""
    accepts: str = ""
    """What a call says with another status than 0 where everything was done before."""
    by_design: str = ""
    """Why the results of disturbed runs are others."""


class Run:
    """A program that runs in a folder."""

    def __init__(self, words: Words, folder: Path, more: Mapping[str, str], limit: int = 0) -> None:
        self.tag = uuid.uuid4().hex
        environment = os.environ | {
            "ARCHWALK_CACHE": str(folder / "cache"), "ARCHWALK_STORE": "store.sqlite", TAG: self.tag,
            "OMP_NUM_THREADS": "1", "TMPDIR": str(folder / "tmp"), **more,
        }  # fmt: skip
        (folder / "tmp").mkdir(exist_ok=True)
        self.said = (folder / "said.txt").open("ab")
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            words, cwd=folder, env=environment, stdout=self.said, stderr=self.said, stdin=subprocess.DEVNULL,
            preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))) if limit else None,
            start_new_session=True,
        )  # fmt: skip

    def wait(self, seconds: float) -> int | None:
        """The status, or None where it still runs."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def over(self, patience: float) -> int | None:
        """The status, or None where it does not end: a machine that is busy may take longer, as long as it works."""
        used = self.processor_seconds()
        for _ in range(ROUNDS):
            if (status := self.wait(patience)) is not None:
                return status
            before, used = used, self.processor_seconds()
            if used < before + 1:
                break
        return None

    def processor_seconds(self) -> float:
        """Of all its processes so far."""
        seconds = 0.0
        for pid in (self.process.pid, *self.others()):
            with suppress(psutil.Error):
                seconds += sum(psutil.Process(pid).cpu_times()[:4])
        return seconds

    def kill(self) -> None:
        """At once, and only the program itself: its workers have to see it."""
        self.process.kill()
        self.process.wait()

    def others(self) -> list[int]:
        """Processes of this run beside the program itself, that still run."""
        return [pid for pid in tagged(f"{TAG}={self.tag}") if pid != self.process.pid]

    def left_over(self, seconds: float = 5.0) -> list[str]:
        """Who is still there after so many seconds, by their commands; they are ended."""
        until = time.monotonic() + seconds
        while (pids := self.others()) and time.monotonic() < until:
            time.sleep(0.1)
        names = []
        for pid in pids:
            try:
                names.append(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()[:80])
                os.kill(pid, signal.SIGKILL)
            except OSError:
                continue
        self.said.close()
        return names


@dataclass
class Row:
    """A line of the table."""

    name: str
    disturbed: int = 0
    runs: int = 0
    """How many ran to their end."""
    lost: list[str] = field(default_factory=list)
    differs: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    seconds: float = 0.0
    usual: float = 0.0
    """Seconds that a run takes, the least that was seen."""
    note: str = ""
    right: dict[str, str] = field(default_factory=dict)
    """The results of an undisturbed run."""
    largest: int = 0
    """Bytes of the largest file of an undisturbed run."""

    @property
    def patience(self) -> float:
        """Seconds in which a run is over, on a machine that is as busy as now or somewhat more."""
        return 60 + 10 * self.usual


class Kept:
    """A folder in which rows are kept while they are made; without one, nothing is."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def file(self, name: str) -> Path | None:
        """That of a scenario."""
        return self.folder / (re.sub(r"\W+", "-", name) + ".json") if self.folder else None

    def read(self, name: str) -> Row:
        """What there is of a row."""
        file = self.file(name)
        return Row(**json.loads(file.read_text())) if file and file.exists() else Row(name)

    def write(self, row: Row) -> None:
        """Keep a row."""
        if file := self.file(row.name):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(asdict(row), indent=1))


def play(scenario: Scenario, kills: int, seed: int, kept: Kept) -> Row:
    """Run a scenario undisturbed, then disturbed so many times."""
    if reason := scenario.missing():
        return Row(scenario.name, note=f"skipped: {reason}")
    row = kept.read(scenario.name)
    if row.disturbed >= kills:
        return row
    with scenario.service() as more:
        began = time.monotonic()
        undisturbed = _undisturbed(scenario, more)
        if row.right != undisturbed.right:
            row = undisturbed
        while row.disturbed < kills:
            rng = random.Random(f"{seed} {scenario.name} {row.runs}")
            with tempfile.TemporaryDirectory(prefix="chaos-") as place:
                folder = Path(place)
                scenario.prepare(folder)
                _disturbed(scenario, folder, more, rng, kills, row)
                found = digests(scenario, folder)
                row.differs += [name for name in scenario.results if found.get(name) != row.right[name]]
            row.runs += 1
            row.seconds += time.monotonic() - began
            began = time.monotonic()
            kept.write(row)
    return row


def _undisturbed(scenario: Scenario, more: Mapping[str, str]) -> Row:
    with tempfile.TemporaryDirectory(prefix="chaos-") as place:
        folder = Path(place)
        scenario.prepare(folder)
        run = Run(scenario.command, folder, more)
        status = run.wait(LONG)
        seconds = time.monotonic() - run.began
        left = run.left_over()
        if status != 0 or left:
            raise RuntimeError(f"undisturbed: status {status}, left {left}; {said_last(folder)}")
        found = digests(scenario, folder)
        if absent := [name for name, what in found.items() if what == "absent"]:
            raise RuntimeError(f"undisturbed: there is no {', '.join(absent)}")
        largest = max(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        return Row(scenario.name, usual=seconds, note=scenario.by_design, right=found, largest=largest)


def _disturbed(
    scenario: Scenario,
    folder: Path,
    more: Mapping[str, str],
    rng: random.Random,
    kills: int,
    row: Row,
) -> None:
    """One run to its end, through kills."""
    acknowledged: dict[str, str] = {}
    first, failures = True, 0
    while True:
        words = scenario.command if first or not scenario.again else scenario.again
        room = rng.randrange(4_000, max(5_000, row.largest)) if scenario.fills and first else 0
        run = Run(words, folder, more, room)
        status, killed = _until_over(scenario, run, rng, kills, row)
        if status == 0 and first and not killed:
            row.usual = min(row.usual, time.monotonic() - run.began)
        first = False
        never = status is None and not killed
        if never:
            run.kill()
            row.lost.append(f"it did not end in {row.patience:.0f} s: {said_last(folder)}")
        row.left += run.left_over()
        found = dict(scenario.kept(folder))
        row.lost += [
            f"{name} is gone or another one" for name, what in acknowledged.items() if found.get(name) != what
        ]
        acknowledged = found
        if never:
            return
        if room:
            row.disturbed += 1
            if status not in (0, 1) or "Traceback" in said(folder):
                row.lost.append(f"a full disk: status {status}: {said_last(folder)}")
            if status == 0:
                return
        elif killed:
            first = bool(scenario.again) and not can_go_on(folder)
        elif status == 0 or (scenario.accepts and scenario.accepts in said_last(folder)):
            return
        else:
            failures += 1
            first = bool(scenario.again) and not can_go_on(folder)
            if failures > 1 or not scenario.again:
                row.lost.append(f"status {status}: {said_last(folder)}")
                return


def _until_over(
    scenario: Scenario, run: Run, rng: random.Random, kills: int, row: Row
) -> tuple[int | None, bool]:
    """Wait for a run, which is disturbed at random moments while that is left to do: its status, if it has ended, and
    whether it was killed.
    """
    for _ in range(0 if scenario.fills else max(1, scenario.survives)):
        if row.disturbed >= kills:
            break
        status = run.wait(rng.uniform(0, row.usual))
        if status is not None:
            return status, False
        scenario.disturb(run, rng)
        row.disturbed += 1
        if not scenario.survives:
            return None, True
    return run.over(row.patience), False


def can_go_on(folder: Path) -> bool:
    """Whether a run has begun in the folder `run`."""
    return (folder / "run" / "config.json").exists()


def said(folder: Path) -> str:
    """All that was printed."""
    return (folder / "said.txt").read_text(errors="replace")


def said_last(folder: Path) -> str:
    """The last line."""
    return (said(folder).strip().splitlines() or [""])[-1][:300]


def digests(scenario: Scenario, folder: Path) -> dict[str, str]:
    """The results of a run, without what depends on time."""
    return {name: digest(folder / name) for name in scenario.results}


def digest(path: Path) -> str:
    """Of what a file says, or that it is not there."""
    if not path.is_file():
        return "absent"
    if path.suffix == ".json":
        return _hash(_timeless(json.loads(path.read_text())))
    if path.suffix == ".jsonl":
        return _hash([_timeless(json.loads(line)) for line in path.read_text().splitlines()])
    if path.suffix == ".safetensors":
        from archwalk.data.states import read_state
        from archwalk.errors import DataError

        try:
            return _hash(_timeless(read_state(path)))
        except DataError:
            pass
    return sha256(path.read_bytes()).hexdigest()


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _timeless(part) for key, part in value.items() if str(key) not in VOLATILE}
    if isinstance(value, list):
        return [_timeless(part) for part in value]
    if isinstance(value, str) and value.startswith("{"):
        with suppress(ValueError):
            return _timeless(json.loads(value))
    if hasattr(value, "tobytes") or hasattr(value, "numpy"):
        import numpy as np

        array = np.asarray(value)
        return [str(array.dtype), array.shape, sha256(array.tobytes()).hexdigest()]
    return value


def _hash(value: Any) -> str:
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def table(rows: Sequence[Row]) -> str:
    """In Markdown."""
    head = ("what", "disturbed", "lost", "results that differ", "processes left after 5 s", "seconds a run")
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for row in rows:
        if row.note.startswith("skipped"):
            lines.append(f"| {row.name} | {row.note} | | | | |")
            continue
        differs = f"{len(row.differs)}" + (f" ({row.note})" if row.note else "")
        lines.append(
            f"| {row.name} | {row.disturbed} | {len(row.lost)} | {differs} | {len(row.left)} | {row.usual:.0f} |"
        )
    return "\n".join(lines)


def main() -> int:
    """See the module."""
    from scenarios import SCENARIOS

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="scenarios with this in their names")
    parser.add_argument("--without", help="scenarios with this in their names")
    parser.add_argument("--out", type=Path, help="keep what is done in this folder, and go on there")
    options = parser.parse_args()
    rows, bad = [], False
    for scenario in SCENARIOS:
        if options.only not in scenario.name or (options.without and options.without in scenario.name):
            continue
        try:
            row = play(scenario, options.kills, options.seed, Kept(options.out))
        except Exception:
            row = Row(scenario.name, lost=[traceback.format_exc()])
        rows.append(row)
        bad |= bool(row.lost or row.left or (row.differs and not row.note))
        for what, found in (("lost", row.lost), ("differs", row.differs), ("left", row.left)):
            for one in found:
                print(f"{row.name}: {what}: {one}", file=sys.stderr, flush=True)
        print(f"{table([row]).splitlines()[-1]} {row.seconds:.0f} s", file=sys.stderr, flush=True)
    print(table(rows))
    return bad


if __name__ == "__main__":
    sys.exit(main())
