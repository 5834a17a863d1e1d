"""The errors that a user sees: one line that says what is wrong and what would be right."""

from collections.abc import Iterable
from difflib import get_close_matches


class ArchwalkError(Exception):
    """The work failed (exit status 1): data missing or damaged, a disk full, a run that cannot go on."""

    status = 1

    def __init__(self, message: str = "") -> None:
        super().__init__(" ".join(map(str.strip, message.splitlines())))  # what others say may have several


class UsageError(ArchwalkError):
    """The call was wrong (exit status 2): an unknown name, an invalid architecture, a bad value."""

    status = 2


class DataError(ArchwalkError):
    """A file is absent, truncated or not what its name says (exit status 1)."""


class MissingExtraError(ArchwalkError):
    """An optional dependency is not installed (exit status 1)."""

    def __init__(self, package: str, extra: str) -> None:
        self.needs = package, extra
        super().__init__(f"{package} is not installed; run: pip install 'archwalk[{extra}]'")

    def __reduce__(self) -> tuple[type["MissingExtraError"], tuple[str, str]]:
        """Survive the way from another process."""
        return MissingExtraError, self.needs


class InvalidArchitectureError(UsageError):
    """A description does not name an architecture of the space."""


def unknown(kind: str, name: str, known: Iterable[str]) -> UsageError:
    """Error for a name that is not known, with the nearest right one."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(names)}"
    return UsageError(f"unknown {kind} {name!r}; {hint}")
