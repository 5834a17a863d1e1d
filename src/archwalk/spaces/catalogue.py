"""Search spaces by name."""

from collections.abc import Callable

from archwalk.registry import Registry
from archwalk.spaces.base import SearchSpace

SPACES: Registry[Callable[[], SearchSpace]] = Registry(
    "space",
    "archwalk.spaces",
    {
        "chain": "archwalk.spaces.nsc.chain:Chain",
        "convnet": "archwalk.spaces.convnet.space:ConvNet",
        "darts": "archwalk.spaces.darts.space:DARTS",
        "nasbench101": "archwalk.spaces.nasbench101.space:NASBench101",
        "nasbench201": "archwalk.spaces.nasbench201.space:NASBench201",
        "nasbench_graph": "archwalk.spaces.nasbench_graph.space:NASBenchGraph",
        "nsc": "archwalk.spaces.nsc.space:NSC",
        "nsc-chain": "archwalk.spaces.nsc.space:nsc_chain",
        "policy-cnn-1": "archwalk.spaces.policy_cnn.papers:atari_1",
        "policy-cnn-2": "archwalk.spaces.policy_cnn.papers:atari_2",
        "policy-cnn-large": "archwalk.spaces.policy_cnn.papers:atari_large",
        "policy-cnn-minatar-1": "archwalk.spaces.policy_cnn.papers:minatar_1",
        "policy-cnn-minatar-2": "archwalk.spaces.policy_cnn.papers:minatar_2",
    },
)


def load_space(name: str) -> SearchSpace:
    """The space of a name. Raises UsageError for one that there is not, with the nearest right one."""
    return SPACES.load(name)()
