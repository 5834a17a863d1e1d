"""What is trained next, as a function of all that was: promotions as in asynchronous successive halving (Li et al.
2020), new networks by a Gaussian process over architectures and lengths (Kandasamy et al. 2017 have the latter).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from archwalk.spaces.base import Codes
from archwalk.spaces.convnet.code import HALVES_AT, WIDTHS, WIDTHS_AT, canonical
from archwalk.spaces.convnet.members import MEMBERS
from archwalk.spaces.convnet.space import ConvNet
from archwalk.strategies.climbing.model import Floats, Model
from archwalk.strategies.history import distinct, mutants

_KNOWN = (
    "three-stage", "resnet-9", "wide-resnet-16-2", "resnet-18", "vgg-11", "resnet-20", "mobilenet-v3", "mobilenet-v2",
    "resnet-50",
)  # fmt: skip
"""Members in the order in which they are tried."""
_SOONER = ("three-stage", "wide-resnet-16-2")
_TWICE = np.array([min(range(len(WIDTHS)), key=lambda at: abs(WIDTHS[at] - 2 * width)) for width in WIDTHS])
"""Of each width the place of the one that is nearest to twice as much."""
_CHANCES = (0.4, 0.35, 0.25)
"""Of mutants one, two and three edits away."""
_OPTIMISM = 0.5
"""Deviations that are added to the mean of a new network."""


@dataclass(frozen=True, eq=False)
class Trial:
    """A network on a rung; `accuracy` is None while it is trained."""

    code_L: Codes
    rung: int
    accuracy: float | None = None


@dataclass(frozen=True)
class Ladder:
    """How promotions go: a rung takes the best of every `factor` networks of the one below."""

    lengths: tuple[float, ...]
    """Of all training up to and with each rung, in seconds of a core."""
    factor: int = 3
    initial: int = 6
    """Networks, known ones and mutants of these, before the model names any."""
    parents: int = 6
    candidates: int = 600
    at_random: bool = False
    """Whether new networks are drawn from the space instead, to compare with; promotions are the same."""


Accept = Callable[[Codes], bool]
"""Whether a network (L,) may be trained."""
Resize = Callable[[Codes], Codes]
"""Networks (B, L) as wide as suits the time."""


def propose(
    space: ConvNet, ladder: Ladder, trials: Sequence[Trial], accept: Accept, seeds: Sequence[int],
    sized: Resize = lambda codes_BL: codes_BL,
) -> tuple[Codes, int] | None:  # fmt: skip
    """The next network (L,) and its rung; None where no network is left. Depends on nothing else."""
    for rung in range(len(ladder.lengths) - 2, -1, -1):
        if (code_L := _promoted(trials, rung, ladder.factor)) is not None:
            return code_L, rung + 1
    rng = np.random.default_rng(seeds)
    started = {trial.code_L.tobytes() for trial in trials}
    for code_L in _candidates(space, ladder, trials, rng, sized):
        if code_L.tobytes() not in started and accept(code_L):
            return code_L, 0
    return None


def _promoted(trials: Sequence[Trial], rung: int, factor: int) -> Codes | None:
    """The best of a rung that goes up; None as long as too few are done there."""
    done = [t for t in trials if t.rung == rung and t.accuracy is not None]
    up = {t.code_L.tobytes() for t in trials if t.rung == rung + 1}
    if len(done) // factor <= len(up):
        return None
    rest = [t for t in done if t.code_L.tobytes() not in up]
    return max(rest, key=lambda t: t.accuracy or 0.0).code_L if rest else None


def _candidates(
    space: ConvNet, ladder: Ladder, trials: Sequence[Trial], rng: np.random.Generator, sized: Resize
) -> Codes:
    """Networks (N, L), the most promising first."""
    if ladder.at_random:
        return space.sample(rng, 50)
    known_NL = initial_networks(space, rng, ladder.initial, sized)
    done = [t for t in trials if t.accuracy is not None]
    started = len({t.code_L.tobytes() for t in trials})
    if started < ladder.initial or not done:
        return np.concatenate([known_NL, space.sample(rng, 50)])
    model = fit_model(space, ladder, trials)
    best = sorted(done, key=lambda t: (t.rung, t.accuracy or 0.0), reverse=True)
    by_mean = np.argsort(-model(np.stack([t.code_L for t in best]), ladder.lengths[-1])[0], kind="stable")
    parents_PL = distinct(np.stack([best[i].code_L for i in by_mean]))[: ladder.parents]
    turns_NL = parents_PL[np.arange(ladder.candidates) % len(parents_PL)]
    found_NL = np.concatenate(
        [mutants(space, turns_NL, _CHANCES, rng), space.sample(rng, ladder.candidates // 6)]
    )
    found_NL = distinct(found_NL)
    mean_N, deviation_N = model(found_NL, ladder.lengths[-1])
    return found_NL[np.argsort(-(mean_N + _OPTIMISM * deviation_N), kind="stable")]


def initial_networks(
    space: ConvNet, rng: np.random.Generator, n: int, sized: Resize = lambda codes_BL: codes_BL
) -> Codes:
    """Known networks, and those that halve the resolution at once and are twice as wide instead, all but the first
    `sized`, as far as they are within the limits or can be made so; then mutants of these, four for each of `n`.
    """
    members_NL = np.stack([space.parse(MEMBERS[name]) for name in _KNOWN])
    sooner_NL = members_NL[[_KNOWN.index(name) for name in _SOONER]]
    sooner_NL[:, HALVES_AT[0]] = 1
    sooner_NL[:, WIDTHS_AT] = _TWICE[sooner_NL[:, WIDTHS_AT]]
    known_NL = np.concatenate([members_NL[:1], sized(np.concatenate([canonical(sooner_NL), members_NL[1:]]))])
    known_NL = space.made_smaller(space.made_narrower(known_NL), rng)
    more_NL = mutants(space, known_NL[np.arange(4 * n) % len(known_NL)], _CHANCES, rng)
    return distinct(np.concatenate([known_NL, more_NL]))


def fit_model(space: ConvNet, ladder: Ladder, trials: Sequence[Trial]) -> Model:
    """The process that has seen what is done."""
    done = [t for t in trials if t.accuracy is not None]
    lengths_E = np.array([ladder.lengths[t.rung] for t in done])
    accuracy_E: Floats = np.array([t.accuracy for t in done], np.float64)
    return Model(space, np.stack([t.code_L for t in done]), lengths_E, accuracy_E)


def best_trial(trials: Sequence[Trial]) -> Trial:
    """The winner: of the highest rung that is done, the one that is best there. Raises ValueError for none."""
    done = [t for t in trials if t.accuracy is not None]
    return max(done, key=lambda t: (t.rung, t.accuracy or 0.0))
