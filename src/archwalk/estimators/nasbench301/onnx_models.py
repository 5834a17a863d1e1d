"""ONNX models for batches, run by onnxruntime on one thread."""

from pathlib import Path
from typing import TYPE_CHECKING

from archwalk.data.files import read_file
from archwalk.data.protobuf import read_fields
from archwalk.errors import DataError, MissingExtraError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

_GRAPH, _INPUT, _OUTPUT = 7, 11, 12
"""Field numbers: of the graph in a model, of inputs and outputs in a graph (onnx.proto3 of github.com/onnx)."""

_TYPE, _TENSOR, _SHAPE = 2, 1, 2
"""Field numbers: of the type in an input, of a tensor's type in that, of its shape in that."""

_ONE = b"\x0a\x02\x08\x01"
"""A dimension of 1 in a shape: a message of 2 bytes, of which field 1 (`dim_value`) is 1."""

_ANY = b"\x0a\x02\x12\x00"
"""A dimension that may have any length: field 2 (`dim_param`, its name) is empty. As long as `_ONE`, so that
no length that is written before it changes."""


def open_model(path: Path) -> "InferenceSession":
    """The model of a file, for batches. Raises MissingExtraError, or DataError if the file is no ONNX model."""
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingExtraError("onnxruntime", "nb301") from error
    model = read_file(path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong is raised; onnxruntime would also print it
    try:
        return onnxruntime.InferenceSession(free_batch(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions have no common class of their own
        reason = " ".join(str(error).split())
        raise DataError(f"{path} is not an ONNX model ({reason})") from error


def free_batch(model: bytes) -> bytes:
    """The model with the first dimension of inputs and outputs free where it is declared as 1.

    An export that was traced with one row declares a batch of one, and onnxruntime then refuses others, even
    where every operation could do with any number. Raises ValueError if `model` is cut short.
    """
    for field, value in read_fields(_inner(model, _GRAPH)):
        if field in (_INPUT, _OUTPUT) and isinstance(value, bytes):
            shape = _inner(_inner(_inner(value, _TYPE), _TENSOR), _SHAPE)
            if shape.startswith(_ONE):
                freed = value.replace(shape, _ANY + shape.removeprefix(_ONE))
                model = model.replace(value, freed)
    return model


def _inner(message: bytes, wanted: int) -> bytes:
    """The first field of that number which is a message, or an empty one."""
    return next(
        (value for field, value in read_fields(message) if field == wanted and isinstance(value, bytes)), b""
    )
