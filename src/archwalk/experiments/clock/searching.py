"""All of it: read the images, plan, search, train the winner, judge it, write what is left."""

import hashlib
import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from archwalk.data.decoding import read_json
from archwalk.data.files import alone_with, make_folder, working_folder, write_atomically
from archwalk.data.images import ImageSet
from archwalk.data.images.base import TEST, TRAINING
from archwalk.errors import UsageError
from archwalk.estimators.rungs.fitting import scores_of
from archwalk.estimators.rungs.pixels import Normalisation
from archwalk.estimators.rungs.pool import RungPool
from archwalk.estimators.rungs.recipe import recipe_for
from archwalk.estimators.rungs.settings import RecipeSettings
from archwalk.estimators.rungs.speed import measure_speed
from archwalk.estimators.rungs.training import RungTraining
from archwalk.estimators.rungs.weights import forget_oldest
from archwalk.estimators.store.database import Store
from archwalk.estimators.trainings.stored import find_device
from archwalk.experiments.clock.delivery import RESULT, deliver
from archwalk.experiments.clock.final import Final, train_winner
from archwalk.experiments.clock.journal import Clock, Journal
from archwalk.experiments.clock.judging import Judgement
from archwalk.experiments.clock.latency import latency_ms
from archwalk.experiments.clock.plan import Plan, Schedule
from archwalk.experiments.clock.search import Search, Step, space_within
from archwalk.spaces.base import Codes
from archwalk.spaces.convnet.costs import Limits
from archwalk.spaces.convnet.members import MEMBERS
from archwalk.spaces.convnet.space import ConvNet

FOUND, TEST_FILES = "found.json", "test-images.txt"
_TIMED = ("three-stage", "vgg-11", "resnet-50", "mobilenet-v2")
_WRITING = 8.0
"""Seconds that are left for writing."""
_EPOCHS = (30.0, 100.0)
"""Of the final training, up to which images are not warped, relit and covered, and from which they are in full."""
_MOST_KEPT = 4 << 30
"""Bytes of weights that are kept for later rungs of a search."""


@dataclass(frozen=True)
class ClockSettings:
    """A search by the clock."""

    minutes: float = 10.0
    limits: Limits = field(default_factory=Limits)
    max_latency_ms: float | None = None
    """Of one image on one thread of this machine, as measured."""
    schedule: Schedule = field(default_factory=Schedule)
    seed: int = 0
    device: str = "auto"
    engine: str = "processes"
    address: str | None = None
    workers: int | None = None

    def __post_init__(self) -> None:
        if not self.minutes > 0:
            raise UsageError(f"minutes must be above 0, not {self.minutes}")


@dataclass(frozen=True)
class SearchProgress:
    """What a live line says."""

    phase: str
    best: float | None
    """Validation accuracy, percent."""
    networks: int
    seconds_left: float
    text: str = ""


Watch = Callable[[SearchProgress], None]
Look = Callable[[Search], None]


