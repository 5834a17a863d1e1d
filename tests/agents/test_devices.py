"""Networks on another device than the CPU. There is none on most machines; "meta" is one without values."""

import numpy as np
import pytest
import torch

from archwalk.agents.trainable import NetworkSettings, make_network
from archwalk.learning.sets import Rows


@pytest.mark.parametrize(
    "settings",
    [
        NetworkSettings(6, 16, layers=2, heads=2, kind="first-token"),
        NetworkSettings(6, 16, layers=1, heads=2, duelling=True),
        NetworkSettings(6, 16, kind="after-state"),
    ],
    ids=lambda settings: settings.kind,
)
def test_all_that_a_network_computes_is_where_it_is(settings):
    """An operation on tensors of two devices fails."""
    rows = Rows(np.array([3, 1, 7])).to(torch.device("meta"))
    network = make_network(settings, features=5, seed=0).to("meta")
    q_T = network(torch.zeros(11, 5, device="meta"), rows)
    assert q_T.device.type == "meta"
    assert q_T.shape == (11,)


def test_rows_that_are_there_stay():
    rows = Rows(np.array([3, 1]))
    assert rows.to(torch.device("cpu")) is rows
