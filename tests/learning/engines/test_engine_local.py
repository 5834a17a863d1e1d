"""The engine in this process; engines by name."""

import os
import sys
from collections.abc import Iterator

import pytest
from engine_cases import EngineCases
from engine_workers import Toy

from archwalk.errors import MissingExtraError, UsageError
from archwalk.learning.engines import ENGINES, Engine, make_engine


class TestLocal(EngineCases):
    @pytest.fixture
    def engine(self) -> Iterator[Engine]:
        with make_engine("local") as engine:
            yield engine

    def test_calls_run_here_and_at_once(self, engine: Engine) -> None:
        worker = engine.spawn(Toy, "toy")
        assert worker.submit("pid").result() == os.getpid()
        assert worker.submit("sleep", 0).done()


def test_unknown_engine() -> None:
    with pytest.raises(UsageError, match="unknown engine 'process'; did you mean 'processes'"):
        make_engine("process")


@pytest.mark.parametrize("name", ["local", "processes"])
def test_only_ray_has_an_address(name: str) -> None:
    with pytest.raises(UsageError, match=f"the engine '{name}' has no address; only 'ray' has"):
        make_engine(name, address="localhost:6379")


def test_ray_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert "ray" in ENGINES
    with pytest.raises(MissingExtraError, match=r"ray is not installed; run: pip install 'archwalk\[ray\]'"):
        make_engine("ray")
