"""Every block of code in the documents: it runs, or it says why not and is at least right in form.

A page is read from top to bottom, as a reader would type it: its Python blocks share their variables, its commands
their folder. A block that takes long, or needs what is not here, has a comment `<!-- not run: REASON -->` on the line
before it; its Python must compile, its commands must be ones that archwalk understands.
"""

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from archwalk.cli.main import main, make_parser

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted(path for pattern in ("README.md", "docs/**/*.md") for path in ROOT.glob(pattern))
OTHERS = {"bash", "cd", "export", "git", "make", "pip", "python"}
"""Programs whose calls are shown and not run."""

BLOCK = re.compile(
    r"^(?:<!-- not run: (?P<reason>.+?) -->\n)?(?P<indent> *)```(?P<language>\w*)[^\n]*\n(?P<code>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text without indent, where it begins, why it is not run."""

    language: str
    code: str
    line: int
    reason: str | None


def blocks_of(text: str) -> Iterator[Block]:
    """All blocks of a page, in order."""
    for found in BLOCK.finditer(text):
        code = re.sub(f"^{found['indent']}", "", found["code"], flags=re.MULTILINE)
        yield Block(found["language"], code, text.count("\n", 0, found.start("code")), found["reason"])


def commands_of(code: str) -> list[list[str]]:
    """The words of each call, without comments."""
    lines = code.replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def run_python(block: Block, page: Path, variables: dict[str, object]) -> None:
    """Run or compile; a traceback then shows the page and its line."""
    code = compile("\n" * block.line + block.code, str(page), "exec")
    if block.reason is None:
        exec(code, variables)


def run_commands(block: Block, capsys: pytest.CaptureFixture[str]) -> None:
    """Run or parse what calls archwalk."""
    for program, *words in commands_of(block.code):
        assert program in {*OTHERS, "archwalk"}, program
        if program == "archwalk" and block.reason is None:
            assert main(words) == 0, capsys.readouterr().err
        elif program == "archwalk":
            make_parser().parse_args(words)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_blocks_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    variables: dict[str, object] = {"__name__": "page"}
    for block in blocks_of(page.read_text()):
        match block.language:
            case "python":
                run_python(block, page, variables)
            case "sh":
                run_commands(block, capsys)
            case "toml":
                if not block.code.startswith("--8<--"):  # a file of ours
                    tomllib.loads(block.code)
            case "json":
                json.loads(block.code)
            case language:
                assert language == "text", f"{page.name}, line {block.line}: a block without a language"


def test_blocks_are_found() -> None:
    page = (
        "a\n```python\nx = 1\n```\n- b\n  ```sh\n  archwalk search \\\n    tpe  # c\n  ```\n"
        "<!-- not run: long -->\n```python\ny\n```\n"
    )
    first, second, third = blocks_of(page)
    assert first == Block("python", "x = 1\n", 2, None)
    assert commands_of(second.code) == [["archwalk", "search", "tpe"]]
    assert (third.code, third.line, third.reason) == ("y\n", 11, "long")


def test_a_mark_stands_where_it_works() -> None:
    for page in PAGES:
        text = page.read_text()
        assert text.count("<!-- not run:") == sum(block.reason is not None for block in blocks_of(text)), page
