"""What is not imported by those who do not use it: start-up time, without a clock."""

import subprocess
import sys

import pytest

import archwalk
from archwalk.late import when_imported
from archwalk.registration import ENVIRONMENTS

HEAVY = ("gymnasium", "matplotlib", "numba", "numpy", "safetensors", "scipy", "sqlalchemy", "torch")


def python(code: str, *options: str) -> str:
    """What a fresh interpreter prints, warnings being errors."""
    call = [sys.executable, "-W", "error", *options, "-c", code]
    return subprocess.run(call, capture_output=True, text=True, check=True).stdout


def imported_by(code: str) -> set[str]:
    """Which of `HEAVY` a fresh interpreter has after it ran the code."""
    report = f"import sys; print(*sorted({{*sys.modules}} & {set(HEAVY)!r}))"
    return set(python(f"{code}\n{report}").splitlines()[-1].split())


def command(*words: str) -> str:
    """Code that runs a command of archwalk."""
    return (
        "import contextlib\n"
        "from archwalk.cli.main import main\n"
        f"with contextlib.suppress(SystemExit):\n    main({list(words)!r})"
    )


@pytest.mark.parametrize(
    ("code", "needed"),
    [
        ("import archwalk", set()),
        (command("--help"), set()),
        (command("search", "--help"), set()),
        (command("data", "path"), set()),
        (command("data", "list"), {"numpy", "safetensors"}),
        (command("doctor"), {"numpy", "safetensors", "sqlalchemy"}),
    ],
    ids=lambda value: value.splitlines()[-1] if isinstance(value, str) else None,
)
def test_nothing_is_imported_that_is_not_used(code: str, needed: set[str]) -> None:
    assert imported_by(code) <= needed


def test_random_search_on_a_table_needs_neither_torch_nor_statistics() -> None:
    search = command("search", "random-search", "--benchmark", "nas-bench-graph:proteins", "--budget", "2")
    modules = set(python(f"{search}\nimport sys; print(*sys.modules)").splitlines()[-1].split())
    assert {"numba", "archwalk.experiments.comparison"} <= modules
    assert not {"torch", "gymnasium", "sqlalchemy", "matplotlib", "scipy.stats"} & modules


@pytest.mark.parametrize("first", ["gymnasium", "archwalk", "importlib, archwalk, gymnasium"])
def test_environments_have_names_whichever_is_imported_first(first: str) -> None:
    code = f"import {first}\nimport archwalk, gymnasium\nprint(*gymnasium.registry)"
    assert set(ENVIRONMENTS) <= set(python(code).split())


def test_gymnasium_imports_archwalk_by_the_name_of_an_environment() -> None:
    name = "archwalk:archwalk/Incremental-v0"
    code = f"import gymnasium\nprint(gymnasium.make({name!r}, benchmark='nas-bench-graph:proteins').spec.id)"
    assert python(code) == "archwalk/Incremental-v0\n"


def test_importing_twice_registers_once() -> None:
    code = "import archwalk, gymnasium, importlib\nbefore = gymnasium.spec('archwalk/Incremental-v0')\n"
    code += "importlib.reload(archwalk)\nprint(gymnasium.spec('archwalk/Incremental-v0') is before)"
    assert python(code) == "True\n"


def test_a_look_for_a_library_is_no_import() -> None:
    """Others ask `find_spec` whether a library is there; the call waits for the import."""
    code = (
        "import sys\nfrom importlib.util import find_spec\nfrom archwalk.late import when_imported\n"
        "when_imported('wave', lambda module: print('imported', module.__name__))\n"
        "print(find_spec('wave').name, 'wave' in sys.modules)\n"
        "import wave\nprint(len([one for one in sys.meta_path if 'archwalk' in str(one)]))"
    )
    assert python(code).splitlines() == ["wave False", "imported wave", "1"]


def test_what_is_imported_already_is_called_at_once() -> None:
    seen = []
    when_imported("archwalk", seen.append)
    assert seen == [archwalk]


@pytest.mark.parametrize(("set_by_user", "found"), [(None, "1"), ("3", "3")])
def test_the_command_has_one_thread_of_blas_unless_told_otherwise(set_by_user, found):
    """Set before NumPy is imported, which reads it."""
    setting = f"os.environ['OPENBLAS_NUM_THREADS'] = {set_by_user!r}" if set_by_user else ""
    said = python(
        "import contextlib, os, sys\n"
        "os.environ.pop('OPENBLAS_NUM_THREADS', None)\n"
        f"{setting}\n"
        "from archwalk.cli.main import run\n"
        "sys.argv = ['archwalk', '--version']\n"
        "with contextlib.suppress(SystemExit):\n    run()\n"
        "print('numpy' in sys.modules, os.environ['OPENBLAS_NUM_THREADS'])"
    )
    assert said.splitlines()[-1] == f"False {found}"
