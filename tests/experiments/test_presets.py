from dataclasses import asdict, fields
from importlib.metadata import EntryPoint

import pytest

from archwalk import compare, train
from archwalk.agents.catalogue import TRAINERS
from archwalk.agents.dqn.settings import DQNSettings
from archwalk.errors import ArchwalkError, DataError, UsageError
from archwalk.estimators.benchmarks import BENCHMARKS
from archwalk.experiments.presets import PLUGINS, choose_preset, default_preset, load_preset, preset_names
from archwalk.experiments.runs import load_method
from archwalk.experiments.settings import describe_settings, make_settings
from archwalk.report.wording import rules
from archwalk.spaces.catalogue import SPACES
from archwalk.strategies.catalogue import STRATEGIES


def settings_class(strategy):
    if strategy in TRAINERS.names():
        return TRAINERS.load(strategy)[0]
    return STRATEGIES.load(strategy).settings_class


def test_a_strategy_has_one_default_preset_with_a_citation_unless_it_is_ours():
    presets = [preset for preset in map(load_preset, preset_names()) if preset.default]
    assert len({preset.strategy for preset in presets}) == len(presets)
    assert all(preset.citation or preset.name.startswith("archwalk-") for preset in presets)


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_loads_and_gives_every_setting(name):
    """A preset names them all, so that a later change of a default does not change what it means."""
    preset = load_preset(name)
    cls = settings_class(preset.strategy)
    assert set(preset.settings) <= {field.name for field in fields(cls)}
    settings = make_settings(cls, preset)
    for key, value in preset.settings.items():
        assert getattr(settings, key) == value
        assert type(getattr(settings, key)) is type(asdict(cls())[key]), key


def test_our_presets_are_named_after_benchmarks_or_spaces():
    assert {"archwalk-nasbench101", "archwalk-nas-bench-graph"} <= set(preset_names())
    for name in preset_names():
        preset = load_preset(name)
        if name.startswith("archwalk-") and not preset.default:
            heads = {beginning.split(":")[0] for beginning in preset.benchmarks}
            assert heads <= set(BENCHMARKS.names())
            benchmark = name.removeprefix("archwalk-").removesuffix(f"-{preset.strategy}")
            assert benchmark in [*BENCHMARKS.names(), *SPACES.names()]


def test_the_default_preset_is_that_of_the_benchmark():
    assert default_preset("planner", "nasbench101:test-mean") == load_preset("archwalk-nasbench101")
    assert default_preset("dqn", "nasbench101:test-mean") == load_preset("archwalk-nasbench101-dqn")
    assert default_preset("dqn", "nas-bench-graph:cora") == load_preset("archwalk-nas-bench-graph-dqn")
    assert default_preset("planner", "ec-nas-4v") is None


@pytest.mark.parametrize(
    ("benchmark", "preset"),
    [
        ("policy-cnn:MinAtar-Breakout:space-2", "archwalk-policy-enas"),
        ("policy:MinAtar-Freeway:space-1", "archwalk-policy-enas"),
        ("policy:Atari-Breakout:space-1", "mazyavkina2020-enas"),
        ("policy:my/Env-v0:space-1", "mazyavkina2020-enas"),
        ("nasbench101", "mazyavkina2020-enas"),
    ],
)
def test_enas_has_our_preset_where_agents_are_trained_briefly(benchmark, preset):
    assert default_preset("enas", benchmark) == load_preset(preset)


def test_unknown_preset():
    with pytest.raises(
        UsageError, match="unknown preset 'archwalk-nasbench10'; did you mean 'archwalk-nasbench101'"
    ):
        load_preset("archwalk-nasbench10")
    with pytest.raises(UsageError, match="unknown preset"):
        load_preset("../presets/archwalk-nasbench101")


FILE = """
strategy = "planner"
citation = "somebody, somewhere"
[settings]
evaluations = 50
initial = 20
"""


