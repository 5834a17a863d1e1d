"""What is watched, and the page that shows it."""

import http.client
import json
import socket
import threading
from contextlib import contextmanager

import numpy as np
import pytest

import archwalk
from archwalk.api.objectives import objective_benchmark
from archwalk.api.watching.opening import open_source
from archwalk.api.watching.server import Watch, WatchServer
from archwalk.errors import DataError, UsageError
from archwalk.experiments.live import LIVE, LiveJournal
from archwalk.experiments.runs import RunConfig, RunFolder
from archwalk.experiments.watching import Watchers
from pages import Page

PROTEINS = "nas-bench-graph:proteins"


def variety(architecture):
    """An objective."""
    return {
        "variety": len(set(architecture.description["ops"])),
        "links": sum(architecture.description["link"]),
    }


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("watched")
    return archwalk.search("local-search", PROTEINS, budget=30, trials=2, out=folder)


@contextmanager
def served(source):
    server = WatchServer(source, 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def ask(server, path, method="GET", host=None):
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    headers = {} if host is None else {"Host": host}
    connection.request(method, path, headers=headers)
    reply = connection.getresponse()
    body = reply.read().decode()
    connection.close()
    return reply, body


def told(watch, edition=0, series=0, architectures=0):
    return json.loads(json.dumps(watch.more(edition, series, architectures)))


def test_a_folder_is_followed_from_the_first_evaluation_to_the_report(tmp_path, result):
    watch, batch = Watch(open_source(str(tmp_path))), result.evaluations.batches[0]
    assert told(watch)["state"] == "waiting"
    journal = LiveJournal(tmp_path)
    watchers = Watchers([journal], lambda: result.evaluations.about)
    with watchers.watching():
        watchers.evaluated(batch.first(1))
        first = told(watch)
        assert first["state"] == "running"
        assert len(first["delta"]["series"]) == 1
        watchers.evaluated(batch)
        second = told(watch, first["edition"], 1, len(first["delta"]["descriptions"]))
        assert second["edition"] == first["edition"]
        assert len(second["delta"]["series"]) == 1
        assert not any(one in first["delta"]["descriptions"] for one in second["delta"]["descriptions"])
    result.save(tmp_path)
    (tmp_path / LIVE).unlink(missing_ok=True)
    last = told(watch, first["edition"], 2, 99)
    assert last["state"] == "over"
    assert last["report"]
    assert last["edition"] != first["edition"]
    assert sum(len(one["architecture"]) for one in last["delta"]["series"]) == 60


def test_metrics_that_get_their_names_late_begin_another_edition(tmp_path):
    benchmark = objective_benchmark("nas-bench-graph", variety)
    from archwalk.experiments.evaluated import Searched

    journal, watch = LiveJournal(tmp_path), Watch(open_source(str(tmp_path)))
    journal.begin(Searched.of(benchmark, strategies=["a"]))
    first = told(watch)
    benchmark.evaluate(np.array([3], np.int32))
    journal.begin(Searched.of(benchmark, strategies=["a"]))
    journal.end()
    second = told(watch)
    assert (first["delta"]["about"]["reward"]["name"], second["delta"]["about"]["reward"]["name"]) == (
        "variety", "variety",
    )  # fmt: skip
    assert [one["key"] for one in second["delta"]["about"]["metrics"]] == ["links"]
    assert second["edition"] > first["edition"]


def test_a_training_shows_its_log(tmp_path):
    run = RunFolder(tmp_path)
    about = {"strategy": "dqn", "benchmark": PROTEINS, "objective": "validation", "space": "nas-bench-graph"}
    run.create(RunConfig(**about, features=46, settings={}, seed=0, fingerprint={}))
    run.log({"steps": 10, "charts/loss": 2.0})
    run.log({"steps": 20, "charts/loss": 1.0, "charts/reward": 5.0})
    found = told(Watch(open_source(str(tmp_path))))
    assert found["state"] == "running"
    assert "delta" not in found
    assert found["charts"] == {"steps": [10, 20], "charts/loss": [2.0, 1.0], "charts/reward": [None, 5.0]}


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    return (
        str(tmp_path / "s.sqlite") if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    )


def test_a_study_is_watched_while_others_tell(place):
    study = archwalk.study("nas-bench-graph", "random-search", place, name="mine", lanes=2)
    watch = Watch(open_source(place, study="mine"))
    assert told(watch)["state"] == "waiting"
    one, other = study.ask(2)
    study.tell(other, 2.0)
    first = told(watch)
    assert [(row["trial"], row["query"], row["reward"]) for row in first["delta"]["series"]] == [
        (0, 2, [2.0])
    ]
    study.tell(one, float("nan"))
    second = told(watch, first["edition"], 1, 1)
    assert [row["reward"] for row in second["delta"]["series"]] == [[None]]
    assert second["delta"]["descriptions"] == [one.description]


def test_a_study_of_a_declared_space_knows_its_decisions(tmp_path):
    space = archwalk.declare(
        "nets", archwalk.Integer("depth", 1, 4), archwalk.Categorical("kind", ["a", "b"])
    )
    study = archwalk.study(space, "random-search", tmp_path / "s.sqlite")
    architecture = study.ask()
    study.tell(architecture, 1.0)
    delta = told(Watch(open_source(str(tmp_path / "s.sqlite"))))["delta"]
    assert delta["names"] == ["depth", "kind"]
    assert delta["descriptions"] == [architecture.description]


def test_the_store_shows_what_anybody_evaluates(tmp_path):
    store = tmp_path / "store.sqlite"
    benchmark = objective_benchmark("nas-bench-graph", variety, store=str(store))
    benchmark.evaluate(np.array([3], np.int32))
    watch = Watch(open_source(str(store)))
    first = told(watch)
    assert first["delta"]["series"][0]["metrics"]["links"]
    benchmark.evaluate(np.array([4], np.int32))
    second = told(watch, first["edition"], 1, 1)
    assert [one["query"] for one in second["delta"]["series"]] == [2]
    assert told(Watch(open_source(str(store), space="another")))["state"] == "waiting"
    assert watch.drawing(0).startswith("<svg")


def test_what_cannot_be_watched_is_one_line(tmp_path):
    (tmp_path / "file").write_text("text")
    archwalk.study("nas-bench-graph", "random-search", tmp_path / "s.sqlite")
    for what, study, words in [
        ("nowhere", None, "there is no run folder"),
        (str(tmp_path / "file"), None, "neither a run folder"),
        (str(tmp_path), "s", "is a folder"),
        (str(tmp_path / "s.sqlite"), "other", "no study 'other'"),
    ]:
        with pytest.raises(UsageError, match=words):
            open_source(what, study=study)


def test_the_page_answers_its_own_name_alone(result):
    with served(open_source(str(result.folder))) as server:
        port = server.server_port
        reply, body = ask(server, "/")
        assert reply.status == 200
        assert "x-explorer" in Page(body).attributes("id")
        policy = reply.headers["Content-Security-Policy"]
        assert "connect-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        hosts = (f"localhost:{port}", "evil.example", f"evil.example:{port}", "127.0.0.1")
        assert [ask(server, "/more", host=host)[0].status for host in hosts] == [200, 403, 403, 403]


def test_nothing_else_is_served(result, tmp_path):
    with served(open_source(str(result.folder))) as server:
        for path in (
            "/result.json",
            "/../../etc/passwd",
            "/%2e%2e/x",
            "/drawing/../x.svg",
            "/drawing/99999.svg",
        ):
            assert ask(server, path)[0].status == 404
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            assert ask(server, "/", method)[0].status >= 400
        ask(server, "/more")
        reply, svg = ask(server, "/drawing/0.svg")
        assert reply.headers["Content-Type"].startswith("image/svg+xml")
        assert svg.startswith("<svg")
        reply, report = ask(server, "/report.html")
        assert report == (result.folder / "report.html").read_text()


def test_numbers_in_a_request_that_are_none_mean_everything(result):
    with served(open_source(str(result.folder))) as server:
        _, body = ask(server, "/more?edition=x&series=-3&architectures=99999999999999999999")
    delta = json.loads(body)["delta"]
    assert sum(len(one["architecture"]) for one in delta["series"]) == 60


def test_a_port_that_is_taken_is_one_line(result):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} is taken"):
            WatchServer(open_source(str(result.folder)), port)


def test_damage_is_said_on_the_page(tmp_path):
    (tmp_path / LIVE).write_text("{}}\n")
    found = told(Watch(open_source(str(tmp_path))))
    assert "live.jsonl" in found["problem"]
    with pytest.raises(DataError):
        open_source(str(tmp_path)).update()
