"""The database of experiments, on SQLite and on a PostgreSQL server: claims, many writers, kills, bad databases."""

import hashlib
import multiprocessing
import os
import pickle
import sqlite3
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from archwalk.errors import DataError, UsageError
from archwalk.estimators.store import (
    Evaluation,
    Outcome,
    Problem,
    Store,
    connecting,
    database,
    incoming,
    open_store,
    store_name,
    transfer,
)
from archwalk.estimators.store.incoming import Incoming
from archwalk.estimators.store.owner import is_dead, make_owner
from archwalk.estimators.store.records import canonical_json
from archwalk.estimators.store.transfer import Exported, export_evaluations, read_evaluations

SETTINGS = {"training": {"epochs": 3}, "maker": {}, "arithmetic": "cpu float32"}
PROBLEM = Problem("toy", "digits", "f" * 64, SETTINGS, 0, machine="slow")
OUTCOME = Outcome("done", "", 91.25, 1 / 3, 1234, 0.1, {"loss": [1.5, 0.1 + 0.2]}, {"torch": "2"})


def name(number: int) -> str:
    return f'{{"number":{number}}}'


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path) -> str:
    if request.param == "postgresql":
        return request.getfixturevalue("postgres_url")
    return str(tmp_path / "deep" / "store.sqlite")


def finish(store: Store, number: int, outcome: Outcome = OUTCOME) -> None:
    assert store.claim(PROBLEM, name(number))
    store.finish(PROBLEM.key(name(number)), outcome)


