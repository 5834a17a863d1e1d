"""The contract of a search space, and the part of it that every enumerable space shares."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import InvalidArchitectureError
from archwalk.jit import Streams, kernel, random_below
from archwalk.spaces.task import Task

if TYPE_CHECKING:  # torch takes a second to import, and only `build` needs it
    import torch

Codes = NDArray[np.int32]
"""A batch of architectures, shape (B, L): each a row of L integers. Enumerable spaces have L = 1."""

Features = NDArray[np.uint8]
"""What a network sees of architectures, shape (..., F), values 0 and 1."""


@dataclass(frozen=True)
class Neighbours:
    """Neighbours of a batch, ragged: those of row b are `codes_EL[offsets[b]:offsets[b + 1]]`."""

    codes_EL: Codes
    offsets: NDArray[np.int64]
    kinds_E: NDArray[np.uint8]
    """Index into the space's `edit_kinds`: which edit leads there."""


class SearchSpace(Protocol):
    """What can be built (Cassimon et al. 2024, section 3.1).

    Arrays first: `codes_BL` is (B, L) int32. Every method takes and returns valid codes unless it says
    otherwise; only `parse` and `from_choices` meet foreign input.
    """

    @property
    def name(self) -> str:
        """The name in benchmarks and checkpoints, say `nasbench101`."""

    @property
    def code_length(self) -> int:
        """L, the integers in a code."""

    @property
    def feature_count(self) -> int:
        """F, the features of one architecture."""

    @property
    def edit_kinds(self) -> tuple[str, ...]:
        """Names of the edits that lead to neighbours."""

    @property
    def choices(self) -> tuple[int, ...]:
        """Sizes of the C categorical decisions that describe an architecture as a string."""

    def sample(self, rng: np.random.Generator, n: int) -> Codes:
        """Draw `n` architectures, (n, L), from the space's own distribution of starts."""

    def neighbours(self, codes_BL: Codes) -> Neighbours:
        """All architectures that are one edit away."""

    def sample_neighbours(
        self, codes_BL: Codes, limit: int, streams_B: Streams
    ) -> tuple[Codes, NDArray[np.int32]]:
        """Up to `limit` neighbours of each row, drawn uniformly without replacement.

        Returns (codes_BNL, count_B); entries at or after a row's count are -1. Advances `streams_B`.
        """

    def features(self, codes: Codes) -> Features:
        """Features (..., F) of codes (..., L); rows of -1 give zeros."""

    def to_choices(self, codes_BL: Codes) -> NDArray[np.int32]:
        """A string of decisions (B, C) for each architecture."""

    def from_choices(self, choices_BC: NDArray[np.int32]) -> Codes:
        """Codes (B, L) of strings of decisions; -1 where a string names no valid architecture."""

    def parse(self, description: object) -> Codes:
        """The code (L,) of a JSON description. Raises InvalidArchitectureError."""

    def describe(self, code_L: Codes) -> dict[str, Any]:
        """The JSON description that `parse` reads."""

    def build(self, code_L: Codes, task: Task, size: Any) -> torch.nn.Module:
        """The network for a task as a fresh PyTorch module, its weights drawn from PyTorch's global generator.

        `size` is of the type of the space's `default_size`, where it has one (see `networks`), else None. Where
        `meta` is PyTorch's default device nothing is allocated. Raises InvalidArchitectureError (RuntimeError and
        ValueError count as that) where the architecture has no network for this task, UsageError where none has.
        """

    def draw(self, code_L: Codes) -> str:
        """The architecture as a self-contained SVG."""


@dataclass(frozen=True)
class NeighbourGraph:
    """The neighbour relation of a whole space in compressed sparse rows.

    The neighbours of architecture i are `targets_E[offsets[i]:offsets[i + 1]]`, grouped by kind of edit.
    """

    offsets: NDArray[np.int64]
    targets_E: NDArray[np.int32]
    kinds_E: NDArray[np.uint8]

    @property
    def edges(self) -> int:
        """Number of directed edges."""
        return len(self.targets_E)

    @property
    def degrees(self) -> NDArray[np.int64]:
        """Number of neighbours of each architecture."""
        return np.diff(self.offsets)


