"""Settings from text, TOML and Python: each as its type, or refused in one line."""

import logging
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

import pytest

from archwalk.agents.apex.settings import ApexSettings
from archwalk.agents.climber.settings import ClimberSettings
from archwalk.agents.construction_dqn.settings import ConstructionDQNSettings
from archwalk.agents.dqn.settings import DQNSettings
from archwalk.agents.meta_rl.settings import MetaRLSettings
from archwalk.agents.planner.settings import PlannerSettings
from archwalk.errors import UsageError
from archwalk.experiments.presets import Preset
from archwalk.experiments.settings import describe_settings, make_settings
from archwalk.strategies.remaade.settings import RemaadeSettings


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Inner:
    depth: int = 1


@dataclass(frozen=True)
class Everything:
    """What the dataclass of a plug-in may have."""

    whole: int = 1
    number: float = 0.5
    maybe: int | None = 3
    rate: float | None = None
    switch: bool = False
    text: str = "a"
    word: Literal["big", "small"] = "big"
    level: Literal[1, 2] = 1
    pair: tuple[int, int] = (1, 2)
    many: tuple[float, ...] = ()
    names: tuple[str, ...] = ()
    colour: Colour = Colour.RED
    either: int | str = 0
    table: dict[str, int] = field(default_factory=dict)
    inner: Inner = Inner()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("whole=7", 7),
        ("whole=-1_000", -1_000),
        ("whole=1e5", 100_000),
        ("whole=9007199254740993", 9007199254740993),
        ("number=3", 3.0),
        ("number=1e-3", 1e-3),
        ("number=1e300", 1e300),
        ("maybe=none", None),
        ("maybe=None", None),
        ("maybe=4", 4),
        ("rate=0.25", 0.25),
        ("rate=2", 2.0),
        ("rate=none", None),
        ("switch=true", True),
        ("switch=False", False),
        ("text=none", "none"),
        ("text=3", "3"),
        ("text=a,b", "a,b"),
        ("text=", ""),
        ("word=small", "small"),
        ("level=2", 2),
        ("pair=4,5", (4, 5)),
        ("pair=[4, 5]", (4, 5)),
        ("pair=(4,5)", (4, 5)),
        ("many=1,2.5,1e3", (1.0, 2.5, 1000.0)),
        ("many=", ()),
        ("many=7", (7.0,)),
        ("names=a,3", ("a", "3")),
        ("colour=blue", Colour.BLUE),
        ("either=4", 4),
        ("either=four", "four"),
        ('table={"a": 3}', {"a": 3}),
        ('inner={"depth": 3}', Inner(3)),
    ],
)
def test_text(text, value):
    found = getattr(make_settings(Everything, None, [text]), text.partition("=")[0])
    assert found == value
    assert type(found) is type(value)
    name, _, word = text.partition("=")
    assert getattr(make_settings(Everything, None, {name: word}), name) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("whole=1.5", "whole takes a whole number, not '1.5'"),
        ("whole=nan", "whole takes a whole number, not 'nan'"),
        ("whole=1e999", "whole takes a whole number, not '1e999'"),
        ("whole=9223372036854775808", "whole is out of range: '9223372036854775808'"),
        (
            "whole=" + "9" * 5_000,
            r"whole is out of range|whole takes a whole number, not '9{39}... \(5002 char",
        ),
        ("number=", "number takes a number, not ''"),
        ("number=1e999", "number is out of range: '1e999'"),
        ("number=-inf", "number is out of range: '-inf'"),
        ("number=nan", "number is out of range: 'nan'"),
        ("rate=1e999", "rate is out of range"),
        ("rate=best", "rate takes a number or none, not 'best'"),
        ("switch=perhaps", "switch takes true or false, not 'perhaps'"),
        ("word=large", 'word takes "big" or "small", not \'large\''),
        ("level=3", "level takes 1 or 2, not '3'"),
        ("pair=4", "pair takes a whole number several times, with commas between, not '4'"),
        ("pair=4,5,6", "pair takes"),
        ("pair=4,x", "pair takes"),
        ("many=1,inf", "many is out of range"),
        ("colour=green", "colour takes red or blue, not 'green'"),
        ('table={"a": "b"}', "table takes"),
        ("table=" + "[" * 100_000, "table takes"),
        ('inner={"depth": null}', "inner takes Inner, not"),
    ],
)
def test_nonsense_is_one_line(text, message):
    with pytest.raises(UsageError, match=message) as caught:
        make_settings(Everything, None, [text])
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


def test_values_of_their_own_type():
    """As Python and TOML have them; nothing is guessed."""
    given: dict[str, Any] = {
        "number": 3,
        "pair": [4, 5],
        "colour": "blue",
        "maybe": None,
        "names": ["1", "2"],
    }
    settings = make_settings(Everything, None, given)
    assert (settings.number, settings.pair, settings.colour, settings.maybe) == (
        3.0,
        (4, 5),
        Colour.BLUE,
        None,
    )
    for name, value in (
        ("whole", 1.5),
        ("whole", True),
        ("number", float("inf")),
        ("whole", 2**63),
        ("text", 3),
    ):
        with pytest.raises(UsageError, match=f"{name} takes|{name} is out of range"):
            make_settings(Everything, None, {name: value})


