"""A page of the documentation with blocks that benchmarks write: `<!-- NAME -->` begins one, `<!-- end -->` ends it."""

from pathlib import Path

_END = "<!-- end -->"


def block(page: Path, name: str) -> list[str]:
    """The lines of a block."""
    return _around(page, name)[1].strip().splitlines()


def put(page: Path, name: str, lines: list[str]) -> None:
    """Write a block anew."""
    before, _, after = _around(page, name)
    page.write_text("\n".join([before, *lines, after]))


def _around(page: Path, name: str) -> tuple[str, str, str]:
    text = page.read_text()
    start = text.index(f"<!-- {name} -->") + len(f"<!-- {name} -->")
    end = text.index(_END, start)
    return text[:start], text[start:end], text[end:]
