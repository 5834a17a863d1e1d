"""What Gymnasium lets a caller say when vector environments are reset: seeds, and which of them."""

import secrets
from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from archwalk.errors import UsageError

Seed = int | list[int | None] | None


def read_seed(seed: Seed, batch: int) -> int | list[int] | None:
    """What a generator is seeded by; None in a list, a seed that is not given, is drawn from the system.

    A list is folded into one seed. Raises UsageError for one that has not a seed for each of B, or what is no seed.
    """
    if seed is None:
        return None
    several = isinstance(seed, list | tuple | np.ndarray)
    seeds: list[Any] = list(seed) if isinstance(seed, list | tuple | np.ndarray) else [seed]
    if several and len(seeds) != batch:
        raise UsageError(f"a list of seeds must have one for each of {batch} environments, not {len(seeds)}")
    for one in seeds:
        if one is not None and (isinstance(one, bool) or not isinstance(one, int | np.integer) or one < 0):
            raise UsageError(f"a seed must be an integer of 0 or more, not {one!r}")
    given = [secrets.randbits(63) if one is None else int(one) for one in seeds]
    return given if several else given[0]


def read_mask(options: Mapping[str, Any] | None, batch: int, *, begun: bool) -> NDArray[np.bool_]:
    """Which of B environments to reset: `options["reset_mask"]`, all without it.

    Raises UsageError for what is no mask of bools (B,) or no options, and ResetNeeded where some were never reset.
    """
    if options is not None and not isinstance(options, Mapping):
        raise UsageError(f"options are a dictionary, not a {type(options).__name__}")
    mask = (options or {}).get("reset_mask")
    if mask is None:
        return np.ones(batch, bool)
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_ or mask.shape != (batch,) or not mask.any():
        raise UsageError(f"reset_mask must be an array of {batch} bools, at least one of them true")
    if not begun and not mask.all():
        raise gymnasium.error.ResetNeeded("the first reset() is of all environments, without a reset_mask")
    return mask


def check_actions(actions: Any, batch: int, count: int) -> NDArray[np.int64]:
    """Actions (B,) as integers. Raises UsageError for others, and for those that there are not."""
    action_B = np.asarray(actions)
    if action_B.shape != (batch,) or action_B.dtype.kind not in "iu":
        raise UsageError(f"{batch} actions are needed, each an integer of 0 to {count - 1}")
    if ((action_B < 0) | (action_B >= count)).any():
        raise UsageError(f"actions are 0 to {count - 1}")
    return action_B.astype(np.int64)
