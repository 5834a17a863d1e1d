"""Neural Structure Codes: chains and graphs of convolutions, pools, additions and concatenations.

Source: Gomez Robles and Vanschoren 2019.
"""

from archwalk.spaces.nsc.chain import Chain
from archwalk.spaces.nsc.measuring import Measurement, Measurements, measure_all
from archwalk.spaces.nsc.size import NSCSize
from archwalk.spaces.nsc.space import NSC
from archwalk.spaces.nsc.table import CodeTable

__all__ = ["NSC", "Chain", "CodeTable", "Measurement", "Measurements", "NSCSize", "measure_all"]
