"""What settings of trainers are checked for, each in one line."""

from typing import Any

from archwalk.errors import UsageError


def check_at_least_one(settings: Any, *names: str) -> None:
    """Raise UsageError for a setting below 1."""
    for name in names:
        if getattr(settings, name) < 1:
            raise UsageError(f"{name} must be at least 1, not {getattr(settings, name)}")


def check_above_zero(settings: Any, *names: str) -> None:
    """Raise UsageError for a setting that is not above 0."""
    for name in names:
        if not getattr(settings, name) > 0:
            raise UsageError(f"{name} must be above 0, not {getattr(settings, name)}")


def check_shares(settings: Any, *names: str) -> None:
    """Raise UsageError for a setting that is not between 0 and 1."""
    for name in names:
        if not 0 <= getattr(settings, name) <= 1:
            raise UsageError(f"{name} must be between 0 and 1, not {getattr(settings, name)}")


def check_q_learning(settings: Any) -> None:
    """Raise UsageError for a discount `gamma` of 1 or more, or a `width` that `heads` do not divide."""
    if not 0 <= settings.gamma < 1:
        raise UsageError(f"gamma must be at least 0 and below 1, not {settings.gamma}")
    if settings.width % settings.heads:
        raise UsageError(f"width {settings.width} must be a multiple of heads {settings.heads}")
