"""The table of speeds: archwalk, an earlier archwalk (`--before PYTHON`, an interpreter that has one) and a peer.

Every figure is the median of the processor times of some runs, each in a process of its own with one thread, in turns:
now, before, peer, now, before, peer. Ratios are within one run of the script; absolute times are one machine's.
`--page docs/speed.md` puts the table with the machine into the documentation; with `--only` other rows stay.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from rows import ROWS, Row, spent
from rows.page import block, put

SCRIPT = Path(__file__).resolve()


@dataclass
class Figures:
    """Seconds and megabytes of the runs of one row on one side."""

    seconds: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)

    def add(self, python: str, name: str) -> None:
        """Run once; nothing where it cannot be run (an older archwalk may lack what the row is about)."""
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            [python, str(SCRIPT), "--row", name], capture_output=True, text=True, env=environment
        )
        if done.returncode == 0:
            said = json.loads(done.stdout.splitlines()[-1])
            self.seconds.append(said["seconds"])
            self.megabytes.append(said["megabytes"])
        elif python == sys.executable:
            print(f"{name}: {done.stderr.splitlines()[-1]}", file=sys.stderr)

    def median(self, scale: float) -> float | None:
        """Of the times."""
        return scale * statistics.median(self.seconds) if self.seconds else None


def measure(row: Row, before: str | None, pairs: int) -> dict[str, Figures]:
    """Run a row in turns."""
    sides = {"now": Figures(), "before": Figures(), "peer": Figures()}
    for _ in range(1 if row.slow else pairs):
        sides["now"].add(sys.executable, row.name)
        if before:
            sides["before"].add(before, row.name)
        if row.peer:
            sides["peer"].add(sys.executable, f"{row.name}/peer")
    return sides


def show(row: Row, sides: dict[str, Figures], with_before: bool) -> list[str]:
    """The cells of a row."""
    now, before, peer = (sides[side].median(row.scale) for side in ("now", "before", "peer"))
    megabytes = sides["now"].megabytes
    beside = [_number(before), _number(before / now if before and now else None, "x")]
    return [
        row.name,
        row.unit,
        _number(now),
        *(beside if with_before else []),
        f"{_number(peer)} ({row.peer})" if peer else "",
        _number(peer / now if peer and now else None, "x"),
        f"{statistics.median(megabytes):.0f} MB" if megabytes else "",
    ]


def _number(value: float | None, unit: str = "") -> str:
    return "" if value is None else f"{value:.3g}{unit}"


def columns(with_before: bool) -> list[str]:
    """Of the table."""
    beside = ["before", "before / now"] if with_before else []
    return ["work", "unit", "now", *beside, "peer", "peer / now", "memory"]


def machine() -> str:
    """What it was measured on."""
    cpu = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []:
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
            break
    versions = ", ".join(f"{name} {version(name)}" for name in ("archwalk", "torch", "numpy", "numba"))
    return (
        f"{cpu}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, {versions}"
    )


def run(row: Row) -> None:
    """Do a row's work here, and print processor seconds a unit and the peak of memory as JSON."""
    import torch

    torch.set_num_threads(1)
    work, units = row.make()
    started = spent()
    work()
    seconds = (spent() - started) / units
    peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(json.dumps({"seconds": seconds, "megabytes": max(peaks) / 1e3}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", default=[], metavar="WORD", help="rows with one of these words")
    parser.add_argument(
        "--before", metavar="PYTHON", help="the interpreter of an environment with an earlier archwalk"
    )
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--page", type=Path)
    parser.add_argument("--row", metavar="NAME", help="one row, in this process")
    options = parser.parse_args()
    if options.row:
        run(ROWS[options.row])
        return
    started = time.perf_counter()
    rows = [row for name, row in ROWS.items() if not name.endswith("/peer")]
    rows = [row for row in rows if not options.only or any(word in row.name for word in options.only)]
    with_before = options.before is not None
    head = [_line(columns(with_before)), f"|{'---|' * len(columns(with_before))}"]
    print("\n".join(head))
    written = block(options.page, "speed") if options.page else []
    if head[0] not in written:  # rows of other columns
        written = []
    known = {line.split(" | ")[0].removeprefix("| "): line for line in written}
    for row in rows:
        known[row.name] = _line(show(row, measure(row, options.before, options.pairs), with_before))
        print(known[row.name], flush=True)
        if options.page:
            lines = [known[name] for name in ROWS if name in known]
            put(options.page, "speed", [*head, *lines, "", f"{machine()}."])
    print(f"{machine()}; {(time.perf_counter() - started) / 60:.0f} minutes")


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
