import shutil

import numpy as np
import pytest
import torch

from archwalk.agents.base import Paid
from archwalk.agents.dqn.agent import DQNAgent, PointerShape
from archwalk.data.states import read_state, write_state
from archwalk.errors import ArchwalkError, DataError, UsageError
from archwalk.experiments.runs import RunConfig, RunFolder, load_method, load_methods
from archwalk.strategies.base import Trials

SHAPE = PointerShape(neighbours=5, width=8, layers=1, heads=2, duelling=True)


def config(space, seed=0):
    return RunConfig(
        strategy="dqn", benchmark="tiny", objective="validation", space=space.name, features=space.feature_count,
        settings={}, seed=seed, fingerprint={},
    )  # fmt: skip


def write_run(path, space, seed=0, finish=True):
    run = RunFolder(path)
    run.create(config(space, seed))
    agent = DQNAgent.fresh(space, SHAPE, seed)
    agent.paid = Paid(100 + seed, 50, 2.0)
    if finish:
        run.finish(agent)
    return agent


def agents_of(method, space):
    return [factory(Trials(space, 1, np.random.default_rng(0))) for factory in method.factories]


def test_a_run_folder_is_an_agent(tmp_path, space4):
    written = write_run(tmp_path / "mine", space4, seed=4)
    method = load_method(str(tmp_path / "mine"), space4)
    assert (method.name, method.agents, method.training_seeds) == ("mine", 1, (4,))
    [agent] = agents_of(method, space4)
    assert (agent.training_queries, agent.training_unique, agent.training_seconds) == (104, 50, 2.0)
    assert agent.neighbours == 5
    for name, tensor in written.network.state_dict().items():
        assert torch.equal(agent.agent.network.state_dict()[name], tensor)


def test_a_folder_of_runs_is_several_agents(tmp_path, space4):
    for seed in (2, 0, 1):
        write_run(tmp_path / "runs" / f"seed{seed}", space4, seed)
    method = load_method(str(tmp_path / "runs"), space4)
    assert (method.name, method.agents, method.training_seeds) == ("runs", 3, (0, 1, 2))
    assert [agent.training_queries for agent in agents_of(method, space4)] == [100, 101, 102]


def test_names_of_strategies(space4):
    assert load_method("local-search", space4).agents == 1
    with pytest.raises(UsageError, match="unknown strategy 'local-serch'; did you mean 'local-search'"):
        load_method("local-serch", space4)
    with pytest.raises(UsageError, match="dqn must be trained first: archwalk train dqn"):
        load_method("dqn", space4)


def test_a_folder_named_as_a_strategy_does_not_hide_it(tmp_path, space4, monkeypatch):
    (tmp_path / "local-search").mkdir()
    monkeypatch.chdir(tmp_path)
    assert load_method("local-search", space4).name == "local-search"


def test_methods_of_one_name_go_by_their_paths(tmp_path, space4):
    for folder in ("a", "b"):
        write_run(tmp_path / folder / "agent", space4)
    names = [str(tmp_path / "a" / "agent"), str(tmp_path / "b" / "agent"), "random-walk"]
    assert [c.name for c in load_methods(names, space4)] == names
    assert [c.name for c in load_methods(names[1:], space4)] == ["agent", "random-walk"]
    with pytest.raises(UsageError, match="named twice"):
        load_methods(["random-walk", "random-walk"], space4)


@pytest.mark.parametrize("other", ["proteins", "space5"])
def test_agent_of_another_space(tmp_path, space4, other, request):
    write_run(tmp_path / "run", space4)
    with pytest.raises(DataError, match="was trained on"):
        load_method(str(tmp_path / "run"), request.getfixturevalue(other))


def test_unfinished_run(tmp_path, space4):
    write_run(tmp_path / "run", space4, finish=False)
    with pytest.raises(DataError, match="is not finished; go on with: archwalk train"):
        load_method(str(tmp_path / "run"), space4)


