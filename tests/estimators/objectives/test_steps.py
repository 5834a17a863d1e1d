"""Objectives that yield: every step is kept, the last one counts, and shorter trainings come of longer ones."""

import math
import pickle
import sys
from pathlib import Path

import pytest

import archwalk
from archwalk.errors import UsageError
from archwalk.estimators.objectives.commands import Command
from archwalk.estimators.objectives.fidelities import MultiFidelityObjective
from archwalk.estimators.objectives.measuring import measure
from archwalk.estimators.store.database import open_store
from archwalk.spaces.architecture import Architecture
from archwalk.spaces.declared import Integer, Ordinal, declare

SPACE = declare("steps", Integer("depth", 1, 6), Ordinal("width", [8, 16, 32]))
ONE = Architecture(SPACE, SPACE.parse({"depth": 2, "width": 16}))


def train(architecture):
    depth = architecture.description["depth"]
    for epoch in range(1, 10):
        yield {"loss": depth / epoch, "size": depth * 8}


def outcome(function, steps=None):
    return measure(function, ONE, steps)


def test_every_step_is_kept_and_the_last_one_counts():
    found = outcome(train)
    assert found.status == "done"
    assert found.curves == {"loss": [2 / epoch for epoch in range(1, 10)], "size": [16.0] * 9}
    assert found.validation == 2 / 9
    assert outcome(train, 3).curves["loss"] == [2, 1, 2 / 3]


def test_what_is_returned_in_the_end_is_the_last_step():
    def returning(architecture):
        yield 1.0
        return 3.0

    assert list(outcome(returning).curves.values()) == [[1.0, 3.0]]


def test_it_is_closed_when_it_is_ended():
    closed = []

    def holding(architecture):
        try:
            for step in range(100):
                yield step
        finally:
            closed.append(step)

    outcome(holding, 4)
    assert closed == [3]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([], "the objective yielded nothing"),
        ([1.0, math.nan, 2.0], "in step 2: the objective gave nan"),
        ([{"loss": 1.0}, {"loss": math.inf, "size": 2}], "in step 2: loss is no finite number"),
        ([{"loss": 1.0}, {"accuracy": 2}], "in step 2: the objective gave accuracy, before it was loss"),
        (["a"], "in step 1: the objective gave 'a', which is no number"),
    ],
)
def test_a_step_without_a_number_is_one_failed_evaluation(values, told):
    def yielding(architecture):
        yield from values

    found = outcome(yielding)
    assert (found.status, found.reason) == ("failed", told)


def test_what_raises_on_the_way_fails():
    def raising(architecture):
        yield 1.0
        raise RuntimeError("out of memory")

    assert outcome(raising).reason == "RuntimeError: out of memory"


def test_a_number_that_is_not_given_at_each_step_has_no_curve():
    def sparse(architecture):
        yield {"loss": 1.0, "test": math.nan}
        yield {"loss": 0.5, "test": 0.7}

    assert outcome(sparse).curves == {"loss": [1.0, 0.5], "test": [0.7]}


def test_a_longer_training_says_what_the_shorter_ones_came_to(tmp_path):
    calls = []

    def counted(architecture):
        calls.append(architecture.description)
        yield from train(architecture)

    store = open_store(str(tmp_path / "store.sqlite"))
    made = {"fidelities": (1, 3, 9), "higher_is_better": False, "store": store}
    estimator = MultiFidelityObjective(SPACE, counted, **made)
    codes_BL = ONE.code_L[None]
    assert estimator.evaluate_at(codes_BL, 1).reward_B == [2 / 3]
    assert estimator.evaluate_at(codes_BL, 0).reward_B == [2]
    assert len(calls) == 1, "it came by there"
    assert estimator.evaluate_at(codes_BL, -1).reward_B == [2 / 9]
    assert len(calls) == 2, "which is not gone on with"
    again = MultiFidelityObjective(SPACE, counted, **made)
    for place, expected in enumerate([2, 2 / 3, 2 / 9]):
        assert again.evaluate_at(codes_BL, place).reward_B == [expected]
    assert len(calls) == 2, "the store has all three"
    packed = pickle.dumps(MultiFidelityObjective(SPACE, train, fidelities=(1, 3)))
    copy = pickle.loads(packed)  # noqa: S301 - our own
    copy.evaluate(codes_BL)
    assert copy.shorter[0].is_named(copy.architecture(ONE.code_L)), "in another process too"


@pytest.mark.parametrize("workers", [1, 2])
def test_bohb_goes_by_steps(workers):
    call = {"minimise": "loss", "fidelities": (1, 3, 9), "budget": 4, "store": False, "progress": False}
    result = archwalk.search("bohb", SPACE, objective=train, workers=workers, **call)
    best = result.best
    assert best.reward == pytest.approx(best.architecture.description["depth"] / 9)
    assert "fidelity 9" in result.record.query["bohb"]


def test_an_objective_that_neither_takes_a_fidelity_nor_yields_is_refused():
    with pytest.raises(UsageError, match="takes fidelity=n, or yields"):
        archwalk.objective_benchmark(SPACE, lambda architecture: 1.0, fidelities=(1, 3), store=False)


SCRIPT = """
import json, sys, pathlib
depth = json.loads(sys.argv[1])["depth"]
print("a line of another kind")
for epoch in range(1, 10):
    print(json.dumps({"loss": depth / epoch}), flush=True)
    pathlib.Path(sys.argv[2]).write_text(str(epoch))
"""


@pytest.fixture
def command(tmp_path: Path) -> tuple[str, Path]:
    script, seen = tmp_path / "train.py", tmp_path / "seen"
    script.write_text(SCRIPT)
    return f"{sys.executable} {script} {{json}} {seen}", seen


def test_a_command_prints_a_line_a_step(command):
    line, _ = command
    assert outcome(Command.checked(line)).curves == {"loss": [2 / epoch for epoch in range(1, 10)]}


def test_a_command_is_ended_after_so_many_steps(tmp_path):
    script = tmp_path / "forever.py"
    script.write_text(
        "import itertools, json\nfor n in itertools.count(1): print(json.dumps({'loss': 1 / n}), flush=True)\n"
    )
    estimator = MultiFidelityObjective(
        SPACE, Command.checked(f"{sys.executable} {script}"), fidelities=(1, 2, 4), higher_is_better=False
    )
    codes_BL = ONE.code_L[None]
    assert estimator.evaluate(codes_BL).reward_B == [0.25]
    assert estimator.trained == 1
    assert [estimator.evaluate_at(codes_BL, place).reward_B[0] for place in (0, 1)] == [1, 0.5]
    assert estimator.trained == 1


def test_a_command_that_fails_on_the_way_says_so(tmp_path):
    script = tmp_path / "failing.py"
    script.write_text("import sys\nprint('{\"loss\": 1}', flush=True)\nsys.exit('no more memory')\n")
    estimator = MultiFidelityObjective(
        SPACE, Command.checked(f"{sys.executable} {script}"), fidelities=(1, 3)
    )
    estimator.evaluate(ONE.code_L[None])
    assert estimator.failures == ["the command ended with status 1: no more memory"]
