import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pytest
import torch

from archwalk.agents.apex.settings import ApexSettings
from archwalk.agents.catalogue import TRAINERS
from archwalk.agents.dqn.settings import DQNSettings
from archwalk.cli.main import main
from archwalk.data.files import alone_with
from archwalk.data.states import read_state
from archwalk.errors import DataError, UsageError
from archwalk.estimators.benchmarks import load_benchmark
from archwalk.experiments import training
from archwalk.experiments.runs import RunFolder
from archwalk.experiments.training import Place, resume_training, train_agent
from archwalk.learning.double_dqn import DoubleDQN

BENCHMARK = "nas-bench-graph:proteins"


@dataclass(frozen=True)
class Case:
    """A trainer whose windows of metrics are 80 steps."""

    strategy: str
    settings: Any
    stride: int
    """Steps between two yields."""

    @property
    def window(self):
        return 80 // self.stride

    @property
    def command(self):
        values = [
            word for key, value in asdict(self.settings).items() for word in ("--set", f"{key}={value}")
        ]
        return ["train", self.strategy, "--benchmark", BENCHMARK, "--seed", "3", *values]

    def train(self, benchmark, out, seed=3, **extra):
        return train_agent(benchmark, self.strategy, self.settings, seed=seed, out=out, **extra)


CASES = [
    Case("dqn", DQNSettings(
        steps=640, environments=8, neighbours=8, episode_limit=5, calibration=16, capacity=300,
        learning_starts=60, batch=16, target_every=7, width=8, heads=2, n_step=2,
    ), 8),
    Case("apex", ApexSettings(
        steps=640, actors=2, environments=4, neighbours=8, episode_limit=5, capacity=200, shards=3, fragment=5,
        block=1, learning_starts=90, batch=16, target_every=100, width=8, heads=2, sync_delay=30,
    ), 40),
]  # fmt: skip


class Killed(BaseException):
    """What nothing catches."""


@pytest.fixture(params=CASES, ids=lambda case: case.strategy, scope="module")
def case(request):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TRAINERS.load(request.param.strategy)[1], "log_every", request.param.window)
        yield request.param


@pytest.fixture
def often(monkeypatch):
    """A checkpoint after every window of metrics."""
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", 0.0)


@pytest.fixture(scope="module")
def benchmark():
    return load_benchmark(BENCHMARK)


@pytest.fixture(scope="module")
def whole(case, benchmark, tmp_path_factory):
    """The same training without any interruption."""
    return case.train(benchmark, tmp_path_factory.mktemp("whole") / "run")


def saved(run):
    return read_state(run.path / "agent.safetensors")


def assert_same_run(run, other):
    """The agent, what it paid, and the metrics, but for the time they took."""
    one, two = saved(run), saved(other)
    weights, others = one["state"].pop("network"), two["state"].pop("network")
    assert weights.keys() == others.keys()
    for name, tensor in weights.items():
        assert torch.equal(tensor, others[name]), name
    del one["paid"]["seconds"], two["paid"]["seconds"]
    assert one == two
    rows, expected = ([{**row, "seconds": 0} for row in r.metrics()] for r in (run, other))
    assert rows == expected


def stop_at(step, error):
    def progress(steps, total, metrics):
        if steps >= step:
            raise error

    return progress


def test_run_folder_holds_what_it_should(case, whole):
    assert {file.name for file in whole.path.iterdir()} == {
        "config.json",
        "metrics.jsonl",
        "agent.safetensors",
    }
    config = whole.config()
    assert config.benchmark == BENCHMARK
    assert config.objective == "validation"
    assert config.seed == 3
    assert type(case.settings)(**config.settings) == case.settings
    assert set(config.versions) == {"archwalk", "python", "numpy", "torch", "gymnasium"}
    rows = whole.metrics()
    steps = dict.fromkeys(row["steps"] for row in rows)  # the updates that are due at the end make a line too
    assert list(steps) == list(range(80, 641, 80))
    paid = saved(whole)["paid"]
    assert paid["queries"] == rows[-1]["queries"] > paid["unique"] == rows[-1]["unique"] > 10
    assert all(np.isfinite(value) for row in rows for value in row.values())


