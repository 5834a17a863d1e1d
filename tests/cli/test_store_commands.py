"""archwalk store: list, export, import; and what is refused, in one line."""

import csv
import json
import re
import shutil

import pytest

from archwalk.estimators.store import Outcome, Problem, open_store

SETTINGS = {"training": {"epochs": 3, "learning_rate": 0.1 + 0.2}, "maker": {}, "arithmetic": "cpu float32"}

DONE = Outcome("done", "", 90.0, 80.0 + 1 / 3, 1234, 0.1 + 0.2, {"loss": [1 / 3]}, {"torch": "2"})


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("ARCHWALK_STORE", str(tmp_path / "store.sqlite"))
    store = open_store()
    rows = [
        ("cells", "digits", 1, DONE),
        ("cells", "digits", 2, Outcome("memory", 'too, "large"\n', parameters=10**10)),
        ("nsc", "Blüten, 5 ☘", 3, Outcome("done", "", 95.0, 70.0)),
    ]  # fmt: skip
    for space, dataset, number, outcome in rows:
        problem, architecture = Problem(space, dataset, "f" * 64, SETTINGS, 0), f'{{"number":{number}}}'
        assert store.claim(problem, architecture)
        store.finish(problem.key(architecture), outcome)
    assert store.claim(Problem("cells", "digits", "f" * 64, SETTINGS, 7), "{}"), "not finished, so not shown"
    return store


def refused(result, status, message):
    assert result.status == status, result.err
    assert result.out == ""
    assert result.err.count("\n") == 1, result.err
    assert result.err.startswith("archwalk: ")
    assert re.search(message, result.err), result.err


class TestList:
    @pytest.mark.usefixtures("store")
    def test_json(self, call):
        answer = call("store", "list", "--json").json
        assert (answer["count"], answer["failed"]) == (3, 1)
        assert [row["validation"] for row in answer["evaluations"]] == [95, 90, 0]
        row = answer["evaluations"][1]
        assert row["architecture"] == {"number": 1}
        assert row["settings"] == SETTINGS
        assert row["curves"] == {"loss": [1 / 3]}

    @pytest.mark.usefixtures("store")
    def test_filters(self, call):
        assert call("store", "list", "--json", "--space", "cells").json["count"] == 2
        assert call("store", "list", "--json", "--dataset", "digits", "--space", "nsc").json["count"] == 0
        assert len(call("store", "list", "--json", "--limit", 1).json["evaluations"]) == 1

    @pytest.mark.usefixtures("store")
    def test_for_people(self, call):
        result = call("store", "list")
        assert result.status == 0
        assert "95.00" in result.out
        assert "3 trainings in" in result.err


class TestForget:
    def test_what_failed_is_trained_again(self, call, store):
        answer = call("store", "forget", "--status", "lost,memory", "--json").json
        assert (answer["forgotten"], answer["status"]) == (1, ["lost", "memory"])
        assert [one.outcome.status for one in store.evaluations()] == ["done", "done"]
        assert store.claim(Problem("cells", "digits", "f" * 64, SETTINGS, 0), '{"number":2}')

    def test_filters(self, call, store):
        for filters in (
            ["--dataset", "mnist"],
            ["--space", "nsc"],
            ["--space", "nsc", "--dataset", "digits"],
        ):
            assert call("store", "forget", "--status", "memory", *filters, "--json").json["forgotten"] == 0
        assert call("store", "forget", "--status", "done", "--space", "nsc", "--json").json["forgotten"] == 1
        assert len(store.evaluations()) == 2

    def test_for_people(self, call, store):
        result = call("store", "forget", "--status", "memory")
        assert (result.status, result.out) == (0, "")
        assert f"1 trainings with the status memory are forgotten in {store.name}" in result.err


class TestTransfer:
    @pytest.mark.parametrize("kind", ["csv", "parquet"])
    def test_out_and_in_again_without_loss(self, call, store, tmp_path, kind):
        if kind == "parquet":
            pytest.importorskip("pyarrow")
        file, other = tmp_path / f"new/export.{kind}", tmp_path / "other.sqlite"
        assert call("store", "export", file, "--json").json["exported"] == 3
        first = call("store", "import", file, "--store", other, "--json").json
        again = call("store", "import", file, "--store", other, "--json").json
        assert (first["imported"], first["known"]) == (3, 0)
        assert (again["imported"], again["known"]) == (0, 3)
        assert sorted(open_store(str(other)).evaluations(), key=lambda one: one.key) == sorted(
            store.evaluations(), key=lambda one: one.key
        )

    def test_import_fills_what_somebody_claims(self, call, store, tmp_path):
        call("store", "export", tmp_path / "e.csv", "--dataset", "digits")
        other = open_store(str(tmp_path / "other.sqlite"))
        assert other.claim(store.evaluations(dataset="digits")[0].problem, '{"number":1}')
        assert (
            call("store", "import", tmp_path / "e.csv", "--store", other.name, "--json").json["imported"] == 2
        )
        assert len(other.evaluations()) == 2

    def test_between_servers(self, call, store, postgres_url, tmp_path):
        call("store", "export", tmp_path / "e.csv")
        assert (
            call("store", "import", tmp_path / "e.csv", "--store", postgres_url, "--json").json["imported"]
            == 3
        )
        answer = call("store", "list", "--store", postgres_url, "--json").json
        assert answer["evaluations"] == call("store", "list", "--json").json["evaluations"]


