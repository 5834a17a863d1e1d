"""Architectures as JSON."""

from typing import Any

import numpy as np

from archwalk.errors import InvalidArchitectureError
from archwalk.spaces.base import Codes, require_keys
from archwalk.spaces.convnet.code import (
    ACTIVATION_AT,
    ACTIVATIONS,
    CODE_LENGTH,
    FIRST_STAGE,
    MOST_STAGES,
    PER_STAGE,
    STAGE_DECISIONS,
    STAGES_AT,
)


def describe(code_L: Codes) -> dict[str, Any]:
    """{"activation": "relu", "stages": [{"blocks": 2, "width": 32, "kind": "residual", "kernel": 3, "squeeze": false,
    "halve": true}, ...]}.
    """
    rows = code_L[FIRST_STAGE:].reshape(MOST_STAGES, PER_STAGE)[: int(code_L[STAGES_AT]) + 1]
    return {
        "activation": ACTIVATIONS[int(code_L[ACTIVATION_AT])],
        "stages": [
            {name: values[int(at)] for (name, values), at in zip(STAGE_DECISIONS.items(), row, strict=True)}
            for row in rows
        ],
    }


def parse(description: object) -> Codes:
    """The code (L,) of what `describe` gives. Raises InvalidArchitectureError."""
    given = require_keys(description, "activation", "stages")
    stages = given["stages"]
    if not isinstance(stages, list) or not 1 <= len(stages) <= MOST_STAGES:
        raise InvalidArchitectureError(f'"stages" are a list of 1 to {MOST_STAGES}')
    code_L = np.zeros(CODE_LENGTH, np.int32)
    code_L[STAGES_AT] = len(stages) - 1
    code_L[ACTIVATION_AT] = _place("activation", given["activation"], ACTIVATIONS)
    for s, stage in enumerate(stages):
        require_keys(stage, *STAGE_DECISIONS)
        places = [
            _place(f"{name} of stage {s + 1}", stage[name], known) for name, known in STAGE_DECISIONS.items()
        ]
        code_L[FIRST_STAGE + s * PER_STAGE :][:PER_STAGE] = places
    return code_L


def _place(name: str, value: object, known: tuple[object, ...]) -> int:
    for place, one in enumerate(known):
        if type(value) is type(one) and value == one:
            return place
    allowed = ", ".join(str(one).lower() if isinstance(one, bool) else str(one) for one in known)
    raise InvalidArchitectureError(f"{name} is one of {allowed}, not {value!r:.40}")
