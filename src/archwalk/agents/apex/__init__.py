"""Cassimon et al.'s agent: Ape-X over the incremental environment, with a transformer that reads its first token."""

from archwalk.agents.apex.settings import ApexSettings
from archwalk.agents.apex.trainer import ApexTrainer

APEX = (ApexSettings, ApexTrainer)