def test_same_seed_same_run(case, whole, benchmark, tmp_path, often):
    """However often it is checkpointed."""
    assert_same_run(case.train(benchmark, tmp_path / "run"), whole)


def test_another_place_is_recorded_and_refused_where_there_is_none(case, whole, benchmark, tmp_path):
    assert whole.config().place == Place()
    with pytest.raises(UsageError) as raised:
        case.train(benchmark, tmp_path / "run", place=Place(address="localhost:1"))
    assert (
        str(raised.value)
        == {
            "dqn": "dqn trains in this process, on the CPU; leave --engine, --address, --device out",
            "apex": "the engine 'local' has no address; only 'ray' has",
        }[case.strategy]
    )
    assert not (tmp_path / "run").exists()


def test_another_seed_is_another_run(case, whole, benchmark, tmp_path):
    other = case.train(benchmark, tmp_path / "run", seed=4)
    with pytest.raises(AssertionError):
        assert_same_run(other, whole)


@pytest.mark.parametrize("step", [8, 80, 472])
def test_killed_and_resumed_is_as_if_nothing_had_been(case, whole, benchmark, tmp_path, often, step):
    """Before the first checkpoint, at one, between two: what came after the last one is done again."""
    out = tmp_path / "run"
    with pytest.raises(Killed):
        case.train(benchmark, out, progress=stop_at(step, Killed()))
    assert (out / "checkpoint.safetensors").exists() == (step >= 80)
    assert_same_run(resume_training(out), whole)
    assert not (out / "checkpoint.safetensors").exists()


def test_random_runs_are_drawn_on_where_they_were(case, random_runs, tmp_path, often, monkeypatch):
    """An objective that draws is resumed to the bit, too: the estimator that is loaded again knows nothing."""
    monkeypatch.setattr(training, "load_benchmark", lambda *_: random_runs)
    whole = case.train(random_runs, tmp_path / "whole")
    with pytest.raises(Killed):
        case.train(random_runs, tmp_path / "run", progress=stop_at(240, Killed()))
    assert_same_run(resume_training(tmp_path / "run"), whole)
    with pytest.raises(AssertionError):
        assert_same_run(case.train(random_runs, tmp_path / "other", seed=4), whole)


def test_killed_again_and_again(case, whole, benchmark, tmp_path, often):
    out = tmp_path / "run"
    with pytest.raises(Killed):
        case.train(benchmark, out, progress=stop_at(200, Killed()))
    for step in (200, 320, 500):
        with pytest.raises(Killed):
            resume_training(out, progress=stop_at(step, Killed()))
    assert_same_run(resume_training(out), whole)


def test_ctrl_c_keeps_what_was_done(case, whole, benchmark, tmp_path):
    """Without any checkpoint by the clock."""
    out = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        case.train(benchmark, out, progress=stop_at(440, KeyboardInterrupt()))  # amid a window of metrics
    steps = []
    resumed = resume_training(out, progress=lambda step, total, metrics: steps.append(step))
    assert steps[0] == 440 + case.stride
    assert_same_run(resumed, whole)


def test_ctrl_c_amid_a_step_goes_back_to_the_last_checkpoint(case, whole, benchmark, tmp_path, often):
    """What is half done is neither the state before it nor the one after it."""
    out = tmp_path / "run"
    update, calls = DoubleDQN.update_weighted, iter(range(20))

    def interrupted(*arguments):
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return update(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DoubleDQN, "update_weighted", interrupted)
        with pytest.raises(KeyboardInterrupt):
            case.train(benchmark, out)
    assert_same_run(resume_training(out), whole)


def test_metrics_of_a_short_training_are_logged(case, benchmark, tmp_path, monkeypatch):
    """Though they fill no window."""
    monkeypatch.setattr(TRAINERS.load(case.strategy)[1], "log_every", 10_000)
    [row] = case.train(benchmark, tmp_path / "run").metrics()
    assert row["steps"] == 640
    assert row["unique"] > 10