class TestClaims:
    def test_what_is_entered_is_found_to_the_bit(self, url):
        store = open_store(url)
        finish(store, 1)
        failed = Outcome("memory", "too large", parameters=231_300_266, versions={"machine": "slow"})
        finish(store, 2, failed)
        found = open_store(url).find(PROBLEM, [name(1), name(2), name(3)])
        assert found == {name(1): OUTCOME, name(2): failed}
        rows = store.evaluations()
        assert [row.problem for row in rows] == [PROBLEM, PROBLEM]
        assert rows[0].finished.endswith("+00:00")

    def test_one_claim_at_a_time(self, url):
        one, other = open_store(url), open_store(url)
        assert one.claim(PROBLEM, name(1))
        assert not other.claim(PROBLEM, name(1))
        assert other.find(PROBLEM, [name(1)]) == {}
        assert other.evaluations() == []
        one.release([PROBLEM.key(name(1))])
        assert other.claim(PROBLEM, name(1))
        other.finish(PROBLEM.key(name(1)), OUTCOME)
        assert not one.claim(PROBLEM, name(1))

    def test_a_claim_that_is_not_renewed_is_anybodys(self, url, monkeypatch):
        one, other = open_store(url), open_store(url)
        assert one.claim(PROBLEM, name(1))
        now = time.time()
        monkeypatch.setattr(database.time, "time", lambda: now + database.LEASE_SECONDS + 1)
        assert other.claim(PROBLEM, name(1))
        other.finish(PROBLEM.key(name(1)), OUTCOME)
        one.finish(PROBLEM.key(name(1)), Outcome("diverged", "came too late"))
        one.release([PROBLEM.key(name(1))])
        assert one.find(PROBLEM, [name(1)]) == {name(1): OUTCOME}

    def test_a_renewed_claim_is_kept(self, url, monkeypatch):
        one, other = open_store(url), open_store(url)
        assert one.claim(PROBLEM, name(1))
        now = time.time()
        monkeypatch.setattr(database.time, "time", lambda: now + database.LEASE_SECONDS - 1)
        one.renew([PROBLEM.key(name(1))])
        monkeypatch.setattr(database.time, "time", lambda: now + database.LEASE_SECONDS + 1)
        assert not other.claim(PROBLEM, name(1))

    def test_the_claim_of_a_dead_process_is_free_at_once(self, url):
        claimer = multiprocessing.get_context("spawn").Process(target=_claim_and_die, args=(url,))
        claimer.start()
        claimer.join(120)
        assert claimer.exitcode == 9
        assert open_store(url).claim(PROBLEM, name(1))

    def test_problems_do_not_mix(self, url):
        store = open_store(url)
        finish(store, 1)
        for other in (
            Problem("other", "digits", "f" * 64, PROBLEM.settings, 0),
            Problem("toy", "digits", "e" * 64, PROBLEM.settings, 0),
            Problem("toy", "digits", "f" * 64, {**SETTINGS, "training": {"epochs": 4}}, 0),
            Problem("toy", "digits", "f" * 64, {**SETTINGS, "arithmetic": "cuda float32"}, 0),
            Problem("toy", "digits", "f" * 64, PROBLEM.settings, 1),
        ):
            assert store.find(other, [name(1)]) == {}
            assert store.claim(other, name(1))

    @pytest.mark.parametrize("status", ["time", "memory", "lost"])
    def test_what_a_slow_machine_failed_another_may_train(self, url, status):
        """And what it finds holds for all; a network that cannot be trained anywhere stays so."""
        slow, quick = open_store(url), open_store(url)
        elsewhere = replace(PROBLEM, machine="quick")
        finish(slow, 1, Outcome(status, "not done", versions={"machine": "slow"}))
        finish(slow, 2, Outcome("invalid", "no such shape", versions={"machine": "slow"}))
        assert slow.find(PROBLEM, [name(1)])[name(1)].status == status
        assert not slow.claim(PROBLEM, name(1))
        assert list(quick.find(elsewhere, [name(1), name(2)])) == [name(2)]
        assert not quick.claim(elsewhere, name(2))
        assert quick.claim(elsewhere, name(1))
        assert not slow.claim(PROBLEM, name(1)), "somebody is at it"
        quick.finish(elsewhere.key(name(1)), OUTCOME)
        assert slow.find(PROBLEM, [name(1)]) == {name(1): OUTCOME}

    def test_filters(self, url):
        store = open_store(url)
        finish(store, 1)
        other = Problem("cells", "mnist", "f" * 64, {}, 0)
        store.claim(other, name(1))
        store.finish(other.key(name(1)), OUTCOME)
        assert [row.problem.space for row in store.evaluations(dataset="mnist")] == ["cells"]
        assert [row.problem.space for row in store.evaluations(space="toy")] == ["toy"]
        assert store.evaluations(dataset="mnist", space="toy") == []

    def test_what_is_forgotten_is_anybodys_and_claims_are_kept(self, url):
        store = open_store(url)
        finish(store, 1)
        finish(store, 2, Outcome("lost", "the process that trained it died"))
        finish(store, 3, Outcome("time", "too slow"))
        assert store.claim(PROBLEM, name(4))
        assert store.forget(["lost", "claimed"], dataset="mnist") == 0
        assert store.forget(["lost", "memory", "claimed"], dataset="digits", space="toy") == 1
        assert store.find(PROBLEM, [name(2)]) == {}
        assert store.claim(PROBLEM, name(2))
        assert not open_store(url).claim(PROBLEM, name(4))
        assert {row.outcome.status for row in store.evaluations()} == {"done", "time"}

    def test_many_at_once(self, url):
        store = open_store(url)
        numbers = range(1100)
        assert store.find(PROBLEM, [name(number) for number in numbers]) == {}
        finish(store, 1050)
        assert list(store.find(PROBLEM, [name(number) for number in numbers])) == [name(1050)]

    def test_pickled_as_its_url(self, url):
        store = open_store(url)
        finish(store, 1)
        copy = pickle.loads(pickle.dumps(store))  # noqa: S301
        assert copy.find(PROBLEM, [name(1)])
        assert copy.owner != store.owner


def _claim_and_die(url: str) -> None:
    assert open_store(url).claim(PROBLEM, name(1))
    os._exit(9)


def _work(url: str, marks: str, numbers: list[int]) -> None:
    store = open_store(url)
    for number in numbers:
        if store.claim(PROBLEM, name(number)):
            with Path(marks).open("a") as file:
                file.write(f"{number}\n")
            store.finish(PROBLEM.key(name(number)), OUTCOME)


