"""The rules of building a network layer by layer, and the file that they are read from.

A configuration (TOML, or JSON of the same structure) says which layers and actions there are; it takes the place of
the YAML file of Gomez Robles and Vanschoren's NASGym. Every key but `layers` may be left out:

    kind = "multi-branch"             # or "chain" depth = 10                        # most layers, Gomez Robles and
    Vanschoren's d action_limit = 20                 # Gomez Robles and Vanschoren's tau: one action more ends an
    episode; without it depth, with branches twice limit_terminates = true           # Gomez Robles and Vanschoren's;
    without it the limit truncates sigma = 0.1                       # what a shift of a pointer is paid, as a share

    [[layers]]                        # in the order of the actions
    type = "convolution"              # or "max-pooling", "avg-pooling"
    kernel_sizes = [1, 3, 5]

    [[layers]]
    type = "addition"                 # or "concatenation"; of no effect in chains

    [network]                         # what is around the layers: images, classes, and any setting of `NSCSize`
    image_shape = [3, 84, 84]
"""

from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.data.decoding import decode_toml, read_json, read_toml
from archwalk.errors import UsageError, unknown
from archwalk.spaces.networks import make_size
from archwalk.spaces.nsc import NSC, CodeTable, NSCSize
from archwalk.spaces.nsc.size import SIZE, TASK
from archwalk.spaces.nsc.table import MERGES, TERMINAL, label_name
from archwalk.spaces.task import Task


@dataclass(frozen=True)
class ConstructionSettings:
    """The rules; by default Gomez Robles and Vanschoren's of chains, but that the limit of actions truncates.

    An episode is over once it has had more than `action_limit` actions (Gomez Robles and Vanschoren's tau, section
    4.2.3, case d); None means depth for chains, twice that with branches (Gomez Robles and Vanschoren's values).
    `sigma` is the share of the score that a shift of a pointer is paid (Gomez Robles and Vanschoren 2019: 0.0 and
    0.1).
    """

    table: CodeTable = CodeTable()  # noqa: RUF009 - frozen
    task: Task = TASK
    size: NSCSize = SIZE
    action_limit: int | None = None
    limit_terminates: bool = False
    sigma: float = 0.0

    def __post_init__(self) -> None:
        if self.action_limit is not None and not self.action_limit >= 1:
            raise UsageError(f"an episode must have at least 1 action, not {self.action_limit}")
        if not 0 <= self.sigma <= 1:
            raise UsageError(f"sigma must be between 0 and 1, not {self.sigma}")

    @property
    def limit(self) -> int:
        """Actions that an episode may have without being over: Gomez Robles and Vanschoren's tau."""
        return self.action_limit or self.table.depth * (2 if self.table.branches else 1)

    @property
    def longest(self) -> int:
        """The most actions of an episode: the one that is beyond the limit ends it."""
        return self.limit + 1

    def make_space(self) -> NSC:
        """The space of what can be built."""
        return NSC(table=self.table, task=self.task, size=self.size)


@dataclass(frozen=True)
class Actions:
    """The actions of a table of codes, in the order of Gomez Robles and Vanschoren 2019, table 2: its 14, or 8 for
    chains.

    `rows_A4` are (type, kernel) of a layer to add, or (pointer, direction) to shift behind two zeros.
    """

    names: tuple[str, ...]
    rows_A4: NDArray[np.int32]

    @property
    def shifts_A(self) -> NDArray[np.bool_]:
        """Which actions shift a pointer."""
        shifts: NDArray[np.bool_] = self.rows_A4[:, 0] == 0
        return shifts


def list_actions(table: CodeTable) -> Actions:
    """Layers of one predecessor, the terminal, merges, shifts."""
    merges = [label for label in table.labels if label not in table.singles]
    names = [f"add {label_name(label)}" for label in table.singles]
    names += ["terminal", *(f"add {label_name(label)}" for label in merges)]
    rows = [[*label, 0, 0] for label in (*table.singles, (TERMINAL, 0), *merges)]
    if table.branches:
        names += [f"shift p{pointer} {way}" for pointer in (1, 2) for way in ("up", "down")]
        rows += [[0, 0, pointer, way] for pointer in (0, 1) for way in (1, -1)]
    return Actions(tuple(names), np.array(rows, np.int32))


