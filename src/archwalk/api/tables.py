"""Tables of one's own as benchmarks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from archwalk.data.added.adding import SURROGATE
from archwalk.data.added.adding import add_table as add
from archwalk.data.added.names import added_folder
from archwalk.data.added.roles import Asked
from archwalk.data.added.stored import FAULTS, remove_added
from archwalk.errors import ArchwalkError, UsageError
from archwalk.estimators.benchmarks import BENCHMARKS, Benchmark, load_benchmark


def add_table(
    name: str,
    path: str | Path,
    *,
    space: str | None = None,
    architecture: str | None = None,
    decisions: Sequence[str] = (),
    reward: str | None = None,
    report: str | None = None,
    minimise: Sequence[str] = (),
    maximise: Sequence[str] = (),
    seed_column: str | None = None,
    fidelity: str | None = None,
    mode: str | None = None,
    tell: Callable[[str], None] | None = None,
) -> Benchmark:
    """Add a file of measured architectures (CSV, JSON, JSON lines, Parquet) as the benchmark `name`, which is kept.

    `space` is a space's name or the file that declares it; without one it is inferred, as are all columns that are not
    named. `mode` says what to do where rows are missing: "known" (walks step through known architectures only) or
    "surrogate". What was understood and which rows are wrong goes line by line to `tell` (standard error by default).
    Raises UsageError where the table says too little, DataError where it cannot be read. See docs/your-own-table.md.
    """
    if name in BENCHMARKS.names():
        raise UsageError(f"{name!r} is a benchmark already; take another name")
    if mode not in (None, "known", "surrogate"):
        raise UsageError(f'mode is "known" or "surrogate", not {mode!r}')
    say = tell or (lambda line: print(f"archwalk: {line}", file=sys.stderr))
    higher = dict.fromkeys(minimise, False) | dict.fromkeys(maximise, True)
    asked = Asked(architecture, tuple(decisions), reward, report, seed_column, fidelity, higher)
    about = add(name, Path(path), space, asked, mode).about
    for line in about.notes:
        say(line)
    for line in about.faults:
        say(f"fault: {line}")
    if about.faults:
        say(f"all of these rows: {added_folder(name) / FAULTS}")
    try:
        benchmark = load_benchmark(name)
    except ArchwalkError:
        if about.mode == SURROGATE:  # nothing can be learned from it
            remove_added(name)
        raise
    others = [metric.name for metric in about.metrics if metric.name != about.default]
    also = f"; also {name}:{others[0]}" if others else ""
    more = f" and {len(others) - 1} more" if len(others) > 1 else ""
    say(f"{name} is a benchmark now, its objective {about.default}{also}{more}")
    return benchmark


def remove_table(name: str) -> None:
    """Forget a table that was added. Raises UsageError where there is none."""
    remove_added(name)
