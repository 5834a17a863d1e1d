"""A search in a space by an objective of the user's: in processes, through the store, with failures."""

import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import archwalk
from archwalk.errors import ArchwalkError, UsageError
from archwalk.estimators.benchmarks import load_benchmark
from archwalk.estimators.objectives.benchmark import objective_benchmark
from archwalk.estimators.objectives.commands import Command
from archwalk.estimators.store import open_store
from archwalk.registry import find_attribute
from archwalk.spaces.declared import Integer, declare

SPACE = declare("small", Integer("depth", 1, 6), Integer("width", 1, 6))
EVERYONE = np.arange(SPACE.size, dtype=np.int32)[:, None]


def score(architecture):
    chosen = architecture.description
    return {"loss": chosen["depth"] + chosen["width"] / 10, "size": chosen["depth"] * chosen["width"]}


def awkward(architecture):
    """Fails in another way for each depth."""
    depth = architecture.description["depth"]
    if depth == 1:
        subprocess.run(["sleep", "600"], check=False)
    if depth == 2:
        os._exit(3)
    if depth == 3:
        raise ValueError("too deep")
    return 10 * depth


def test_the_first_number_is_the_reward():
    benchmark = objective_benchmark(SPACE, score)
    assert benchmark.objective.name == "score", "what is returned is not known yet"
    scores = benchmark.estimator.evaluate(EVERYONE[:8])
    np.testing.assert_allclose(
        scores.reward_B, [score(benchmark.architecture(c))["loss"] for c in EVERYONE[:8]]
    )
    assert (benchmark.objective.name, benchmark.objective.reward.name) == ("loss", "loss")
    assert (scores.seconds_B >= 0).all()


def test_reward_report_and_direction_are_named():
    benchmark = objective_benchmark(SPACE, score, reward="size", report="loss", higher_is_better=False)
    scores = benchmark.estimator.evaluate(EVERYONE[:8])
    assert benchmark.objective.name == "minimise-size"
    assert not benchmark.objective.reward.higher_is_better
    np.testing.assert_allclose(
        scores.reward_B, [score(benchmark.architecture(c))["size"] for c in EVERYONE[:8]]
    )
    np.testing.assert_allclose(
        scores.report_B, [score(benchmark.architecture(c))["loss"] for c in EVERYONE[:8]]
    )


def test_a_metric_that_there_is_not_is_refused():
    with pytest.raises(UsageError, match="unknown metric of the objective 'sizes'; did you mean 'size'"):
        objective_benchmark(SPACE, score, reward="sizes").estimator.evaluate(EVERYONE[:1])


def test_a_bare_number_is_called_what_the_user_says():
    benchmark = objective_benchmark(SPACE, lambda architecture: 3, reward="loss", higher_is_better=False)
    assert benchmark.estimator.evaluate(EVERYONE[:1]).reward_B[0] == 3
    assert benchmark.objective.reward.name == "loss"


def test_processes_give_the_same_in_the_same_order():
    alone = objective_benchmark(SPACE, score).estimator.evaluate(EVERYONE)
    with objective_benchmark(SPACE, score, workers=2).estimator as estimator:
        several = estimator.evaluate(EVERYONE)
    np.testing.assert_array_equal(several.reward_B, alone.reward_B)


def test_what_fails_ends_no_search_and_leaves_no_process(tmp_path):
    store = open_store(str(tmp_path / "store.sqlite"))
    wanted = EVERYONE[[SPACE.parse({"depth": d, "width": 1})[0] for d in (1, 2, 3, 4)]]
    began = time.monotonic()
    with objective_benchmark(SPACE, awkward, workers=2, limit_seconds=2, store=store).estimator as estimator:
        scores = estimator.evaluate(wanted)
    assert time.monotonic() - began < 60, "nobody waited for the one that hangs"
    np.testing.assert_array_equal(scores.reward_B, [np.nan, np.nan, np.nan, 40])
    assert sorted(estimator.failures) == [
        "ValueError: too deep", "not done after 2 seconds", "the process that evaluated it died",
    ]  # fmt: skip
    assert not left_over(), "the command that the objective had started"
    again = objective_benchmark(SPACE, awkward, limit_seconds=2, store=store).estimator
    np.testing.assert_array_equal(again.evaluate(wanted).reward_B, scores.reward_B)
    assert again.trained == 0, "failures are kept too"


def left_over() -> list[str]:
    lines = subprocess.run(["ps", "-eo", "ppid,args"], capture_output=True, text=True, check=True).stdout
    return [line for line in lines.splitlines() if line.split()[1:] == ["sleep", "600"]]