def test_a_preset_in_a_file(tmp_path, tiny):
    file = tmp_path / "fast.toml"
    file.write_text(FILE)
    preset = load_preset(str(file))
    assert (preset.strategy, preset.settings["evaluations"], preset.citation) == (
        "planner",
        50,
        "somebody, somewhere",
    )
    assert choose_preset("planner", "tiny", str(file)) == preset
    with pytest.raises(UsageError, match="is for planner, not for dqn"):
        choose_preset("dqn", "tiny", str(file))
    file.write_text('strategy = "local-search"\n[settings]\nneighbours = 7\n')
    method = load_method(str(file), tiny.space)
    assert (method.name, method.settings) == ("fast", {"neighbours": 7})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"strategy = ", "is not TOML"),
        (b"\xff\xfe", "is not text in UTF-8"),
        (b"[settings]", "is not a preset: Object missing required field `strategy`"),
        (b'strategy = "dqn"', "missing required field `settings`"),
        (b"strategy = 3\n[settings]", "Expected `str`, got `int`"),
        (b"a = " + b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_file_that_is_no_preset(tmp_path, content, message):
    (tmp_path / "x.toml").write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        load_preset(str(tmp_path / "x.toml"))
    assert "\n" not in str(caught.value)


def test_no_file(tmp_path):
    with pytest.raises(UsageError, match=r"there is no preset .*absent.toml"):
        load_preset(str(tmp_path / "absent.toml"))
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(DataError, match="cannot read"):
        load_preset(str(tmp_path / "folder.toml"))


MAPPING = {"strategy": "planner", "settings": {"evaluations": 60}, "benchmarks": ["made-up"]}


def test_presets_of_plug_ins(tmp_path, monkeypatch):
    """A mapping, or a file in a package."""
    package = tmp_path / "their_presets"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "in-a-package.toml").write_text(FILE)
    monkeypatch.syspath_prepend(tmp_path)
    points = {
        "a-mapping": "test_presets:MAPPING",
        "in-a-package": "their_presets",
        "none": "test_presets:FILE",
    }
    monkeypatch.setitem(
        vars(PLUGINS), "_plugins", {n: EntryPoint(n, value, PLUGINS.group) for n, value in points.items()}
    )
    assert load_preset("in-a-package").settings["evaluations"] == 50
    assert load_preset("a-mapping").settings == {"evaluations": 60}
    assert {"a-mapping", "in-a-package"} <= set(preset_names())
    with pytest.raises(
        ArchwalkError, match="the plug-in's preset 'none' is neither a mapping nor in a package"
    ):
        load_preset("none")
    del vars(PLUGINS)["_plugins"]["none"]
    assert default_preset("planner", "made-up:validation").name == "a-mapping"


def test_assignments_go_before_the_preset_and_that_before_the_defaults():
    preset = load_preset("archwalk-nasbench101-dqn")
    settings = make_settings(
        DQNSettings, preset, ["gamma=0.5", "steps=1_000", "gamma=0.25", "pay=difference"]
    )
    assert (settings.gamma, settings.steps, settings.pay) == (0.25, 1000, "difference")
    assert settings.environments == preset.settings["environments"]
    assert make_settings(DQNSettings, None) == DQNSettings()


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("gamma", "--set takes KEY=VALUE, not 'gamma'"),
        ("gama=0.9", "unknown setting 'gama'; did you mean 'gamma'"),
        ("=3", "unknown setting ''"),
        ("steps=many", "steps takes a whole number, not 'many'"),
        ("steps=1.5", "steps takes a whole number, not '1.5'"),
        ("steps=nan", "steps takes a whole number, not 'nan'"),
        ("steps=inf", "steps takes a whole number, not 'inf'"),
        ("steps=", "steps takes a whole number, not ''"),
        ("gamma=high", "gamma takes a number, not 'high'"),
        ("reference=best", "reference takes a number or none, not 'best'"),
        ("gamma=1.5", "gamma must be at least 0 and below 1"),
        ("pay=well", "unknown reward of walks 'well'"),
    ],
)
def test_wrong_assignments_are_one_line(assignment, message):
    with pytest.raises(UsageError, match=message) as caught:
        make_settings(DQNSettings, None, [assignment])
    assert "\n" not in str(caught.value)


def test_settings_are_described_as_they_are_read():
    settings = make_settings(DQNSettings, load_preset("archwalk-nas-bench-graph-dqn"))
    assert DQNSettings(**describe_settings(settings)) == settings


def test_a_result_says_that_its_settings_were_chosen_in_sight_of_its_benchmark(tmp_path):
    assert default_preset("graph-gp", "nasbench101:test-mean").was_chosen_on("nasbench101:test-mean")
    assert not default_preset("graph-gp", "nasbench201:cifar10").was_chosen_on("nasbench201:cifar10")
    preset = tmp_path / "mine.toml"
    preset.write_text('strategy = "local-search"\nchosen_on = ["nas-bench-graph:proteins"]\n[settings]\n')
    for benchmark, said in [("nas-bench-graph:proteins", True), ("nas-bench-graph:cora", False)]:
        record = compare([str(preset), "random-search"], benchmark, budget=3, trials=2).record
        assert record.strategies["mine"].chosen_here == said
        assert any("chosen in sight" in line for line in rules(record)) == said


def test_a_trained_agent_says_it_too(tmp_path):
    benchmark = "nas-bench-graph:proteins"
    settings = {"evaluations": 60, "initial": 30, "distil_updates": 1}
    agent = train("planner", benchmark, out=tmp_path / "run", settings=settings)
    assert compare([agent.path], benchmark, budget=3, trials=1).record.strategies["run"].chosen_here
