import base64
import json
import math

import numpy as np
import pytest
from official_files import BUDGETS, REPEATS, accuracy_of, metrics, record, records, tfrecord, write

from archwalk.data.nasbench101 import import_nasbench101
from archwalk.data.nasbench101_records import parse_record
from archwalk.data.protobuf import read_fields
from archwalk.data.tfrecord import read_records
from archwalk.errors import DataError
from archwalk.spaces.nasbench101.space import NASBench101

TINY = NASBench101(max_vertices=3)  # 7 cells


@pytest.fixture
def rows():
    return records(TINY)


def test_columns_of_a_whole_file(tmp_path, rows):
    path = write(tmp_path / "made-up.tfrecord", rows)
    table = import_nasbench101(path, TINY)
    shape = TINY.size, len(BUDGETS), REPEATS
    fractions = np.array([accuracy_of(*place) for place in np.ndindex(shape)]).reshape(shape)
    expected = {
        "validation": fractions,
        "test": fractions - 0.01,
        "train": fractions + 0.01,
        "halfway_validation": fractions / 2,
        "halfway_test": fractions / 4,
    }
    for name, values in expected.items():
        assert table[name].dtype == np.float32
        np.testing.assert_allclose(table[name], 100 * values, rtol=1e-6)
    assert (table["training_seconds"] == np.array(BUDGETS)[None, :, None] * 2.0).all()
    assert (table["parameters"] == 300).all()
    last = fractions[:, -1]
    for name, values in {
        "validation_mean": last.mean(axis=1),
        "test_mean": last.mean(axis=1) - 0.01,
        "run0": last[:, 0] - 0.01,
        "rest_mean": last[:, 1:].mean(axis=1) - 0.01,
    }.items():
        assert table[name].dtype == np.float64
        np.testing.assert_allclose(table[name], 100 * values, rtol=1e-12)
    assert table.provenance["form"] == "official"
    assert table.provenance["epochs"] == "4,108"
    assert table.provenance["halfway_epochs"] == "2,54"
    assert table.provenance["repeats"] == "3"
    assert len(table.provenance["sha256"]) == 64


def test_one_repeat_has_no_rest(tmp_path):
    rows = [record(TINY, cell, 108, 0.5) for cell in range(TINY.size)]
    assert "rest_mean" not in import_nasbench101(write(tmp_path / "a", rows), TINY)


def test_progress_ends_at_the_end(tmp_path, rows):
    path, seen = write(tmp_path / "a", rows), []
    import_nasbench101(path, TINY, lambda *done: seen.append(done))
    assert seen[-1] == (path.stat().st_size,) * 2


def change(row, at, value):
    return [*row[:at], value, *row[at + 1 :]]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda rows: rows[:-1], r"has 2 trainings of \d+ epochs, others have 3"),
        (lambda rows: [*rows, rows[0]], r"has 3 trainings of \d+ epochs, others have 4"),
        (lambda rows: [r for r in rows if r[0] != rows[0][0]], "holds 6 of its 7 cells"),
        (
            lambda rows: [*rows[:-1], change(rows[-1], 0, "ab" * 16)],
            "abababab of the file is not among its 7",
        ),
        (
            lambda rows: [change(rows[0], 0, "ab" * 16), *rows[1:]],
            "record 0: its cell does not have the hash",
        ),
        (lambda rows: [change(rows[0], 0, "xyz"), *rows[1:]], "record 0: .*hex"),
        (lambda rows: [change(rows[0], 0, "abcd"), *rows[1:]], "record 0: 'abcd' is not an MD5 hash"),
        (lambda rows: [change(rows[0], 1, "108"), *rows[1:]], "record 0: fields of other types"),
        (lambda rows: [change(rows[0], 1, 10**30), *rows[1:]], "record 0: .*too big"),
        (lambda rows: [change(rows[0], 2, "0101"), *rows[1:]], "record 0: its cell"),
        (lambda rows: [change(rows[0], 2, "01x1"), *rows[1:]], "record 0: "),
        (lambda rows: [change(rows[0], 2, ""), *rows[1:]], "record 0: its cell"),
        (lambda rows: [change(rows[0], 4, "A"), *rows[1:]], "record 0: "),
        (lambda rows: [change(rows[0], 4, ""), *rows[1:]], "record 0: no number of trainable parameters"),
        (lambda rows: [*rows[:5], {"not": "a list"}], "record 5: not a list"),
        (lambda rows: [], "is not a NAS-Bench-101 benchmark"),
    ],
)
def test_defects_are_named(tmp_path, rows, damage, message):
    path = write(tmp_path / "a.tfrecord", damage(rows))
    with pytest.raises(DataError, match=message) as error:
        import_nasbench101(path, TINY)
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("evaluations", "message"),
    [
        ([[0, 0, 0.1, 0.1, 0.1]] * 2, "2 evaluations"),
        ([[0, 0, 0.1, 0.1, 0.1]] * 2 + [[4, 8, 0.5]], "validation accuracy is absent"),
        ([[0, 0, 0.1, 0.1, 0.1]] * 2 + [[4, 8, 0.5, 50.0, 0.5]], "absent or not between 0 and 1"),
        ([[0, 0, 0.1, 0.1, 0.1]] * 2 + [[4, float("nan"), 0.5, 0.5, 0.5]], "training time is absent"),
    ],
)
def test_bad_metrics_are_named(tmp_path, rows, evaluations, message):
    rows[0] = change(rows[0], 4, base64.b64encode(metrics(300, evaluations)).decode())
    with pytest.raises(DataError, match=message):
        import_nasbench101(write(tmp_path / "a", rows), TINY)


