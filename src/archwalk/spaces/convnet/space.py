"""The space of convolutional networks by stages, for one task and within limits."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import UsageError
from archwalk.jit import Streams
from archwalk.spaces.base import Codes, Features, Neighbours, remake, sample_places
from archwalk.spaces.convnet import code
from archwalk.spaces.convnet.costs import Costs, Limits, costs_of
from archwalk.spaces.convnet.description import describe, parse
from archwalk.spaces.dags import Graph
from archwalk.spaces.drawing import draw_dag
from archwalk.spaces.task import Task

if TYPE_CHECKING:
    from archwalk.spaces.convnet.network import ConvNetwork

_ROUNDS = 4
"""How often a row that breaks a limit is drawn again before it is made smaller."""


class ConvNet:
    """Convolutional networks of one to four stages: 2e13 of them, from some hundred weights to tens of millions.

    A code has the number of stages, the activation, and for each stage blocks, width, kind of block, kernel,
    squeeze-and-excitation and whether resolution falls; it is zero where there is no stage. Neighbours differ in one
    decision; a stage that is added repeats the last one and halves the resolution. Starts are uniform in each decision.

    With limits, for images of a shape and so many classes, all that is drawn, walked to or read from a string is
    within them.
    """

    name = "convnet"
    code_length = code.CODE_LENGTH
    choices = code.CHOICES
    feature_count = sum(code.CHOICES)
    edit_kinds = code.EDIT_KINDS

    def __init__(
        self, image_shape: tuple[int, int, int] = (3, 32, 32), classes: int = 10, limits: Limits | None = None
    ) -> None:
        """Raises UsageError for limits that no network keeps."""
        self.image_shape, self.classes, self.limits = image_shape, classes, limits or Limits()
        if self.limits and not self.allowed_B(self.smallest).any():
            raise UsageError(self._refusal())

    def __reduce__(self) -> tuple[Any, ...]:
        return remake, (type(self), self.image_shape, self.classes, self.limits)

    @property
    def parameters(self) -> dict[str, Any]:
        """What it is made with, as JSON; all that is built is within the limits already."""
        return {"image_shape": list(self.image_shape), "classes": self.classes}

    def costs(self, codes_BL: Codes) -> Costs:
        """What networks cost for an image of this task."""
        return costs_of(codes_BL, self.image_shape, self.classes)

    def allowed_B(self, codes_BL: Codes) -> NDArray[np.bool_]:
        """Which networks (B,) are within the limits."""
        if not self.limits:
            return np.ones(len(codes_BL), np.bool_)
        allowed: NDArray[np.bool_] = self.limits.excess_B(self.costs(codes_BL)) <= 1
        return allowed

    def sample(self, rng: np.random.Generator, n: int) -> Codes:
        """Draw `n` architectures, (n, L). What breaks a limit is drawn again, and at last made smaller, one decision
        after the other.
        """
        codes_BL = self._draw(rng, n)
        for _ in range(_ROUNDS):
            out = np.flatnonzero(~self.allowed_B(codes_BL))
            if not len(out):
                return codes_BL
            codes_BL[out] = self._draw(rng, len(out))
        out = np.flatnonzero(~self.allowed_B(codes_BL))
        codes_BL[out] = self.made_smaller(codes_BL[out], rng)
        return codes_BL

    def _draw(self, rng: np.random.Generator, n: int) -> Codes:
        return code.canonical(rng.integers(0, self.choices, (n, self.code_length), dtype=np.int32))

    def made_smaller(self, codes_BL: Codes, rng: np.random.Generator) -> Codes:
        """Networks within the limits, by random ones of the edits that bring them nearer; the smallest at dead ends."""
        codes_BL, out = codes_BL.copy(), np.arange(len(codes_BL))
        while len(out := out[self._excess_B(codes_BL[out]) > 1]):
            codes_BNL, there_BN = self._edited(codes_BL[out])
            excess_BN = self._excess_B(codes_BNL.reshape(-1, self.code_length)).reshape(there_BN.shape)
            nearer_BN = there_BN & (excess_BN < self._excess_B(codes_BL[out])[:, None])
            picks_B = np.argmax(nearer_BN * (1 + rng.random(nearer_BN.shape)), axis=1)
            codes_BL[out] = codes_BNL[np.arange(len(out)), picks_B]
            stuck = out[~nearer_BN.any(axis=1)]
            codes_BL[stuck] = self.smallest[np.argmin(self._excess_B(self.smallest))]
        return codes_BL

    def made_narrower(self, codes_BL: Codes) -> Codes:
        """Networks within the limits, all of their stages narrower by as many steps as it takes; where that does not
        do, unchanged ones.
        """
        narrower_BL = codes_BL.copy()
        for _ in code.WIDTHS:
            out = np.flatnonzero(~self.allowed_B(narrower_BL))
            narrower_BL[out] = code.shifted(narrower_BL[out], -1)
        return np.where(self.allowed_B(narrower_BL)[:, None], narrower_BL, codes_BL)

    def _excess_B(self, codes_BL: Codes) -> NDArray[np.float64]:
        return self.limits.excess_B(self.costs(codes_BL))

    def neighbours(self, codes_BL: Codes) -> Neighbours:
        """All architectures within the limits that differ in one decision, in the order of decisions and values."""
        codes_BNL, there_BN = self._edited(codes_BL)
        there_BN &= self.allowed_B(codes_BNL.reshape(-1, self.code_length)).reshape(there_BN.shape)
        offsets = np.concatenate([[0], np.cumsum(there_BN.sum(axis=1))])
        kinds_BN = np.broadcast_to(self._edits[2], there_BN.shape)
        return Neighbours(codes_BNL[there_BN], offsets, kinds_BN[there_BN])

    def sample_neighbours(
        self, codes_BL: Codes, limit: int, streams_B: Streams
    ) -> tuple[Codes, NDArray[np.int32]]:
        """Up to `limit` neighbours of each row without replacement: (codes_BNL, count_B)."""
        found = self.neighbours(codes_BL)
        degree_B = np.diff(found.offsets)
        count_B = np.minimum(degree_B, limit).astype(np.int32)
        codes_BNL = np.full((len(codes_BL), limit, self.code_length), -1, np.int32)
        for b, count in enumerate(count_B):
            picks = np.empty(count, np.int64)
            sample_places(int(degree_B[b]), limit, streams_B, b, picks)
            codes_BNL[b, :count] = found.codes_EL[found.offsets[b] + picks]
        return codes_BNL, count_B

    @cached_property
    def _edits(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]:
        """Of every edit the column that it changes, how many values further it goes, and its kind; kinds together."""
        kind_L = np.array([self.edit_kinds.index(decision) for decision in code.DECISION_OF])
        order = np.argsort(kind_L, kind="stable")
        steps = np.array(self.choices)[order] - 1
        at_N = np.repeat(order, steps)
        step_N = np.concatenate([np.arange(1, count + 1) for count in steps])
        return at_N, step_N, kind_L[at_N].astype(np.uint8)

    def _edited(self, codes_BL: Codes) -> tuple[Codes, NDArray[np.bool_]]:
        """Codes (B, N, L) after each edit, within the limits or not, and which of them (B, N) are edits."""
        at_N, step_N, _ = self._edits
        value_BN = step_N - 1 + (step_N - 1 >= codes_BL[:, at_N])  # all values but the present one
        codes_BNL = np.repeat(codes_BL[:, None], len(at_N), axis=1)
        np.put_along_axis(
            codes_BNL,
            np.broadcast_to(at_N[None, :, None], (*value_BN.shape, 1)),
            value_BN[:, :, None].astype(np.int32),
            axis=2,
        )
        for n in np.flatnonzero(at_N == code.STAGES_AT):
            codes_BNL[:, n] = _with_stages(codes_BL, codes_BNL[:, n, code.STAGES_AT])
        return codes_BNL, code.present_columns(codes_BL)[:, at_N]

    def features(self, codes: Codes) -> Features:
        """One-hot decisions (..., F) of codes (..., L), zeros for stages that there are not; rows of -1 give zeros."""
        there = codes[..., code.STAGES_AT, None] >= code.STAGE_OF
        columns = [
            (codes[..., c, None] == np.arange(size)) & there[..., c, None]
            for c, size in enumerate(self.choices)
        ]
        return np.concatenate(columns, axis=-1).astype(np.uint8)

    def to_choices(self, codes_BL: Codes) -> NDArray[np.int32]:
        """The code itself (B, C)."""
        return codes_BL.astype(np.int32)

    def from_choices(self, choices_BC: NDArray[np.int32]) -> Codes:
        """What the string says about stages that it does not have is passed over; -1 where a limit is broken.

        Raises ValueError if a choice is out of its range.
        """
        if ((choices_BC < 0) | (choices_BC >= np.array(self.choices))).any():
            raise ValueError("a choice is out of its range")
        codes_BL = code.canonical(choices_BC)
        return np.where(self.allowed_B(codes_BL)[:, None], codes_BL, -1).astype(np.int32)

    def parse(self, description: object) -> Codes:
        """See `description.describe`. Raises InvalidArchitectureError."""
        return parse(description)

    def describe(self, code_L: Codes) -> dict[str, Any]:
        """What `parse` reads."""
        return describe(code_L)

    @property
    def default_task(self) -> Task:
        """That of its limits."""
        return Task(self.image_shape, self.classes)

    def build(self, code_L: Codes, task: Task | None = None, size: None = None) -> ConvNetwork:
        """The network, for images of any size; for this space's task where none is said."""
        from archwalk.spaces.convnet.network import make_network

        task = self.default_task.check(task, "networks of convnet")
        return make_network(code_L, task.shape[0], task.outputs)

    def labelled_graph(self, code_L: Codes) -> Graph:
        """What stands in a row in the network: input, stem, blocks, dense layer, output."""
        stages = describe(code_L)["stages"]
        labels = ["input", f"conv 3x3, {stages[0]['width']}"]
        for stage in stages:
            name = f"{_words(stage)}, {stage['width']}" + (", squeeze" if stage["squeeze"] else "")
            labels += [name + (", /2" if stage["halve"] and not b else "") for b in range(stage["blocks"])]
        labels += ["dense", "output"]
        return labels, list(pairwise(range(len(labels))))

    def draw(self, code_L: Codes) -> str:
        """The blocks as SVG."""
        labels, edges = self.labelled_graph(code_L)
        title = f"network of {self.name}, {describe(code_L)['activation']}"
        return draw_dag(labels, edges, title=title)

    @cached_property
    def smallest(self) -> Codes:
        """The networks of one narrow block each, of every kind, with and without lower resolution."""
        rows = []
        for kind in range(len(code.KINDS)):
            for halve in range(len(code.SWITCH)):
                row = np.zeros(self.code_length, np.int32)
                names = list(code.STAGE_DECISIONS)
                row[code.FIRST_STAGE + names.index("kind")] = kind
                row[code.FIRST_STAGE + names.index("halve")] = halve
                rows.append(row)
        return np.stack(rows)

    def _refusal(self) -> str:
        costs = self.costs(self.smallest)
        at = int(np.argmin(self._excess_B(self.smallest)))
        asked = ", ".join(f"{name} {value:,}" for name, value in self.limits.as_dict().items())
        return (
            f"no network of {self.name} keeps {asked}: the smallest has {costs.parameters_B[at]:,} parameters, "
            f"{costs.macs_B[at]:,} MACs and {costs.megabytes_B[at]:.2f} megabytes"
        )


def _with_stages(codes_BL: Codes, last_B: NDArray[np.int32]) -> Codes:
    """Codes with another number of stages; those that are added repeat the last one and halve the resolution."""
    halve = list(code.STAGE_DECISIONS).index("halve")
    changed_BL = codes_BL.copy()
    stages_BSD = changed_BL[:, code.FIRST_STAGE :].reshape(-1, code.MOST_STAGES, code.PER_STAGE)
    for b, last in enumerate(last_B):
        now = codes_BL[b, code.STAGES_AT]
        stages_BSD[b, now + 1 : last + 1] = stages_BSD[b, now]
        stages_BSD[b, now + 1 : last + 1, halve] = 1
    changed_BL[:, code.STAGES_AT] = last_B
    return code.canonical(changed_BL)


def _words(stage: dict[str, Any]) -> str:
    size = f"{stage['kernel']}x{stage['kernel']}"
    if stage["kind"].startswith("inverted"):
        return f"inverted {stage['kind'][-1]}, depthwise {size}"
    return f"{'' if stage['kind'] == 'plain' else stage['kind'] + ' '}conv {size}"
