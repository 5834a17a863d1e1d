"""Workers of a training that are killed under way: it ends as if nothing had been, from its last checkpoint on."""

import json
import os
import signal

import pytest

from archwalk.agents.apex.settings import ApexSettings
from archwalk.agents.apex.trainer import ApexTrainer
from archwalk.errors import ArchwalkError
from archwalk.estimators.benchmarks import load_benchmark
from archwalk.experiments import training
from archwalk.experiments.runs import Place
from archwalk.experiments.training import resume_training, train_agent
from archwalk.learning.engines.local import LocalEngine, LocalWorker
from archwalk.learning.engines.processes import ProcessEngine

SETTINGS = ApexSettings(
    steps=640, actors=2, environments=4, neighbours=8, episode_limit=5, capacity=200, shards=2, fragment=5, block=1,
    learning_starts=90, batch=16, target_every=100, width=8, heads=2, layers=1, encoder_layers=1,
)  # fmt: skip
"""Sixteen rounds."""


@pytest.fixture(scope="module")
def benchmark():
    return load_benchmark("nas-bench-graph:proteins")


@pytest.fixture
def train(benchmark, tmp_path, monkeypatch):
    """Trains into a folder of its own; a checkpoint after every second round."""
    monkeypatch.setattr(ApexTrainer, "log_every", 2)
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", 0.0)

    def train(name, engine="local", progress=None):
        place = Place(engine=engine)
        return train_agent(
            benchmark, "apex", SETTINGS, seed=3, out=tmp_path / name, place=place, progress=progress
        )

    return train


@pytest.fixture
def spawned(monkeypatch):
    """All workers that were ever started, by their names."""
    found = {}
    for kind in (LocalEngine, ProcessEngine):

        def spawn(self, factory, name, spawn=kind.spawn):
            found[name] = spawn(self, factory, name)
            return found[name]

        monkeypatch.setattr(kind, "spawn", spawn)
    return found


def outcome(run):
    """The agent's file and the metrics, without times."""
    state = training.RunFolder(run.path).agent(load_benchmark("nas-bench-graph:proteins").space)
    rows = [{**row, "seconds": 0} for row in run.metrics()]
    weights = {name: tensor.tolist() for name, tensor in state.network.state_dict().items()}
    return json.dumps([rows, weights, state.paid.queries, state.paid.unique])


@pytest.mark.parametrize(("name", "rounds"), [("actor 0", (1, 5)), ("actor 1", (6, 16)), ("shard 1", (9,))])
def test_a_training_that_loses_a_worker_ends_as_if_it_had_not(train, spawned, caplog, name, rounds):
    moments = [40 * n for n in rounds]

    def kill(done, total, metrics):
        if moments and done >= moments[0]:
            moments.pop(0)
            spawned[name].kill()

    disturbed = train("disturbed", progress=kill)
    assert not moments
    said = [line.getMessage() for line in caplog.records]
    assert said == [
        f"archwalk: worker '{name}' is lost; the training goes on from its last checkpoint with fresh ones"
    ] * len(said)
    assert len(said) >= 1
    assert outcome(disturbed) == outcome(train("whole"))


def test_processes_that_the_system_kills(train, spawned, caplog):
    """Amid a round."""
    moments = [200, 400]

    def kill(done, total, metrics):
        if moments and done >= moments[0]:
            os.kill(spawned["actor 0" if moments.pop(0) == 200 else "shard 1"].process.pid, signal.SIGKILL)

    disturbed = train("disturbed", "processes", kill)
    assert len(caplog.records) == 2
    assert outcome(disturbed) == outcome(train("whole"))


def test_workers_that_are_lost_again_and_again_end_the_training(
    train, spawned, monkeypatch, tmp_path, benchmark
):
    stop = []

    def kill(done, total, metrics):
        if done >= 200 and not stop:
            spawned["actor 0"].kill()

    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", 60.0)
    with pytest.raises(
        ArchwalkError, match=r"worker 'actor 0' is lost, which has happened 3 times since the last ch"
    ):
        train("disturbed", progress=kill)
    stop.append(True)
    assert outcome(resume_training(tmp_path / "disturbed", benchmark=benchmark)) == outcome(train("whole"))


def test_one_that_never_lives(train, monkeypatch):
    class Stillborn(LocalWorker):
        def __init__(self, name, factory):
            super().__init__(name, factory)
            self.host = None

    monkeypatch.setattr("archwalk.learning.engines.local.LocalWorker", Stillborn)
    with pytest.raises(ArchwalkError, match="is there enough memory"):
        train("run")


def test_ctrl_c_while_a_worker_is_lost_ends_the_training(train, spawned):
    """And does not begin it anew."""

    def stop(done, total, metrics):
        if done >= 200:
            spawned["actor 0"].kill()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train("run", progress=stop)
