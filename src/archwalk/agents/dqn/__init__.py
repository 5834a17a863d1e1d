"""Double DQN over the incremental environment: the first learned agent."""

from archwalk.agents.dqn.settings import DQNSettings
from archwalk.agents.dqn.trainer import DQNTrainer

DQN = (DQNSettings, DQNTrainer)
