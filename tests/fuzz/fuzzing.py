"""Damaged and nonsensical inputs for every reader and every command: an answer, or one line that refuses; nothing else.

`python tests/fuzz/fuzzing.py 10000` tries so many and prints one table. An input follows from its target and number
alone, so that what fails can be tried again: `python tests/fuzz/fuzzing.py --only TARGET --number N`.
"""

import argparse
import faulthandler
import logging
import os
import random
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from damage import damage

from archwalk.errors import ArchwalkError

SECONDS = 60
OUTCOMES = ("tried", "refused", "accepted", "traceback", "hang", "damaged", "milliseconds")
"""The last of processor time, the samples that are made on the way among them."""
Files = dict[str, bytes]


class Hang(BaseException):
    """An input takes too long."""


class Target(Protocol):
    """One way in."""

    name: str

    def prepare(self, rng: random.Random, folder: Path) -> Callable[[], object]:
        """Write a damaged input into an empty folder, which is also the current one; gives what has to answer it."""


@dataclass(frozen=True)
class Reader:
    """What reads files: those that are right, by their names, who reads them, and which of them are damaged."""

    name: str
    files: Callable[[], Files]
    read: Callable[[Path], object]
    damaged: Sequence[str] = ()
    writes: bool = False
    """Whether it may change what was there."""

    def prepare(self, rng: random.Random, folder: Path) -> Callable[[], object]:
        """See `Target`."""
        files = self.files()
        write_files(files, folder)
        damage(folder / rng.choice(list(self.damaged) or list(files)), rng)
        return lambda: self.read(folder)


def write_files(files: Files, folder: Path) -> None:
    """Write them."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def files_of(folder: Path) -> Files:
    """What is there."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


@contextmanager
def limited(seconds: int) -> Iterator[None]:
    """Raise Hang after so many seconds."""

    def stop(number: int, frame: object) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    faulthandler.dump_traceback_later(2 * seconds, exit=True)  # where no signal is heard
    try:
        yield
    finally:
        signal.alarm(0)
        faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGALRM, before)


def attempt(target: Target, number: int) -> tuple[str, str]:
    """What becomes of an input, and of what failed the text."""
    rng = random.Random(f"{target.name} {number}")
    with tempfile.TemporaryDirectory() as place, warnings.catch_warnings(), ExitStack() as stack:
        warnings.simplefilter("ignore")
        folder = Path(place) / "here"  # so that what is written to `..` is gone with it
        folder.mkdir()
        stack.enter_context(chdir(folder))
        work = target.prepare(rng, folder)
        before = files_of(folder)
        try:
            with limited(SECONDS):
                work()
            how = "accepted"
        except ArchwalkError as error:
            if "\n" in str(error):
                return "traceback", f"more than one line: {error}"
            how = "refused"
        except Hang:
            return "hang", traceback.format_exc()
        except BaseException:
            return "traceback", traceback.format_exc()
        after = files_of(folder)
        if not getattr(target, "writes", False):
            changed = [name for name, content in before.items() if after.get(name) != content]
            if changed:
                return "damaged", f"changed: {', '.join(changed)}"
        return how, ""


def run(targets: Sequence[Target], inputs: int, first: int = 0) -> tuple[dict[str, Counter[str]], list[str]]:
    """Outcomes by target, and what failed."""
    found: dict[str, Counter[str]] = {target.name: Counter() for target in targets}
    failed = []
    for n in range(inputs):
        target, number = targets[n % len(targets)], first + n // len(targets)
        began = time.process_time()
        how, text = attempt(target, number)
        found[target.name].update(
            {"tried": 1, how: 1, "milliseconds": round(1000 * (time.process_time() - began))}
        )
        if how not in ("accepted", "refused"):
            failed.append(f"{target.name} {number}: {how}\n{text}")
            print(failed[-1], file=sys.stderr, flush=True)
    return found, failed


def table(found: dict[str, Counter[str]]) -> str:
    """In Markdown."""
    rows = [*found.items(), ("all", sum(found.values(), Counter()))]
    lines = [f"| target | {' | '.join(OUTCOMES)} |", "|---" * (1 + len(OUTCOMES)) + "|"]
    lines += [f"| {name} | {' | '.join(str(counts[one]) for one in OUTCOMES)} |" for name, counts in rows]
    return "\n".join(lines)


@contextmanager
def quietly() -> Iterator[None]:
    """No notes; nobody waits long for a pipe."""
    import archwalk.data.files as files

    logging.disable(logging.WARNING)
    patience, files.PIPE_SECONDS = files.PIPE_SECONDS, 0.05
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        files.PIPE_SECONDS = patience


def every_target() -> list[Target]:
    """All readers and commands."""
    from fuzz_commands import COMMANDS
    from fuzz_files import FILES
    from fuzz_folders import FOLDERS

    return [*FILES, *FOLDERS, *COMMANDS]


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("inputs", nargs="?", type=int, default=10_000)
    parser.add_argument("--only", help="targets whose names begin so")
    parser.add_argument("--number", type=int)
    parser.add_argument("--first", type=int, default=0, help="number of the first input of each target")
    parser.add_argument("--list", action="store_true", help="names of all targets")
    options = parser.parse_args()
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a shell lets what is in its background ignore it
    with tempfile.TemporaryDirectory() as cache, quietly():
        os.environ["ARCHWALK_CACHE"] = cache
        targets = [one for one in every_target() if one.name.startswith(options.only or "")]
        if options.list:
            print(*[one.name for one in targets], sep="\n")
            return 0
        inputs = len(targets) if options.number is not None else options.inputs
        found, failed = run(targets, inputs, options.number or options.first)
    print(table(found))
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
