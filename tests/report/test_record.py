import json

import comparisons
import pytest

from archwalk.errors import DataError
from archwalk.report.record import read_record


def write(folder, content):
    (folder / "result.json").write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


@pytest.mark.parametrize("make", comparisons.VARIANTS.values(), ids=comparisons.VARIANTS)
def test_reads_what_was_written(tmp_path, make):
    assert read_record(write(tmp_path, make())) == make()


def test_nulls_are_as_good_as_absent(tmp_path):
    record = comparisons.demo()
    record["strategies"]["agent"]["curve"]["lo"][0] = None
    record["strategies"]["agent"]["episodes"] = None
    assert read_record(write(tmp_path, record)) == record


def test_a_folder_without_a_record_says_how_to_make_one(tmp_path):
    with pytest.raises(
        DataError, match=r"is not a run folder: no result.json; make one with archwalk compare"
    ):
        read_record(tmp_path)
    with pytest.raises(DataError, match="is not a run folder"):
        read_record(write(tmp_path, "{}") / "result.json")


@pytest.mark.parametrize(
    "content", ["", "{", '{"kind": "compar', "\udcff".encode("utf-8", "surrogateescape")]
)
def test_a_damaged_record_is_named(tmp_path, content):
    (tmp_path / "result.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError, match="is damaged"):
        read_record(tmp_path)


def broken(change):
    record = comparisons.demo()
    change(record)
    return record


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "the whole is not an object"),
        ({}, "it has no benchmark"),
        (broken(lambda r: r.pop("strategies")), "it has no strategies"),
        (broken(lambda r: r["strategies"].clear()), "strategies is empty"),
        (broken(lambda r: r.update(budget="many")), "budget is not a whole number"),
        (broken(lambda r: r["strategies"].update(x=3)), "strategies.x is not an object"),
        (
            broken(lambda r: r["strategies"]["agent"].pop("best_after")),
            "it has no strategies.agent.best_after",
        ),
        (
            broken(lambda r: r["strategies"]["agent"]["curve"].update(mean=3)),
            "agent.curve.mean is not a list",
        ),
        (broken(lambda r: r["strategies"]["agent"]["curve"]["mean"].pop()), "curve are not of one length"),
        (broken(lambda r: r["seeds"].append("x")), r"seeds\[1\] is not a whole number"),
        (broken(lambda r: r["strategies"]["agent"]["episodes"]["histogram"]["edges"].pop()), "one edge more"),
        (broken(lambda r: r["strategies"]["agent"]["episodes"]["intervals"]["50"].pop()), "are not pairs"),
        (broken(lambda r: r["strategies"]["agent"]["examples"][0].pop("found")), r"examples\[0\].found"),
    ],
)
def test_a_record_of_another_shape_says_where(tmp_path, content, message):
    with pytest.raises(DataError, match=message):
        read_record(write(tmp_path, content))
