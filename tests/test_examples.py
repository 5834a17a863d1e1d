"""The examples run, and the documents show them as they are."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import gymnasium
import numpy as np
import pytest
import torch

import archwalk
from archwalk.agents.catalogue import AGENTS, TRAINERS
from archwalk.cli.main import main
from archwalk.data.images import ImageSettings, load_images
from archwalk.environments.rewards import REWARDS
from archwalk.estimators.base import Estimator
from archwalk.estimators.benchmarks import BENCHMARKS, load_benchmark
from archwalk.estimators.images import SMALL as TRAINING
from archwalk.estimators.images.benchmark import load_images_benchmark, training_benchmark
from archwalk.estimators.ledger import QueryLedger
from archwalk.estimators.metrics import accuracies
from archwalk.estimators.policies.benchmark import policy_benchmark
from archwalk.estimators.policies.games import find_game
from archwalk.estimators.policies.settings import PolicySettings
from archwalk.estimators.table import TableEstimator
from archwalk.estimators.zero_cost import PROXIES, Proxy
from archwalk.experiments.presets import PLUGINS as PRESETS
from archwalk.learning.ppo import PPOSettings
from archwalk.spaces.base import SearchSpace
from archwalk.spaces.catalogue import SPACES
from archwalk.strategies.base import Trials
from archwalk.strategies.catalogue import STRATEGIES, StrategyFactory
from archwalk.strategies.zero_cost import ZeroCostSettings, scorer
from archwalk.testing.estimators import DeterministicEstimatorConformance
from archwalk.testing.proxies import ProxyConformance
from archwalk.testing.spaces import EnumerableSpaceConformance
from archwalk.testing.strategies import StrategyConformance

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
PLUGINS = EXAMPLES / "plugins"

sys.path.insert(0, str(PLUGINS))

from archwalk_mlp import benchmark as mlp_benchmark  # noqa: E402
from archwalk_mlp.proxy import CURVATURE  # noqa: E402
from archwalk_mlp.space import MLP  # noqa: E402
from archwalk_mlp.strategy import HillClimbing  # noqa: E402


class TestSpace(EnumerableSpaceConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> SearchSpace:
        return MLP()


@pytest.fixture
def quick_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlp_benchmark, "STEPS", 4)


@pytest.mark.usefixtures("quick_training")
class TestEstimator(DeterministicEstimatorConformance):
    @pytest.fixture
    @classmethod
    def space(cls) -> SearchSpace:
        return MLP()

    @pytest.fixture
    @classmethod
    def make_estimator(cls) -> Callable[[], Estimator]:
        return lambda: mlp_benchmark.Spirals(MLP(), seed=0)


class TestProxy(ProxyConformance):
    @pytest.fixture
    @classmethod
    def proxy(cls) -> Proxy:
        return CURVATURE


class TestStrategy(StrategyConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> SearchSpace:
        return MLP()

    @pytest.fixture
    @classmethod
    def factory(cls) -> StrategyFactory:
        return HillClimbing


def test_hill_climbing_keeps_the_best() -> None:
    space, trials = MLP(), 5
    reward_N = np.random.default_rng(0).permutation(space.size).astype(float)
    ledger = QueryLedger(TableEstimator(accuracies("made-up"), reward_N, reward_N), 60, trials)
    search = HillClimbing(Trials(space, trials, np.random.default_rng(1)))
    while ledger.remaining:
        codes_TNL = search.ask(min(4, ledger.remaining))
        search.tell(codes_TNL, ledger.evaluate(codes_TNL))
    np.testing.assert_array_equal(search.reward_T, ledger.curves().reward_TQ[:, -1])
    np.testing.assert_array_equal(search.best_TL, ledger.best_codes_TL())


@pytest.fixture
def installed_plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As after `pip install examples/plugins`: metadata with the entry points of its pyproject.toml."""
    project = tomllib.loads((PLUGINS / "pyproject.toml").read_text())["project"]
    metadata = tmp_path / "archwalk_mlp-0.1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    lines = []
    for group, points in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in points.items())]
    (metadata / "entry_points.txt").write_text("\n".join(lines) + "\n")
    monkeypatch.syspath_prepend(tmp_path)
    registries = (SPACES, BENCHMARKS, STRATEGIES, PROXIES, REWARDS, TRAINERS, AGENTS, PRESETS)
    for registry in registries:
        registry.__dict__.pop("_plugins", None)  # what a registry found before
    yield
    for registry in registries:
        registry.__dict__.pop("_plugins", None)


