"""Consoles that print text as it is: in the names that users give, `[/x]` is no markup and `:cat:` no picture."""

from typing import Any

from rich.console import Console


def plain_console(**options: Any) -> Console:
    """A console of rich's, with those options."""
    return Console(markup=False, emoji=False, **options)
