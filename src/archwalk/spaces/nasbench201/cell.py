"""A NAS-Bench-201 cell as people write it: `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|`.

Node 0 is the input, node 3 the output. Each node is the sum of an operation on every earlier node; the three
groups of the string are nodes 1, 2 and 3, and `op~j` reads node j.
Source: Dong and Yang, NAS-Bench-201, ICLR 2020.
"""

from collections.abc import Sequence

from archwalk.errors import InvalidArchitectureError, unknown
from archwalk.spaces.base import require_keys
from archwalk.spaces.foreign import plain, whole_numbers

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
"""Operations in the published order; `none` takes its edge out."""

NASLIB_OPERATIONS = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")
"""In the order of NASLib's numbers (github.com/automl/NASLib, `nasbench201/conversions.py`)."""

NODES = 4

EDGES = tuple((source, target) for target in range(1, NODES) for source in range(target))
"""The six edges (source, target), in the order of the string."""

_NASLIB_EDGES = tuple(sorted(EDGES))

FORM = "+".join("|" + "".join(f"op~{source}|" for source in range(target)) for target in range(1, NODES))


def read_cell(description: object) -> tuple[int, ...]:
    """Operations on `EDGES`, as indices into `OPERATIONS`, of a string or of {"arch_str": string}.

    NASLib's six numbers are read too (see `write_naslib`), and NATS-Bench's lists of a node's (operation, source).
    Raises InvalidArchitectureError.
    """
    description = plain(description)
    if (numbers := whole_numbers(description, len(OPERATIONS))) is not None and len(numbers) == len(EDGES):
        return tuple(
            OPERATIONS.index(NASLIB_OPERATIONS[numbers[_NASLIB_EDGES.index(edge)]]) for edge in EDGES
        )
    text = description = _joined(description)
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


def write_naslib(names: Sequence[str]) -> str:
    """NASLib's six numbers: places in `NASLIB_OPERATIONS`, edges ordered by their source."""
    by_edge = dict(zip(EDGES, names, strict=True))
    return str(tuple(NASLIB_OPERATIONS.index(by_edge[edge]) for edge in _NASLIB_EDGES))


def _joined(description: object) -> object:
    """The string of NATS-Bench's `Structure.nodes`, lists of (operation, source) by node; anything else as it is."""
    try:
        nodes = [[f"{name}~{source}" for name, source in node] for node in description]  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        return description
    return "+".join(f"|{'|'.join(node)}|" for node in nodes) if nodes and all(nodes) else description


def write_string(names: Sequence[str]) -> str:
    """The published string of the operations on `EDGES`."""
    entry = iter(names)
    groups = [[f"{next(entry)}~{source}" for source in range(target)] for target in range(1, NODES)]
    return "+".join(f"|{'|'.join(group)}|" for group in groups)
