"""What is made when the documentation is built: the commands' help, code of the examples, and a look at every page."""

import argparse
import inspect
import os
import re
import textwrap
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
PRESETS = ROOT / "src/archwalk/experiments/presets"
INCLUDE = re.compile(r'^--8<-- "(.+)"$', re.MULTILINE)
SETTINGS = re.compile(r"^<!-- settings: (\S+) -->$", re.MULTILINE)
FROM_ELSEWHERE = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["']?(?:https?:)?//|"""
    r"""<link\b[^>]*\brel=["']?(?:stylesheet|preconnect|preload|icon)["']?[^>]*\bhref=["']?(?:https?:)?//|"""
    r"""@import\s+(?:url\()?["']?https?://"""
)
"""What a browser would fetch from another machine."""


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put the help of all commands where a page asks for it, and files where it names them."""
    if "<!-- commands -->" in markdown:
        markdown = markdown.replace("<!-- commands -->", commands())
    markdown = SETTINGS.sub(lambda found: settings(found[1]), markdown)
    return INCLUDE.sub(lambda found: (ROOT / found[1]).read_text("utf-8").strip(), markdown)


def on_post_build(config: MkDocsConfig) -> None:
    """Refuse a site that is not whole by itself."""
    for page in Path(config.site_dir).rglob("*.html"):
        if found := FROM_ELSEWHERE.search(page.read_text("utf-8")):
            raise PluginError(f"{page.name} asks another machine for something: {found[0]}")


def commands() -> str:
    """The help of every command, in their order."""
    from archwalk.cli.main import make_parser

    os.environ["COLUMNS"] = "100"
    return "\n\n".join(
        f"## {name}\n\n```text\n{parser.format_help().rstrip()}\n```"
        for name, parser in parsers(make_parser())
    )


def settings(name: str) -> str:
    """What the settings of a strategy or an agent mean, their defaults, and its presets as they are."""
    from archwalk.agents.catalogue import TRAINERS
    from archwalk.api.listing import settings_of
    from archwalk.experiments.presets import load_preset, preset_names
    from archwalk.strategies.catalogue import STRATEGIES

    if name in TRAINERS.names():
        settings_class, _ = TRAINERS.load(name)
    else:
        settings_class = STRATEGIES.load(name).settings_class  # type: ignore[attr-defined]

    rows = [f"| `{key}` | `{value!r}` |" for key, value in settings_of(name).items()]
    about = inspect.getdoc(settings_class) or ""
    parts = [about, "\n".join(["| setting | default |", "|---|---|", *rows])]
    for preset in preset_names():
        if load_preset(preset).strategy == name:
            text = (PRESETS / f"{preset}.toml").read_text("utf-8").rstrip()
            block = textwrap.indent(f"```toml\n{text}\n```", "    ")
            parts.append(f'??? abstract "Preset {preset}"\n\n{block}')
    return "\n\n".join(parts)


def parsers(
    parser: argparse.ArgumentParser, name: str = "archwalk"
) -> list[tuple[str, argparse.ArgumentParser]]:
    """The parsers of all commands and their actions, by name."""
    found = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, child in action.choices.items():
                found += [(f"{name} {word}", child), *parsers(child, f"{name} {word}")]
    return found
