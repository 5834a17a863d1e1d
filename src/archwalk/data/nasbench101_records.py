"""Records of NAS-Bench-101's own TFRecord files: one training of one cell each.

A record is the JSON list [module hash, epochs, adjacency, operations, metrics]: MD5 as 32 hex digits; the
budget; V * V digits 0 and 1, row-major; names joined by commas; base64 of a protobuf `ModelMetrics`. Source:
nasbench, `api.py` and `lib/model_metrics.proto`. Messages with more fields (EC-NAS) read alike.
"""

import base64
import json
import math
from math import nan
from struct import Struct
from typing import Any, NamedTuple

from archwalk.data.protobuf import as_double, read_fields

_METRICS_EVALUATION, _METRICS_PARAMETERS = 1, 2
_EVALUATION_FIELDS = range(1, 7)

_IN_ORDER, _ENERGY = Struct("<BdBdBdBdBd"), Struct("<Bd")
_TAGS_IN_ORDER = tuple(number << 3 | 1 for number in range(1, 6))
_ENERGY_TAG = 6 << 3 | 1
"""How an evaluation begins as every known writer writes it: the five doubles, each behind its tag; EC-NAS' energy."""


class Evaluation(NamedTuple):
    """One `EvaluationData`: fractions for accuracies, seconds since the training began; nan where absent."""

    epoch: float
    seconds: float
    train: float
    validation: float
    test: float
    energy: float = nan
    """In kWh since the training began; of EC-NAS alone."""


class Record(NamedTuple):
    """One training: its cell, its budget in epochs, and how it stood half-way and at the end."""

    digest: bytes
    """MD5 of the cell, 16 bytes."""
    epochs: int
    adjacency: str
    operations: str
    parameters: int
    halfway: Evaluation
    final: Evaluation

    @property
    def description(self) -> dict[str, Any]:
        """The cell as spaces parse it."""
        vertices = math.isqrt(len(self.adjacency))
        rows = [self.adjacency[v * vertices : (v + 1) * vertices] for v in range(vertices)]
        return {"matrix": [[int(digit) for digit in row] for row in rows], "ops": self.operations.split(",")}


def parse_record(payload: bytes) -> Record:
    """Read one record. Raises ValueError with the reason where it is not of this layout."""
    fields = json.loads(payload)
    if not isinstance(fields, list) or len(fields) != 5:
        raise ValueError("not a list [hash, epochs, adjacency, operations, metrics]")
    module_hash, epochs, adjacency, operations, metrics = fields
    if not isinstance(epochs, int) or not all(isinstance(x, str) for x in (adjacency, operations, metrics)):
        raise ValueError("fields of other types than [hash, epochs, adjacency, operations, metrics] have")
    digest = bytes.fromhex(module_hash) if isinstance(module_hash, str) else b""
    if len(digest) != 16:
        raise ValueError(f"{module_hash!r} is not an MD5 hash")
    parameters, evaluations = _parse_metrics(base64.b64decode(metrics))
    if len(evaluations) < 3:
        raise ValueError(f"{len(evaluations)} evaluations; 3 are wanted: start, half-way and end")
    halfway = evaluations[len(evaluations) // 2]
    return Record(digest, epochs, adjacency, operations, parameters, halfway, evaluations[-1])


def _parse_metrics(message: bytes) -> tuple[int, list[Evaluation]]:
    parameters = -1
    evaluations: list[Evaluation] = []
    for number, value in read_fields(message):
        if number == _METRICS_EVALUATION and isinstance(value, bytes):
            evaluations.append(_parse_evaluation(value))
        elif number == _METRICS_PARAMETERS and isinstance(value, int):
            parameters = value
    if parameters < 0:
        raise ValueError("no number of trainable parameters")
    return parameters, evaluations


def _parse_evaluation(message: bytes) -> Evaluation:
    if len(message) >= _IN_ORDER.size:  # millions of records: this halves the time of an import
        tags_and_values = _IN_ORDER.unpack_from(message)
        if tags_and_values[::2] == _TAGS_IN_ORDER:
            return Evaluation._make((*tags_and_values[1::2], _energy_behind(message)))
    values = [nan] * len(_EVALUATION_FIELDS)
    for number, value in read_fields(message):
        if number in _EVALUATION_FIELDS:
            values[number - 1] = as_double(value)
    return Evaluation(*values)


def _energy_behind(message: bytes) -> float:
    if len(message) < _IN_ORDER.size + _ENERGY.size:
        return nan
    tag, energy = _ENERGY.unpack_from(message, _IN_ORDER.size)
    return float(energy) if tag == _ENERGY_TAG else nan
