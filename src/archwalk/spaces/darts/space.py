"""The search space of DARTS, which is also that of NAS-Bench-301."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archwalk.jit import Streams
from archwalk.spaces.base import Codes, Features, Neighbours
from archwalk.spaces.dags import Dags
from archwalk.spaces.darts import code, features, graphs, neighbours
from archwalk.spaces.darts.drawing import draw_architecture
from archwalk.spaces.darts.genotype import read_genotype, write_compact, write_genotype, write_tuple
from archwalk.spaces.darts.size import NASBENCH301, DARTSSize
from archwalk.spaces.task import CIFAR10, Task

if TYPE_CHECKING:
    from archwalk.spaces.darts.network import Network


class DARTS:
    """DARTS, also NAS-Bench-301's: pairs of a normal and a reduction cell, 1.08e18 of them: too many to number.

    A code is 32 integers (see `code`). Neighbours are Cassimon et al.'s pairs, 3,600 for each architecture
    (`neighbours`); features are Cassimon et al.'s, 510 (`features`). `choices` are 22 categoricals: for each cell the
    input pairs of its last three nodes, ascending, then its 8 operations. Starts are uniform over architectures.
    """

    name = "darts"
    code_length = code.CODE_LENGTH
    feature_count = features.FEATURES
    edit_kinds = neighbours.EDIT_KINDS
    choices = code.CHOICES
    dag_operations = code.OPERATIONS
    dag_inputs = code.INPUTS
    dag_names = code.CELLS
    default_task, default_size = CIFAR10, NASBENCH301
    dag_depth = code.NODES

    def sample(self, rng: np.random.Generator, n: int) -> Codes:
        """Draw `n` architectures, (n, 32), uniformly."""
        return self.from_choices(rng.integers(0, self.choices, (n, len(self.choices)), dtype=np.int32))

    def neighbours(self, codes_BL: Codes) -> Neighbours:
        """All 3,600 neighbours of each row, grouped by kind: half a megabyte each."""
        pairs, kinds = neighbours.pairs_by_kind()
        codes_BNL = np.empty((len(codes_BL), len(pairs), self.code_length), np.int32)
        neighbours.fill_neighbours(np.ascontiguousarray(codes_BL), pairs, codes_BNL)
        offsets = len(pairs) * np.arange(len(codes_BL) + 1)
        return Neighbours(codes_BNL.reshape(-1, self.code_length), offsets, np.tile(kinds, len(codes_BL)))

    def sample_neighbours(
        self, codes_BL: Codes, limit: int, streams_B: Streams
    ) -> tuple[Codes, NDArray[np.int32]]:
        """Up to `limit` neighbours of each row without replacement: (codes_BNL, count_B).

        Only the neighbours drawn are made, not all 3,600.
        """
        count = min(limit, neighbours.PAIRS)
        codes_BNL = np.full((len(codes_BL), limit, self.code_length), -1, np.int32)
        neighbours.sample_pairs(np.ascontiguousarray(codes_BL), count, streams_B, codes_BNL)
        return codes_BNL, np.full(len(codes_BL), count, np.int32)

    def features(self, codes: Codes) -> Features:
        """Features (..., 510) of codes (..., 32); rows of -1 give zeros."""
        out = np.empty((codes.size // self.code_length, self.feature_count), np.uint8)
        features.fill_features(np.ascontiguousarray(codes).reshape(-1, self.code_length), out)
        return out.reshape(*codes.shape[:-1], self.feature_count)

    def dags(self, codes_BL: Codes) -> Dags:
        """Both cells of each architecture (see `graphs`)."""
        return graphs.dags(codes_BL)

    def to_choices(self, codes_BL: Codes) -> NDArray[np.int32]:
        """Strings (B, 22); each architecture has one."""
        return code.choices_of_codes(codes_BL)

    def from_choices(self, choices_BC: NDArray[np.int32]) -> Codes:
        """Codes (B, 32); every string names an architecture. Raises ValueError if a choice is out of range."""
        return code.codes_of_choices(choices_BC)

    def parse(self, description: object) -> Codes:
        """The code (32,) of a genotype in DARTS' words. Raises InvalidArchitectureError."""
        return read_genotype(description)

    def describe(self, code_L: Codes) -> dict[str, Any]:
        """The genotype: {"normal": [[operation, input], ... 8], "normal_concat": [2, 3, 4, 5], "reduce": ...}."""
        return write_genotype(code_L)

    @property
    def foreign_forms(self) -> dict[str, Callable[[Codes], str]]:
        """DARTS' named tuple and NASLib's compact form."""
        return {"genotype": write_tuple, "naslib": write_compact}

    def build(self, code_L: Codes, task: Task | None = None, size: DARTSSize | None = None) -> Network:
        """The network of the architecture. Raises UsageError for a task without images."""
        from archwalk.spaces.darts.network import Network

        genotype, task = self.describe(code_L), self.default_task.check(task, "networks of darts")
        return Network(genotype["normal"], genotype["reduce"], task, size or self.default_size)

    def draw(self, code_L: Codes) -> str:
        """Both cells as one SVG."""
        return draw_architecture(code_L)
