"""What holds for the repository as a whole: one version, no paths of a machine, documents that fit the program."""

import argparse
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import archwalk
from archwalk.agents.catalogue import TRAINERS
from archwalk.cli.main import make_parser
from archwalk.estimators.benchmarks import BENCHMARKS
from archwalk.experiments.presets import load_preset, preset_names
from archwalk.spaces.catalogue import SPACES
from archwalk.strategies.catalogue import STRATEGIES

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted(
    path for pattern in ("*.md", "docs/*.md", "benchmarks/*.md") for path in ROOT.glob(pattern)
)

MACHINE_PATHS = re.compile(
    r"(?<![\w.}~)-])/(?:" + "|".join(("work", "tmp", "root", "opt", "mnt", "Users")) + r")/\w"
)


@pytest.fixture(scope="module")
def files() -> list[Path]:
    """All files under version control."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is no git checkout")
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


@pytest.fixture(scope="module")
def commands() -> dict[str, argparse.ArgumentParser]:
    """The parser of each command."""
    actions = make_parser()._subparsers._group_actions
    return next(action.choices for action in actions if action.dest == "command")


def test_no_file_names_a_path_of_a_machine(files: list[Path]) -> None:
    assert len(files) > 100
    found = []
    for path in files:
        text = path.read_bytes().decode(errors="replace")
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in MACHINE_PATHS.finditer(text)]
    assert not found


def test_no_large_files(files: list[Path]) -> None:
    """Data and results stay outside; the agents that come with the package are small together."""
    shipped = [path for path in files if path.parent.name == "shipped"]
    assert not [path.name for path in files if path.stat().st_size > 200_000 and path not in shipped]
    assert sum(path.stat().st_size for path in shipped) < 3_000_000


def test_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    changes = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert citation
    assert changes
    assert archwalk.__version__ == project["version"] == citation[1] == changes[1]


def test_dependencies_are_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pins = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins), "exact versions, without local labels"
    pinned = {pin.split("==")[0].lower().replace("_", "-") for pin in pins}
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(requirement for extra in extras.values() for requirement in extra)]
    assert {re.match(r"[\w-]+", requirement)[0] for requirement in wanted} <= pinned
    installed = re.search(r"^EXTRAS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(installed[1].split(",")) == set(extras)


def test_ci_has_a_budget_for_every_stage() -> None:
    announced = re.findall(r"echo '== (\w+)'", (ROOT / "Makefile").read_text())
    script = (ROOT / ".ci/run").read_text()
    announced += re.findall(r'echo "== (\w+)"', script)
    budgets = dict(re.findall(r"\[(\w+)\]=(\d+)", script))
    assert set(announced) == set(budgets)
    assert sum(map(int, budgets.values())) <= int(re.search(r"total_budget=(\d+)", script)[1]) == 25 * 60


def test_readme_lists_the_commands(commands: dict[str, argparse.ArgumentParser]) -> None:
    table = re.findall(r"^\| `archwalk (\w+)", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert set(table) == set(commands)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_documents_call_what_there_is(document: Path, commands: dict[str, argparse.ArgumentParser]) -> None:
    """In code, every `archwalk COMMAND --flag` exists, and so does what it names."""
    text = document.read_text()
    blocks = re.findall(r"^```([a-z]*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    code = [block for language, block in blocks if language != "python"]
    code += re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))
    calls = [
        call for block in code for call in re.findall(r"\barchwalk ([a-z].*)", block.replace("\\\n", " "))
    ]
    for call in calls:
        name, *rest = call.split()
        assert name in commands, call
        parser = commands[name]
        if parser._subparsers and rest:
            parser = parser._subparsers._group_actions[0].choices.get(rest[0], parser)
        for flag in re.findall(r"(?<=\s)--[a-z][a-z-]*", call):
            assert flag in parser._option_string_actions, call
        for benchmark in re.findall(r"--benchmark ([\w.-]+)", call):
            assert benchmark in {*BENCHMARKS.names(), "mlp-spirals", "B", "mine"}, call


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text()):
        assert target.startswith("https://") or (document.parent / target).exists(), target


@pytest.mark.parametrize("registry", [SPACES, BENCHMARKS, STRATEGIES], ids=lambda registry: registry.kind)
def test_registered_names_can_be_loaded(registry) -> None:
    for name in registry.builtin:
        assert callable(registry.load(name))


def test_presets_name_strategies() -> None:
    for name in preset_names():
        assert load_preset(name).strategy in {*STRATEGIES.names(), *TRAINERS.names()}


def test_the_reference_documents_the_front_door() -> None:
    page = (ROOT / "docs/reference/python.md").read_text()
    assert [name for name in archwalk.__all__ if f"::: archwalk.{name}\n" not in page] == ["errors"]
