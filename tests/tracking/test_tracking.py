"""Searches and trainings told to callbacks, TensorBoard and MLflow: every step once, also after a stop."""

import logging
import sys
from collections import defaultdict

import numpy as np
import pytest

import archwalk
from archwalk.agents.catalogue import TRAINERS
from archwalk.cli.main import main
from archwalk.data.protobuf import as_double, read_fields
from archwalk.data.tfrecord import read_records
from archwalk.errors import ArchwalkError, MissingExtraError, UsageError
from archwalk.experiments import training
from archwalk.tracking import MLflow, Run, Step, TensorBoard, Tracker, track
from archwalk.tracking import following as followings

PROTEINS = "nas-bench-graph:proteins"
TRAINING = {
    "steps": 640, "environments": 8, "neighbours": 8, "episode_limit": 5, "calibration": 16, "capacity": 300,
    "learning_starts": 60, "batch": 16, "target_every": 7, "width": 8, "heads": 2, "n_step": 2,
}  # fmt: skip


class Notes(Tracker):
    """Keeps what it is told."""

    def __init__(self, tracked=0):
        self.tracked, self.runs, self.steps, self.ended = tracked, [], [], []

    def begin(self, run):
        self.runs.append(run)
        return self.tracked

    def step(self, step):
        self.steps.append(step)

    def end(self, run):
        self.ended.append(run)


def events(folder):
    """Scalars in event files: {tag: [(step, value), ...]}, in the order of writing."""
    found = defaultdict(list)
    for file in sorted(folder.rglob("*tfevents*")):
        for record in read_records(file):
            fields = dict(read_fields(record))
            for number, value in read_fields(fields.get(5, b"")):
                summary = dict(read_fields(value)) if number == 1 else {}
                if 2 in summary:
                    scalar = float(np.frombuffer(summary[2], "<f4")[0])
                    found[summary[1].decode()].append((fields.get(2, 0), scalar))
                assert as_double(fields[1]) > 0
    return dict(found)


def search(callbacks, **options):
    settings = {"budget": 12, "trials": 2, "seed": 1, "progress": False} | options
    return archwalk.search("local-search", PROTEINS, callbacks=callbacks, **settings)


def test_every_evaluation_of_a_search_is_a_step():
    notes = Notes()
    frame = search([notes]).frame()
    assert [run.name for run in notes.runs] == [f"{PROTEINS}/local-search/trial-{trial}" for trial in (0, 1)]
    assert [run.about["seed"] for run in notes.runs] == [1, 1]
    assert notes.ended == notes.runs
    for trial, run in enumerate(notes.runs):
        steps = [step for step in notes.steps if step.run == run]
        rows = frame[frame["trial"] == trial]
        assert [step.number for step in steps] == list(range(1, 13))
        assert [step.metrics["search/reward"] for step in steps] == rows["reward"].tolist()
        assert [step.metrics["search/best_reward"] for step in steps] == rows["reward"].cummax().tolist()
        best = rows.loc[rows["reward"].expanding().apply(lambda part: part.idxmax()).astype(int), "report"]
        assert [step.metrics["search/best_report"] for step in steps] == best.tolist()
        assert [step.metrics["metrics/parameters"] for step in steps] == rows["parameters"].tolist()
        assert {step.metrics["search/failed"] for step in steps} == {0.0}
        space = archwalk.load_benchmark(PROTEINS).space
        assert space.parse(steps[-1].architecture).tolist() == steps[-1].code_L.tolist()
    assert search([]).frame().equals(frame)


def test_the_best_of_what_is_to_be_low_is_the_lowest():
    notes = Notes()
    costs = iter([5.0, 7.0, float("nan"), 3.0, 4.0])
    archwalk.search(
        "random-search", "nas-bench-graph", objective=lambda architecture: next(costs), minimise="cost", budget=5,
        store=False, callbacks=[notes],
    )  # fmt: skip
    told = [(step.metrics.get("search/reward"), step.metrics["search/best_reward"]) for step in notes.steps]
    assert told == [(5.0, 5.0), (7.0, 5.0), (None, 5.0), (3.0, 3.0), (4.0, 3.0)]
    assert [step.metrics["search/failed"] for step in notes.steps] == [0, 0, 1, 1, 1]


def test_several_goals_are_told_too():
    notes = Notes()
    archwalk.search_front(
        "nsga2",
        PROTEINS,
        maximise="accuracy",
        minimise="latency_ms",
        budget=20,
        callbacks=[notes],
        progress=False,
    )
    assert len(notes.steps) == 20
    archwalk.compare_fronts(
        ["nsga2", "random-search"], PROTEINS, maximise="accuracy", minimise="latency_ms", budget=10,
        callbacks=[notes], progress=False,
    )  # fmt: skip
    assert len(notes.steps) == 40
    assert {"metrics/latency_ms", "metrics/accuracy"} < set(notes.steps[0].metrics)