def test_eight_writers_train_each_architecture_once(url, tmp_path):
    """All of them make the tables too."""
    numbers, marks = list(range(60)), str(tmp_path / "marks")
    spawn = multiprocessing.get_context("spawn")
    writers = [
        spawn.Process(target=_work, args=(url, marks, numbers[i * 7 :] + numbers[: i * 7])) for i in range(8)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
        assert writer.exitcode == 0
    assert Counter(map(int, Path(marks).read_text().split())) == Counter(numbers)
    assert len(open_store(url).evaluations()) == len(numbers)


class TestOwners:
    def test_we_are_alive(self):
        assert not is_dead(make_owner())
        assert make_owner() != make_owner()

    def test_elsewhere_cannot_be_seen(self):
        assert not is_dead("another machine/1|1|1|abc")
        assert not is_dead("")

    def test_another_process_with_the_number(self):
        place, pid, started, rest = make_owner().split("|")
        if not started:
            pytest.skip("this system does not say when a process started")
        assert is_dead("|".join([place, pid, f"{started}1", rest]))


class TestSQLite:
    def test_a_file_is_made_when_it_is_used(self, tmp_path):
        """A call that is refused for another reason leaves none."""
        store = open_store(str(tmp_path / "folder" / "s.sqlite"))
        assert not (tmp_path / "folder").exists()
        store.close()
        assert store.count() == {}
        assert (tmp_path / "folder" / "s.sqlite").is_file()
        (tmp_path / "file").touch()
        with pytest.raises(DataError, match=r"cannot make the folder .*file: Not a directory"):
            open_store(str(tmp_path / "file" / "s.sqlite"))

    def test_write_ahead_log(self, tmp_path):
        open_store(str(tmp_path / "s.sqlite")).count()
        with sqlite3.connect(tmp_path / "s.sqlite") as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)

    def test_default_place(self, tmp_path, monkeypatch):
        monkeypatch.delenv("ARCHWALK_STORE", raising=False)
        monkeypatch.setenv("ARCHWALK_CACHE", str(tmp_path / "cache"))
        assert open_store().name == str(tmp_path / "cache" / "store.sqlite")
        monkeypatch.setenv("ARCHWALK_STORE", str(tmp_path / "mine.sqlite"))
        assert open_store().name == str(tmp_path / "mine.sqlite")
        assert open_store(f"sqlite:///{tmp_path / 'url.sqlite'}").name == str(tmp_path / "url.sqlite")

    def test_no_database(self, tmp_path):
        (tmp_path / "text.sqlite").write_text("This is a text and no database at all." * 10)
        with pytest.raises(DataError, match="file is not a database"):
            open_store(str(tmp_path / "text.sqlite"))

    def test_of_another_form(self, tmp_path):
        path = tmp_path / "s.sqlite"
        finish(open_store(str(path)), 1)
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE archwalk_store SET value = '0'")
        with pytest.raises(DataError, match="has form 0, this archwalk reads form 2"):
            open_store(str(path))
        with sqlite3.connect(path) as connection:
            assert connection.execute("SELECT count(*) FROM archwalk_evaluations").fetchone() == (1,)

    def test_of_somebody_else(self, tmp_path):
        with sqlite3.connect(tmp_path / "s.sqlite") as connection:
            connection.execute("CREATE TABLE birds (name TEXT)")
        with pytest.raises(DataError, match="is not a store of archwalk"):
            open_store(str(tmp_path / "s.sqlite"), create=False)

    def test_not_there(self, tmp_path):
        with pytest.raises(DataError, match=r"there is no store .* yet"):
            open_store(str(tmp_path / "s.sqlite"), create=False)
        assert not (tmp_path / "s.sqlite").exists()

    def test_locked_for_long(self, tmp_path, monkeypatch):
        path = tmp_path / "s.sqlite"
        finish(open_store(str(path)), 1)
        monkeypatch.setattr(connecting, "_BUSY_SECONDS", 0.05)
        store = open_store(str(path))
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(DataError, match="database is locked"):
            store.claim(PROBLEM, name(2))
        assert store.find(PROBLEM, [name(1)]), "reading goes on"
        holder.execute("ROLLBACK")
        holder.close()
        assert store.claim(PROBLEM, name(2))

    def test_read_only(self, tmp_path):
        path = tmp_path / "s.sqlite"
        finish(open_store(str(path)), 1)
        store = open_store(f"sqlite:///file:{path}?mode=ro&uri=true", create=False)
        assert len(store.evaluations()) == 1
        with pytest.raises(DataError, match="readonly database"):
            store.claim(PROBLEM, name(2))