def test_what_is_described_is_json_and_is_read_again():
    settings = Everything(pair=(3, 4), colour=Colour.BLUE, inner=Inner(2))
    described = describe_settings(settings)
    assert described["colour"] == "blue"
    assert described["inner"] == {"depth": 2}
    assert make_settings(Everything, None, described) == settings


def test_a_preset_s_values_are_checked_too():
    preset = Preset("mine", "dqn", {"steps": "many"})
    with pytest.raises(UsageError, match="the preset mine: steps takes a whole number, not 'many'"):
        make_settings(DQNSettings, preset)
    with pytest.raises(UsageError, match="the preset mine: unknown setting 'stesp'; did you mean 'steps'"):
        make_settings(DQNSettings, Preset("mine", "dqn", {"stesp": 3}))


@pytest.mark.parametrize(
    ("cls", "assignment", "message"),
    [
        (DQNSettings, "reference=1e999", "reference is out of range"),
        (DQNSettings, "epsilon_start=-1", "epsilon_start must be between 0 and 1, not -1.0"),
        (DQNSettings, "learning_rate_end=-1", "learning_rate_end must be at least 0"),
        (ApexSettings, "steps=1e30", "steps is out of range"),
        (RemaadeSettings, "clip=1e999", "clip is out of range"),
        (RemaadeSettings, "clip=0", "clip must be above 0, not 0.0"),
        (RemaadeSettings, "policy=maad", 'policy takes "maade" or'),
        (MetaRLSettings, "rmsprop_epsilon=1e999", "rmsprop_epsilon is out of range"),
        (PlannerSettings, "optimism=1.5", "optimism must be between 0 and 1, not 1.5"),
        (PlannerSettings, "weight_decay=-1", "weight_decay must be at least 0, not -1.0"),
        (
            ConstructionDQNSettings,
            "capacity_share=1.5",
            "capacity_share must be above 0 and at most 1, not 1.5",
        ),
    ],
)
def test_nonsense_that_trained_before(cls, assignment, message):
    with pytest.raises(UsageError, match=message) as caught:
        make_settings(cls, None, [assignment])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_settings_made_in_python_are_finite_too(value):
    with pytest.raises(UsageError, match=r"reference must be (finite|a number), not"):
        DQNSettings(reference=value)


class TestShortTrainings:
    """What is counted in steps is scaled with the length of a training, where it would never happen otherwise."""

    @pytest.mark.parametrize(
        ("cls", "changes", "scaled"),
        [
            (ClimberSettings, {"evaluations": "200"}, {"initial": 51}),
            (PlannerSettings, {"evaluations": 200}, {"initial": 51}),
            (DQNSettings, {"steps": 20_000}, {"learning_starts": 167, "target_every": 7}),
            (ApexSettings, {"steps": 100_000}, {"learning_starts": 500, "target_every": 5_000}),
            (ApexSettings, {"steps": 100_000, "learning_starts": 20_000}, {"target_every": 5_000}),
            (ConstructionDQNSettings, {"steps": 100}, {"learning_starts": 15, "target_every": 2}),
        ],
    )
    def test_it_is_scaled_and_said(self, cls, changes, scaled, caplog):
        with caplog.at_level(logging.WARNING):
            settings = make_settings(cls, None, changes)
        assert {name: getattr(settings, name) for name in scaled} == scaled
        told = ", ".join(f"{name} {value}" for name, value in scaled.items())
        length = f"{int(changes[cls.length]):,} {cls.length}"
        assert caplog.messages == [f"archwalk: scaled to {length}: {told}"]

    @pytest.mark.parametrize(
        ("cls", "changes"),
        [(PlannerSettings, {"evaluations": 300}), (DQNSettings, {"steps": 300_000}), (ApexSettings, {})],
    )
    def test_what_happens_anyway_stays(self, cls, changes, caplog):
        settings, usual = make_settings(cls, None, changes), cls()
        assert all(getattr(settings, name) == getattr(usual, name) for name in cls.scaled)
        assert not caplog.messages

    @pytest.mark.parametrize(
        ("cls", "changes", "message"),
        [
            (PlannerSettings, {"evaluations": 200, "initial": 256}, r"initial \(256\) must not exceed"),
            (ApexSettings, {"steps": 60_000, "learning_starts": 60_000}, "nothing would be learned"),
        ],
    )  # fmt: skip
    def test_what_was_typed_is_refused(self, cls, changes, message):
        with pytest.raises(UsageError, match=message):
            make_settings(cls, None, changes)

    @pytest.mark.parametrize(
        ("cls", "changes", "message"),
        [
            (
                DQNSettings,
                {"target_every": 100_000},
                "have 2,325 updates, and it follows every 100,000",
            ),
            (
                ApexSettings,
                {"steps": 60_000, "target_every": 500_000},
                "the target network stays as it begins",
            ),
        ],
    )
    def test_what_was_typed_is_told(self, cls, changes, message, caplog):
        make_settings(cls, None, changes)
        assert message in caplog.text

    def test_a_preset_is_scaled_from_its_own_length(self):
        preset = Preset("mine", "planner", {"evaluations": 8_000, "initial": 500})
        assert make_settings(PlannerSettings, preset, {"evaluations": 400}).initial == 25
