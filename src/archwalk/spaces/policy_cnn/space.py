"""Spaces of policy networks by choice blocks, of any size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import InvalidArchitectureError
from archwalk.jit import Streams
from archwalk.spaces.base import Codes, Features, Neighbours, remake, require_keys, sample_places
from archwalk.spaces.dags import Dags
from archwalk.spaces.drawing import draw_dag
from archwalk.spaces.policy_cnn.declaration import Declaration
from archwalk.spaces.task import ACTOR_CRITIC, Task

if TYPE_CHECKING:
    from archwalk.spaces.policy_cnn.network import PolicyNetwork

_KERNEL, _CHANNELS = "kernel_size", "channels"


class PolicyCNN:
    """All networks of a declaration (Mazyavkina et al. 2020, section 5.2). Satisfies `SearchSpace`.

    A code has an integer for every decision with more than one value: first the kernels of the blocks, in order, then
    their channels; each is an index into the values of the declaration. Neighbours differ in one decision. Features
    are the decisions, one-hot. Starts are uniform.
    """

    made_as = "policy-cnn"

    def __init__(self, declaration: Declaration) -> None:
        self.declaration = declaration
        self.name = declaration.name
        self.parameters = {"declaration": declaration.as_dict()}
        self.network_identity = declaration.as_dict()
        self.default_task = Task(declaration.observation, 6, ACTOR_CRITIC)
        decisions = [
            (block, values, kind)
            for kind in ("kernels", "channels")
            for block, choice in enumerate(declaration.blocks)
            if len(values := getattr(choice, kind)) > 1
        ]
        self.decisions = tuple((block, kind) for block, _, kind in decisions)
        """Of each decision the block that it is about, and `kernels` or `channels`."""
        self.choices = tuple(len(values) for _, values, _ in decisions)
        self.code_length = len(self.choices)
        self.feature_count = sum(self.choices)
        self.edit_kinds = tuple(dict.fromkeys(kind for _, kind in self.decisions))
        options = dict.fromkeys(option for block in declaration.blocks for option in block.options)
        self._label = {option: label for label, option in enumerate(options)}
        self.dag_operations = tuple(f"conv {kernel}x{kernel}, {channels}" for kernel, channels in options)
        self.dag_inputs = 1
        self.dag_depth = len(declaration.blocks)

    def __reduce__(self) -> tuple[Any, ...]:
        return remake, (type(self), self.declaration)

    def sample(self, rng: np.random.Generator, n: int) -> Codes:
        """Draw `n` architectures, (n, L), uniformly."""
        return rng.integers(0, self.choices, (n, self.code_length), dtype=np.int32)

    def neighbours(self, codes_BL: Codes) -> Neighbours:
        """All architectures that differ in one decision, in the order of decisions and values."""
        at_N, _ = self._edits
        codes_BNL = self._edited(codes_BL, np.broadcast_to(np.arange(len(at_N)), (len(codes_BL), len(at_N))))
        kinds_N = np.array([self.edit_kinds.index(self.decisions[at][1]) for at in at_N], np.uint8)
        offsets = len(at_N) * np.arange(len(codes_BL) + 1)
        return Neighbours(codes_BNL.reshape(-1, self.code_length), offsets, np.tile(kinds_N, len(codes_BL)))

    def sample_neighbours(
        self, codes_BL: Codes, limit: int, streams_B: Streams
    ) -> tuple[Codes, NDArray[np.int32]]:
        """Up to `limit` neighbours of each row without replacement: (codes_BNL, count_B)."""
        degree = len(self._edits[0])
        count = min(degree, limit)
        picks_BN = np.empty((len(codes_BL), count), np.int64)
        for b in range(len(codes_BL)):
            sample_places(degree, limit, streams_B, b, picks_BN[b])
        codes_BNL = np.full((len(codes_BL), limit, self.code_length), -1, np.int32)
        codes_BNL[:, :count] = self._edited(codes_BL, picks_BN)
        return codes_BNL, np.full(len(codes_BL), count, np.int32)

    @property
    def _edits(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Of every edit the decision that it changes, and how many values further it goes."""
        at_N = np.repeat(np.arange(self.code_length), np.array(self.choices) - 1)
        step_N = np.concatenate([np.arange(1, size) for size in self.choices])
        return at_N, step_N

    def _edited(self, codes_BL: Codes, edits_BN: NDArray[np.int64]) -> Codes:
        """Codes (B, N, L) after each of the edits; the values of a decision stand in ascending order."""
        at_N, step_N = self._edits
        at_BN = at_N[edits_BN]
        before_BN = np.take_along_axis(codes_BL, at_BN, axis=1)
        value_BN = step_N[edits_BN] - 1
        value_BN = value_BN + (value_BN >= before_BN)  # all values but the present one
        codes_BNL = np.repeat(codes_BL[:, None], edits_BN.shape[1], axis=1)
        np.put_along_axis(codes_BNL, at_BN[:, :, None], value_BN[:, :, None].astype(np.int32), axis=2)
        return codes_BNL

    def features(self, codes: Codes) -> Features:
        """One-hot decisions (..., F) of codes (..., L); rows of -1 give zeros."""
        columns = [codes[..., c, None] == np.arange(size) for c, size in enumerate(self.choices)]
        return np.concatenate(columns, axis=-1).astype(np.uint8)

    def to_choices(self, codes_BL: Codes) -> NDArray[np.int32]:
        """The code itself (B, C)."""
        return codes_BL.astype(np.int32)

    def from_choices(self, choices_BC: NDArray[np.int32]) -> Codes:
        """The string itself: every one names a network. Raises ValueError if a choice is out of its range."""
        if ((choices_BC < 0) | (choices_BC >= np.array(self.choices))).any():
            raise ValueError("a choice is out of its range")
        return choices_BC.astype(np.int32)

    def options(self, code_L: Codes) -> list[tuple[int, int]]:
        """(kernel, channels) of every block."""
        chosen = {
            (block, kind): getattr(self.declaration.blocks[block], kind)[value]
            for (block, kind), value in zip(self.decisions, code_L.tolist(), strict=True)
        }
        return [
            (chosen.get((b, "kernels"), block.kernels[0]), chosen.get((b, "channels"), block.channels[0]))
            for b, block in enumerate(self.declaration.blocks)
        ]

    def dags(self, codes_BL: Codes) -> Dags:
        """The blocks' convolutions in a row, between input and output."""
        batch, inside, vertices = len(codes_BL), len(self.dag_operations), self.dag_depth + 2
        labels_BV = np.empty((batch, vertices), np.int32)
        labels_BV[:, 0], labels_BV[:, -1] = inside + 1, inside
        for b, code_L in enumerate(codes_BL):
            labels_BV[b, 1:-1] = [self._label[option] for option in self.options(code_L)]
        edges_BVV = np.tile(np.eye(vertices, k=1, dtype=np.bool_), (batch, 1, 1))
        return Dags(labels_BV[:, None], edges_BVV[:, None])

    def parse(self, description: object) -> Codes:
        """The code (L,) of {"convolutions": [{"kernel_size": 4, "channels": 64}, ...]}, one for each choice block.

        Raises InvalidArchitectureError.
        """
        layers = require_keys(description, "convolutions")["convolutions"]
        blocks = self.declaration.blocks
        if not isinstance(layers, list) or len(layers) != len(blocks):
            raise InvalidArchitectureError(f'"convolutions" of {self.name} are a list of {len(blocks)}')
        for number, (layer, block) in enumerate(zip(layers, blocks, strict=True), start=1):
            require_keys(layer, _KERNEL, _CHANNELS)
            for key, known in ((_KERNEL, block.kernels), (_CHANNELS, block.channels)):
                if isinstance(layer[key], bool) or layer[key] not in known:
                    allowed = ", ".join(map(str, known))
                    raise InvalidArchitectureError(
                        f"{key} of convolution {number} is one of {allowed}, not {layer[key]!r}"
                    )
        key_of = {"kernels": _KERNEL, "channels": _CHANNELS}
        values = [
            getattr(blocks[block], kind).index(layers[block][key_of[kind]]) for block, kind in self.decisions
        ]
        return np.array(values, np.int32)

    def describe(self, code_L: Codes) -> dict[str, Any]:
        """What `parse` reads; stem and head are the declaration's."""
        return {
            "convolutions": [
                {_KERNEL: kernel, _CHANNELS: channels} for kernel, channels in self.options(code_L)
            ]
        }

    def build(self, code_L: Codes, task: Task | None = None, size: None = None) -> PolicyNetwork:
        """The agent's network; by default for observations as declared and six actions. Raises UsageError for
        observations that do not fit.
        """
        from archwalk.spaces.policy_cnn.network import make_network

        return make_network(self.declaration, self.options(code_L), self.check_task(task))

    def check_task(self, task: Task | None) -> Task:
        """The task, or this space's own. Raises UsageError for observations that do not fit."""
        task = self.default_task.check(task, f"networks of {self.name}")
        self.declaration.check(task.shape)
        return task

    def draw(self, code_L: Codes) -> str:
        """The layers as SVG."""
        stem = self.declaration.stem
        layers = [(stem.kernel, stem.channels, stem.stride)] + [
            (kernel, channels, block.stride)
            for (kernel, channels), block in zip(self.options(code_L), self.declaration.blocks, strict=True)
        ]
        labels = ["observation"]
        for kernel, channels, stride in layers:
            labels.append(
                f"conv {kernel}x{kernel}, {channels}" + (f", stride {stride}" if stride > 1 else "")
            )
        labels += [f"dense {self.declaration.hidden}", "output: policy", "output: value"]
        last = len(layers) + 1
        arrows = [(layer, layer + 1) for layer in range(last)] + [(last, last + 1), (last, last + 2)]
        return draw_dag(labels, arrows, title=f"network of {self.name}")