def test_one_unfinished_run_among_several(tmp_path, space4):
    write_run(tmp_path / "runs" / "a", space4)
    write_run(tmp_path / "runs" / "b", space4, finish=False)
    with pytest.raises(DataError, match="is not finished"):
        load_method(str(tmp_path / "runs"), space4)


def test_a_folder_without_runs(tmp_path, space4):
    with pytest.raises(DataError, match="is not a run folder"):
        load_method(str(tmp_path), space4)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("config", "damaged"),
        ("agent", "damaged"),
        ("shape", "missing required field `neighbours`"),
        ("other network", "size mismatch for mark"),
        ("weights are no tensors", "does not fit this version of archwalk"),
        ("other class", "cannot be loaded: unknown agent 'dqm'; did you mean 'dqn'"),
        (
            "before 0.2.0",
            "is not an agent of this version of archwalk: Object missing required field `agent`",
        ),
    ],
)
def test_damaged_runs_are_one_line(tmp_path, space4, damage, message):
    write_run(tmp_path / "run", space4)
    file, agent = tmp_path / "run" / "config.json", tmp_path / "run" / "agent.safetensors"
    saved = read_state(agent)
    if damage == "config":
        file.write_text(file.read_text()[:-20])
    elif damage == "agent":
        agent.write_bytes(agent.read_bytes()[:100])
    elif damage == "shape":
        write_state(agent, {**saved, "state": {**saved["state"], "shape": {"speed": 3}}})
    elif damage == "other network":
        shape = {**saved["state"]["shape"], "width": 16}
        write_state(agent, {**saved, "state": {**saved["state"], "shape": shape}})
    elif damage == "weights are no tensors":
        write_state(agent, {**saved, "state": {**saved["state"], "network": [1, 2]}})
    elif damage == "other class":
        write_state(agent, {**saved, "agent": "dqm"})
    else:
        write_state(agent, {"network": saved["state"]["network"], "training_queries": 3})
    with pytest.raises(ArchwalkError, match=message) as caught:
        load_method(str(tmp_path / "run"), space4)
    assert caught.value.status == 1
    assert "\n" not in str(caught.value)


def test_creating_never_overwrites(tmp_path, space4):
    run = RunFolder(tmp_path / "run")
    run.create(config(space4, 1))
    with pytest.raises(UsageError, match="holds a run already"):
        run.create(config(space4, 2))
    assert run.config() == config(space4, 1)


def test_metrics_after_the_checkpoint_are_cut_off(tmp_path, space4):
    run = RunFolder(tmp_path / "run")
    run.create(config(space4))
    run.log({"steps": 1})
    run.checkpoint({"x": np.arange(3)}, [{"loss": 0.5}], 2.5)
    run.log({"steps": 2})
    restored = run.restore()
    np.testing.assert_array_equal(restored.trainer["x"], [0, 1, 2])
    assert (restored.window, restored.seconds) == ([{"loss": 0.5}], 2.5)
    assert run.metrics() == [{"steps": 1}]
    (tmp_path / "run" / "checkpoint.safetensors").unlink()
    assert run.restore() is None
    assert run.metrics() == []


def test_what_a_kill_left_of_a_checkpoint_is_gone_when_the_run_goes_on(tmp_path, space4):
    run = RunFolder(tmp_path / "run")
    run.create(config(space4))
    run.checkpoint({"step": 1}, [], 2.0)
    for name in (".checkpoint.safetensors.k1ll3d", "checkpoint.safetensors.mine"):
        (run.path / name).write_bytes(b"half")
    assert run.restore().trainer == {"step": 1}
    assert sorted(path.name for path in run.path.iterdir() if "checkpoint" in path.name) == [
        "checkpoint.safetensors", "checkpoint.safetensors.mine",
    ]  # fmt: skip


def test_no_temporary_files_are_left(tmp_path, space4):
    write_run(tmp_path / "run", space4)
    assert {file.name for file in (tmp_path / "run").iterdir()} == {"config.json", "agent.safetensors"}
    shutil.rmtree(tmp_path / "run")