def test_a_callback_that_raises_spoils_nothing(caplog):
    def faulty(step):
        raise ValueError("a fault\nof two lines")

    notes = Notes()
    with caplog.at_level(logging.WARNING):
        assert len(search([faulty, notes]).frame()) == 24
    assert len(notes.steps) == 24
    assert [record.message for record in caplog.records] == [
        "archwalk: the callback faulty failed and is told nothing more: a fault of two lines"
    ]


def test_what_is_tracked_already_is_not_told_again():
    notes = Notes(tracked=7)
    search([notes], trials=1)
    assert [step.number for step in notes.steps] == [8, 9, 10, 11, 12]


def test_a_run_has_one_key_for_one_call_and_another_for_others():
    first, again, other = Notes(), Notes(), Notes()
    for notes, seed in ((first, 1), (again, 1), (other, 2)):
        search([notes], trials=1, seed=seed)
    assert first.runs[0].key == again.runs[0].key
    assert first.runs[0].key != other.runs[0].key


def test_of_very_many_trials_the_first_are_told(monkeypatch, caplog):
    monkeypatch.setattr(followings, "MOST_TRIALS", 3)
    notes = Notes()
    with caplog.at_level(logging.WARNING):
        search([notes], trials=5)
    assert len(notes.runs) == 3
    assert "the first 3 trials alone" in caplog.text


@pytest.fixture
def often(monkeypatch):
    """Lines of the log every 80 steps."""
    monkeypatch.setattr(TRAINERS.load("dqn")[1], "log_every", 10)


def test_tensorboard_has_every_step_once_whatever_stopped_in_between(tmp_path):
    frame = search([TensorBoard(tmp_path)], trials=1).frame()
    found = events(tmp_path)
    assert [step for step, _ in found["search/reward"]] == list(range(1, 13))
    np.testing.assert_allclose([value for _, value in found["search/reward"]], frame["reward"], rtol=1e-6)
    assert {"search/report", "search/best_reward", "metrics/latency_ms"} < set(found)
    search([TensorBoard(tmp_path)], trials=1)
    assert events(tmp_path) == found, "the same call is the same run"
    search([TensorBoard(tmp_path)], trials=1, seed=2)
    assert len(events(tmp_path)["search/reward"]) == 24
    assert len(list(tmp_path.glob("*/local-search/trial-0-*"))) == 2


def test_tensorboard_goes_on_after_a_torn_record(tmp_path):
    search([TensorBoard(tmp_path)], trials=1)
    file = next(tmp_path.rglob("*tfevents*"))
    file.write_bytes(file.read_bytes()[:-1500])
    left = events_before_the_tear(file)
    search([TensorBoard(tmp_path)], trials=1)
    newer = max(tmp_path.rglob("*tfevents*"), key=lambda one: one.stat().st_mtime_ns)
    assert newer != file
    file.unlink()
    assert [step for step, _ in events(tmp_path)["search/reward"]] == list(range(left + 1, 13))


def events_before_the_tear(file):
    last = 0
    try:
        for record in read_records(file):
            last = max(last, dict(read_fields(record)).get(2, 0))
    except ArchwalkError:
        pass
    return last


@pytest.mark.usefixtures("often")
def test_a_training_that_goes_on_writes_no_step_twice(tmp_path, monkeypatch):
    board, out = tmp_path / "board", tmp_path / "run"
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", -1.0)
    log, lines = training.RunFolder.log, []

    def stop(run, row):
        log(run, row)
        lines.append(row)
        if len(lines) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(training.RunFolder, "log", stop)
    board_of = [TensorBoard(board)]
    with pytest.raises(KeyboardInterrupt):
        archwalk.train("dqn", PROTEINS, out=out, settings=TRAINING, callbacks=board_of, progress=False)
    told = []
    archwalk.resume(out, callbacks=[TensorBoard(board), told.append], progress=False)
    steps = [step for step, _ in events(board)["training/queries"]]
    assert steps == sorted(set(steps))
    rows = archwalk.load_agent(out).run.metrics()
    assert steps == [row["steps"] for row in rows]
    assert told[-1].metrics["training/queries"] == rows[-1]["queries"]
    charts = {name for row in rows for name in row if "/" in name}
    assert charts
    assert charts <= set(events(board))
    assert told[0].architecture is None
    assert told[0].run.about["agent"] == "dqn"


