"""Values of architectures that are asked for once each."""

import numpy as np
import pytest
import torch

from archwalk.agents.climber.agent import ClimberAgent, ClimberShape
from archwalk.agents.planner.agent import PlannerAgent, PlannerShape
from archwalk.agents.policy import GreedyPolicy
from archwalk.agents.remembered import RememberedValues


class Spied:
    """Two numbers of each code, and which codes it was asked about."""

    def __init__(self):
        self.asked = []

    def __call__(self, codes_BL):
        self.asked += map(tuple, codes_BL.tolist())
        return np.stack([codes_BL.sum(1), -codes_BL[:, 0]]).astype(float)


def test_each_is_asked_for_once():
    function, rng = Spied(), np.random.default_rng(0)
    values = RememberedValues(function, 40)
    for size in (0, 1, 5, 300, 300):
        codes_BL = rng.integers(0, 40, (size, 1)).astype(np.int32)
        np.testing.assert_array_equal(values(codes_BL), Spied()(codes_BL))
    assert len(function.asked) == len(set(function.asked)) == 40


@pytest.mark.parametrize("kind", ["planner", "climber"])
@pytest.mark.parametrize("space", ["space5", "proteins"])
def test_an_agent_acts_as_its_network_says(kind, space, request):
    space = request.getfixturevalue(space)
    agent = {
        "planner": lambda: PlannerAgent.fresh(space, PlannerShape(9, 8, 2), seed=3),
        "climber": lambda: ClimberAgent.fresh(space, ClimberShape(9, 8, 12), seed=3),
    }[kind]()
    if kind == "climber":
        agent.network.toll.fill_(-0.03)
    rng = np.random.default_rng(0)
    policy, actions = GreedyPolicy(space, agent.network), []
    for _ in range(2):
        streams_B = rng.integers(0, 2**64, 80, dtype=np.uint64)
        current_BL = space.sample(rng, 80)
        neighbours_BNL, count_B = space.sample_neighbours(current_BL, 9, streams_B)
        codes_BKL = np.concatenate([current_BL[:, None], neighbours_BNL], axis=1)
        np.testing.assert_array_equal(agent.act(codes_BKL, count_B), policy.act(codes_BKL, count_B))
        actions += policy.act(codes_BKL, count_B).tolist()
    assert len(set(actions)) > 3
    codes_BL = space.sample(rng, 30)
    network = agent.network.stop if kind == "planner" else agent.network.model
    with torch.no_grad():
        worth_B = network(torch.from_numpy(space.features(codes_BL)).float())
    np.testing.assert_allclose(agent.worth(codes_BL), worth_B, rtol=1e-5, atol=1e-6)
