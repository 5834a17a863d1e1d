"""Pickles read as data: a pickle is a program, and this reader runs none of it.

`read_pickle` builds plain Python values and NumPy arrays. Every global that a pickle may name is a stand-in
defined here, not the object it names, so no foreign code runs; a global without a stand-in ends the reading.
A stand-in is a class with its own `__setstate__`: the opcode BUILD, which would otherwise set attributes of
whatever it is given, can then not change the stand-in itself.
"""

import gzip
import io
import math
import pickle
import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from archwalk.data.files import read_file
from archwalk.errors import DataError

StandIns = Mapping[tuple[str, str], Any]
"""What stands for the global (module, name) of a pickle."""


class NumpyType:
    """Stands for the type `numpy.ndarray`, which pickles only pass on."""

    def __setstate__(self, state: object) -> None:
        raise ValueError("an array type has no state")


class Dtype:
    """Stands for `numpy.dtype`: booleans, integers, floats, strings and objects; no records, no dates."""

    def __init__(self, code: str, align: bool = False, copy: bool = False) -> None:
        if not re.fullmatch(r"[<>|=]?([biufSU]\d+|O8?|\?)", code):
            raise ValueError(f"arrays of type {code!r} are not read")
        self.dtype = np.dtype(code)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        """Take the byte order; the rest of the state only repeats the code, or would make a record of it."""
        _, byte_order, subdtype, names, fields, *_ = state
        if (subdtype, names, fields) != (None, None, None):
            raise ValueError("arrays of records are not read")
        self.dtype = self.dtype.newbyteorder(byte_order)


class Array(np.ndarray[Any, np.dtype[Any]]):
    """An array being read: `numpy`'s `_reconstruct` makes it empty, then its state comes."""

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, description, fortran, content = state
        dtype = _real_dtype(description)
        if self.size:
            raise ValueError("an array has two contents")
        if dtype.hasobject:
            if not isinstance(content, list) or len(content) != math.prod(shape):
                raise ValueError("an array of objects has another length than its shape")
        else:
            _make_array(content, dtype, shape)
        super().__setstate__((1, shape, dtype, bool(fortran), content))  # type: ignore[arg-type]


class Function:
    """Stands for a function; a pickle can call it and do nothing else with it."""

    def __init__(self, function: Any) -> None:
        self._function = function

    def __call__(self, *arguments: object) -> object:
        """The stand-in's own result."""
        return self._function(*arguments)

    def __setstate__(self, state: object) -> None:
        raise ValueError("a function has no state")


def _real_dtype(description: object) -> np.dtype[Any]:
    if not isinstance(description, Dtype):
        raise ValueError("an array without a type")
    return description.dtype


def _make_array(
    content: bytes, dtype: np.dtype[Any], shape: tuple[int, ...], order: Any = "C"
) -> NDArray[Any]:
    """The array of `content`. Raises ValueError where the lengths do not fit."""
    if any(length < 0 for length in shape):
        raise ValueError("an array has a negative length")
    return np.frombuffer(content, dtype).reshape(shape, order=order)


def _reconstruct(subtype: object, shape: object, code: object) -> Array:
    return Array.__new__(Array, (0,), np.uint8)


def _scalar(description: object, content: bytes) -> object:
    return _make_array(content, _real_dtype(description), ())[()]


def _from_buffer(content: bytes, description: object, shape: tuple[int, ...], order: str) -> NDArray[Any]:
    return _make_array(content, _real_dtype(description), shape, order)


def _encode_latin1(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise ValueError(f"bytes in the encoding {encoding!r}")
    return text.encode("latin1")


NUMPY: StandIns = {
    ("_codecs", "encode"): Function(_encode_latin1),  # how protocols 0 to 2 write bytes
    ("numpy", "ndarray"): NumpyType,
    ("numpy", "dtype"): Dtype,
    **{
        (f"numpy.{core}.{module}", name): Function(function)
        for core in ("core", "_core")  # NumPy 2 renamed it
        for module, name, function in (
            ("multiarray", "_reconstruct", _reconstruct),
            ("multiarray", "scalar", _scalar),
            ("numeric", "_frombuffer", _from_buffer),
        )
    },
}


class _DataUnpickler(pickle.Unpickler):
    def __init__(self, file: IO[bytes], stand_ins: StandIns) -> None:
        super().__init__(file)
        self._stand_ins = stand_ins

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._stand_ins:
            asked = ascii(f"{module}.{name}")  # may hold anything, newlines too
            raise DataError(f"it asks to run {asked}, and only data are read from a pickle")
        return self._stand_ins[module, name]


def load_pickle(content: bytes, source: str, stand_ins: StandIns = NUMPY) -> Any:
    """Read a pickle held in memory; `source` names it in errors.

    Raises DataError if it is damaged or names a global that has no stand-in.
    """
    try:
        return _DataUnpickler(io.BytesIO(content), stand_ins).load()
    except DataError as error:
        raise DataError(f"{source} is refused: {error}") from error
    except Exception as error:  # a damaged pickle is a damaged program: it can raise anything
        reason = " ".join(f"{type(error).__name__}: {error}".split())  # Python's own take several lines
        raise DataError(f"{source} is not a whole pickle ({reason})") from error


def read_pickle(path: Path, stand_ins: StandIns = NUMPY) -> Any:
    """Read a pickle file, gzipped if its name ends so: plain values and NumPy arrays.

    Raises DataError if the file cannot be read, is damaged or names a global that has no stand-in.
    """
    content = read_file(path)
    if path.suffix == ".gz":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise DataError(f"{path} is not a whole gzip file ({error})") from error
    return load_pickle(content, str(path), stand_ins)
