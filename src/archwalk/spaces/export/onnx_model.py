"""An architecture's network as an ONNX model, with first weights."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any

import torch
from torch import Tensor, nn

from archwalk.errors import ArchwalkError, MissingExtraError
from archwalk.spaces.architecture import Architecture
from archwalk.spaces.export.network import build_exported, first_line, input_name, misfit
from archwalk.spaces.networks import task_for

_BATCH = 2
"""Of the example that is traced; the batch of the model stays open."""


def to_onnx(architecture: Architecture, *, seed: int = 0) -> bytes:
    """The network as it is in evaluation, for batches of any size; its first weights depend on `seed` alone.

    The input has the name that the network gives it (`images`), the output is `scores`, or what the network's
    `outputs` say. Raises MissingExtraError without onnx and onnxscript, UsageError for networks that read several
    things, and for an architecture without a task.
    """
    _require_packages()
    task = task_for(architecture.space, architecture.task)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build_exported(architecture).eval()
    name = input_name(network, architecture)
    example = torch.zeros(_BATCH, *task.shape)
    with torch.no_grad():
        try:
            given = network(example)
        except (RuntimeError, ValueError) as error:
            raise misfit(architecture, error) from error
    return _converted(network, example, name, _output_names(network, given))


def _require_packages() -> None:
    for package in ("onnx", "onnxscript"):
        try:
            __import__(package)
        except ImportError as error:
            raise MissingExtraError(package, "onnx") from error


def _output_names(network: nn.Module, given: Any) -> list[str]:
    if isinstance(given, Tensor):
        return ["scores"]
    names: list[str] = list(getattr(network, "outputs", ()))
    return names or [f"output_{i}" for i in range(1, len(given) + 1)]


def _converted(network: nn.Module, example: Tensor, name: str, outputs: list[str]) -> bytes:
    batch = torch.export.Dim("batch")
    try:
        with silence():
            program = torch.onnx.export(
                network,
                (example,),
                dynamo=True,
                dynamic_shapes={name: {0: batch}},
                input_names=[name],
                output_names=outputs,
                verbose=False,
            )
            model: bytes = program.model_proto.SerializeToString()  # type: ignore[union-attr]
    except Exception as error:  # the exporter's, and protobuf's for more than 2 GB, have no common class
        raise ArchwalkError(
            f"PyTorch could not make an ONNX model of the network: {first_line(error)}"
        ) from error
    return model


@contextmanager
def silence() -> Iterator[None]:
    """What the exporter prints, warns of and logs is for its authors."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