class TestMisuse:
    def test_no_store_yet(self, call, tmp_path):
        for command in (["list"], ["export", "x.csv"], ["forget", "--status", "lost"]):
            refused(
                call("store", *command, "--store", tmp_path / "none.sqlite"), 1, "there is no store .* yet"
            )

    @pytest.mark.usefixtures("store")
    @pytest.mark.parametrize(
        ("command", "status", "message"),
        [
            ([], 2, "required: ACTION"),
            (["lst"], 2, "unknown action 'lst'; did you mean 'list'"),
            (["list", "--limit", "-1"], 2, "--limit: takes a whole number from 0"),
            (["forget"], 2, "required: --status"),
            (["forget", "--status", "lots"], 2, "unknown status 'lots'; did you mean 'lost'"),
            (["forget", "--status", "claimed"], 2, "unknown status 'claimed'"),
            (["forget", "--status", ""], 2, "unknown status ''; known: diverged, done, failed, invalid"),
            (["export", "x.xlsx"], 2, r"ends in .csv or .parquet"),
            (["import", "none.csv"], 1, "cannot read none.csv: No such file"),
            (["import", "none.txt"], 2, r"ends in .csv or .parquet"),
            (["list", "--store", "mysql://x/y"], 2, "PostgreSQL URL, not mysql"),
        ],
    )
    def test_wrong_calls(self, call, command, status, message):
        refused(call("store", *command), status, message)

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("", "no export of a store: it has no column key"),
            ("a,b\n1,2\n", "no export of a store: it has no column key"),
            ("\ufffd\x00", "is no"),
            (b"\xff\xfe\x00", "is not CSV"),
        ],
    )
    def test_wrong_files(self, call, store, tmp_path, content, message):
        file = tmp_path / "x.csv"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        refused(call("store", "import", file), 1, message)
        assert len(store.evaluations()) == 3

    @pytest.mark.parametrize(
        ("column", "value", "message"),
        [
            ("validation", "99.0", None),
            ("validation", "high", "validation is 'high'"),
            ("validation", "nan", "is not in percent"),
            ("seed", "1", "its key is not that of its other columns"),
            ("architecture", "{", "row 2 of .*architecture is damaged"),
            ("seed", "1" * 5_000, "seed is '1111"),
            ("seed", str(2**63), "more than 64 bits"),
            ("parameters", "-1", "no number of weights"),
            ("finished", "inf", "Invalid isoformat string"),
            ("finished", "2026-01-01T00:00:00", "no time of a time zone"),
            ("architecture", '{"a":' + "[" * 40_000, "nested too deeply"),
            ("settings", "{}", "by which arithmetic"),
            ("status", "claimed", "unknown status 'claimed'"),
            ("curves", "[]", "curves is not what it should be: Expected `object`, got `array`"),
            ("curves", '{"loss": [NaN]}', "curves is damaged: JSON is malformed"),
        ],
    )
    def test_wrong_rows(self, call, store, tmp_path, column, value, message):
        """All of a file is entered or nothing."""
        file, other = tmp_path / "x.csv", tmp_path / "other.sqlite"
        call("store", "export", file)
        rows = list(csv.DictReader(file.open(newline="")))
        rows[1][column] = value
        with file.open("w", newline="", encoding="utf-8-sig") as out:  # a byte-order mark, as Excel writes
            writer = csv.DictWriter(out, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        result = call("store", "import", file, "--store", other)
        if message is None:
            assert result.status == 0
            return
        refused(result, 1, message)
        assert not other.exists()

    @pytest.mark.usefixtures("store")
    def test_cut_off(self, call, tmp_path):
        call("store", "export", tmp_path / "e.csv")
        content = (tmp_path / "e.csv").read_bytes()
        (tmp_path / "cut.csv").write_bytes(content[: len(content) * 3 // 4])
        refused(call("store", "import", tmp_path / "cut.csv"), 1, "cut.csv")

    @pytest.mark.usefixtures("store")
    def test_no_parquet(self, call, tmp_path):
        pytest.importorskip("pyarrow")
        (tmp_path / "x.parquet").write_text("PAR1 this is none")
        refused(call("store", "import", tmp_path / "x.parquet"), 1, "is not Parquet")

    @pytest.mark.usefixtures("store")
    def test_doctor_names_it(self, call, tmp_path):
        facts = call("doctor", "--json").json
        assert facts["store"] == str(tmp_path / "store.sqlite")
        assert {"images", "postgres", "parquet"} <= set(facts["extras"])
        assert "digits" in facts["images"]


@pytest.mark.usefixtures("store")
def test_a_copy_of_the_file_is_a_store(call, tmp_path):
    """Without the write-ahead log beside it, once nobody has it open."""
    open_store().close()
    for part in tmp_path.glob("store.sqlite*"):
        shutil.copy(part, tmp_path / part.name.replace("store", "copy"))
    assert call("store", "list", "--store", tmp_path / "copy.sqlite", "--json").json["count"] == 3
    assert json.loads(call("store", "list", "--json").out)["count"] == 3