class Session:
    """One search: its training, its plan, its files."""

    def __init__(self, images: ImageSet, settings: ClockSettings, store: Store | None, threads: int) -> None:
        self.images, self.settings, self.store, self.threads = images, settings, store, threads
        self.arrays = images.arrays()
        self.device = find_device(settings.device)
        self.space = ConvNet(images.shape, len(images.classes), settings.limits)
        self.workers = settings.workers or (1 if self.device == "cuda" else threads)
        self.recipe = self._recipe()
        folder = working_folder(f"rungs/{images.fingerprint[:16]}")
        self.training = RungTraining(
            self.space, images.name, images.fingerprint, self.recipe, self.device, folder
        )
        self.mirrored = (
            self.recipe.mirror and settings.limits.max_macs is None and settings.max_latency_ms is None
        )
        """Whether what is delivered looks at each image twice, as it is and mirrored."""
        self.key = self._key()
        self.place = folder / f"search-{self.key}"

    def _recipe(self) -> RecipeSettings:
        """That of the images, which are changed less where the final training sees each of them a few times only."""
        recipe, schedule = recipe_for(self.images, self.device), self.settings.schedule
        images = int((self.arrays["part"] == TRAINING).sum())
        final = (1 - schedule.search) * 60 * self.settings.minutes * self.workers
        few, many = _EPOCHS
        epochs = schedule.shown_in(final, images) / images
        share = float(np.clip((epochs - few) / (many - few), 0, 1))
        return replace(recipe, strength=round(recipe.strength * share, 2))

    def _key(self) -> str:
        """Of all that decides how the search goes, but for the machine's speed."""
        s = self.settings
        parts = [
            self.images.fingerprint, self.recipe.as_dict(), self.device, s.minutes, s.limits.as_dict(),
            s.max_latency_ms, asdict(s.schedule), s.seed, self.workers,
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]

    def workers_ready(self) -> RungPool:
        """Workers; they come up while the plan is made."""
        settings = self.settings
        return RungPool(
            self.training, self.arrays, settings.seed,
            workers=self.workers, engine=settings.engine, address=settings.address,
        )  # fmt: skip

    def plan(self) -> Plan:
        """That of a search that has begun before, otherwise a new one, from how fast this machine trains."""
        path = self.place.with_suffix(".plan.json")
        if path.is_file():
            return read_json(path, Plan, "the plan of a search; delete it, and one is made")
        rng = np.random.default_rng(0)
        timed = np.stack([self.space.parse(MEMBERS[name]) for name in _TIMED])
        timed = np.concatenate([self.space.made_smaller(timed, rng), self.space.smallest[:1]])
        speed = measure_speed(self.training, timed, self.arrays)
        images = int((self.arrays["part"] == TRAINING).sum())
        plan = Plan(
            self.settings.schedule, 60 * self.settings.minutes, self.workers, images, self.recipe.batch, speed
        )
        write_atomically(path, json.dumps(plan.as_dict()) + "\n")
        return plan

    def seconds_after(self, winner: Step, plan: Plan) -> float:
        """That are left for judging and writing, a tenth of all at most. In single precision, going forward takes an
        image as long as training does in bfloat16, or less.
        """
        tests = int((self.arrays["part"] == TEST).sum()) * self.looks
        of_a_core = tests * float(plan.speed.seconds_B(self.space.costs(winner.trial.code_L[None]))[0])
        return min(_WRITING + of_a_core / self.threads, 0.1 * plan.seconds)

    @property
    def looks(self) -> int:
        """At each image, of what is delivered."""
        return 1 + self.mirrored

    def chances(self, network: nn.Module, places: NDArray[np.intp]) -> NDArray[np.float32]:
        """Of the classes (N, K), for some images, as what is delivered gives them."""
        images_NCHW = self.arrays["images"][places]
        precise = replace(self.recipe, arithmetic="fp32")
        normalise = Normalisation.of(self.arrays)
        sum_NK = np.zeros((len(places), len(self.images.classes)), np.float32)
        for look in (images_NCHW, images_NCHW[..., ::-1])[: self.looks]:
            scores_NK = scores_of(network, look, normalise, precise, self.device)
            sum_NK += torch.from_numpy(scores_NK).softmax(1).numpy()
        return sum_NK / np.float32(self.looks)


def search_by_the_clock(
    images: ImageSet, settings: ClockSettings, out: Path, store: Store | None, threads: int, watch: Watch,
    *, now: Callable[[], float] = time.monotonic, look: Look = lambda search: None,
) -> dict[str, Any]:  # fmt: skip
    """Search, train, judge and write to `out`; gives what `result.json` holds. `now` is the clock, in seconds; `look`
    is shown the search now and then.

    The same call again goes on where it was, or finds that all is done. Ctrl-C ends the search with what there is.
    Raises UsageError where another process is at the same search, or at one into the same folder.
    """
    session = Session(images, settings, store, threads)
    with (
        alone_with(session.place.with_suffix(".lock"), f"this search of {images.name}"),
        alone_with(make_folder(out), f"a search into {out}"),
    ):
        return _search(session, out, watch, now, look)


def _search(
    session: Session, out: Path, watch: Watch, now: Callable[[], float], look: Look
) -> dict[str, Any]:
    settings, images = session.settings, session.images
    journal = Journal(session.place.with_suffix(".jsonl"))
    clock = Clock(journal.seconds, now)
    with _interruptible() as stopped, ExitStack() as stack:
        pool = None if journal.is_final else stack.enter_context(session.workers_ready())
        plan = session.plan()
        search = Search(
            space_within(session.space, plan), session.training, plan, journal, session.store, settings.seed, clock,
            _latency_check(session),
        )  # fmt: skip
        tell = _teller(search, watch, look)
        if journal.at("planned") is None:
            journal.write({"planned": True, "at": round(clock.elapsed, 3)})
        if not journal.is_final:
            pool = pool or stack.enter_context(session.workers_ready())
            search.run(pool, lambda search: tell("search"), stopped)
        stack.close()
        winner = search.winner()
        final = train_winner(
            session.training, winner.climb, session.arrays, settings.seed, clock, journal,
            until=plan.seconds - session.seconds_after(winner, plan), threads=session.threads, stopped=stopped,
            told=lambda done, loss: tell("final training", f"{100 * done:.0f} %"),
        )  # fmt: skip
    tell("judging and writing")
    result = _result(session, plan, search, winner, final)
    make_folder(out)
    files = deliver(
        out,
        session.space,
        winner.trial.code_L,
        final.network,
        Normalisation.of(session.arrays),
        images,
        mirrored=session.mirrored,
    )
    if images.files_N:
        names = [name for name, part in zip(images.files_N, images.part_N, strict=True) if part == TEST]
        write_atomically(
            out / TEST_FILES, "".join(f"{name}\n" for name in names).encode(errors="surrogateescape")
        )
        files.append(TEST_FILES)
    result |= {"files": files, "seconds": _seconds(journal, final, clock.elapsed)}
    write_atomically(out / RESULT, json.dumps(result, indent=1) + "\n")
    write_atomically(out / FOUND, json.dumps(result["architecture"]) + "\n")
    forget_oldest(session.training.folder, _MOST_KEPT)
    return result