@pytest.fixture
def mlflow_uri(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")  # it takes a hundredth of a database's time to make
    return f"file:{tmp_path / 'mlruns'}"


def test_mlflow_has_every_step_once(mlflow_uri):
    from mlflow.tracking import MlflowClient

    frame = search([MLflow(mlflow_uri)], trials=1).frame()
    search([MLflow(mlflow_uri)], trials=1)
    client = MlflowClient(tracking_uri=mlflow_uri)
    experiment = client.get_experiment_by_name("archwalk")
    (run,) = client.search_runs([experiment.experiment_id])
    history = client.get_metric_history(run.info.run_id, "search/reward")
    assert [(one.step, one.value) for one in sorted(history, key=lambda one: one.step)] == list(
        enumerate(frame["reward"], 1)
    )
    assert run.info.status == "FINISHED"
    assert run.info.run_name == f"{PROTEINS}/local-search/trial-0"
    assert run.data.params["seed"] == "1"
    assert run.data.params["settings.neighbours"] == "50"


def test_mlflow_that_fails_is_a_note(mlflow_uri, caplog, monkeypatch):
    tracker = MLflow(mlflow_uri)

    def refuse(*_, **__):
        raise RuntimeError("the server is away")

    monkeypatch.setattr(tracker._client, "log_batch", refuse)
    with caplog.at_level(logging.WARNING):
        assert len(search([tracker], trials=1).frame()) == 12
    assert "the server is away" in caplog.text


@pytest.mark.parametrize(
    "uri", ["nonsense://x", "http://[::1", "postgresql+psycopg://me:s3cr3t@127.0.0.1:1/x", "mysql://"]
)
def test_what_is_no_address_of_mlflow_is_one_line(uri):
    with pytest.raises(UsageError, match="MLflow at") as refused:
        MLflow(uri)
    assert "\n" not in str(refused.value)
    assert "s3cr3t" not in str(refused.value)


def test_a_server_that_is_not_there_is_given_up_soon_and_its_password_not_told(caplog, monkeypatch):
    from mlflow.environment_variables import MLFLOW_HTTP_REQUEST_MAX_RETRIES, MLFLOW_HTTP_REQUEST_TIMEOUT

    monkeypatch.delenv(MLFLOW_HTTP_REQUEST_TIMEOUT.name, raising=False)
    monkeypatch.setenv(MLFLOW_HTTP_REQUEST_MAX_RETRIES.name, "0")
    tracker = MLflow("http://me:s3cr3t@127.0.0.1:1")
    assert MLFLOW_HTTP_REQUEST_MAX_RETRIES.get() == 0, "who says so decides"
    assert MLFLOW_HTTP_REQUEST_TIMEOUT.get() == 20
    with caplog.at_level(logging.WARNING):
        assert len(search([tracker], trials=1).frame()) == 12
    assert "http://me:***@127.0.0.1:1 failed and is told nothing more" in caplog.text
    assert "s3cr3t" not in caplog.text


def test_words_name_callbacks(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_callback.py").write_text("seen = []\ntold = seen.append\n")
    assert isinstance(track(f"tensorboard:{tmp_path / 'board'}"), TensorBoard)
    track("my_callback.py:told")(Step(Run("search", "a", {}), 1, {"search/reward": 2.0}))
    assert sys.modules["my_callback"].seen[0].metrics == {"search/reward": 2.0}
    for words in ("tensorboard", "tensorboard:", "nothing", ":x"):
        with pytest.raises(UsageError, match="--track takes"):
            track(words)
    with pytest.raises(UsageError, match="cannot be called"):
        track("my_callback.py:seen")


def test_the_command_line_tracks(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "callbacks_told.py").write_text("steps = []\ndef told(step):\n    steps.append(step)\n")
    words = ["search", "random-search", "--benchmark", PROTEINS, "--budget", "5"]
    assert main([*words, "--track", "tensorboard:board", "--track", "callbacks_told.py:told"]) == 0
    assert len(events(tmp_path / "board")["search/reward"]) == 5
    assert [step.number for step in sys.modules["callbacks_told"].steps] == [1, 2, 3, 4, 5]
    assert main([*words, "--track", "nonsense"]) == 2


@pytest.mark.parametrize(
    ("module", "make", "error", "words"),
    [
        ("tensorboardX", TensorBoard, MissingExtraError, "archwalk\\[tracking\\]"),
        ("mlflow.tracking", MLflow, ArchwalkError, "pip install mlflow-skinny"),
    ],
)
def test_what_is_not_installed_is_one_line(tmp_path, monkeypatch, module, make, error, words):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(error, match=words):
        make(str(tmp_path))
