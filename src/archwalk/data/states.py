"""Checkpoints: nested state of arrays and plain values in one safetensors file, read back bit by bit.

No pickle: arrays and tensors are safetensors entries, the rest is JSON in the file's header, with a checksum of all of
it: a file in which a byte was flipped is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError, safe_open

from archwalk.data.files import require_regular, write_atomically
from archwalk.errors import DataError

if TYPE_CHECKING:
    import torch

FORMAT = "archwalk-state-2"

_SIGNED = {np.dtype(f"u{size}"): np.dtype(f"i{size}") for size in (2, 4, 8)}
"""Stored as such: not every version of safetensors has the unsigned ones."""


def write_state(path: Path, state: dict[str, Any]) -> None:
    """Write dictionaries and lists of arrays, tensors, numbers, strings and None; whole or not at all."""
    from safetensors.torch import save

    tensors: dict[str, torch.Tensor] = {}
    skeleton = json.dumps(_take_apart(state, "", tensors))
    tensors = {name: tensor.contiguous() for name, tensor in tensors.items()}
    head = {"checksum": _checksum(skeleton, tensors), "state": skeleton}
    write_atomically(path, save(tensors, {FORMAT: json.dumps(head)}))  # one entry: several have no order


def read_state(path: Path) -> dict[str, Any]:
    """Read what `write_state` wrote: arrays as arrays, tensors as tensors. Raises DataError if damaged."""
    if not path.exists():
        raise DataError(f"there is no checkpoint {path}")
    try:
        require_regular(path)
        with open_tensors(path, "pt") as file:
            metadata = file.metadata() or {}
            if FORMAT not in metadata:
                raise DataError(f"{path} is not a checkpoint of this version of archwalk ({FORMAT})")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dictionary
        head = json.loads(metadata[FORMAT])
        if _checksum(head["state"], tensors) != head["checksum"]:
            raise ValueError("its checksum is another one")
        state = _put_together(json.loads(head["state"]), tensors)
        if not isinstance(state, dict):
            raise ValueError("it holds no state")
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error
    except (SafetensorError, KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise DataError(f"the checkpoint {path} is damaged: {error}") from error
    return state


@contextmanager
def open_tensors(path: Path, framework: str) -> Iterator[Any]:
    """A safetensors file, mapped; its path may be no UTF-8, which `safe_open` does not take."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        with path.open("rb") as opened, safe_open(f"/dev/fd/{opened.fileno()}", framework) as file:
            yield file
    else:
        with safe_open(path, framework) as file:
            yield file


def _checksum(skeleton: str, tensors: Mapping[str, torch.Tensor]) -> str:
    """SHA-256 of everything that is read back."""
    import torch

    digest = sha256(skeleton.encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        flat = tensor.cpu().reshape(-1).clone(memory_format=torch.contiguous_format)  # a stride may be 0
        digest.update(flat.view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _take_apart(value: Any, path: str, tensors: dict[str, torch.Tensor]) -> Any:
    import torch

    if isinstance(value, torch.Tensor):
        tensors[path] = value.detach()
        return {"$tensor": path}
    if isinstance(value, np.ndarray):
        signed = _SIGNED.get(value.dtype)
        tensors[path] = torch.from_numpy(np.array(value if signed is None else value.view(signed)))
        return {"$array": path} if signed is None else {"$array": path, "dtype": value.dtype.name}
    if isinstance(value, dict):
        return {
            "$items": [[k, _take_apart(v, f"{path}/{k}", tensors)] for k, v in value.items()]
        }  # pairs, since an optimiser's keys are integers
    if isinstance(value, list | tuple):
        return [_take_apart(v, f"{path}/{i}", tensors) for i, v in enumerate(value)]
    if isinstance(value, np.generic):
        return value.item()
    return value


def _put_together(value: Any, tensors: dict[str, torch.Tensor]) -> Any:
    if isinstance(value, list):
        return [_put_together(v, tensors) for v in value]
    if not isinstance(value, dict):
        return value
    if "$tensor" in value:
        return tensors[value["$tensor"]]
    if "$array" in value:
        array = tensors[value["$array"]].numpy()
        return array.view(value["dtype"]) if "dtype" in value else array
    return {k: _put_together(v, tensors) for k, v in value["$items"]}
