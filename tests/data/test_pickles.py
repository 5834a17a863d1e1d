import builtins
import gzip
import os
import pickle
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from archwalk.data.dataframes import PANDAS, read_dataframe
from archwalk.data.pickles import load_pickle, read_pickle
from archwalk.errors import DataError

VALUES = {
    "matrix": np.arange(6).reshape(2, 3),
    "fortran": np.asfortranarray(np.linspace(0, 1, 6).reshape(2, 3)),
    "big-endian": np.arange(3, dtype=">i2"),
    "text": np.array(["a", "bb"]),
    "objects": np.array([1, None, "x"], object),
    "no dimension": np.array(3.5),
    "scalar": np.float32(3),
    "flag": np.True_,
}


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_arrays_and_scalars_survive(protocol):
    read = load_pickle(pickle.dumps([VALUES, {1: "plain"}], protocol), "test")
    assert read[1] == {1: "plain"}
    for name, value in VALUES.items():
        assert np.array_equal(read[0][name], value), name
        assert read[0][name].dtype.newbyteorder("=") == value.dtype.newbyteorder("="), name


class Runs:
    """Calls `function(*arguments)` when it is unpickled by Python's own reader."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("stand_ins", [None, PANDAS], ids=["numpy", "pandas"])
@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("nested", [False, True])
def test_calls_are_refused_and_not_made(tmp_path, nested, protocol, stand_ins):
    witness = tmp_path / "witness"
    for function, arguments in (
        (os.system, (f"touch {witness}",)),
        (builtins.eval, (f"open({str(witness)!r}, 'w')",)),
        (partial, (os.system, f"touch {witness}")),
    ):
        bad = Runs(function, *arguments)
        content = pickle.dumps({"a": [np.arange(3), (bad,)]} if nested else bad, protocol)
        with pytest.raises(DataError, match=r"asks to run '\w+\.(system|eval|partial)"):
            load_pickle(content, "test", *([stand_ins] if stand_ins else []))
    assert not witness.exists()


SET_ATTRIBUTE = b"\n(N}X\x01\x00\x00\x00aNstb."  # the opcode BUILD with (None, {"a": None})


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"cnumpy\nndarray.tofile\n.", id="dotted name"),
        pytest.param(b"cnumpy.core.multiarray\nscalar" + SET_ATTRIBUTE, id="state of a function"),
        pytest.param(b"cnumpy\ndtype" + SET_ATTRIBUTE, id="state of a class"),
        pytest.param(b"\x80\x02\x82\x01.", id="extension registry"),
        pytest.param(b"Cassimon et al. 2024\n.", id="persistent id"),
        pytest.param(b"", id="empty"),
        pytest.param(b"\x80\x04\x8e" + b"\xff" * 7 + b"\x7f.", id="length beyond memory"),
    ],
)
def test_other_ways_out_are_closed(content):
    with pytest.raises(DataError) as error:
        load_pickle(content, "test")
    assert "\n" not in str(error.value)


def rebuilt(dtype, state):
    """A pickle of an array whose state is `state` with the type `dtype`."""

    class Liar:
        def __reduce__(self):
            version, shape, content = state
            reconstruct = np.arange(1).__reduce__()[0]
            return reconstruct, (np.ndarray, (0,), b"b"), (version, shape, dtype, False, content)

    return pickle.dumps(Liar())


@pytest.mark.parametrize(
    ("dtype", "shape", "content"),
    [
        (np.dtype("f8"), (1000,), b"12345678"),
        (np.dtype("f8"), (-1,), b"12345678"),
        (np.dtype("O"), (1,), b"12345678"),
        (np.dtype("O"), (3,), [1]),
        (np.dtype([("a", "i4")]), (1,), b"1234"),
        (np.dtype("M8[s]"), (1,), b"12345678"),
        (None, (1,), b"1"),
    ],
)
def test_arrays_that_lie_about_themselves_are_refused(dtype, shape, content):
    with pytest.raises(DataError):
        load_pickle(rebuilt(dtype, (1, shape, content)), "test")


def test_every_truncation_is_an_error_of_one_line(tmp_path):
    content = pickle.dumps(VALUES)
    for length in range(len(content)):
        with pytest.raises(DataError) as error:
            load_pickle(content[:length], "test")
        assert "\n" not in str(error.value)


def test_every_flipped_byte_gives_a_value_or_a_data_error():
    content = pickle.dumps(VALUES)
    for at in range(len(content)):
        damaged = bytearray(content)
        damaged[at] ^= 0x55
        try:
            load_pickle(bytes(damaged), "test")
        except DataError:
            continue


def test_files_gzipped_truncated_absent(tmp_path):
    whole = tmp_path / "a.pkl.gz"
    whole.write_bytes(gzip.compress(pickle.dumps({"a": 1})))
    assert read_pickle(whole) == {"a": 1}
    cut = tmp_path / "b.pkl.gz"
    cut.write_bytes(whole.read_bytes()[:-9])
    plain = tmp_path / "c.pkl.gz"
    plain.write_bytes(pickle.dumps({"a": 1}))
    for path in (cut, plain, tmp_path / "absent.pkl", tmp_path):
        with pytest.raises(DataError, match=str(path)):
            read_pickle(path)


def test_what_is_no_data_frame_is_refused(tmp_path):
    path = tmp_path / "list.pkl"
    path.write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(DataError, match="is not a data frame of pandas 1"):
        read_dataframe(path)


def test_frame_without_its_parts_is_refused(tmp_path):
    path = tmp_path / "frame.pkl"
    for state in (b"}", b"N", b"}X\x04\x00\x00\x00_mgrNs", b"}X\x05\x00\x00\x00_dataNs"):
        path.write_bytes(b"\x80\x02cpandas.core.frame\nDataFrame\n)\x81" + state + b"b.")
        with pytest.raises(DataError, match="is not a data frame of pandas 1"):
            read_dataframe(path)


def test_published_frame_of_pandas_1_3(data_root):
    accuracies = read_dataframe(data_root / "nasbench101/FreeREA/accuracies.pkl.gz")
    assert list(accuracies) == ["index", "accuracy"]
    assert np.array_equal(accuracies["index"], np.arange(423_624))
    assert accuracies["accuracy"].dtype == np.float64
    assert accuracies["accuracy"].max() == 0.943175752957662
    assert accuracies["accuracy"].mean() == pytest.approx(0.8967985, abs=5e-8)
    parameters = read_dataframe(data_root / "nasbench101/FreeREA/params.pkl.gz")
    assert list(parameters) == ["index", "params", "time=[s]", "time_pure=[s]"]
    assert parameters["params"][0] == 8.55553


def test_published_frame_of_pandas_1_0(data_root):
    frame = read_dataframe(Path(data_root / "nasbench201/mini-bench-arch-cell-accs.pd"))
    assert len(frame) == 8
    assert all(len(column) == 15_625 for column in frame.values())
    assert frame["cellstr"][0].startswith("|avg_pool_3x3~0|+|nor_conv_1x1~0|")
    assert frame["cifar10-test"][0] == 69.55
