"""Strategies of one's own on the command line: MODULE:NAME and FILE.py:NAME."""

import json

POLICY = """
import archwalk, numpy as np
from archwalk.agents.external import ExternalAgent

def stop(observation):
    return np.zeros(len(observation["mask"]), int)

agent = ExternalAgent(archwalk.load_benchmark("nas-bench-graph:cora").space, stop)
nothing = 3
"""


def test_a_policy_of_another_library_is_compared(call, tmp_path):
    (tmp_path / "my_policy.py").write_text(POLICY)
    asked = ["compare", "--benchmark", "nas-bench-graph:cora", "--budget", 5, "--trials", 2, "--json"]
    result = call(*asked, "--strategies", "my_policy.py:agent,random-search").json
    assert set(result["strategies"]) == {"agent", "random-search"}
    assert json.dumps(result["query"]["agent"]).count("episode")
    for name, message in (("nothing", "makes no strategy"), ("gent", "did you mean 'agent'")):
        refused = call(*asked, "--strategies", f"my_policy.py:{name}")
        assert refused.status == 2
        assert message in refused.err
        assert refused.err.count("\n") == 1
    refused = call(*asked, "--strategies", "my_policy.py:agent", "--set", "my_policy.py:agent.width=3")
    assert (refused.status, "no settings" in refused.err) == (2, True)