@pytest.mark.usefixtures("installed_plugins", "quick_training")
def test_plugins_are_found_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert isinstance(SPACES.load("mlp")(), MLP)
    assert STRATEGIES.load("hill-climbing") is HillClimbing
    assert load_benchmark("mlp-spirals:validation").name == "mlp-spirals"
    call = [
        "search",
        "hill-climbing",
        "--benchmark",
        "mlp-spirals",
        "--budget",
        "12",
        "--trials",
        "2",
        "--json",
    ]
    assert main(call) == 0
    assert '"hill-climbing":{"query":"an architecture"' in capsys.readouterr().out


@pytest.mark.usefixtures("installed_plugins", "quick_training")
class TestASpaceWithBuildAlone:
    """Its networks read whatever there is: images, observations of games, points."""

    def test_is_trained_on_images(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("ARCHWALK_STORE", str(tmp_path / "store.sqlite"))
        named = load_images_benchmark(["digits", "mlp"], 0)
        assert (named.space.name, named.size) == ("mlp", MLP.default_size)
        images = load_images("digits", ImageSettings(pixels=8))
        benchmark = training_benchmark(MLP(), images, replace(TRAINING, epochs=1), engine="local")
        assert benchmark.estimator.evaluate(np.array([[3]], np.int32)).reward_B[0] > 15, "a guess has 10"

    def test_plays(self) -> None:
        game = find_game("MinAtar-Breakout")
        ppo = PPOSettings(environments=4, rollout=32, epochs=1)
        benchmark = policy_benchmark(MLP(), game, PolicySettings(1_500, ppo), engine="local")
        assert benchmark.estimator.evaluate(np.array([[3]], np.int32)).reward_B[0] >= 0
        assert benchmark.architecture(np.array([3], np.int32)).build()(torch.zeros(2, 4, 10, 10))[
            0
        ].shape == (2, 3)

    def test_is_ranked_by_a_proxy_of_its_own(self) -> None:
        space = MLP()
        codes_BL = np.arange(0, space.size, 20, dtype=np.int32)[:, None]
        made = scorer(space, ZeroCostSettings(proxy="curvature", batch=8))
        linear = space.parse({"activations": ["identity"] * 4})
        assert made.scores(codes_BL).max() > 1e-3 > made.scores(linear[None])[0]

    def test_is_exported(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        (tmp_path / "mlp.json").write_text('{"activations": ["relu", "tanh", "identity", "relu"]}')
        call = ["export", str(tmp_path / "mlp.json"), "--space", "mlp", "--to", "pytorch"]
        assert main([*call, "--shape", "2", "--outputs", "2", "--set", "width=5"]) == 0
        assert "Linear(5, 2)" in capsys.readouterr().out
        assert main(call) == 2
        assert "mlp does not say what its networks read" in capsys.readouterr().err


def run_example(*call: str, folder: Path) -> str:
    result = subprocess.run(
        [sys.executable, *call], cwd=folder, env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "Warning" not in result.stderr, result.stderr
    return result.stdout


def test_quickstart(tmp_path: Path) -> None:
    said = run_example(str(EXAMPLES / "quickstart.py"), folder=tmp_path)
    found = re.search(r"best of 150 queries: (\d+\.\d\d) % test accuracy", said)
    assert found
    assert 79 < float(found[1]) < 84
    assert not list(tmp_path.iterdir()), "it leaves files behind"


def test_a_declared_space(tmp_path: Path) -> None:
    said = run_example(str(EXAMPLES / "declared_space.py"), folder=tmp_path)
    found = re.search(r"the best of 40: (\d+\.\d\d) %", said)
    assert found
    assert float(found[1]) > 90, "of 90.97 % at most"


def test_a_function_as_objective(tmp_path: Path) -> None:
    said = run_example(str(EXAMPLES / "function_objective.py"), folder=tmp_path)
    found = re.search(r"^(\d+\.\d\d) % validation error, (\d+\.\d\d) % test error", said, re.MULTILINE)
    assert found
    assert float(found[1]) < 6


def test_a_command_as_objective(tmp_path: Path) -> None:
    said = run_example(str(EXAMPLES / "command_objective.py"), folder=tmp_path)
    assert re.search(r"^loss 0\.[34]\d\d: \{'depth': [78], ", said, re.MULTILINE)


def test_a_trade_off(tmp_path: Path) -> None:
    said = run_example(str(EXAMPLES / "trade_off.py"), folder=tmp_path)
    share = re.search(r"^(\d+\.\d) % of the exact front's hypervolume after 300 queries$", said, re.MULTILINE)
    assert share
    assert 90 < float(share[1]) <= 100
    assert (tmp_path / "trade_off.png").read_bytes().startswith(b"\x89PNG")


def test_a_declared_cell(tmp_path: Path) -> None:
    said = run_example(str(EXAMPLES / "declared_cell.py"), folder=tmp_path)
    assert re.search(r"^the best cell of 60: 9\d\.\d\d %$", said, re.MULTILINE)


def test_a_partial_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHWALK_CACHE", str(tmp_path / "cache"))
    said = run_example(str(EXAMPLES / "partial_table.py"), folder=tmp_path)
    assert re.search(r"^known \{'part 1': 'conv.*\} 9\d\.\d\d %$", said, re.MULTILINE)
    assert re.search(r"^surrogate \{'part 1': 'conv.*\} 9\d\.\d\d %$", said, re.MULTILINE)
    assert re.search(r"^fastest .* 2\.\d\d ms$", said, re.MULTILINE)


def test_stable_baselines3(tmp_path: Path) -> None:
    said = run_example(str(EXAMPLES / "sb3_ppo.py"), "--steps", "1024", "--episodes", "5", folder=tmp_path)
    assert re.search(r"random moves +[+-]\d", said)
    assert re.search(r"PPO, 1,024 steps +[+-]\d", said)


def test_maskable_ppo_is_compared_as_an_agent(tmp_path: Path) -> None:
    short = ("--steps", "2048", "--budget", "5", "--trials", "2")
    said = run_example(str(EXAMPLES / "sb3_maskable_ppo.py"), *short, folder=tmp_path)
    assert re.search(r"maskable_ppo +\d\d\.\d\d after 5 queries, [1-9],\d{3} in training", said)
    assert re.search(r"local-search +\d\d\.\d\d after 5 queries, 0 in training", said)


@pytest.mark.parametrize(
    "example",
    [
        "function_objective",
        "command_objective",
        "declared_space",
        "declared_cell",
        "partial_table",
        "trade_off",
    ],
)
def test_the_documentation_shows_the_recipes(example: str) -> None:
    assert f'--8<-- "examples/{example}.py"' in (ROOT / "docs/recipes.md").read_text()


@pytest.mark.parametrize("path", sorted((PLUGINS / "archwalk_mlp").glob("[!_]*")), ids=lambda path: path.name)
def test_the_documentation_shows_the_plugins(path: Path) -> None:
    if path.is_file():
        assert (
            f'--8<-- "examples/plugins/archwalk_mlp/{path.name}"'
            in (ROOT / "docs/how-to/plugin.md").read_text()
        )


@pytest.mark.usefixtures("installed_plugins", "quick_training")
def test_an_agent_of_a_plug_in_is_trained_loaded_and_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    agent = archwalk.train("linear", "mlp-spirals", out=tmp_path / "agent")
    assert agent.config.preset == "linear-mlp-spirals", "the plug-in's own is the default"
    start = {"activations": ["identity"] * 4}
    again = archwalk.load_agent(tmp_path / "agent")
    assert again.improve(start).after == agent.improve(start).after
    call = ["compare", "--strategies", f"{tmp_path / 'agent'},hill-climbing", "--benchmark", "mlp-spirals"]
    assert main([*call, "--budget", "5", "--trials", "2", "--out", str(tmp_path / "compared")]) == 0
    assert "linear" in (tmp_path / "compared/report.html").read_text()


@pytest.mark.usefixtures("installed_plugins")
def test_less_is_better_where_a_plug_ins_metric_says_so() -> None:
    result = archwalk.search("hill-climbing", "mlp-latency", budget=30, trials=2)
    assert (result.best.report, str(result.best.architecture)) == (
        pytest.approx(0.1), 'Architecture(mlp, {"activations": ["identity", "identity", "identity", "identity"]})'
    )  # fmt: skip
    env = gymnasium.make("archwalk/Incremental-v0", benchmark="mlp-latency", pay="careful", neighbours=4)
    env.reset(seed=0)
    assert np.isfinite(env.step(1)[1])
