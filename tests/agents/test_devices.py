"""Networks on another device than the CPU. There is none on most machines; "meta" is one without values."""

import numpy as np
import pytest
import torch

from archwalk.learning.ensemble import LogEnsemble, Perceptrons, perceptron
from archwalk.learning.sets import AfterStateNetwork, PointerQNetwork, Rows
from archwalk.learning.transformer import FirstTokenQNetwork


@pytest.mark.parametrize(
    "network",
    [
        FirstTokenQNetwork(5, 16, positions=7, layers=2, heads=2),
        PointerQNetwork(5, 16, layers=1, heads=2),
        AfterStateNetwork(LogEnsemble(Perceptrons(1, 5, 16, hidden=2)), perceptron(5, 16, 3)),
    ],
    ids=lambda network: type(network).__name__,
)
def test_all_that_a_network_computes_is_where_it_is(network):
    """An operation on tensors of two devices fails."""
    rows = Rows(np.array([3, 1, 7])).to(torch.device("meta"))
    q_T = network.to("meta")(torch.zeros(11, 5, device="meta"), rows)
    assert q_T.device.type == "meta"
    assert q_T.shape == (11,)


def test_rows_that_are_there_stay():
    rows = Rows(np.array([3, 1]))
    assert rows.to(torch.device("cpu")) is rows