def test_a_longer_limit_tries_again_what_took_too_long(tmp_path):
    store = open_store(str(tmp_path / "store.sqlite"))

    def slow(architecture):
        time.sleep(0.4)
        return 1.0

    with objective_benchmark(SPACE, slow, limit_seconds=0.1, store=store).estimator as estimator:
        assert np.isnan(estimator.evaluate(EVERYONE[:1]).reward_B[0])
    with objective_benchmark(SPACE, slow, limit_seconds=20, store=store).estimator as estimator:
        assert estimator.evaluate(EVERYONE[:1]).reward_B[0] == 1
    assert objective_benchmark(SPACE, slow, store=store).estimator.evaluate(EVERYONE[:1]).reward_B[0] == 1


@pytest.mark.parametrize("workers", [1, 2])
def test_retries(tmp_path, workers):
    file = tmp_path / "attempts"

    def flaky(architecture):
        with file.open("a") as out:
            out.write("x")
        if len(file.read_text()) < 3:
            raise OSError("no connection")
        return 5.0

    with objective_benchmark(SPACE, flaky, retries=2, workers=workers).estimator as estimator:
        assert estimator.evaluate(EVERYONE[:1]).reward_B[0] == 5
    assert file.read_text() == "xxx"


def test_every_evaluation_is_paid_once(tmp_path):
    calls = []

    def counted(architecture):
        calls.append(architecture)
        return sum(architecture.description.values())

    store = str(tmp_path / "store.sqlite")
    found = [
        archwalk.search(
            "regularized-evolution", SPACE, objective=counted, budget=60, store=store, progress=False
        )
        for _ in range(2)
    ]
    assert len(calls) == len(set(calls)) < 60
    assert found[0].best.reward == found[1].best.reward == 12
    assert found[0].frame().equals(found[1].frame())


SEARCH = """
import json, sys, time, archwalk
space = archwalk.declare("killed", *[archwalk.Integer(f"d{i}", 0, 9) for i in range(4)])
def f(architecture):
    with open("calls", "a") as out:
        out.write(f"{architecture.description}\\n")
    time.sleep(0.01)
    return sum(architecture.description.values())
def search(store, workers):
    made = archwalk.search(
        "local-search", space, objective=f, budget=80, store=store, workers=workers, progress=False
    )
    return made.record.strategies["local-search"].curve.mean
if __name__ == "__main__":
    print(json.dumps(search(sys.argv[1], 2)))
"""


def test_a_killed_search_goes_on_to_the_same_bits(tmp_path, monkeypatch):
    (tmp_path / "searching.py").write_text(SEARCH)
    monkeypatch.chdir(tmp_path)
    calls = tmp_path / "calls"
    whole = find_attribute("searching.py:search", "a function")(False, 1)
    paid = set(calls.read_text().splitlines())
    calls.unlink()

    def call() -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "searching.py", "store.sqlite"], stdout=subprocess.PIPE, text=True
        )

    killed = call()
    while not calls.exists() or len(calls.read_text().splitlines()) < 25:
        assert killed.poll() is None
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert json.loads(call().communicate()[0]) == whole
    lines = calls.read_text().splitlines()
    assert set(lines) == paid
    assert len(lines) - len(paid) <= 3, "those that were being evaluated when it was killed"


def test_all_failing_is_a_result_that_says_so():
    def never(architecture):
        raise RuntimeError("no GPU")

    result = archwalk.search("tpe", SPACE, objective=never, budget=5, store=False, progress=False)
    assert result.record.failures == {"RuntimeError: no GPU": len({*result.frame().architecture})}
    assert result.record.strategies["tpe"].failed == 5
    assert (
        "Evaluations that gave no never: tpe 5 of 5; most often: RuntimeError: no GPU."
        in result.summary().replace("\n", " ")
    )


