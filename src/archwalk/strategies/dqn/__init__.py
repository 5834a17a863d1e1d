"""Double DQN over the incremental environment: the first learned agent."""

from archwalk.strategies.dqn.settings import DQNSettings
from archwalk.strategies.dqn.trainer import DQNTrainer

DQN = (DQNSettings, DQNTrainer)
