"""Checkpoints: nested state of arrays and plain values in one safetensors file, read back bit by bit.

No pickle: arrays and tensors are safetensors entries, the rest is JSON in the file's header.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError, safe_open

from archwalk.data.files import write_atomically
from archwalk.errors import DataError

if TYPE_CHECKING:
    import torch

FORMAT = "archwalk-state-1"


def write_state(path: Path, state: dict[str, Any]) -> None:
    """Write dictionaries and lists of arrays, tensors, numbers, strings and None; whole or not at all."""
    from safetensors.torch import save

    tensors: dict[str, torch.Tensor] = {}
    skeleton = _take_apart(state, "", tensors)
    metadata = {"format": FORMAT, "state": json.dumps(skeleton)}
    write_atomically(path, save({k: v.contiguous() for k, v in tensors.items()}, metadata))


def read_state(path: Path) -> dict[str, Any]:
    """Read what `write_state` wrote: arrays as arrays, tensors as tensors. Raises DataError if damaged."""
    if not path.exists():
        raise DataError(f"there is no checkpoint {path}")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != FORMAT:
                raise DataError(f"{path} is not a checkpoint of this version of archwalk ({FORMAT})")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dictionary
        state: dict[str, Any] = _put_together(json.loads(metadata["state"]), tensors)
    except (SafetensorError, KeyError, ValueError) as error:
        raise DataError(f"the checkpoint {path} is damaged: {error}") from error
    return state


def _take_apart(value: Any, path: str, tensors: dict[str, torch.Tensor]) -> Any:
    import torch

    if isinstance(value, torch.Tensor):
        tensors[path] = value.detach()
        return {"$tensor": path}
    if isinstance(value, np.ndarray):
        tensors[path] = torch.from_numpy(np.array(value))
        return {"$array": path}
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
        return tensors[value["$array"]].numpy()
    return {k: _put_together(v, tensors) for k, v in value["$items"]}
