import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from archwalk.cli.main import main

TRAINING = [
    "train", "dqn", "--benchmark", "nas-bench-graph:proteins", "--steps", "480", "--set", "environments=8",
    "--set", "learning_starts=50", "--set", "batch=16", "--set", "width=8", "--set", "calibration=16",
    "--set", "neighbours=8", "--set", "episode_limit=5",
]  # fmt: skip


@dataclass(frozen=True)
class Result:
    """What a command gave."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as one JSON object and nothing else."""
        assert self.status == 0, self.err
        assert self.out.count("\n") == 1
        value = json.loads(self.out, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
        assert isinstance(value, dict)
        return value


@pytest.fixture
def call(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Result]:
    """Run a command in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Result:
        capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        lines = said.err.splitlines(keepends=True)
        return Result(status, said.out, "".join(x for x in lines if "compiling kernels" not in x))

    return run


@pytest.fixture(scope="session")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of a briefly trained agent."""
    out = tmp_path_factory.mktemp("runs") / "agent"
    assert main([*TRAINING, "--out", str(out)]) == 0
    return out


@pytest.fixture
def chain(tmp_path: Path) -> Path:
    """A NAS-Bench-101 cell: input, 3x3 convolution, output."""
    file = tmp_path / "chain.json"
    matrix = [[0, 1, 0], [0, 0, 1], [0, 0, 0]]
    file.write_text(json.dumps({"matrix": matrix, "ops": ["input", "conv3x3-bn-relu", "output"]}))
    return file


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """A NAS-Bench-Graph architecture, of operations that proteins has too."""
    file = tmp_path / "network.json"
    file.write_text(json.dumps({"link": [0, 1, 1, 2], "ops": ["gcn", "sage", "fc", "skip"]}))
    return file