class EnumerableSpace(ABC):
    """A space whose architectures are numbered 0..size-1 up to isomorphism: code (id,), L = 1.

    A subclass gives the numbering, `graph`, `feature_table`, `start_weights` and the descriptions; all
    else is looked up. Satisfies `SearchSpace`.
    """

    name: str
    code_length = 1
    edit_kinds: tuple[str, ...]
    choices: tuple[int, ...]

    @property
    @abstractmethod
    def size(self) -> int:
        """Number of architectures."""

    @cached_property
    @abstractmethod
    def graph(self) -> NeighbourGraph:
        """All neighbours of all architectures."""

    @cached_property
    @abstractmethod
    def feature_table(self) -> Features:
        """Features of all architectures, (size, F) uint8."""

    @cached_property
    @abstractmethod
    def start_weights(self) -> NDArray[np.float64]:
        """Probability (size,) of each architecture under `sample`; sums to 1."""

    @abstractmethod
    def to_choices(self, codes_BL: Codes) -> NDArray[np.int32]:
        """See `SearchSpace.to_choices`."""

    @abstractmethod
    def from_choices(self, choices_BC: NDArray[np.int32]) -> Codes:
        """See `SearchSpace.from_choices`."""

    @abstractmethod
    def parse(self, description: object) -> Codes:
        """See `SearchSpace.parse`."""

    @abstractmethod
    def describe(self, code_L: Codes) -> dict[str, Any]:
        """See `SearchSpace.describe`."""

    @abstractmethod
    def build(self, code_L: Codes, task: Task, size: Any) -> torch.nn.Module:
        """See `SearchSpace.build`."""

    @abstractmethod
    def draw(self, code_L: Codes) -> str:
        """See `SearchSpace.draw`."""

    @property
    def feature_count(self) -> int:
        """F, the features of one architecture."""
        return int(self.feature_table.shape[1])

    @cached_property
    def _start_cumulative(self) -> NDArray[np.float64]:
        return np.cumsum(self.start_weights)

    @cached_property
    def _feature_words(self) -> NDArray[np.uint64]:
        """The feature table in words of 8 bytes, which are gathered four times as fast as bytes."""
        padded = np.pad(self.feature_table, ((0, 0), (0, -self.feature_count % 8)))
        return padded.view(np.uint64)

    @cached_property
    def _largest_degree(self) -> int:
        return int(self.graph.degrees.max())

    def sample(self, rng: np.random.Generator, n: int) -> Codes:
        """Draw `n` architectures, (n, 1), with probabilities `start_weights`."""
        return sample_cumulative(self._start_cumulative, rng, n)[:, None]

    def sample_uniform(self, rng: np.random.Generator, n: int) -> Codes:
        """Draw `n` architectures, (n, 1), each of the space equally likely."""
        return rng.integers(0, self.size, size=(n, 1), dtype=np.int32)

    def neighbours(self, codes_BL: Codes) -> Neighbours:
        """All architectures that are one edit away."""
        ids = codes_BL[:, 0]
        counts = self.graph.degrees[ids]
        offsets = np.concatenate([[0], np.cumsum(counts)])
        edges_E = np.repeat(self.graph.offsets[ids] - offsets[:-1], counts) + np.arange(offsets[-1])
        return Neighbours(self.graph.targets_E[edges_E][:, None], offsets, self.graph.kinds_E[edges_E])

    def sample_neighbours(
        self, codes_BL: Codes, limit: int, streams_B: Streams
    ) -> tuple[Codes, NDArray[np.int32]]:
        """Up to `limit` neighbours of each row without replacement: (codes_BNL, count_B)."""
        codes_BN = np.empty((len(codes_BL), limit), np.int32)
        count_B = np.empty(len(codes_BL), np.int32)
        graph = self.graph
        scratch = np.empty(self._largest_degree, np.int32)
        _sample_rows(graph.offsets, graph.targets_E, codes_BL[:, 0], streams_B, scratch, codes_BN, count_B)
        return codes_BN[:, :, None], count_B

    def features(self, codes: Codes) -> Features:
        """Features (..., F) of codes (..., 1); codes of -1 give zeros."""
        ids = np.ascontiguousarray(codes[..., 0])
        words = self._feature_words
        out = np.empty((ids.size, words.shape[1]), np.uint64)
        _gather_rows(words, ids.reshape(-1), out)
        features: Features = out.view(np.uint8)[:, : self.feature_count]
        return features.reshape(*codes.shape[:-1], self.feature_count)


