"""The words behind a benchmark's name that say which of what it trains: `images:FOLDER:small:chain`."""

from collections.abc import Callable, Mapping

from archwalk.errors import UsageError


def take_words(
    head: str, words: list[str], kinds: Mapping[str, Callable[[str], bool]]
) -> tuple[str, dict[str, str]]:
    """What stands first, which may have colons in it, and the words behind that by their kinds.

    `kinds` say which words are of a kind. Raises UsageError for two of one kind.
    """
    rest, chosen = list(words), dict[str, str]()
    while len(rest) > 1 and (kind := next((k for k, is_one in kinds.items() if is_one(rest[-1])), None)):
        if kind in chosen:
            raise UsageError(f"{head}: takes one {kind}, not {rest[-1]} and {chosen[kind]}")
        chosen[kind] = rest.pop()
    return ":".join(rest), chosen
