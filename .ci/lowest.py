"""Print what pyproject.toml asks for at its lowest, NAME==VERSION, and PyTorch as constraints.txt has it.

    pip install $(python .ci/lowest.py graph images)    # archwalk's dependencies, and those of two extras

PyTorch's own lowest version comes with 3 GB of CUDA on Linux, which is too much for every run of CI; it is tried by
hand (CONTRIBUTING.md).
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def lowest(requirement: str) -> str:
    """NAME[EXTRA]>=VERSION as NAME[EXTRA]==VERSION."""
    name, bound = re.fullmatch(r"([\w.-]+(?:\[\w+\])?)>=([\w.]+)", requirement).groups()
    if name == "torch":
        bound = re.search(r"^torch==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)[1]
    return f"{name}=={bound}"


project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
extras = project["optional-dependencies"]
print(*map(lowest, [*project["dependencies"], *(line for extra in sys.argv[1:] for line in extras[extra])]))
