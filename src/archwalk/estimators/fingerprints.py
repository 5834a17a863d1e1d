"""What scores depend on, as JSON: a training that was begun on one benchmark goes on on no other."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import DataError

Fingerprint = dict[str, Any]

_SHOWN = 3
"""Differences that are named."""


def digests(**arrays: NDArray[Any]) -> Fingerprint:
    """SHA-256 of each array."""
    return {name: sha256(np.ascontiguousarray(array).data).hexdigest() for name, array in arrays.items()}


def require_same(then: Fingerprint, now: Fingerprint, who: str) -> None:
    """Raise DataError, which names what differs, unless `who` goes on with what it was begun on."""
    found = list(_differences(then, now))
    if found:
        more = f", and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise DataError(f"{who} was begun on another benchmark: {', '.join(found[:_SHOWN])}{more}")


def _differences(then: Any, now: Any, name: str = "") -> Iterator[str]:
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        for key in dict.fromkeys([*then, *now]):
            yield from _differences(then.get(key), now.get(key), f"{name}.{key}" if name else str(key))
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for place, pair in enumerate(zip(then, now, strict=True)):
            yield from _differences(*pair, f"{name}[{place}]")
    elif then != now:
        yield f"{name} {_short(then)}, not {_short(now)}"


def _short(value: Any) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:12]}..."
