"""Deep Q-learning over the construction environment: the baseline of Gomez Robles and Vanschoren 2019."""

from archwalk.agents.construction_dqn.settings import ConstructionDQNSettings
from archwalk.agents.construction_dqn.trainer import ConstructionDQNTrainer

CONSTRUCTION_DQN = (ConstructionDQNSettings, ConstructionDQNTrainer)
