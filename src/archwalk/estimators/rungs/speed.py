"""How long trainings take on this machine, from what networks cost."""

import time
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.data.images.base import TRAINING
from archwalk.estimators.rungs.fitting import fit
from archwalk.estimators.rungs.pixels import Batches
from archwalk.estimators.rungs.training import RungTraining
from archwalk.estimators.trainings.isolation import alone
from archwalk.estimators.trainings.pool import Arrays
from archwalk.spaces.base import Codes
from archwalk.spaces.convnet.costs import Costs

_STEPS, _BATCH = 3, 64
"""Steps of each network that is timed, of which the first is not counted; images in each at most."""


@dataclass(frozen=True)
class Speed:
    """Seconds of one core for one image of a training: what costs are multiplied by, and a constant."""

    by_mac: float
    by_activation: float
    by_depthwise: float
    constant: float

    def seconds_B(self, costs: Costs) -> NDArray[np.float64]:
        """For one image, of each of B networks."""
        seconds_B: NDArray[np.float64] = (
            self.by_mac * costs.macs_B
            + self.by_activation * costs.activations_B
            + self.by_depthwise * costs.depthwise_B
            + self.constant
        )
        return seconds_B

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def measure_speed(training: RungTraining, codes_BL: Codes, arrays: Arrays) -> Speed:
    """Time a few steps of a few networks; the speeds are not negative and fit best in proportion."""
    from scipy.optimize import nnls  # takes 0.3 s to import

    seconds_B = np.array([_seconds_an_image(training, code_L, arrays) for code_L in codes_BL])
    costs = training.space.costs(codes_BL)
    terms_BT = np.stack(
        [costs.macs_B, costs.activations_B, costs.depthwise_B, np.ones(len(codes_BL))], axis=1
    )
    unit_T = np.maximum(terms_BT.max(axis=0), 1)
    found, _ = nnls(terms_BT / unit_T / seconds_B[:, None], np.ones(len(codes_BL)))
    return Speed(*(float(f"{value:.3g}") for value in found / unit_T))


def _seconds_an_image(training: RungTraining, code_L: Codes, arrays: Arrays) -> float:
    clock = time.process_time if training.device == "cpu" else time.perf_counter
    places = np.flatnonzero(arrays["part"] == TRAINING)
    settings = replace(training.settings, batch=min(training.settings.batch, _BATCH))
    times = []

    def progress(step: int) -> float:
        times.append(clock())
        return step / _STEPS

    with alone(training.device, 0):
        network = training.fresh(code_L)
        batches = Batches(arrays, places, settings, [0], training.device)
        fit(network, iter(batches), settings, progress)
    return max(float(np.median(np.diff(times)[1:])), 1e-6) / batches.batch