@lru_cache(maxsize=8)
def remake(space: type[Any], *arguments: Any) -> Any:
    """The space of these arguments, one a process: spaces are pickled as a call of this, without their tables."""
    return space(*arguments)


def sample_cumulative(cumulative: NDArray[np.float64], rng: np.random.Generator, n: int) -> NDArray[np.int32]:
    """Draw `n` indices by inversion of cumulative weights (which need not end at exactly 1)."""
    ids = np.searchsorted(cumulative, rng.random(n) * cumulative[-1], side="right")
    drawn: NDArray[np.int32] = np.minimum(ids, len(cumulative) - 1).astype(np.int32)
    return drawn


_DEEPEST = 100


def require_keys(description: object, *keys: str) -> dict[str, Any]:
    """Check that a description is an object with `keys`; returns it as JSON has it (see `as_plain`).

    Raises InvalidArchitectureError.
    """
    plain = as_plain(description._asdict() if hasattr(description, "_asdict") else description)
    if not isinstance(plain, dict) or any(key not in plain for key in keys):
        wanted = ", ".join(f'"{key}"' for key in keys)
        raise InvalidArchitectureError(f"an architecture is a JSON object with the keys {wanted}")
    return plain


def as_plain(value: Any, depth: int = 0) -> Any:
    """A description that other tools or Python have made, as JSON has it: tuples, ranges and arrays are lists, numbers
    of NumPy and PyTorch plain ones. Raises InvalidArchitectureError for what no array holds.
    """
    if depth == _DEEPEST:
        raise InvalidArchitectureError("the description is nested too deeply")
    if not isinstance(value, str | dict) and hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        return {key: as_plain(part, depth + 1) for key, part in value.items()}
    if isinstance(value, list | tuple | range):
        return [as_plain(part, depth + 1) for part in value]
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise InvalidArchitectureError("a number of the description has more than 64 bits")
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidArchitectureError(f"the description has {value} where a number is needed")
    return value


@kernel
def sample_places(degree, limit, streams_B, b, picks):  # type: ignore[no-untyped-def]
    """Write to `picks` the places of up to `limit` of `degree` neighbours, drawn without replacement."""
    places = np.arange(degree)
    for j in range(min(degree, limit)):
        if degree > limit:  # Fisher-Yates, only as far as needed
            k = j + random_below(streams_B, b, degree - j)
            places[j], places[k] = places[k], places[j]
        picks[j] = places[j]


@kernel
def _sample_rows(offsets, targets_E, ids_B, streams_B, scratch, codes_BN, count_B):  # type: ignore[no-untyped-def]
    limit = codes_BN.shape[1]
    for b in range(len(ids_B)):
        start = offsets[ids_B[b]]
        degree = offsets[ids_B[b] + 1] - start
        count = min(degree, limit)
        count_B[b] = count
        if degree <= limit:
            for j in range(count):
                codes_BN[b, j] = targets_E[start + j]
        else:
            for j in range(degree):
                scratch[j] = targets_E[start + j]
            for j in range(count):  # Fisher-Yates, only as far as needed
                k = j + random_below(streams_B, b, degree - j)
                codes_BN[b, j] = scratch[k]
                scratch[k] = scratch[j]
        for j in range(count, limit):
            codes_BN[b, j] = -1


@kernel
def _gather_rows(table, ids, out):  # type: ignore[no-untyped-def]
    width = table.shape[1]
    for i in range(len(ids)):
        row = ids[i]
        if row < 0:
            for f in range(width):
                out[i, f] = 0
        else:
            for f in range(width):
                out[i, f] = table[row, f]