def _seconds(journal: Journal, final: Final, now: float) -> dict[str, float]:
    """Where the time went, that before a kill too."""
    planned = journal.at("planned") or 0.0
    spent = {
        "planning": planned,
        "search": final.begun - planned,
        "final training": final.seconds,
        "judging and writing": now - final.begun - final.seconds,
    }
    return {name: round(value, 2) for name, value in spent.items()}


def _teller(search: Search, watch: Watch, look: Look) -> Callable[..., None]:
    def tell(phase: str, text: str = "") -> None:
        look(search)
        best = max((s.trial.accuracy for s in search.done if s.trial.accuracy), default=None)
        watch(SearchProgress(phase, best, search.networks, search.plan.seconds - search.clock.elapsed, text))

    return tell


def _latency_check(session: Session) -> Callable[[Codes], bool]:
    most = session.settings.max_latency_ms
    if most is None:
        return lambda code_L: True
    fastest = latency_ms(session.training.fresh(session.space.smallest[0]), session.images.shape)
    if fastest > most:
        raise UsageError(
            f"no network of {session.space.name} answers in {most:g} ms here: the smallest takes {fastest:.2f} ms"
        )
    return lambda code_L: latency_ms(session.training.fresh(code_L), session.images.shape) <= most


def _result(session: Session, plan: Plan, search: Search, winner: Step, final: Final) -> dict[str, Any]:
    arrays, code_L = session.arrays, winner.trial.code_L
    places = np.flatnonzero(arrays["part"] == TEST)
    chances_NK = session.chances(final.network, places)
    judged = Judgement.of(chances_NK, arrays["labels"][places])
    costs = session.space.costs(code_L[None])
    return {
        "images": {
            "name": session.images.name, "shape": list(session.images.shape), "classes": list(session.images.classes),
            "training": int((arrays["part"] != TEST).sum()), "test": len(places),
            "fingerprint": session.images.fingerprint,
        },
        "architecture": session.space.describe(code_L),
        "parameters": int(costs.parameters_B[0]),
        "macs": session.looks * int(costs.macs_B[0]),
        "megabytes": float(costs.megabytes_B[0]),
        "latency_ms": session.looks * latency_ms(final.network.cpu(), session.images.shape),
        "mirrored": session.mirrored,
        "test": judged.as_dict(),
        "wrong": _wrong(session, chances_NK, places),
        "recipe": session.recipe.as_dict(),
        "plan": plan.as_dict(),
        "limits": session.settings.limits.as_dict() | (
            {} if session.settings.max_latency_ms is None else {"max_latency_ms": session.settings.max_latency_ms}
        ),
        "seed": session.settings.seed,
        "final": {"curves": final.curves, "seconds": final.seconds, "images": final.images, "stopped": final.stopped},
        "tried": [_tried(session.space, step) for step in search.done],
        "winner": search.steps.index(winner),
        "rungs_trained_now": search.trained,
    }  # fmt: skip


def _tried(space: ConvNet, step: Step) -> dict[str, Any]:
    assert step.outcome is not None
    costs = space.costs(step.trial.code_L[None])
    return {
        "architecture": space.describe(step.trial.code_L), "rung": step.trial.rung, "steps": list(step.climb.steps),
        "validation": step.trial.accuracy, "status": step.outcome.status, "seconds": step.outcome.seconds,
        "at": step.at, "parameters": int(costs.parameters_B[0]), "macs": int(costs.macs_B[0]),
    }  # fmt: skip


def _wrong(session: Session, chances_NK: Any, places: Any) -> list[dict[str, Any]]:
    """The test images that are taken for another class with most confidence."""
    labels_N = session.arrays["labels"][places]
    taken_N, sure_N = chances_NK.argmax(axis=1), chances_NK.max(axis=1)
    wrong = np.flatnonzero(taken_N != labels_N)
    worst = wrong[np.argsort(-sure_N[wrong], kind="stable")][:12]
    return [{"image": int(places[i]), "class": int(labels_N[i]), "taken_for": int(taken_N[i])} for i in worst]


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """The first Ctrl-C only says that it is time to end; the second one ends at once."""
    said = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield said.is_set
        return
    before = signal.getsignal(signal.SIGINT)

    def hear(number: int, frame: Any) -> None:
        said.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, hear)
    try:
        yield said.is_set
    finally:
        signal.signal(signal.SIGINT, before)
