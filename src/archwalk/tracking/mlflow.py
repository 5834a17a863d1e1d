"""Steps as metrics of MLflow's runs."""

from __future__ import annotations

import os
import queue
import re
import threading
import time
from collections.abc import Mapping
from typing import Any

from archwalk.errors import ArchwalkError, UsageError
from archwalk.secrets import one_line
from archwalk.tracking.step import FAILED, TRAINING, Run, Step, Tracker

EXPERIMENT = "archwalk"
KEY = "archwalk.run"
"""The tag by which a run is found again."""

_PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}
"""With MLflow's own, a search waits four minutes and longer for a server that is not there."""

_DATABASES = ("postgresql", "mysql")
_DATABASE_SECONDS = 20
"""In which a database has to answer; MLflow asks one that does not ten times, for a hundred seconds."""

_AT_ONCE = 1_000  # metrics that MLflow takes in one call
_PAUSE = 0.5
_LAST_SECONDS = 60.0
_LONGEST = 500  # characters of a parameter


class MLflow(Tracker):
    """Runs of the experiment `archwalk` on an MLflow server, or in its database. Needs `mlflow` or `mlflow-skinny`.

    Metrics are sent by a thread: a search never waits for them. A search or a training that goes on after a stop goes
    on in its run and writes no step twice.
    """

    def __init__(self, uri: str | None = None, experiment: str = EXPERIMENT) -> None:
        """`uri` is the tracking server's or database's; by default MLflow's own (`MLFLOW_TRACKING_URI`).

        Raises ArchwalkError where MLflow is not installed, UsageError for what is no address to it.
        """
        for name, value in _PATIENCE.items():
            os.environ.setdefault(name, value)
        try:
            from mlflow.tracking import MlflowClient
        except ImportError as error:
            raise ArchwalkError("MLflow is not installed; run: pip install mlflow-skinny") from error
        self.name = f"MLflow at {uri or 'its own place'}"
        try:
            _ask_database(uri or os.environ.get("MLFLOW_TRACKING_URI", ""))
            self._client: Any = MlflowClient(tracking_uri=uri)
        except Exception as error:  # of MLflow's own kinds, which differ between its versions
            raise UsageError(one_line(f"{self.name}: {error}")) from error
        self._experiment = experiment
        self._runs: dict[str, str] = {}
        self._waiting: queue.SimpleQueue[tuple[str, Any] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._problem: Exception | None = None

    def begin(self, run: Run) -> int:
        """See `Tracker`."""
        client, experiment = self._client, self._experiment_id()
        found = client.search_runs([experiment], filter_string=f"tags.`{KEY}` = '{run.key}'", max_results=1)
        if found:
            self._runs[run.key] = found[0].info.run_id
            client.set_terminated(found[0].info.run_id, status="RUNNING")
            return self._last_step(found[0])
        made = client.create_run(experiment, tags={KEY: run.key}, run_name=run.name)
        self._runs[run.key] = made.info.run_id
        for name, value in _flat(run.about).items():
            client.log_param(made.info.run_id, _word(name), str(value)[:_LONGEST])
        return 0

    def step(self, step: Step) -> None:
        """See `Tracker`. Raises what the thread met."""
        from mlflow.entities import Metric

        if self._problem is not None:
            raise self._problem
        if self._thread is None:
            self._thread = threading.Thread(target=self._send, name="mlflow", daemon=True)
            self._thread.start()
        now, run = int(1000 * time.time()), self._runs[step.run.key]
        for name, value in step.metrics.items():
            self._waiting.put((run, Metric(_word(name), value, now, step.number)))

    def end(self, run: Run) -> None:
        """See `Tracker`."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join(_LAST_SECONDS)
            self._thread = None
        if self._problem is not None:
            raise self._problem
        if (number := self._runs.pop(run.key, None)) is not None:
            self._client.set_terminated(number)

    def _experiment_id(self) -> str:
        found = self._client.get_experiment_by_name(self._experiment)
        number: str = (
            self._client.create_experiment(self._experiment) if found is None else found.experiment_id
        )
        return number

    def _last_step(self, run: Any) -> int:
        """The last step that was sent, by a metric that every step has."""
        always = [name for name in (FAILED, f"{TRAINING}queries") if name in run.data.metrics]
        histories = (self._client.get_metric_history(run.info.run_id, name) for name in always)
        return max((one.step for history in histories for one in history), default=0)

    def _send(self) -> None:
        """Send what waits, as much of it at once as MLflow takes."""
        over = False
        while not over and self._problem is None:
            by_run: dict[str, list[Any]] = {}
            first = self._waiting.get()
            time.sleep(_PAUSE if first is not None else 0)
            over = self._gather(first, by_run)
            try:
                for number, metrics in by_run.items():
                    for start in range(0, len(metrics), _AT_ONCE):
                        self._client.log_batch(number, metrics=metrics[start : start + _AT_ONCE])
            except Exception as error:  # the next step says so
                self._problem = error

    def _gather(self, first: tuple[str, Any] | None, by_run: dict[str, list[Any]]) -> bool:
        """All that waits, by run; whether that is all for good."""
        one: tuple[str, Any] | None = first
        while True:
            if one is None:
                return True
            by_run.setdefault(one[0], []).append(one[1])
            try:
                one = self._waiting.get_nowait()
            except queue.Empty:
                return False


def _ask_database(uri: str) -> None:
    """Raises what SQLAlchemy raises where MLflow is to write to a database that does not answer."""
    if not uri.startswith(_DATABASES):
        return
    from sqlalchemy import create_engine

    engine = create_engine(uri, connect_args={"connect_timeout": _DATABASE_SECONDS})
    engine.connect().close()
    engine.dispose()


def _flat(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        inside = isinstance(value, Mapping)
        found |= _flat(value, f"{before}{name}.") if inside else {f"{before}{name}": value}
    return found


def _word(name: str) -> str:
    """A name as MLflow takes it."""
    return re.sub(r"[^\w./ -]", "_", name, flags=re.ASCII)
