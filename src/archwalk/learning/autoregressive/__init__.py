"""Policies over strings of categorical decisions, many side by side, and how rewards teach them."""

from archwalk.learning.autoregressive.lstm import LSTM
from archwalk.learning.autoregressive.maade import MAADE
from archwalk.learning.autoregressive.policies import MADE, NADE, Independent, Policy
from archwalk.learning.autoregressive.strings import Strings

__all__ = ["LSTM", "MAADE", "MADE", "NADE", "Independent", "Policy", "Strings"]