def test_resuming_a_finished_run_changes_nothing(whole):
    before = {file: file.read_bytes() for file in whole.path.iterdir()}
    assert resume_training(whole.path).path == whole.path
    assert {file: file.read_bytes() for file in whole.path.iterdir()} == before


def test_a_finished_run_whose_settings_are_of_other_types_is_not_said_to_be_done(whole, tmp_path):
    for file in whole.path.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = json.loads((tmp_path / "config.json").read_text())
    config["settings"]["batch"] = "x"
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(DataError, match="Expected `int`, got `str` - at `batch`"):
        resume_training(tmp_path)


def test_a_folder_that_holds_a_run_is_refused(case, whole, benchmark):
    before = {file: file.read_bytes() for file in whole.path.iterdir()}
    with pytest.raises(UsageError, match="holds a run already; add --resume"):
        case.train(benchmark, whole.path)
    assert {file: file.read_bytes() for file in whole.path.iterdir()} == before


def test_resuming_what_is_no_run(tmp_path):
    with pytest.raises(DataError, match="is not a run folder"):
        resume_training(tmp_path)


def test_resuming_from_a_damaged_checkpoint_says_so(case, benchmark, tmp_path, often):
    out = tmp_path / "run"
    with pytest.raises(Killed):
        case.train(benchmark, out, progress=stop_at(240, Killed()))
    file = out / "checkpoint.safetensors"
    file.write_bytes(file.read_bytes()[:-50])
    with pytest.raises(DataError, match="is damaged"):
        resume_training(out)


def test_metrics_cut_in_the_middle_of_a_line(case, whole, benchmark, tmp_path, often):
    """As a kill may leave them."""
    out = tmp_path / "run"
    with pytest.raises(Killed):
        case.train(benchmark, out, progress=stop_at(240, Killed()))
    with (out / "metrics.jsonl").open("a") as file:
        file.write('{"charts/eps')
    assert_same_run(resume_training(out), whole)


PROGRAM = """
import sys, time
from archwalk.cli.main import main
from archwalk.experiments import training
from archwalk.experiments.runs import RunFolder
from archwalk.agents.catalogue import TRAINERS

TRAINERS.load(sys.argv[3])[1].log_every, training.CHECKPOINT_SECONDS = int(sys.argv[1]), 0.0
write = RunFolder.checkpoint

def checkpoint(run, trainer, window, seconds):
    write(run, trainer, window, seconds)
    if trainer["steps"] == 160:
        print("now", flush=True)
    elif trainer["steps"] == 480:
        time.sleep(600)  # the kill has come long before

RunFolder.checkpoint = checkpoint
sys.exit(main(sys.argv[2:]))
"""


def test_killed_by_the_system_and_resumed_from_the_command_line(case, whole, tmp_path):
    """A real process and SIGKILL while it trains, then `archwalk train --resume`."""
    out = tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(case.window), *case.command, "--out", str(out)],
        stdout=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    with process.stdout as lines:
        assert lines.readline() == b"now\n"
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    run = RunFolder(out)
    assert not run.finished
    assert main(["train", case.strategy, "--resume", "--out", str(out)]) == 0
    assert run.config().settings == whole.config().settings
    assert_same_run(run, whole)


def test_one_process_at_a_time(case, whole, benchmark, tmp_path, often):
    """A second one would write into the metrics of the first."""
    out = tmp_path / "run"

    def again(done, total, metrics):
        if done < 300:
            return
        for other in (lambda: case.train(benchmark, out), lambda: resume_training(out)):
            with pytest.raises(
                UsageError, match=r"another process works on the training in .*run; wait for it or end"
            ):
                other()

    assert_same_run(case.train(benchmark, out, progress=again), whole)
    with alone_with(out, "x"):
        assert resume_training(out).finished, "it is let go at the end"
