"""Wall and processor time from the call to the end: import, help, doctor, a small search. Beside another installation
of archwalk, if its `archwalk` is named: `python benchmarks/startup.py --before DIR/.venv/bin/archwalk`.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

COMMANDS = ("--help", "doctor", "search random-search --benchmark nas-bench-graph:cora --budget 10")
NAMES = ("import archwalk", *(f"archwalk {words}" for words in COMMANDS))


def measure(call: list[str]) -> tuple[float, float]:
    """Wall and processor seconds of a call."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(call, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def calls_of(script: Path) -> list[list[str]]:
    """What `NAMES` are, in the installation that a script `archwalk` belongs to."""
    start = [str(script.with_name("python")), "-c", "import archwalk"]
    return [start, *([str(script), *words.split()] for words in COMMANDS)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--before", type=Path, help="the script `archwalk` of an installation to compare with"
    )
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    ours = Path(sys.executable).with_name("archwalk")
    scripts = [options.before, ours] if options.before else [ours]
    for script in scripts:  # kernels are compiled, files are read
        for call in calls_of(script):
            measure(call)
    heads = "".join(f"{head:>24}" for head in (["before", "now", "ratio"] if options.before else ["now"]))
    print(f"median of {options.runs}, wall / processor seconds\n{'':70}{heads}")
    for name, *calls in zip(NAMES, *map(calls_of, scripts), strict=True):
        runs = [[measure(call) for call in calls] for _ in range(options.runs)]  # A B A B
        medians = [
            [statistics.median(run[script][kind] for run in runs) for kind in range(2)]
            for script in range(len(scripts))
        ]
        cells = [f"{wall:.2f} / {processor:.2f}" for wall, processor in medians]
        if options.before:
            cells.append(" / ".join(f"{now / then:.2f}" for then, now in zip(*medians, strict=True)))
        print(f"{name:70}" + "".join(f"{cell:>24}" for cell in cells))


if __name__ == "__main__":
    main()