def load_settings(config: "str | Path | ConstructionSettings | None") -> ConstructionSettings:
    """Settings from a path (.toml or .json), the name of one that comes with archwalk, or as they are.

    Raises DataError if a file cannot be read, UsageError if it makes no sense.
    """
    if config is None or isinstance(config, ConstructionSettings):
        return config or ConstructionSettings()
    path = Path(config)
    if path.suffix not in (".toml", ".json"):
        shipped = files("archwalk.environments") / "configurations"
        names = sorted(entry.name.removesuffix(".toml") for entry in shipped.iterdir())
        if str(config) not in names:
            raise unknown("configuration (a .toml or .json file, or a name)", str(config), names)
        text = (shipped / f"{config}.toml").read_text(encoding="utf-8")
        return read_settings(decode_toml(text, dict[str, Any], str(config)), str(config))
    if not path.exists():
        raise UsageError(f"there is no file {path}")
    read = read_toml if path.suffix == ".toml" else read_json
    return read_settings(read(path, dict[str, Any], "a configuration"), str(path))


def read_settings(content: object, where: str = "the configuration") -> ConstructionSettings:
    """Settings from the content of a file. Raises UsageError, which names `where`."""
    try:
        return _read(content)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None
    except (TypeError, ValueError, AttributeError, ArithmeticError, LookupError):
        raise UsageError(f"{where}: a value is of the wrong type") from None


_NUMBERS = {"depth": int, "action_limit": int, "limit_terminates": bool, "kind": str}


def _read(content: object) -> ConstructionSettings:
    if not isinstance(content, dict):
        raise UsageError("a configuration is a table of settings")
    for key in content:
        if key not in {*_NUMBERS, "sigma", "layers", "network"}:
            raise unknown("setting", key, [*_NUMBERS, "sigma", "layers", "network"])
    for key, kind in _NUMBERS.items():
        if key in content and type(content[key]) is not kind:
            raise UsageError(f"{key} must be of type {kind.__name__}, not {content[key]!r}")
    kernels, merges = _read_layers(content.get("layers"))
    table = replace(
        CodeTable(),
        kernels=kernels,
        merges=merges,
        **{k: content[k] for k in ("depth", "kind") if k in content},
    )
    task, size = _read_network(content.get("network", {}))
    rest = {k: content[k] for k in ("action_limit", "limit_terminates", "sigma") if k in content}
    return ConstructionSettings(table, task, size, **rest)


def _read_network(network: Any) -> tuple[Task, NSCSize]:
    if not isinstance(network, dict):
        raise UsageError("[network] is a table of settings")
    task = Task(network.get("image_shape", TASK.shape), network.get("classes", TASK.outputs))
    settings = {name: value for name, value in network.items() if name not in ("image_shape", "classes")}
    size: NSCSize = make_size(NSC(), settings)
    return task, size


def _read_layers(layers: Any) -> tuple[tuple[tuple[str, tuple[int, ...]], ...], tuple[str, ...]]:
    if not isinstance(layers, list) or not all(
        isinstance(layer, dict) and "type" in layer for layer in layers
    ):
        raise UsageError('"layers" must be a list of tables, each with a "type"')
    kernels, merges = [], []
    for layer in layers:
        for key in layer:
            if key not in ("type", "kernel_sizes"):
                raise unknown("setting of a layer", key, ["type", "kernel_sizes"])
        sizes = layer.get("kernel_sizes", [])
        if not isinstance(sizes, list) or not all(type(size) is int for size in sizes):
            raise UsageError(f"kernel_sizes must be a list of integers, not {sizes!r}")
        if layer["type"] in MERGES:
            merges.append(layer["type"])
        else:
            kernels.append((layer["type"], tuple(sizes)))
    return tuple(kernels), tuple(merges)
