"""A NAS-Bench-201 cell as people write it: `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|`.

Node 0 is the input, node 3 the output. Each node is the sum of an operation on every earlier node; the three
groups of the string are nodes 1, 2 and 3, and `op~j` reads node j.
Source: Dong and Yang, NAS-Bench-201, ICLR 2020.
"""

from collections.abc import Sequence

from archwalk.errors import InvalidArchitectureError, unknown
from archwalk.spaces.base import require_keys

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
"""Operations in the published order; `none` takes its edge out."""

NODES = 4

EDGES = tuple((source, target) for target in range(1, NODES) for source in range(target))
"""The six edges (source, target), in the order of the string."""

FORM = "+".join("|" + "".join(f"op~{source}|" for source in range(target)) for target in range(1, NODES))


def read_cell(description: object) -> tuple[int, ...]:
    """Operations on `EDGES`, as indices into `OPERATIONS`, of a string or of {"arch_str": string}.

    Raises InvalidArchitectureError.
    """
    text = description
    if not isinstance(description, str):
        text = require_keys(description, "arch_str")["arch_str"]
    if not isinstance(text, str):
        raise InvalidArchitectureError(f'"arch_str" must be a string of the form {FORM}')
    groups = [group.strip("|").split("|") for group in text.split("+")]
    pairs = [entry.rpartition("~") for group in groups for entry in group]
    names = [name for name, _, _ in pairs]
    if len(names) != len(EDGES) or write_string(names) != text:
        raise InvalidArchitectureError(f"an architecture of NAS-Bench-201 has the form {FORM}, not {text!r}")
    for name in names:
        if name not in OPERATIONS:
            raise InvalidArchitectureError(str(unknown("operation", name, OPERATIONS)))
    return tuple(map(OPERATIONS.index, names))


def write_string(names: Sequence[str]) -> str:
    """The published string of the operations on `EDGES`."""
    entry = iter(names)
    groups = [[f"{next(entry)}~{source}" for source in range(target)] for target in range(1, NODES)]
    return "+".join(f"|{'|'.join(group)}|" for group in groups)
