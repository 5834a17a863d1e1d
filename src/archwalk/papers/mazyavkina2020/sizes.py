"""How large the paper's experiments are at each scale: games and spaces, methods, seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from archwalk.errors import UsageError
from archwalk.experiments.presets import load_preset
from archwalk.papers.setup import Setup
from archwalk.strategies.catalogue import STRATEGIES, StrategyFactory
from archwalk.strategies.one_shot import OneShot

TOP = 3
"""Architectures of the highest proxy that are trained from scratch, and trainings of random search (the paper 5.3,
5.4).
"""

REPEATS = 1_000
"""Of random search (section 5.4)."""


@dataclass(frozen=True)
class Method:
    """A one-shot search by the settings of a preset, some of them changed."""

    name: str
    preset: str
    changes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def factory(self) -> StrategyFactory:
        """Makes the strategy for trials, with `settings`."""
        strategy = _strategy(self.preset)
        made = replace(strategy.settings_class(**load_preset(self.preset).settings), **self.changes)
        return lambda trials: strategy(trials, made)

    @property
    def settings(self) -> dict[str, Any]:
        """As a record has them."""
        return {"preset": self.preset, **load_preset(self.preset).settings, **self.changes}


@dataclass(frozen=True)
class Size:
    """One scale. What `policy-cnn:...` names is looked up; of what `policy:...` names all agents are trained first,
    with `table_seeds` seeds. Every method searches with `seeds` seeds.
    """

    benchmarks: tuple[str, ...]
    table_seeds: int
    methods: tuple[Method, ...]
    seeds: int


_GAMES, _SPACES = ("Breakout", "Freeway"), ("space-1", "space-2")
_CUT = {"episode_steps": 500}

SIZES = {
    "smoke": Size(
        ("policy:MinAtar-Breakout:space-1:2k", "policy:MinAtar-Breakout:space-2:2k"),
        1,
        (
            Method("ENAS", "archwalk-policy-enas", {"steps": 4_000, "children": 1}),
            Method("SPOS", "mazyavkina2020-spos", {"steps": 4_000, "episodes": 8, "episode_steps": 100}),
        ),
        2,
    ),
    "small": Size(
        tuple(f"policy-cnn:MinAtar-{game}:{space}" for space in _SPACES for game in _GAMES),
        1,
        (Method("ENAS", "archwalk-policy-enas"), Method("SPOS", "mazyavkina2020-spos", _CUT)),
        4,
    ),
    "full": Size(
        tuple(f"policy:Atari-{game}:{space}" for space in _SPACES for game in _GAMES),
        3,
        (Method("ENAS", "mazyavkina2020-enas"), Method("SPOS", "mazyavkina2020-spos")),
        4,
    ),
}
"""`full` is the paper's. `small` (ours) has MinAtar's games, and tables with seeds of their own. There the paper's
ENAS would update its controller nine times (four in space 2), so that it has our preset; and the proxy of SPOS looks
at the first 500 steps of an episode, since whole ones of Freeway would cost seven trainings in space 1 and 17 in
space 2.
"""

NOTES = {
    "smoke": "Scale smoke: agents have hardly begun to learn, so this says whether it runs and nothing else.",
    "small": (
        "Scale small: MinAtar, on which the paper did not train. ENAS has the preset archwalk-policy-enas, since "
        "by the paper's settings its controller would learn nine times (four in space 2); --strategy "
        "mazyavkina2020-enas lets these take part too. SPOS scores 500 steps of 32 episodes, at most 1.3 trainings "
        "in space 1 and 3.4 in space 2; whole ones of Freeway would cost 7 and 17."
    ),
}


def find_size(setup: Setup) -> Size:
    """The size of the call's scale, with what the call names instead: any number of benchmarks, a preset as one more
    method.
    """
    size = SIZES[setup.scale.name]
    if setup.benchmark:
        size = replace(size, benchmarks=tuple(setup.benchmark.split(",")))
    if setup.strategy:
        if not issubclass(_strategy(setup.strategy), OneShot):
            raise UsageError(f"--strategy takes a preset of enas or spos here, not {setup.strategy}")
        size = replace(size, methods=(*size.methods, Method(setup.strategy, setup.strategy)))
    return size


def _strategy(preset: str) -> Any:
    return STRATEGIES.load(load_preset(preset).strategy)


def seeds_of(setup: Setup, count: int) -> Sequence[int]:
    """Consecutive seeds from the call's on."""
    return range(setup.seed, setup.seed + count)
