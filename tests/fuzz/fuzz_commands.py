# ruff: noqa: E501 (tables of samples)
"""Every command of the command line, called in this process with damaged files and nonsense for words and settings."""

import argparse
import gc
import io
import json
import multiprocessing
import os
import random
import resource
import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NoReturn

import fuzz_files
import fuzz_folders
from damage import damage
from fuzz_folders import BENCHMARK, SMALL, SPACE
from fuzzing import Files, files_of, write_files

import archwalk.cli.main as cli
from archwalk.api.listing import settings_of
from archwalk.cli.guard import INTERRUPTED, ending_in_order
from archwalk.errors import ArchwalkError

WORDS = [
    "-1", "0", "nan", "inf", "-inf", "1e999", "-1e308", "1e308", "1e-320", "0.5", "1.5", "", " ", "x", "none", "true", "[]", "{}",
    "[[1]]", '{"a": 1}', "9" * 5000, "9223372036854775808", "-9223372036854775809", "é", "\udcff", ",", "a,,b", "=", ":", "a:b:c",
    "absent", "absent.json", "absent.toml", ".", "..", "/dev/null", "x" * 5000, "--", "-", "--json", "--seed", "1,2,3", "1_0", "0x10",
]  # fmt: skip
HUGE = "2147483647"
"""Only where memory is limited, and not for how long something takes."""

STORE = "s.sqlite"
"""What an objective was found to say is kept there, also where it turns out that a metric of the call is none of its."""

_LONG = (
    "steps",
    "evaluations",
    "updates",
    "epochs",
    "rounds",
    "budget",
    "episodes",
    "trials",
    "pretraining",
    "iterations",
    "seconds",
)

ARCHITECTURE = cache(lambda: json.dumps(fuzz_files.example(fuzz_files.space_of(SPACE)).description).encode())
PROTEINS = {"a.json": b'{"link": [0, 1, 1, 2], "ops": ["gcn", "sage", "fc", "skip"]}'}


@dataclass(frozen=True)
class Command:
    """A call that is right, with the files that it reads; of `strategy` are its settings."""

    name: str
    words: Sequence[str]
    files: Callable[[], Files] = dict
    strategy: str = ""
    writes: bool = True
    endless: bool = False
    """Whether it goes on until Ctrl-C, which it then gets."""

    def prepare(self, rng: random.Random, folder: Path) -> Callable[[], object]:
        """See `Target`."""
        files = self.files()
        write_files(files, folder)
        words = list(self.words)
        if files and rng.random() < 0.4:
            damage(folder / rng.choice(list(files)), rng)
        else:
            words = self._nonsense(words, rng)
        before = files_of(folder)
        return lambda: _call(words, folder, before, self.endless)

    def _nonsense(self, words: list[str], rng: random.Random) -> list[str]:
        settings = _settings(self.strategy) if self.strategy else {}
        if settings and rng.random() < 0.7:
            key = rng.choice(list(settings))
            limited = resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY
            huge = [HUGE] * 4 if limited and not any(word in key for word in _LONG) else []
            return [*words, "--set", f"{key}={rng.choice(WORDS + huge)}"]
        if rng.random() < 0.2 and (options := _options(self.words)):
            return [*words, rng.choice(options), rng.choice(WORDS)]
        at = rng.randrange(1, len(words)) if len(words) > 1 else 0
        how = rng.random()
        if how < 0.6:
            return [*words[:at], rng.choice(WORDS), *words[at + 1 :]]
        if how < 0.75:
            return words[:at] + words[at + 1 :]
        if how < 0.85:
            return [*words[:at], rng.choice(WORDS), *words[at:]]
        other = rng.randrange(len(words))
        words[at], words[other] = words[other], words[at]
        return words


@cache
def _settings(strategy: str) -> dict[str, object]:
    return dict(settings_of(strategy))


@cache
def command_parsers() -> dict[tuple[str, ...], argparse.ArgumentParser]:
    """Every command of the command line by its words."""

    def below(
        parser: argparse.ArgumentParser, words: tuple[str, ...]
    ) -> dict[tuple[str, ...], argparse.ArgumentParser]:
        inside = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
        if not inside:
            return {words: parser}
        return {
            key: one
            for action in inside
            for name, part in action.choices.items()
            for key, one in below(part, (*words, name)).items()
        }

    return below(cli.make_parser(), ())


