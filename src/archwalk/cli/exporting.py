"""The command export: an architecture in other forms."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archwalk.cli.common import readable
from archwalk.cli.numbers import COUNT, SEED
from archwalk.data.files import write_atomically
from archwalk.errors import UsageError

if TYPE_CHECKING:
    from archwalk.spaces.architecture import Architecture

_DESCRIPTION = """\
Write an architecture in another form. pytorch: a Python module that needs PyTorch alone, with the class Network and
weights still to be learned. onnx: the network with first weights, for batches of any size (extra onnx). dot: its graph
for Graphviz. svg: a drawing. json: its canonical form. naslib, nats, genotype: as NASLib, NATS-Bench, DARTS write it.
The found.json of a search says what its network reads, gives and how large it is; of a plain description that is the
space's, and what the options say."""

_NETWORKS = ("pytorch", "onnx")

FORMS = ("naslib", "nats", "genotype")
"""Those of `archwalk.spaces.foreign`, which would load NumPy for a --help."""


def add_commands(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    export = commands.add_parser(
        "export", help="an architecture as PyTorch code, ONNX, a graph, a drawing", description=_DESCRIPTION
    )
    export.add_argument("architecture", metavar="ARCH.json", type=Path)
    export.add_argument("--space", help="of a plain description; found.json says it itself")
    export.add_argument("--to", required=True, choices=["pytorch", "onnx", "svg", "dot", "json", *FORMS])
    export.add_argument("--out", type=Path, help="file to write (default: standard output, but for onnx)")
    export.add_argument(
        "--shape",
        type=_shape,
        metavar="C,H,W",
        help="pytorch, onnx: of what the network reads (default: the file's or the space's, 3,32,32 for cells)",
    )
    export.add_argument(
        "--outputs",
        type=COUNT,
        metavar="N",
        help="pytorch, onnx: classes, or an agent's actions (default: the file's or the space's)",
    )
    export.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="assignments",
        help="pytorch, onnx: how large the network is, in the space's own settings: stem_channels=16, dense=128",
    )
    export.add_argument("--seed", type=SEED, help="onnx: of the first weights (default 0)")
    export.set_defaults(run=run_export)


def run_export(options: argparse.Namespace) -> None:
    """Write an architecture in another form."""
    from archwalk.data.architectures import read_architecture
    from archwalk.spaces.catalogue import load_space

    _check(options)
    architecture, _ = read_architecture(
        options.architecture, load_space(options.space) if options.space else None
    )
    content = _content(options, _changed(options, architecture))
    if options.out:
        write_atomically(options.out, content)
    elif isinstance(content, str):
        sys.stdout.write(content)


def _check(options: argparse.Namespace) -> None:
    """Refuse options that this form has no use for."""
    if options.to not in _NETWORKS:
        given = (
            ("--shape", options.shape),
            ("--outputs", options.outputs),
            ("--set", options.assignments or None),
        )
        for name, value in given:
            if value is not None:
                raise UsageError(
                    f"{name} is for --to pytorch and onnx; {options.to} shows the architecture alone"
                )
    if options.to != "onnx" and options.seed is not None:
        raise UsageError("--seed is for --to onnx, which writes weights")
    if options.to == "onnx" and options.out is None:
        raise UsageError("an ONNX model is no text: say which file to write, --out FILE")


def _changed(options: argparse.Namespace, architecture: Architecture) -> Architecture:
    """The architecture with the task and the size that the options say."""
    from archwalk.spaces.architecture import Architecture
    from archwalk.spaces.networks import make_size
    from archwalk.spaces.task import Task

    task, settings = architecture.task, _settings(options.assignments)
    if settings.keys() & {"classes", "actions", "outputs"}:
        raise UsageError("how many classes or actions there are is said by --outputs N, not by --set")
    if task is not None:
        task = Task(options.shape or task.shape, options.outputs or task.outputs, task.kind)
    elif options.shape and options.outputs:
        task = Task(options.shape, options.outputs)
    size = make_size(architecture.space, architecture.settings | settings)
    return Architecture(architecture.space, architecture.code_L, task, size)


def _content(options: argparse.Namespace, architecture: Architecture) -> str | bytes:
    space, code_L = architecture.space, architecture.code_L
    if options.to == "svg":
        return space.draw(code_L)
    if options.to == "json":
        return readable(architecture.description) + "\n"
    if options.to == "dot":
        from archwalk.spaces.export.dot import to_dot

        return to_dot(space, code_L)
    if options.to in FORMS:
        from archwalk.spaces.foreign import write_foreign

        return write_foreign(space, code_L, options.to) + "\n"
    if options.to == "pytorch":
        from archwalk.spaces.export.pytorch import to_pytorch

        return to_pytorch(architecture)
    from archwalk.spaces.export.onnx_model import to_onnx

    return to_onnx(architecture, seed=options.seed or 0)


def _shape(text: str) -> tuple[int, ...]:
    """3,32,32 or 3x32x32."""
    sizes = re.split("[,x]", text)
    if not all(re.fullmatch("[1-9][0-9]{0,8}", size) for size in sizes):
        raise argparse.ArgumentTypeError(f"a shape is whole numbers with commas, as 3,32,32, not {text!r}")
    return tuple(map(int, sizes))


def _settings(assignments: list[str]) -> dict[str, Any]:
    """KEY=VALUE, each value as JSON has it, or a word."""
    found = {}
    for assignment in assignments:
        key, separator, text = assignment.partition("=")
        if not separator or not key.isidentifier():
            raise UsageError(f"--set takes KEY=VALUE, not {assignment!r}")
        try:
            found[key] = json.loads({"none": "null"}.get(text.lower(), text))
        except ValueError:
            found[key] = {"true": True, "false": False}.get(text.lower(), text)
    return found