class TestPlaces:
    def test_nonsense(self):
        with pytest.raises(UsageError, match="neither a path nor a URL"):
            open_store("://")
        with pytest.raises(UsageError, match="an SQLite file or a PostgreSQL URL, not mysql"):
            open_store("mysql://localhost/archwalk")

    def test_unreachable(self):
        pytest.importorskip("psycopg")
        with pytest.raises(
            DataError, match=r"postgresql\+psycopg://me:\*\*\*@127.0.0.1:9/x cannot be used: "
        ) as caught:
            open_store("postgresql://me:secret@127.0.0.1:9/x")
        assert "secret" not in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_passwords_are_not_shown(self):
        assert store_name("postgresql://me:secret@host/x") == "postgresql+psycopg://me:***@host/x"


@pytest.mark.parametrize(
    "change", [{"status": "great"}, {"validation": 101.0}, {"test": float("nan")}, {"seconds": -1.0}]
)
def test_outcomes_make_sense(change):
    with pytest.raises(ValueError):
        Outcome(**({"status": "done"} | change))


class TestReturns:
    """Scores of agents are no percentages; the settings say so, and the form of the tables is what it was."""

    PROBLEM = Problem("policies", "Pong", "f" * 64, {"metric": "return", "arithmetic": "cpu float32"}, 0)
    OUTCOME = Outcome("done", "", -20.5, 401.2, metric="return")

    def test_they_come_back(self, tmp_path):
        store = open_store(str(tmp_path / "store.sqlite"))
        assert store.claim(self.PROBLEM, name(1))
        store.finish(self.PROBLEM.key(name(1)), self.OUTCOME)
        assert store.find(self.PROBLEM, [name(1)]) == {name(1): self.OUTCOME}
        export_evaluations(store.evaluations(), tmp_path / "rows.csv")
        assert [one.outcome for one in read_evaluations(tmp_path / "rows.csv")] == [self.OUTCOME]

    def test_they_are_refused_where_the_settings_are_of_accuracies(self, tmp_path):
        row = Evaluation(
            replace(self.PROBLEM, settings={"arithmetic": "cpu float32"}),
            name(1),
            self.OUTCOME,
            "2026-01-01T00:00:00+00:00",
        )
        export_evaluations([row], tmp_path / "rows.csv")
        with pytest.raises(DataError, match="not in percent"):
            read_evaluations(tmp_path / "rows.csv")

    def test_rows_of_an_archwalk_that_did_not_say_by_which_arithmetic(self, tmp_path):
        row = Evaluation(replace(self.PROBLEM, settings={}), name(1), OUTCOME, "2026-01-01T00:00:00+00:00")
        export_evaluations([row], tmp_path / "rows.csv")
        with pytest.raises(DataError, match="do not say by which arithmetic; it is of an archwalk before 0"):
            read_evaluations(tmp_path / "rows.csv")

    @pytest.mark.parametrize("change", [{"validation": float("inf")}, {"test": float("nan")}])
    def test_they_are_numbers(self, change):
        with pytest.raises(ValueError, match="no number"):
            replace(self.OUTCOME, **change)