def _options(words: Sequence[str]) -> list[str]:
    """The options of a call's command, but for that which says how many minutes it takes."""
    parser = command_parsers().get(tuple(words[:2])) or command_parsers()[tuple(words[:1])]
    return [
        option for action in parser._actions for option in action.option_strings[-1:] if option != "--minutes"
    ]


def _call(words: list[str], folder: Path, before: Files, endless: bool = False) -> None:
    """Run a command; what is refused raises ArchwalkError, and whatever ought not to be any other error."""

    def net(error: BaseException, arguments: Sequence[str]) -> NoReturn:
        raise error

    others = multiprocessing.active_children()  # of whatever ran in this process before
    last, cli.report_unforeseen = cli.report_unforeseen, net  # type: ignore[assignment]
    out, said = io.StringIO(), io.StringIO()
    ctrl_c = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    if endless:
        ctrl_c.start()
    try:
        with redirect_stdout(out), redirect_stderr(said), ending_in_order():
            status = cli.main(words)
    except SystemExit as stop:  # --help, --version
        status = int(stop.code or 0)
    except BaseException as error:
        error.add_note(f"words: {words!r}")
        raise
    finally:
        ctrl_c.cancel()
        cli.report_unforeseen = last
    shown = f"{words!r} gave {status}, {said.getvalue()[-2000:]!r}"
    assert "Traceback" not in said.getvalue(), shown
    if _left(others):
        gc.collect()  # workers stay with their estimator, for more to do
    assert not _left(others), f"{shown}; it left {_left(others)}"
    if endless and status == INTERRUPTED:  # Ctrl-C came before it had begun
        return
    if status == 0:
        if "--json" in words and "--help" not in words and out.getvalue():
            json.loads(out.getvalue().splitlines()[-1], parse_constant=_not_json)
        return
    assert status in (1, 2), shown
    assert said.getvalue().splitlines()[-1].startswith("archwalk: "), shown
    assert not out.getvalue(), shown
    if status == 2:
        new = {name for name in {*files_of(folder)} - {*before} if not name.startswith(STORE)}
        assert not new, f"{shown}; it left {sorted(new)}"
    raise ArchwalkError(said.getvalue().splitlines()[-1])


def _left(others: Sequence[BaseProcess]) -> list[BaseProcess]:
    return [child for child in multiprocessing.active_children() if child not in others]


def _not_json(word: str) -> NoReturn:
    raise AssertionError(f"{word} is not JSON")


def _in(folder: str, files: Files) -> Files:
    return {f"{folder}/{name}": content for name, content in files.items()}


def _assignments(name: str) -> list[str]:
    return [word for key, value in SMALL[name].items() for word in ("--set", f"{key}={value}")]


def _run_and_architecture() -> Files:
    return _in("run", fuzz_folders.run_of("dqn")) | {"a.json": ARCHITECTURE()}


def _network_and_images() -> Files:
    images = {f"x/{label}/{i}.png": fuzz_files.image("PNG") for label in "ab" for i in range(2)}
    return _in("net", fuzz_folders.made(fuzz_folders._delivered)()) | images


def _stored() -> Files:
    return {"s.sqlite": fuzz_files.written("s.sqlite", fuzz_files.store)()}


def _exported() -> Files:
    sample = fuzz_files.written("e.csv", lambda path: fuzz_files.export_evaluations([fuzz_files.ROW], path))
    return _stored() | {"e.csv": sample()}


SEARCHERS = ["random-search", "random-walk", "local-search", "local-search-white", "regularized-evolution", "tpe", "bohb", "bananas",
             "nasbot", "alphax", "graph-gp", "remaade", "weaknas"]  # fmt: skip
"""Of those that need no images, all."""

_SEARCH = ["--benchmark", BENCHMARK, "--budget", "4", "--trials", "2"]
_PRESET = b'strategy = "regularized-evolution"\ncitation = "x"\n[settings]\npopulation = 3\nsample = 2\n'
_RESULT = cache(
    lambda: _in(
        "r", {k: v for k, v in fuzz_folders.made(fuzz_folders._compare)().items() if k == "result.json"}
    )
)

GOALS = [
    "--maximise",
    "accuracy",
    "--minimise",
    "latency_ms",
    "--limit",
    "parameters=1e9",
    "--reference",
    "accuracy=0",
]
OBJECTIVE = b"def f(architecture):\n    return {'accuracy': len(str(architecture)), 'latency_ms': 1.0}\n"
ON_CHAINS = ["random-construction", "meta-a2c", "zero-cost", "naswot"]