def test_parameters_must_agree(tmp_path, rows):
    rows[0] = change(rows[0], 4, record(TINY, 0, 4, 0.5, parameters=301)[4])
    with pytest.raises(DataError, match="number of parameters differs between trainings of one cell"):
        import_nasbench101(write(tmp_path / "a", rows), TINY)


def test_record_of_another_space(tmp_path):
    rows = [record(NASBench101(max_vertices=4), 90, 108, 0.5)]
    with pytest.raises(DataError, match="record 0: its cell is not of the space"):
        import_nasbench101(write(tmp_path / "a", rows), TINY)


def test_order_of_fields_does_not_matter():
    row, evaluations = record(TINY, 3, 4, 0.5), [[1.0, 2.0, 0.3, 0.4, 0.5]] * 3
    parsed = [
        parse_record(json.dumps(change(row, 4, base64.b64encode(message).decode())).encode())
        for message in (metrics(300, evaluations), metrics(300, evaluations, foreign_first=True))
    ]
    assert parsed[0] == parsed[1]
    assert parsed[0].final[:5] == (1.0, 2.0, 0.3, 0.4, 0.5)
    assert math.isnan(parsed[0].final.energy), "of EC-NAS alone"


def test_wire_format_survives_any_truncation():
    message = metrics(300, [[1.0, 2.0, 3.0, 4.0, 5.0]] * 3)
    assert dict(read_fields(message))[2] == 300
    end_of_first = len(metrics(300, [[1.0, 2.0, 3.0, 4.0, 5.0]])) - len(metrics(300, []))
    for length in range(1, end_of_first):
        with pytest.raises(ValueError, match="cut short"):
            list(read_fields(message[:length]))
    with pytest.raises(ValueError, match="wire type 3"):
        list(read_fields(b"\x0b"))
    with pytest.raises(ValueError, match="cut short"):
        list(read_fields(b"\x08" + b"\xff" * 12))


def test_what_is_neither_form(tmp_path):
    (tmp_path / "readme.txt").write_text("hello")
    with pytest.raises(DataError, match=r"a TFRecord file .* or a folder with"):
        import_nasbench101(tmp_path / "readme.txt", TINY)
    with pytest.raises(DataError, match=r"a TFRecord file .* or a folder with"):
        import_nasbench101(tmp_path, TINY)
    with pytest.raises(DataError, match="does not exist"):
        import_nasbench101(tmp_path / "absent", TINY)


def test_published_file_with_four_budgets(data_root, space4):
    table = import_nasbench101(data_root / "ec-nas/energy_4V9E.tfrecord", space4)
    assert table["validation"].shape == (91, 4, 3)
    assert table.provenance["epochs"] == "4,12,36,108"
    assert table["test_mean"].max() == pytest.approx(93.349359, abs=1e-6)
    spot = space4.parse(
        {
            "matrix": [[0, 1, 1, 0], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]],
            "ops": ["input", "conv1x1-bn-relu", "conv3x3-bn-relu", "output"],
        }
    )
    first = parse_record(next(iter(read_records(data_root / "ec-nas/energy_4V9E.tfrecord"))))
    assert first.epochs == 36
    assert table["validation"][spot[0], 2, 0] == np.float32(100 * first.final.validation)
    assert table["parameters"][spot[0]] == first.parameters == 3_468_426


def test_raw_accuracies_are_float32_values(data_root):
    for payload in read_records(data_root / "ec-nas/energy_5V9E.tfrecord"):
        final = parse_record(payload).final
        for value in (final.train, final.validation, final.test):
            assert float(np.float32(value)) == value


def test_published_file_with_one_repeat(data_root):
    table = import_nasbench101(data_root / "ec-nas/energy_5V9E.tfrecord", NASBench101(max_vertices=5))
    assert table["test"].shape == (2532, 1, 1)
    assert "rest_mean" not in table
    np.testing.assert_array_equal(table["run0"], table["test_mean"])


def test_file_of_a_smaller_space(data_root, space4):
    with pytest.raises(DataError, match=r"among its 91|not of the space"):
        import_nasbench101(data_root / "ec-nas/energy_5V9E.tfrecord", space4)
    with pytest.raises(DataError, match="holds 91 of its 2,532 cells"):
        import_nasbench101(data_root / "ec-nas/energy_4V9E.tfrecord", NASBench101(max_vertices=5))


def test_payload_that_is_not_json(tmp_path):
    path = tmp_path / "a"
    for payload in (b"\xff\xfe", b"nonsense", json.dumps(3).encode()):
        path.write_bytes(tfrecord([payload]))
        with pytest.raises(DataError, match=r"record 0: .*not a NAS-Bench-101 file"):
            import_nasbench101(path, TINY)
