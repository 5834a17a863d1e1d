"""Jacobian covariance: how differently a network's outputs hang on different inputs.

Source: Mellor, Turner, Storkey and Crowley, Neural Architecture Search without Training, first version, 2020
(arXiv 2006.04647v1), which NASWOT has replaced.
"""

import numpy as np
import torch
from torch import nn

from archwalk.estimators.zero_cost.base import Batch, Proxy, fresh_copy, gradients_of, scores_of

_SMALL = 1e-5


def jacobian_covariance(network: nn.Module, batch: Batch) -> float:
    """Minus the sum of log v + 1 / v over the eigenvalues v of the correlations between the gradients of the summed
    outputs by each input; -inf where an input has none.
    """
    inputs = batch.inputs.clone().requires_grad_()
    with torch.enable_grad():
        outputs = scores_of(fresh_copy(network), inputs)
        (gradient,) = gradients_of(outputs.sum(), [inputs])
    if gradient is None:
        return -np.inf
    rows_BD = gradient.flatten(1).double().numpy()
    if not np.isfinite(rows_BD).all() or (rows_BD.std(axis=1) == 0).any():
        return -np.inf
    values_B = np.maximum(np.linalg.eigvalsh(np.corrcoef(rows_BD)), 0) + _SMALL
    return float(-np.sum(np.log(values_B) + 1 / values_B))


JACOBIAN_COVARIANCE = Proxy(
    jacobian_covariance, "Mellor et al., Neural Architecture Search without Training, 2020 (first version)"
)
