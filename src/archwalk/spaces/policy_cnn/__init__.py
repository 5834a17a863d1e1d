"""Convolutional networks of reinforcement-learning agents, made of choice blocks (Mazyavkina et al. 2020)."""

from archwalk.spaces.policy_cnn.declaration import ChoiceBlock, Convolution, Declaration
from archwalk.spaces.policy_cnn.numbered import NumberedPolicyCNN, policy_space
from archwalk.spaces.policy_cnn.space import PolicyCNN

__all__ = ["ChoiceBlock", "Convolution", "Declaration", "NumberedPolicyCNN", "PolicyCNN", "policy_space"]
