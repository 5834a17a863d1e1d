"""What settings of trainers are checked for, each in one line."""

from typing import Any, Literal, get_args, get_origin, get_type_hints

from archwalk.errors import UsageError, unknown


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


def check_words(settings: Any) -> None:
    """Raise UsageError for a setting of type `Literal` that is none of its words."""
    for name, hint in get_type_hints(type(settings)).items():
        if get_origin(hint) is Literal and getattr(settings, name) not in get_args(hint):
            raise unknown(name, getattr(settings, name), get_args(hint))


def check_q_learning(settings: Any) -> None:
    """Raise UsageError for a discount `gamma` of 1 or more, or a `width` that `heads` do not divide."""
    if not 0 <= settings.gamma < 1:
        raise UsageError(f"gamma must be at least 0 and below 1, not {settings.gamma}")
    if settings.width % settings.heads:
        raise UsageError(f"width {settings.width} must be a multiple of heads {settings.heads}")