@pytest.mark.parametrize(
    ("column", "value"),
    [("curves", "["), ("versions", "[]"), ("settings", b"\xff"), ("validation", "high"), ("status", "odd"),
     ("finished", "soon"), ("architecture", "[" * 100_000), ("seconds", None)],
)  # fmt: skip
def test_a_damaged_row_is_one_line(tmp_path, column, value):
    file = tmp_path / "store.sqlite"
    finish(open_store(str(file)), 1)
    with sqlite3.connect(file) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(archwalk_evaluations)")]
        connection.execute("CREATE TABLE copy AS SELECT * FROM archwalk_evaluations")
        connection.execute("DROP TABLE archwalk_evaluations")
        connection.execute(f"CREATE TABLE archwalk_evaluations ({', '.join(columns)})")
        connection.execute("INSERT INTO archwalk_evaluations SELECT * FROM copy")
        connection.execute(f"UPDATE archwalk_evaluations SET {column} = ?", (value,))
    with pytest.raises(DataError, match=r"row .{12} of the store .*store.sqlite") as caught:
        open_store(str(file)).evaluations()
    assert "\n" not in str(caught.value)


def many(n, **changes):
    """Evaluations of made-up networks."""
    return [
        Evaluation(
            Problem("cells", "digits", "f" * 64, {"arithmetic": "float32", "rate": 0.1}, k % 3),
            f'{{"number":{k}}}',
            Outcome(
                "time" if k % 7 == 0 else "done", validation=0.0 if k % 7 == 0 else float(k % 50), **changes
            ),
            f"2026-01-01T00:{k % 60:02}:00+00:00",
        )
        for k in range(n)
    ]


def test_rows_come_one_by_one_in_the_order_asked_for(tmp_path, monkeypatch):
    """Though few are in memory at a time."""
    monkeypatch.setattr(database, "_AT_ONCE", 7)
    monkeypatch.setattr(incoming, "_AT_ONCE", 7)
    store = open_store(str(tmp_path / "store.sqlite"))
    entered = many(100)
    assert store.add(iter(entered)) == 100
    by_time = sorted(entered, key=lambda one: (one.finished, one.key))
    assert list(store.stream()) == store.evaluations() == by_time
    best = sorted(by_time, key=lambda one: -one.outcome.validation)
    assert list(store.stream(best_first=True)) == best
    assert list(store.stream(best_first=True, limit=9)) == best[:9]
    assert store.count() == {"done": 85, "time": 15}
    assert store.count(space="others") == {}
    assert store.add(entered) == 0


def test_what_is_entered_twice_at_once_is_entered_once(tmp_path):
    store = open_store(str(tmp_path / "store.sqlite"))
    (one,) = many(1)
    other = Evaluation(one.problem, one.architecture, Outcome("done", validation=9.0), one.finished)
    assert store.add([one, other, one]) == 1
    assert store.evaluations() == [one]


def test_nothing_is_entered_where_one_row_is_wrong(tmp_path):
    store = open_store(str(tmp_path / "store.sqlite"))

    def rows():
        yield from many(30)
        raise DataError("the thirty-first")

    for _ in range(2):
        with pytest.raises(DataError, match="thirty-first"):
            store.add(rows())
        assert store.evaluations() == []
    assert store.add(many(30)) == 30


def test_a_claim_gives_way_to_what_is_entered(tmp_path):
    store = open_store(str(tmp_path / "store.sqlite"))
    first, second = many(2)
    assert store.claim(first.problem, first.architecture)
    assert store.add([first, second]) == 2
    assert {one.key for one in store.stream()} == {first.key, second.key}


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_file_is_gone_through_row_by_row(tmp_path, suffix, monkeypatch):
    monkeypatch.setattr(transfer, "_AT_ONCE", 11)
    path = tmp_path / f"rows.{suffix}"
    assert export_evaluations(iter(many(50)), path) == 50
    exported = Exported(path)
    assert list(exported) == list(exported) == many(50)
    assert Incoming(exported).rows == 50


def test_a_key_is_that_of_the_parts_as_json():
    (one,) = many(1)
    parts = [
        one.problem.space,
        'a "quoted" é',
        one.problem.dataset_fingerprint,
        one.problem.settings_fingerprint,
        0,
    ]
    expected = hashlib.sha256(canonical_json(parts).encode()).hexdigest()
    assert one.problem.key('a "quoted" é') == expected
