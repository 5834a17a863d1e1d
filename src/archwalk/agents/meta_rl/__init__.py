"""Deep meta-reinforcement learning: Gomez Robles and Vanschoren's agent, which builds networks and learns within a
trial.
"""

from archwalk.agents.meta_rl.settings import MetaRLSettings
from archwalk.agents.meta_rl.trainer import MetaRLTrainer

META_RL = (MetaRLSettings, MetaRLTrainer)
