"""A server that is away for a while: searches wait for it, nothing acknowledged is lost, nothing is trained twice."""

import threading
import time

import pytest
from relay import Relay

from archwalk.errors import DataError
from archwalk.estimators.store import Outcome, Problem, connecting, database, open_store

PROBLEM = Problem("toy", "digits", "f" * 64, {"arithmetic": "cpu float32"}, 0)
OUTCOME = Outcome("done", "", 90.0, 80.0)


def name(number):
    return f'{{"number":{number}}}'


@pytest.fixture
def relay(postgres_url, tmp_path):
    made = Relay(postgres_url, tmp_path)
    yield made
    made.stop()


def test_a_restart_in_the_middle_of_a_search(relay, caplog):
    store = open_store(relay.url)
    entered = []

    def train():
        for number in range(40):
            if store.claim(PROBLEM, name(number)):
                store.finish(PROBLEM.key(name(number)), OUTCOME)
                entered.append(number)

    search = threading.Thread(target=train)
    search.start()
    for _ in range(3):
        time.sleep(0.05)
        relay.stop()
        time.sleep(0.3)
        relay.start()
    search.join(60)
    assert entered == list(range(40))
    assert len(store.evaluations()) == 40
    assert "is away; it is tried again for" in caplog.text


@pytest.mark.parametrize("work", ["claim", "finish", "add", "forget"])
def test_what_happened_but_was_not_acknowledged_happens_once(relay, work):
    """The connection breaks after the server was told to commit and before it says that it did."""
    store, other = open_store(relay.url), open_store(relay.url)
    if work != "claim":
        assert store.claim(PROBLEM, name(1))
    if work in ("add", "forget"):
        store.finish(PROBLEM.key(name(1)), OUTCOME)
    relay.cut_at = b"COMMIT"
    if work == "claim":
        assert store.claim(PROBLEM, name(1))
        assert not other.claim(PROBLEM, name(1))
    elif work == "finish":
        store.finish(PROBLEM.key(name(1)), OUTCOME)
        assert other.find(PROBLEM, [name(1)]) == {name(1): OUTCOME}
    elif work == "add":
        store.add(store.evaluations())
    else:
        store.forget(["done"])
        assert other.claim(PROBLEM, name(1))
    assert relay.cuts == 1


def test_whoever_comes_in_the_middle_of_a_restart_waits(relay, caplog):
    """The server is there and breaks off before its first answer."""
    relay.cut_at = b"user"
    assert open_store(relay.url).evaluations() == []
    assert relay.cuts == 1
    assert "is tried again" in caplog.text


def test_a_server_that_is_not_there_is_not_waited_for(relay):
    relay.stop()
    with pytest.raises(DataError, match="cannot be used"):
        open_store(relay.url)
    relay.start()


def test_a_claim_is_not_anybodys_because_nobody_could_renew_it(relay, monkeypatch):
    """While the server was away. The time that it runs since says so."""
    ours, theirs = open_store(relay.url), open_store(relay.url)
    assert ours.claim(PROBLEM, name(1))
    now = time.time()
    monkeypatch.setattr(database.time, "time", lambda: now + database.LEASE_SECONDS + 1)
    monkeypatch.setattr(database, "_started", lambda connection, again: now + 10)
    assert not theirs.claim(PROBLEM, name(1))
    monkeypatch.setattr(database, "_started", lambda connection, again: now - 10)
    assert theirs.claim(PROBLEM, name(1))


def test_patience_ends(relay, monkeypatch):
    monkeypatch.setattr(connecting, "PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(database, "PATIENCE_SECONDS", 0.3)
    store = open_store(relay.url)
    relay.stop()
    with pytest.raises(DataError, match="cannot be used"):
        store.evaluations()
    with pytest.raises(DataError, match="cannot be used"):
        open_store(relay.url)
    relay.start()
