"""Neural Structure Codes: chains and graphs of convolutions, pools, additions and concatenations (P3)."""

from archwalk.spaces.nsc.chain import Chain
from archwalk.spaces.nsc.size import NetworkSettings, NetworkSize, Sizes, measure_all
from archwalk.spaces.nsc.space import NSC
from archwalk.spaces.nsc.table import CodeTable

__all__ = ["NSC", "Chain", "CodeTable", "NetworkSettings", "NetworkSize", "Sizes", "measure_all"]
