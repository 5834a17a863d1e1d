"""One agent for many tasks: it learns over source tasks, and then searches others of the same space."""

from archwalk.agents.transfer.settings import TransferSettings
from archwalk.agents.transfer.trainer import TransferTrainer

TRANSFER = (TransferSettings, TransferTrainer)
"""The transferring agent: a Gaussian process on what architectures were worth elsewhere, with a learned kernel."""
