"""What every item keeps: exact settings, plain JSON, and a result that is found again."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

import reproduced
from archwalk.agents.apex.settings import ApexSettings
from archwalk.agents.dqn.settings import DQNSettings
from archwalk.errors import DataError, UsageError
from archwalk.estimators.benchmarks import Benchmark
from archwalk.experiments.parts import Part, keep_all
from archwalk.experiments.presets import load_preset
from archwalk.experiments.settings import make_settings
from archwalk.experiments.training import train_agent
from archwalk.papers.cassimon2024 import trainings
from archwalk.papers.cassimon2024.price import ALSO
from archwalk.papers.catalogue import PAPERS, find_items, item_names
from archwalk.papers.scales import SCALES, find_scale
from archwalk.papers.setup import BASELINES, Setup

SHORT = DQNSettings(
    steps=240, environments=8, learning_starts=50, batch=16, width=8, calibration=16, neighbours=8
)
BUDGETED = ["fig10", "table1", "fig14", "fig15", "table2", "amortisation", "price"]
EPISODES = ["fig7", "fig8", "fig9", "fig12", "fig13", "normality"]


@pytest.fixture(scope="module")
def agents(tiny, tmp_path_factory):
    """A folder of two briefly trained agents."""
    out = tmp_path_factory.mktemp("runs") / "agents"
    for seed in (0, 1):
        train_agent(tiny, "dqn", SHORT, seed=seed, out=out / str(seed))
    return out


def test_names_and_the_nearest():
    names = item_names()
    assert len(names) == len(set(names)) == 24 + 5 + 6 + 5
    assert item_names("krishna2020") == [f"krishna2020/table{number}" for number in range(2, 7)]
    assert find_items("cassimon2024/all")[1] == find_items("cassimon2024")[1]
    with pytest.raises(UsageError, match="did you mean 'cassimon2024/table1'"):
        find_items("cassimon2024/tabel1")
    with pytest.raises(UsageError, match="did you mean 'small'"):
        find_scale("smal")


def test_full_is_the_papers_protocol():
    full = SCALES["full"]
    assert (full.sets, full.starts, full.fit_samples, full.training_seeds) == (5, 10_000, 1_000, 5)
    assert (SCALES["smoke"].sets, SCALES["smoke"].starts) == (2, 200)
    assert (SCALES["small"].sets, SCALES["small"].starts) == (3, 2_000)
    assert (full.agent_steps, full.agent_seeds) == (None, 5)
    assert (SCALES["small"].agent_steps, SCALES["small"].agent_seeds) == (300_000, 3)


def test_the_papers_agent_is_the_papers_but_for_its_length_and_at_smoke():
    paper = make_settings(ApexSettings, load_preset("cassimon2024-nasbench101"))
    benchmark = Benchmark("nasbench101", None, None, {})
    small = trainings.settings_at(SCALES["small"], benchmark, "apex", 300_000, whole=True)
    assert small == replace(paper, steps=300_000, learning_starts=1_500, target_every=15_000), "as shares"
    assert trainings.settings_at(SCALES["full"], benchmark, "apex", None) == paper
    assert trainings.settings_at(SCALES["smoke"], benchmark, "apex", 6_000).width < paper.width


def test_the_papers_agents_are_trained_once(tiny, tmp_path, monkeypatch):
    monkeypatch.setitem(
        trainings._SHORT, "smoke", trainings._SHORT["smoke"] | {"width": 8, "learning_starts": 100}
    )
    scale = replace(SCALES["smoke"], agent_steps=300)
    setup = Setup(scale, 0, tmp_path, load=lambda name, seed: tiny)
    items = [item for item in PAPERS["cassimon2024"].items if item.benchmark == "nasbench101"]
    runs = trainings.train_papers_agents(setup, items)
    agents = sorted(Path(runs[0]).glob("*/agent.safetensors"))
    assert len(agents) == scale.agent_seeds
    before = [agent.stat().st_mtime_ns for agent in agents]
    assert trainings.train_papers_agents(setup, items) == runs
    assert [agent.stat().st_mtime_ns for agent in agents] == before


def test_what_is_trained_is_what_the_items_show(tiny, tmp_path, monkeypatch):
    trained = []
    monkeypatch.setattr(
        trainings, "train_or_resume", lambda setup, benchmark, *_: trained.append(benchmark.name)
    )
    loaded = {"nasbench101:test-mean": "nasbench101", "nasbench301:yahpo": "nasbench301:yahpo"}
    setup = Setup(SCALES["smoke"], 0, tmp_path, load=lambda name, seed: replace(tiny, name=loaded[name]))
    items = {item.name: item for item in PAPERS["cassimon2024"].items}
    for names, benchmarks in (
        (["fig7"], ["nasbench101"]), (["fig14", "times301"], ["nasbench301:yahpo"]),
        (list(items), ["nasbench101", "nasbench301:yahpo"]),
    ):  # fmt: skip
        trained.clear()
        folders = trainings.train_papers_agents(setup, [items[name] for name in names])
        assert (trained, len(folders)) == (benchmarks, len(benchmarks))
    with pytest.raises(UsageError, match="none of these items shows the paper's agent"):
        trainings.train_papers_agents(setup, [items["fig2"], items["fig17"]])


def test_every_item_has_a_record_of_plain_json(reproductions):
    for name, record in reproductions.items():
        assert json.loads(json.dumps(record, allow_nan=False)) == record, name
        assert record["item"] == name
        assert record["scale"]["starts"] == 30
        assert record["seed"] == 0


@pytest.mark.parametrize("name", BUDGETED + EPISODES)
def test_settings_say_what_was_run(reproductions, name):
    settings = reproductions[name]["settings"]
    assert settings["objective"] == "validation"
    assert settings["objective_meaning"]
    assert settings["seed"] == 0
    if name in BUDGETED:
        assert settings["trials"] == 4
        assert settings["bootstrap_samples"] == 5_000
    else:
        assert (settings["sets"], settings["starts_per_set"], settings["episode_limit"]) == (2, 30, 32)


@pytest.mark.parametrize("name", ["fig7", "fig8", "fig10", "table1", "price", "amortisation"])
def test_without_an_agent_the_baselines_stand_and_the_way_to_one_is_named(reproductions, name):
    (note,) = reproductions[name]["notes"]
    assert "--train trains the paper's first" in note


def test_an_item_is_computed_once(tiny, tmp_path):
    made = reproduced.setup(tiny, tmp_path)
    first = reproduced.run("fig8", made)
    assert reproduced.run("fig8", reproduced.setup(tiny, tmp_path)) == first
    assert reproduced.run("fig8", reproduced.setup(tiny, tmp_path, seed=1))["result"] != first["result"]
    assert len(list((tmp_path / "items").iterdir())) == 2


def test_a_damaged_record_is_named_and_computed_again(tiny, tmp_path, caplog):
    first = reproduced.run("fig3", reproduced.setup(tiny, tmp_path))
    (item,) = (tmp_path / "items").iterdir()
    item.write_text("{")
    again = reproduced.run("fig3", reproduced.setup(tiny, tmp_path))
    assert again["result"] == first["result"]
    assert f"{item} is damaged" in caplog.text
    assert json.loads(item.read_text()) == again


@pytest.mark.parametrize("workers", [1, 2])
def test_a_damaged_part_is_named_and_computed_again(tmp_path, caplog, workers):
    made = [Part("x", {"n": n}, partial(dict, n=n)) for n in range(3)]
    first = keep_all(tmp_path, made, workers)
    for part in made[:2]:
        part.path(tmp_path).write_bytes(b"nothing")
    assert keep_all(tmp_path, made, workers) == first
    assert caplog.text.count("is damaged") == 2


def test_a_killed_run_goes_on_from_its_parts(tiny, tmp_path, monkeypatch):
    made = reproduced.setup(tiny, tmp_path)
    first = reproduced.run("fig8", made)
    (item,) = (tmp_path / "items").iterdir()
    item.unlink()
    monkeypatch.setattr(
        "archwalk.papers.cassimon2024.episodes.take_episodes",
        lambda *_: pytest.fail("again"),
    )
    again = reproduced.run("fig8", reproduced.setup(tiny, tmp_path))
    assert again["result"]["comparison"]["strategies"] == first["result"]["comparison"]["strategies"]
    reproduced.run("fig7", made)  # shares its episodes


def test_agents_take_part_and_their_training_is_counted(tiny, agents, tmp_path):
    made = reproduced.setup(tiny, tmp_path, agents=[str(agents)])
    strategies = reproduced.run("fig8", made)["result"]["comparison"]["strategies"]
    assert list(strategies) == ["agents", "local-search", "random-walk", "random-search"]
    assert strategies["agents"]["agents"] == 2
    assert strategies["agents"]["training_queries"] > 0
    assert sum(strategies["agents"]["episodes"]["histogram"]["counts"]) <= 2 * 60
    price = reproduced.run("price", made)["result"]
    (point,) = price["agents"]
    ends = point["one_episode"]
    assert ends["least"] <= ends["mean"] <= ends["most"]
    assert set(price["scratch"]) == {*BASELINES, *ALSO}
    rows = reproduced.run("amortisation", made)["result"]["agents"]["agents"]
    assert [row["queries"] for row in rows] == [1, 10, 50, 100, 150, 300]


def test_agents_of_another_space_are_left_out(tiny, proteins, agents, tmp_path):
    other = replace(tiny, space=proteins)
    made = reproduced.setup(other, tmp_path, agents=[str(agents)])
    assert [named.name for named in made.named_methods(other)] == [
        "local-search",
        "random-walk",
        "random-search",
    ]
    assert "No agent trained in the space of tiny" in made.notes[0]


def test_no_run_folder(tiny, tmp_path):
    made = reproduced.setup(tiny, tmp_path, agents=[str(tmp_path)])
    with pytest.raises(DataError, match="not a run folder"):
        made.named_methods(tiny)


def test_an_ablation_trains_each_value_and_finds_it_again(reproductions, tiny, tmp_path):
    curves = reproductions["fig17"]["result"]["curves"]
    assert list(curves) == ["gamma 0.9", "gamma 0.95", "gamma 0.99"]
    assert list(reproductions["fig18"]["result"]["curves"]) == [
        "neighbours 25",
        "neighbours 50",
        "neighbours 100",
    ]
    assert list(reproductions["fig19"]["result"]["curves"]) == [
        "alpha none",
        "alpha 2",
        "alpha 6",
        "alpha 10",
    ]
    for label, runs in reproductions["fig17"]["settings"]["runs"].items():
        assert [f"gamma {run['settings']['gamma']:g}" for run in runs] == [label]
    assert all(60 < value < 100 for curve in curves.values() for value in curve["mean"])
    assert "10,000,000" in reproductions["fig17"]["notes"][0]


def test_an_ablation_of_given_runs(tiny, agents, tmp_path):
    made = reproduced.setup(tiny, tmp_path, groups={"mine": str(agents), "fig18/no": str(agents)})
    for seed in "01":
        (agents / seed / "metrics.jsonl").write_text('{"steps": 8}\n')
    with pytest.raises(DataError, match="has logged no charts/end_reward"):
        reproduced.run("fig17", made)
    (agents / "0" / "metrics.jsonl").write_text(
        '{"steps": 8, "charts/end_reward": 70}\n{"steps": 16, "charts/end_reward": 80}\n'
    )
    (agents / "1" / "metrics.jsonl").write_text('{"steps": 8, "charts/end_reward": 74}\n')
    curve = reproduced.run("fig17", made)["result"]["curves"]
    assert curve == {"mine": {"seeds": 2, "steps": [8], "mean": [72], "lo": [70], "hi": [74]}}
