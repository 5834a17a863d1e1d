"""The spaces of Mazyavkina et al. 2020 on Atari, and both scaled down to MinAtar's 10 x 10.

Atari: Mazyavkina et al.'s appendix A (tables 2 and 3). Its section 5.2 names the strides of search space 1 in the
other order; the tables decide here. Ours, since Mazyavkina et al. 2020 is silent: convolutions without padding,
channels of the larger space. MinAtar's networks are ours.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from archwalk.errors import UsageError
from archwalk.spaces.policy_cnn.declaration import ChoiceBlock, Convolution, Declaration
from archwalk.spaces.policy_cnn.numbered import NumberedPolicyCNN, numbered, policy_space
from archwalk.spaces.policy_cnn.space import PolicyCNN

_ATARI = Convolution(32, 8, 4)
_MINATAR = Convolution(16, 3)

ATARI_1 = Declaration(
    "policy-cnn-1",
    (4, 84, 84),
    _ATARI,
    (ChoiceBlock((1, 2, 3, 4, 5), (64,), 2), ChoiceBlock((1, 2, 3, 4, 5), (64,))),
    plane=11,
    hidden=512,
)
"""Mazyavkina et al.'s search space 1: 25 architectures."""

ATARI_2 = Declaration(
    "policy-cnn-2", (4, 84, 84), _ATARI, (ChoiceBlock((2, 5), (64,)),) * 5, plane=11, hidden=512
)
"""Mazyavkina et al.'s search space 2: 32 architectures."""

ATARI_LARGE = Declaration(
    "policy-cnn-large",
    (4, 84, 84),
    _ATARI,
    (ChoiceBlock((1, 2, 3, 4, 5), (16, 24, 32, 48)),) * 9,
    plane=11,
    hidden=512,
)
"""Mazyavkina et al.'s larger space (section 5.5): nine convolutions, 20^9 = 5.1e11 architectures."""

MINATAR_1 = Declaration(
    "policy-cnn-minatar-1",
    (4, 10, 10),
    _MINATAR,
    (ChoiceBlock((1, 2, 3, 4, 5), (16,)),) * 2,
    plane=8,
    hidden=128,
)
"""Search space 1 for MinAtar: 25 architectures."""

MINATAR_2 = Declaration(
    "policy-cnn-minatar-2", (4, 10, 10), _MINATAR, (ChoiceBlock((2, 5), (16,)),) * 5, plane=8, hidden=128
)
"""Search space 2 for MinAtar: 32 architectures."""

NATURE_CNN = {"convolutions": [{"kernel_size": 4, "channels": 64}, {"kernel_size": 3, "channels": 64}]}
"""The network of Mnih et al. (2015) as a member of search space 1 (Mazyavkina et al. 2020, table 3, with its padding
to 121 * 64).
"""


def policy_cnn(declaration: Mapping[str, Any]) -> NumberedPolicyCNN | PolicyCNN:
    """The space of a declaration as JSON has it. Raises UsageError."""
    try:
        return policy_space(msgspec.convert(declaration, Declaration))
    except msgspec.ValidationError as error:
        raise UsageError(f"this declares no policy networks: {error}") from error


def atari_1() -> NumberedPolicyCNN:
    """Mazyavkina et al.'s search space 1."""
    return numbered(ATARI_1)


def atari_2() -> NumberedPolicyCNN:
    """Mazyavkina et al.'s search space 2."""
    return numbered(ATARI_2)


def atari_large() -> PolicyCNN:
    """Mazyavkina et al.'s larger space."""
    return PolicyCNN(ATARI_LARGE)


def minatar_1() -> NumberedPolicyCNN:
    """Search space 1 for MinAtar."""
    return numbered(MINATAR_1)


def minatar_2() -> NumberedPolicyCNN:
    """Search space 2 for MinAtar."""
    return numbered(MINATAR_2)