COMMANDS = [
    Command("archwalk search, several goals", ["search", "nsga2", "--benchmark", BENCHMARK, "--budget", "4", *GOALS, "--out", "o", "--json"]),
    Command("archwalk compare, several goals", ["compare", "--strategies", "graph-gp,random-search", "--benchmark", BENCHMARK, "--budget", "3",
                                                *GOALS, "--out", "o", "--json"]),
    Command("archwalk search, an objective", ["search", "random-search", "--space", SPACE, "--objective", "f.py:f", "--budget", "2", "--store",
                                              "s.sqlite", "--json"], lambda: {"f.py": OBJECTIVE}),
    Command("archwalk search, a command", ["search", "random-search", "--space", SPACE, "--command", "echo 1", "--budget", "2", "--store",
                                           "s.sqlite", "--limit-seconds", "5", "--json"]),
    *(Command(f"archwalk search {name}, chains", ["search", name, "--benchmark", "chain-digits", "--budget", "2", "--json"], strategy=name)
      for name in ON_CHAINS),
    Command("archwalk train transfer", ["train", "transfer", "--benchmark", BENCHMARK, "--set", "then=nas-bench-graph:citeseer", "--set",
                                        "samples=8", "--set", "updates=5", "--set", "fitted=16", "--set", "kernel_steps=2", "--set", "members=1", "--set", "width=8", "--out", "run", "--json"], strategy="transfer"),
    Command("archwalk transfer", ["transfer", f"{BENCHMARK},nas-bench-graph:citeseer", "--target", BENCHMARK, "--strategies",
                                  "mean-rank,rgpe", "--budget", "3", "--trials", "1", "--out", "o", "--json"]),
    Command("archwalk agents list", ["agents", "list", "--json"]),
    Command("archwalk agents make", ["agents", "make", "absent", "--out", "o"]),
    Command("archwalk proxies", ["proxies", "chain-digits", "--proxies", "parameters", "--architectures", "4", "--json"]),
    Command("archwalk report, a study", ["report", "s.sqlite", "--out", "p.html"], fuzz_folders.made(fuzz_folders._study)),
    Command("archwalk watch", ["watch", "r", "--port", "0", "--json"], lambda: _in("r", fuzz_folders.made(fuzz_folders._compare)()), endless=True),
    Command("archwalk data path", ["data", "path"]),
    Command("archwalk data get", ["data", "get", "absent"]),
    *(Command(f"archwalk list {kind}", ["list", kind, "--json"]) for kind in ("strategies", "agents", "benchmarks", "spaces", "presets")),
    Command("archwalk list a strategy", ["list", "strategies", "bananas", "--json"]),
    Command("archwalk space", ["space", "s.toml", "--json"], lambda: {"s.toml": fuzz_files.SPACE}),
    Command("archwalk neighbours", ["neighbours", SPACE, "a.json", "--json"], lambda: {"a.json": ARCHITECTURE()}),
    Command("archwalk oracle", ["oracle", "nas-bench-graph:proteins", "--gamma", "0.5", "--alpha", "6", "--json"]),
    *(Command(f"archwalk train {name}", ["train", name, "--benchmark", BENCHMARK, "--out", "run", "--json", *_assignments(name)],
              strategy=name) for name in SMALL),
    *(Command(f"archwalk train {name} (nonsense alone)", ["train", name, "--benchmark", "chain-digits", "--out", "run", "--steps", "8",
                                                         "--json"], strategy=name) for name in ("meta-rl", "construction-dqn")),
    Command("archwalk train climber", ["train", "climber", "--benchmark", BENCHMARK, "--out", "run", "--set", "evaluations=20", "--set",
                                       "initial=16", "--set", "last_updates=5", "--set", "first_updates=5", "--set",
                                       "updates=5", "--set", "distil_updates=5", "--json"], strategy="climber"),
    Command("archwalk train preference-planner", ["train", "preference-planner", "--benchmark", BENCHMARK, "--out", "run", *GOALS[:4],
                                                  "--set", "evaluations=20", "--set", "initial=16", "--set", "first_updates=5", "--set",
                                                  "updates=5", "--set", "preferences=2", "--set", "distil_updates=5", "--set",
                                                  "distil_batch=16", "--set", "width=8", "--json"], strategy="preference-planner"),
    Command("archwalk train --resume", ["train", "--resume", "--out", "run", "--json"], lambda: _in("run", fuzz_folders.run_of("dqn", False))),
    Command("archwalk improve", ["improve", "run", "a.json", "--seed", "1", "--json"], _run_and_architecture),
    *(Command(f"archwalk search {name}", ["search", name, *_SEARCH, "--json"], strategy=name) for name in SEARCHERS),
    Command("archwalk search, a preset", ["search", "regularized-evolution", "--preset", "p.toml", *_SEARCH, "--out", "o"],
            lambda: {"p.toml": _PRESET}),
    Command("archwalk search, a run", ["search", "run", *_SEARCH, "--episodes", "3", "--json"], _run_and_architecture),
    Command("archwalk search, images", ["search", "random-search", "--benchmark", "images:x:small", "--budget", "1", "--json"],
            lambda: {f"x/{label}/{i}.png": fuzz_files.image("PNG") for label in "ab" for i in range(2)}),
    Command("archwalk search --minutes", ["search", "--minutes", "-1", "--benchmark", "images:x", "--out", "o", "--max-macs", "0"],
            lambda: {f"x/{label}/{i}.png": fuzz_files.image("PNG") for label in "ab" for i in range(2)}),
    Command("archwalk compare", ["compare", "--strategies", "random-search,b=local-search", *_SEARCH, "--episodes", "2", "--out", "o",
                                 "--set", "b.none=1", "--json"]),
    Command("archwalk report", ["report", "r"], _RESULT),
    Command("archwalk evaluate", ["evaluate", BENCHMARK, "a.json", "--seed", "0", "--json"], lambda: {"a.json": ARCHITECTURE()}),
    Command("archwalk evaluate --on", ["evaluate", "net", "--on", "x", "--json"], _network_and_images),
    Command("archwalk predict", ["predict", "net", "x/a/0.png", "--json"], _network_and_images),
    *(Command(f"archwalk export --to {form}", ["export", "a.json", "--space", SPACE, "--to", form, "--out", "o"],
              lambda: {"a.json": ARCHITECTURE()}) for form in ("svg", "dot", "json", "pytorch")),
    Command("archwalk export, a cell", ["export", "a.json", "--space", "darts", "--to", "pytorch", "--shape", "3,32,32", "--outputs", "2",
                                        "--set", "channels=4"],
            cache(lambda: {"a.json": json.dumps(fuzz_files.example(fuzz_files.space_of("darts")).description).encode()})),
    Command("archwalk data list", ["data", "list", "--json"]),
    Command("archwalk doctor", ["doctor", "--json"]),
    Command("archwalk data add", ["data", "add", "mine", "m.csv", "--reward", "valid_acc", "--report", "test_acc", "--mode", "known",
                                  "--space", "s.toml", "--minimise", "seconds"],
            lambda: {"m.csv": fuzz_files.CSV, "s.toml": b'[decisions]\nactivation = ["relu", "tanh"]\nwidth = { ordinal = [1, 2, 4] }\n'}),
    Command("archwalk data remove", ["data", "remove", "mine2"]),
    *(Command(f"archwalk data import {name}", ["data", "import", name, file], lambda file=file: {file: fuzz_files.framed(fuzz_files._record())})
      for name, file in (("ec-nas-4v", "x.tfrecord"), ("nasbench201", "x"), ("nasbench301", "x"))),
    Command("archwalk data make", ["data", "make", "chain-digit", "--seeds", "0", "--workers", "1", "--out", "o", "--store", "s.sqlite"]),
    *(Command(f"archwalk store {action}", ["store", action, *more, "--store", "s.sqlite", "--json"], _stored)
      for action, more in (("list", ["--limit", "3"]), ("export", ["o.csv"]), ("forget", ["--status", "lost"]))),
    Command("archwalk store import", ["store", "import", "e.csv", "--store", "s.sqlite", "--json"], _exported),
    Command("archwalk reproduce --list", ["reproduce", "--list", "--json"]),
    Command("archwalk reproduce", ["reproduce", "krishna2020/tableX", "--scale", "smoke", "--out", "o", "--seed", "1", "--workers", "1",
                                   "--objective", "x", "--agents", "a=b"]),
    Command("archwalk demo", ["demo", "--strategy", "dqn", "--scale", "smokes", "--seed", "1", "--out", "o", "--benchmark", "x"]),
    Command("archwalk completion", ["completion", "bash"]),
]  # fmt: skip
