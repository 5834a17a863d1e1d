"""Results are written, read back and refused by their types."""

import json

import pytest

from archwalk.errors import DataError
from archwalk.estimators.metrics import Metric
from archwalk.experiments.records import plain, read_comparison, training_curve, write_comparison
from comparisons import VARIANTS, demo

EVERY = pytest.mark.parametrize("make", VARIANTS.values(), ids=VARIANTS)


@EVERY
def test_what_was_written_is_read_back(tmp_path, make):
    path = write_comparison(make(), tmp_path)
    assert read_comparison(tmp_path) == make()
    json.loads(path.read_text(), parse_constant=pytest.fail)  # NaN and Infinity are no JSON


def write(folder, content):
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / "result.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    return folder


def test_a_folder_without_a_result_says_how_to_make_one(tmp_path):
    with pytest.raises(
        DataError, match=r"is not a run folder: no result.json; make one with archwalk compare"
    ):
        read_comparison(tmp_path)
    with pytest.raises(DataError, match="is not a run folder"):
        read_comparison(write(tmp_path, "{}") / "result.json")


@pytest.mark.parametrize("content", ["", "{", '{"kind": "compar', "\udcff", "[" * 100_000])
def test_a_damaged_result_is_named(tmp_path, content):
    with pytest.raises(DataError, match=r"result.json is (damaged|not the record)"):
        read_comparison(write(tmp_path, content))


def test_another_format_is_refused_in_one_line(tmp_path):
    old = plain(demo())
    del old["format"]  # as archwalk 0.1 wrote it
    with pytest.raises(
        DataError, match="has format 1, this version of archwalk reads 2: run the comparison again"
    ):
        read_comparison(write(tmp_path, old))
    with pytest.raises(DataError, match="has format 3"):
        read_comparison(write(tmp_path, plain(demo()) | {"format": 3}))


def broken(change):
    values = plain(demo())
    change(values)
    return values


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "Expected `object`, got `array`"),
        ({"format": 2}, "missing required field"),
        (broken(lambda r: r["strategies"].clear()), "strategies is empty"),
        (broken(lambda r: r.update(budget="many")), "Expected `int`, got `str` - at `budget`"),
        (broken(lambda r: r["strategies"].update(x=3)), r"at `strategies\[...\]`"),
        (broken(lambda r: r["strategies"]["agent"]["curve"].update(mean=3)), "curve.mean"),
        (broken(lambda r: r["strategies"]["agent"]["curve"]["mean"].pop()), "lists are not of one length"),
        (broken(lambda r: r["seeds"].append("x")), "Expected `int`, got `str` - at `seeds"),
        (broken(lambda r: r["strategies"]["agent"]["episodes"]["histogram"]["edges"].pop()), "one edge more"),
        (broken(lambda r: r["strategies"]["agent"]["episodes"]["intervals"]["50"].pop()), "length 2"),
        (broken(lambda r: r["strategies"]["agent"]["examples"][0].pop("found")), "missing required field `found`"),
        (broken(lambda r: r["query"].update(nobody="x")), "names nobody, which is not among the strategies"),
        (broken(lambda r: r["report"].update(higher_is_better="yes")), "report.higher_is_better"),
    ],
)  # fmt: skip
def test_a_result_of_another_shape_says_where(tmp_path, content, message):
    with pytest.raises(DataError, match=message) as refused:
        read_comparison(write(tmp_path, content))
    assert "\n" not in str(refused.value)


def test_a_training_is_told_in_natural_units():
    rows = [
        {"steps": 1, "unique": 5, "charts/best_reward": -14.0, "seconds": 0.5},
        {"steps": 2, "unique": 9, "charts/best_reward": -12.5, "seconds": 1.5},
    ]
    training = training_curve(rows, Metric("latency", "ms", higher_is_better=False))
    assert (training.best_reward, training.unique, training.seconds) == ([14.0, 12.5], [5, 9], 1.5)
    assert training.epsilon == []
    assert training_curve([], Metric("accuracy", "%")).steps == []
