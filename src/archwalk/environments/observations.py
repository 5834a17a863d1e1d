"""What both vector environments show."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Observation = dict[str, NDArray[Any]]


def final_observations(observation: Observation, done_B: NDArray[np.bool_]) -> NDArray[np.object_]:
    """The rows (B,) of what has just ended, one dict each, None elsewhere: as `SyncVectorEnv` gives them."""
    final = np.full(len(done_B), None, dtype=object)
    for row in np.flatnonzero(done_B):
        final[row] = {key: value[row] for key, value in observation.items()}
    return final