class TestFidelities:
    def test_bohb_asks_for_shorter_trainings(self, tmp_path):
        asked = []

        def train(architecture, fidelity):
            asked.append(fidelity)
            return {"loss": architecture.description["depth"] + 9 / fidelity}

        store = str(tmp_path / "store.sqlite")
        call = {"objective": train, "minimise": "loss", "budget": 12, "store": store, "progress": False}
        result = archwalk.search("bohb", SPACE, fidelities=(1, 3, 9), **call)
        assert {*asked} == {1, 3, 9}
        assert asked.count(1) > asked.count(9)
        assert result.best.reward == result.best.architecture.description["depth"] + 1, "of a full training"
        paid = len(asked)
        again = archwalk.search("bohb", SPACE, fidelities=(1, 3, 9), **call)
        assert (len(asked), again.best.reward) == (paid, result.best.reward)
        archwalk.search("random-search", SPACE, fidelities=(1, 3, 9), **call)
        assert {*asked[paid:]} <= {9}

    def test_a_command_is_told_how_far(self):
        benchmark = objective_benchmark(SPACE, Command.checked("echo {fidelity}"), fidelities=[2, 4])
        assert benchmark.fidelities == (2, 4)
        assert benchmark.estimator.evaluate_at(EVERYONE[:1], 0).reward_B[0] == 2
        assert benchmark.estimator.evaluate(EVERYONE[:1]).reward_B[0] == 4

    def test_shorter_ones_fail_for_themselves(self):
        def train(architecture, fidelity):
            if fidelity == 1:
                raise ValueError("too short")
            return 1.0

        with objective_benchmark(SPACE, train, fidelities=[1, 2], workers=2).estimator as estimator:
            assert np.isnan(estimator.evaluate_at(EVERYONE[:2], 0).reward_B).all()
            assert estimator.evaluate_at(EVERYONE[:2], 1).reward_B.tolist() == [1, 1]
        assert estimator.failures == ["ValueError: too short"] * 2
        assert estimator.trained == 4

    @pytest.mark.parametrize("fidelities", [[3], [3, 1], [0, 1], [2, 2]])
    def test_others_are_refused(self, fidelities):
        with pytest.raises(UsageError, match="above 0 and ascending"):
            objective_benchmark(SPACE, score, fidelities=fidelities)


def test_agents_train_on_it(tmp_path):
    benchmark = archwalk.objective_benchmark(SPACE, score, minimise="loss", worst=100, store=False)
    settings = {
        "evaluations": 20, "initial": 10, "round": 10, "members": 2, "model_batch": 8, "first_updates": 10,
        "updates": 5, "last_updates": 5, "width": 8, "distil_updates": 5, "distil_batch": 16,
    }  # fmt: skip
    agent = archwalk.train("planner", benchmark, out=tmp_path / "run", settings=settings, progress=False)
    found = archwalk.search(agent, benchmark, budget=3, progress=False)
    assert found.best.reward is not None


def test_what_goes_to_another_process_takes_its_function_with_it():
    rate = 3
    benchmark = objective_benchmark(SPACE, lambda architecture: rate)
    estimator = pickle.loads(pickle.dumps(benchmark.estimator))  # noqa: S301
    assert estimator.evaluate(EVERYONE[:1]).reward_B[0] == 3


def test_what_cannot_go_there_is_refused_in_one_line():
    lock = threading.Lock()
    estimator = objective_benchmark(SPACE, lambda architecture: lock.locked(), workers=2).estimator
    with pytest.raises(ArchwalkError, match="cannot be sent to another process"):
        estimator.evaluate(EVERYONE[:1])


@pytest.mark.parametrize(
    ("more", "reason"), [({"limit_seconds": 0}, "above 0"), ({"retries": -1}, "at least 0")]
)
def test_settings_that_make_no_sense(more, reason):
    with pytest.raises(UsageError, match=reason):
        objective_benchmark(SPACE, score, **more)


@pytest.fixture
def files(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ARCHWALK_STORE", str(tmp_path / "store.sqlite"))
    (tmp_path / "space.toml").write_text('[decisions]\ndepth = { integer = [1, 6] }\nkind = ["a", "b"]\n')
    (tmp_path / "mine.py").write_text(
        "def score(a):\n    return {'loss': a.description['depth'], 'size': 3}\n"
    )
    return tmp_path


@pytest.mark.usefixtures("files")
class TestNames:
    @pytest.mark.parametrize("metric", ["", ":loss", ":minimise-loss"])
    def test_a_benchmark_has_a_name_that_loads_it(self, metric):
        benchmark = load_benchmark(f"function:mine.py:score@space.toml{metric}")
        assert benchmark.name == "function:mine.py:score@space.toml"
        assert (
            benchmark.estimator.evaluate(np.array([[3]])).reward_B[0]
            == benchmark.architecture(np.array([3])).description["depth"]
        )
        assert benchmark.objective.name == (metric[1:] or "loss")

    def test_a_command_has_one(self):
        benchmark = load_benchmark("command:echo 4@space.toml:minimise-loss")
        assert benchmark.estimator.evaluate(np.array([[3]])).reward_B[0] == 4

    @pytest.mark.parametrize("name", ["function:mine.py:score", "function", "command:@space.toml"])
    def test_others_are_refused(self, name):
        with pytest.raises(UsageError, match=r"say (function|command):WHAT@SPACE"):
            load_benchmark(name)

    def test_reading_a_result_runs_no_code_of_others(self, files):
        name = "function:mine.py:score@space.toml:minimise-loss"
        archwalk.search("tpe", load_benchmark(name), budget=4, out=files / "out", progress=False)
        (files / "mine.py").write_text("raise SystemError\n")
        read = archwalk.load_result(files / "out")
        assert read.frame is not None
        with pytest.raises(UsageError, match=r"code of yours; hand it in"):
            read.best  # noqa: B018
