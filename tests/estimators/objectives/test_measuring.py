"""What an objective returns, raises or prints becomes numbers, or a failure with its reason."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from archwalk.errors import UsageError
from archwalk.estimators.objectives.commands import Command
from archwalk.estimators.objectives.functions import FunctionReference, function_digest
from archwalk.estimators.objectives.measuring import measure, read_metrics
from archwalk.estimators.store.records import DONE
from archwalk.spaces.architecture import Architecture
from archwalk.spaces.declared import Integer, declare

SPACE = declare("small", Integer("depth", 1, 4), Integer("width", 1, 4))
ARCHITECTURE = Architecture(SPACE, SPACE.parse({"depth": 3, "width": 2}))
WIDTH = 2


@pytest.mark.parametrize(
    ("value", "metrics"),
    [
        (3, {"": [3.0]}),
        (np.float32(0.5), {"": [0.5]}),
        (torch.tensor(0.5), {"": [0.5]}),
        ({"accuracy": 91.5, "latency": np.int64(3)}, {"accuracy": [91.5], "latency": [3.0]}),
        ({"accuracy": 91.5, "auc": float("nan")}, {"accuracy": [91.5], "auc": []}),
    ],
)
def test_numbers(value, metrics):
    assert read_metrics(value) == metrics
    assert list(read_metrics(value)) == list(metrics)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "the objective gave None, which is no number"),
        ("91", "the objective gave '91', which is no number"),
        (True, "the objective gave True, which is no number"),
        ([1.0, 2.0], r"the objective gave \[1.0, 2.0\], which is no number"),
        (float("nan"), "the objective gave nan"),
        (float("inf"), "the objective gave inf"),
        (np.array([1.0, 2.0]), "which is no number"),
        ({}, "a mapping with no metric"),
        ({1: 2.0}, "named a metric 1"),
        ({"accuracy": "good"}, "accuracy gave 'good', which is no number"),
        ({"accuracy": float("nan")}, r"no number that is finite \(accuracy: nan\)"),
        ({"accuracy": 1.0, "seconds": -3}, "gave -3 as seconds, which is no time"),
    ],
)
def test_what_is_no_number_is_a_failure_with_its_reason(value, reason):
    with pytest.raises(ValueError, match=reason):
        read_metrics(value)
    outcome = measure(lambda architecture: value, ARCHITECTURE)
    assert outcome.status == "failed"
    assert outcome.reason


def test_what_is_raised_is_a_failure_of_one_line():
    def objective(architecture):
        raise KeyError("postgresql://me:secret@host/\nsecond line " + "x" * 500)

    outcome = measure(objective, ARCHITECTURE)
    assert outcome.status == "failed"
    assert outcome.reason.startswith("KeyError: 'postgresql://me:***@host/")
    assert len(outcome.reason) < 310


def test_an_objective_that_leaves_the_program_is_a_failure():
    assert measure(lambda architecture: sys.exit(3), ARCHITECTURE).reason == "SystemExit: 3"


def script(folder: Path, *lines: str) -> str:
    file = folder / "a script.py"
    file.write_text("import json, sys, pathlib\n" + "\n".join(lines) + "\n")
    return f"'{sys.executable}' '{file}'"


class TestCommand:
    def test_is_given_the_architecture_as_a_word(self, tmp_path):
        line = script(tmp_path, "d = json.loads(sys.argv[1])", "print('epoch 1')", "print(d['depth'] * 10)")
        assert measure(Command.checked(f"{line} {{json}}"), ARCHITECTURE).curves == {"": [30.0]}

    def test_is_given_a_file(self, tmp_path):
        lines = (
            "d = json.loads(pathlib.Path(sys.argv[1][4:]).read_text())",
            "print(json.dumps({'loss': d['width']}))",
        )
        outcome = measure(Command.checked(f"{script(tmp_path, *lines)} --a={{file}}"), ARCHITECTURE)
        assert (outcome.status, outcome.curves) == (DONE, {"loss": [2.0]})

    def test_reads_standard_input(self, tmp_path):
        line = script(tmp_path, "print(json.load(sys.stdin)['width'], end='\\n\\n')")
        assert measure(Command.checked(line), ARCHITECTURE).curves == {"": [2.0]}

    @pytest.mark.parametrize(
        ("code", "reason"),
        [
            ("print('hello')", "the command's last line is 'hello', neither a number nor one JSON object"),
            ("pass", "the command printed nothing; its last line is a number, or one JSON object"),
            ("print('[1]')", "the command's last line is '[1]', neither a number nor one JSON object"),
            ("print('nan')", "the objective gave nan"),
            ("print(1); sys.exit(3)", "the command ended with status 3"),
            ("print(1); sys.exit('no data')", "the command ended with status 1: no data"),
            ("sys.stdout.buffer.write(bytes([255, 254, 10]))", "neither a number nor one JSON object"),
            ("import os; os.kill(os.getpid(), 9)", "the command was ended by signal 9"),
        ],
    )
    def test_failures(self, tmp_path, code, reason):
        outcome = measure(Command.checked(script(tmp_path, code)), ARCHITECTURE)
        assert outcome.status == "failed"
        assert reason in outcome.reason

    @pytest.mark.parametrize(
        ("line", "reason"),
        [("", "is empty"), ("no-such-program {json}", "there is no program"), ("'a", "cannot be read")],
    )
    def test_that_cannot_run_is_refused(self, line, reason):
        with pytest.raises(UsageError, match=reason):
            Command.checked(line)

    def test_of_this_folder_needs_no_dot(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        file = tmp_path / "train.sh"
        file.write_text("#!/bin/sh\necho 4\n")
        with pytest.raises(UsageError, match=r"say sh train.sh"):
            Command.checked("train.sh {json}")
        file.chmod(0o755)
        assert measure(Command.checked("train.sh {json}"), ARCHITECTURE).curves == {"": [4.0]}

    def test_is_another_one_when_its_script_is(self, tmp_path):
        before = Command(script(tmp_path, "print(1)")).digest
        assert Command(script(tmp_path, "print(1)")).digest == before
        assert Command(script(tmp_path, "print(2)")).digest != before


def made(body: str, **more):
    """A function of a module of its own."""
    names = {"__name__": "users", **more}
    exec(body, names)
    return names["f"]


class TestDigest:
    BODY = "def g(x):\n    return x + 1\ndef f(a):\n    '''Says it.'''\n    return g(a) * RATE\n"

    def test_is_that_of_equal_code(self):
        assert function_digest(made(self.BODY, RATE=2)) == function_digest(
            made("# a comment\n\n" + self.BODY, RATE=2)
        )

    @pytest.mark.parametrize(
        "other",
        [
            lambda body: made(body.replace("x + 1", "x + 2"), RATE=2),
            lambda body: made(body, RATE=3),
            lambda body: made(body, RATE={"rate": [1]}),
            lambda body: made(body.replace("f(a)", "f(a, b=3)"), RATE=2),
        ],
    )
    def test_changes_with_what_the_function_uses(self, other):
        assert function_digest(other(self.BODY)) != function_digest(made(self.BODY, RATE=2))

    def test_does_not_change_with_what_it_writes(self):
        calls = []

        def objective(architecture):
            calls.append(1)
            return len(calls) + WIDTH

        before = function_digest(objective)
        measure(objective, ARCHITECTURE)
        assert function_digest(objective) == before

    def test_closes_over_arrays(self):
        def make(data):
            return lambda architecture: data.sum()

        assert function_digest(make(np.arange(3))) != function_digest(make(np.arange(4)))


def test_a_reference_is_imported_when_it_is_called(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("def f(a):\n    return a.description['depth']\nx = 3\n")
    assert measure(FunctionReference.at(f"{file}:f"), ARCHITECTURE).curves == {"": [3.0]}
    with pytest.raises(UsageError, match="did you mean 'f'"):
        function_digest(FunctionReference.at(f"{file}:ff"))
    with pytest.raises(UsageError, match="no function of an architecture"):
        function_digest(FunctionReference.at(f"{file}:x"))
