"""Every agent that walks keeps the contract of an agent; those that build do so in `test_building.py`."""

import pytest

from archwalk.agents.apex.agent import ApexAgent, FirstTokenShape
from archwalk.agents.base import Agent
from archwalk.agents.climber.agent import ClimberAgent, ClimberShape
from archwalk.agents.planner.agent import PlannerAgent, PlannerShape
from archwalk.spaces.base import SearchSpace
from archwalk.testing.agents import WalkingAgentConformance


@pytest.fixture(scope="module", params=["nasbench101", "nas-bench-graph"])
def space(request, space4, proteins) -> SearchSpace:
    return {"nasbench101": space4, "nas-bench-graph": proteins}[request.param]


@pytest.fixture(scope="module")
def other_space(space5) -> SearchSpace:
    return space5


class TestDQNAgent(WalkingAgentConformance):
    rounds = 4

    @pytest.fixture
    @classmethod
    def agent(cls, space: SearchSpace, trained_agent) -> Agent:
        return trained_agent(space)


class TestFreshAgents(WalkingAgentConformance):
    """Those that have other networks."""

    rounds = 4

    @pytest.fixture(params=["apex", "planner", "climber"])
    @classmethod
    def agent(cls, request, space: SearchSpace) -> Agent:
        return {
            "apex": lambda: ApexAgent.fresh(space, FirstTokenShape(6, 8, 3, 2, 2), 0),
            "planner": lambda: PlannerAgent.fresh(space, PlannerShape(6, 8, 2), 0),
            "climber": lambda: ClimberAgent.fresh(space, ClimberShape(6, 8, 5), 0),
        }[request.param]()
