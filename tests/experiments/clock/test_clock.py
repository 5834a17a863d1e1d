"""Searches by the clock on tiny images: what they leave, how they go on, what they refuse."""

import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from archwalk.data.files import alone_with, make_folder
from archwalk.data.images.base import TEST
from archwalk.errors import ArchwalkError, DataError, UsageError
from archwalk.estimators.rungs.speed import Speed
from archwalk.estimators.store.database import Store
from archwalk.experiments.clock.final import train_winner
from archwalk.experiments.clock.journal import Clock, Journal
from archwalk.experiments.clock.judging import Judgement
from archwalk.experiments.clock.plan import Plan, Schedule
from archwalk.experiments.clock.search import Search
from archwalk.experiments.clock.searching import ClockSettings, Session, search_by_the_clock
from archwalk.experiments.clock.using import TrainedNetwork
from archwalk.spaces.convnet import ConvNet, Limits
from archwalk.strategies.climbing.proposing import Ladder, Trial, initial_networks, propose
from striped import striped_images

LIMITS = Limits(max_parameters=4000)
SETTINGS = ClockSettings(minutes=0.1, limits=LIMITS, engine="local", workers=1)


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ARCHWALK_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """A search that was done, with its cache."""
    folder = tmp_path_factory.mktemp("found")
    images = replace(striped_images(), files_N=tuple(f"{i}.png" for i in range(96)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARCHWALK_CACHE", str(folder / "cache"))
        store = Store(str(folder / "store.sqlite"))
        told = []
        result = search_by_the_clock(
            images, SETTINGS, folder / "out", store, 1, told.append, now=time.process_time
        )
    return folder, images, result, told


def test_what_is_left_is_used_without_archwalk(found):
    folder, images, result, _ = found
    names = {path.name for path in (folder / "out").iterdir()}
    assert names >= {
        "network.py",
        "weights.safetensors",
        "network.onnx",
        "classes.json",
        "predict.py",
        "result.json",
    }
    assert (folder / "out" / "test-images.txt").read_text().split() == [
        name for name, part in zip(images.files_N, images.part_N, strict=True) if part == TEST
    ]
    places = np.flatnonzero(images.part_N == TEST)
    for i in places:
        pixels = images.images_NCHW[i, 0]
        image = Image.fromarray(pixels.astype(np.uint16) * 257 if i % 4 == 3 else pixels)
        if i % 4 == 2:  # white that covers more or less of a black ground
            image = Image.merge("LA", (Image.new("L", image.size, 255), image))
        image.save(folder / f"{i}.png")
    without = (
        "import runpy, sys; sys.modules['archwalk'] = None; sys.argv = sys.argv[1:]; "
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    script, files = str(folder / "out" / "predict.py"), [str(folder / f"{i}.png") for i in places]
    ran = subprocess.run(
        [sys.executable, "-c", without, script, *files], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    said = ran.stdout.splitlines()
    right = sum(
        f": {images.classes[images.labels_N[i]]} (" in line for i, line in zip(places, said, strict=True)
    )
    assert 100 * right / len(places) == pytest.approx(result["test"]["accuracy"])


def test_the_onnx_model_says_the_same_for_any_batch_and_size(found):
    onnxruntime = pytest.importorskip("onnxruntime")
    folder, _, _, _ = found
    session = onnxruntime.InferenceSession(folder / "out" / "network.onnx")
    network = TrainedNetwork(folder / "out")
    for shape in ((1, 1, 8, 8), (5, 1, 30, 17), (2, 1, 5, 9)):
        images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
        (theirs,) = session.run(None, {"images": images})
        np.testing.assert_allclose(theirs, network.chances(images), atol=1e-4)


def test_it_is_told_how_it_goes(found):
    _, _, result, told = found
    assert {"search", "judging and writing"} <= {one.phase for one in told}
    assert told[-1].best == max(one["validation"] for one in result["tried"])
    assert result["parameters"] <= 4000
    assert all(one["parameters"] <= 4000 for one in result["tried"])
    assert sum(map(sum, result["test"]["confusion"])) == result["test"]["images"] == 24


def test_the_same_search_again_trains_nothing(found, monkeypatch):
    folder, images, result, _ = found
    monkeypatch.setenv("ARCHWALK_CACHE", str(folder / "cache"))
    again = search_by_the_clock(
        images, SETTINGS, folder / "again", Store(str(folder / "store.sqlite")), 1, lambda told: None,
        now=time.process_time,
    )  # fmt: skip
    assert again["rungs_trained_now"] == 0
    assert again["final"]["images"] == 0
    for name in ("architecture", "test", "tried"):
        assert again[name] == result[name]
    assert again["final"]["curves"] == result["final"]["curves"]
    assert result["final"]["curves"]["progress"][-1] == 1
    for name in ("planning", "search", "final training"):
        assert again["seconds"][name] == pytest.approx(result["seconds"][name], abs=0.5)
    assert min(again["seconds"].values()) >= 0
    weights = [(folder / name / "weights.safetensors").read_bytes() for name in ("out", "again")]
    assert weights[0] == weights[1]


def test_images_of_a_folder_are_named_and_judged(found, tmp_path):
    folder, images, result, _ = found
    places = np.flatnonzero(images.part_N == TEST)
    for i in places:
        path = tmp_path / "others" / images.classes[images.labels_N[i]] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(images.images_NCHW[i, 0]).save(path)
    (tmp_path / "others" / "lying" / "empty.png").write_bytes(b"")
    network = TrainedNetwork(folder / "out")
    judged, left_out = network.evaluate(tmp_path / "others")
    assert judged.accuracy == pytest.approx(result["test"]["accuracy"])
    assert left_out == ["lying/empty.png"]
    (one,) = network.predict(path)
    assert one.label in images.classes
    assert 0.5 <= one.chance <= 1
    path.parent.rename(path.parent.with_name("slanted"))
    with pytest.raises(DataError, match="the network knows no class 'slanted'"):
        network.evaluate(tmp_path / "others")
    with pytest.raises(DataError, match=r"holds no trained network: there is no classes\.json in it"):
        TrainedNetwork(tmp_path)


class _Killed(BaseException):
    pass


def make_search(tmp_path, clock=None):
    images = striped_images()
    session = Session(images, SETTINGS, None, 1)
    plan = Plan(
        Schedule(rungs=3, factor=2, fewest_steps=4, spread=1e6), 1e-3, 1, 48, 32, Speed(0.0, 0.0, 0.0, 1.0)
    )
    plan = replace(plan, seconds=1e6, speed=Speed(0.0, 0.0, 0.0, 1e2))
    journal = Journal(tmp_path / "journal.jsonl")
    store = Store(str(tmp_path / "store.sqlite"))
    accept = lambda code_L: True  # noqa: E731
    return session, Search(
        session.space, session.training, plan, journal, store, 0, clock or Clock(0.0), accept
    )


class _InstantPool:
    """Trains at once, in this process; counts."""

    def __init__(self, training, arrays):
        self.training, self.arrays, self.given, self.busy, self.answers = training, arrays, [], {}, []

    @property
    def free(self):
        return 1 - len(self.answers)

    def submit(self, number, climb):
        self.given.append(number)
        self.answers.append((number, self.training.run(climb, self.arrays, 0)))

    def finished(self):
        answers, self.answers = self.answers, []
        return answers


def run_until(search, session, rungs, kill=False):
    pool = _InstantPool(session.training, session.arrays)

    def told(search):
        if kill and len(search.done) >= rungs:
            raise _Killed

    if kill:
        with pytest.raises(_Killed):
            search.run(pool, told, lambda: False)
    else:
        search.run(pool, told, lambda: len(search.done) >= rungs)
    return pool


def as_tried(search):
    return [(step.trial.code_L.tolist(), step.trial.rung, step.trial.accuracy) for step in search.done]


def test_a_search_that_is_killed_goes_on_as_if_it_had_not_been(tmp_path):
    session, whole = make_search(tmp_path / "whole")
    run_until(whole, session, 9)
    assert {step.trial.rung for step in whole.done} >= {0, 1}
    winner = whole.winner()
    assert winner.trial.rung == max(step.trial.rung for step in whole.done)
    assert whole.steps[whole.steps.index(winner)] is winner
    session, first = make_search(tmp_path / "killed")
    run_until(first, session, 4, kill=True)
    with (tmp_path / "killed" / "journal.jsonl").open("a") as file:
        file.write('{"begun": {"activ')  # a line that was torn
    session, second = make_search(tmp_path / "killed")
    assert as_tried(second) == as_tried(first)
    pool = run_until(second, session, 9)
    assert as_tried(second) == as_tried(whole)
    assert len(pool.given) == 5, "nothing is trained twice"


def test_a_journal_of_trainings_that_the_store_has_lost_is_begun_anew(tmp_path):
    session, first = make_search(tmp_path)
    run_until(first, session, 2)
    (tmp_path / "store.sqlite").unlink()
    _, second = make_search(tmp_path)
    assert second.done == []
    assert second.journal.lines == []


def test_one_process_at_a_time(tmp_path):
    """A second one would write into the journal of the first, or into its folder."""
    images, settings, out = striped_images(), ClockSettings(1.0), tmp_path / "out"
    lock = Session(images, settings, None, 1).place.with_suffix(".lock")
    with alone_with(lock, "x"), pytest.raises(UsageError, match="another process works on this search of"):
        search_by_the_clock(images, settings, out, None, 1, print)
    assert not out.exists()
    with alone_with(make_folder(out), "x"), pytest.raises(UsageError, match="works on a search into"):
        search_by_the_clock(images, settings, out, None, 1, print)


def test_without_any_training_there_is_no_winner(tmp_path):
    _, search = make_search(tmp_path)
    with pytest.raises(ArchwalkError, match="no network was trained; give more minutes"):
        search.winner()


def test_a_final_training_goes_on_from_what_it_kept_and_ends_when_it_is_stopped(tmp_path):
    session, search = make_search(tmp_path)
    run_until(search, session, 1)
    climb = search.winner().climb
    clock = Clock(0.0)
    at_once = train_winner(
        session.training, climb, session.arrays, 0, clock, search.journal, until=1e9, threads=1,
        told=lambda done, loss: None, stopped=lambda: True,
    )  # fmt: skip
    assert at_once.stopped
    assert at_once.images == 0
    assert not search.journal.is_final, "the search may go on another time"
    calls = iter([False] * 6)
    final = train_winner(
        session.training, climb, session.arrays, 0, clock, search.journal, until=1e9, threads=1,
        told=lambda done, loss: None, stopped=lambda: next(calls, True),
    )  # fmt: skip
    assert final.stopped
    assert final.images > 0
    assert final.curves["learning_rate"][-1] < 1e-2
    assert not any(line.get("final") == 1.0 for line in search.journal.lines)
    again = train_winner(
        session.training, climb, session.arrays, 0, clock, search.journal, until=0.0, threads=1,
        told=lambda done, loss: None, stopped=lambda: False,
    )  # fmt: skip
    assert not again.stopped
    assert search.journal.lines[-1]["final"] == 1.0


def test_promotions_come_first_and_the_best_goes_up():
    space = ConvNet((1, 8, 8), 2, LIMITS)
    codes = initial_networks(space, np.random.default_rng(0), 12)
    ladder = Ladder((1.0, 3.0), factor=3)
    trials = [Trial(code_L, 0, accuracy) for code_L, accuracy in zip(codes, (50.0, 70.0, 60.0), strict=False)]
    code_L, rung = propose(space, ladder, trials, lambda code_L: True, [0, 3])
    assert rung == 1
    np.testing.assert_array_equal(code_L, codes[1])
    code_L, rung = propose(space, ladder, [*trials, Trial(code_L, 1)], lambda code_L: True, [0, 4])
    assert rung == 0
    assert code_L.tolist() not in [t.code_L.tolist() for t in trials]


def test_the_model_names_networks_like_the_good_ones():
    """Where only width counts, what is named next is wider than usual."""
    space = ConvNet((3, 16, 16), 10)
    codes = space.sample(np.random.default_rng(0), 40)
    size = np.log(space.costs(codes).parameters_B)
    accuracies = 40 + 50 * (size - size.min()) / np.ptp(size)
    trials = [Trial(code_L, 0, float(accuracy)) for code_L, accuracy in zip(codes, accuracies, strict=True)]
    trials += [Trial(code_L, 1) for code_L in codes[np.argsort(-accuracies)[:20]]]
    ladder = Ladder((1.0, 3.0))
    named = [propose(space, ladder, trials, lambda code_L: True, [0, seed])[0] for seed in range(3)]
    assert np.log(space.costs(np.stack(named)).parameters_B).min() > np.quantile(size, 0.9)


def test_what_is_not_accepted_is_not_proposed():
    space = ConvNet((1, 8, 8), 2, LIMITS)
    assert propose(space, Ladder((1.0,)), [], lambda code_L: False, [0]) is None


def test_known_networks_are_as_large_as_the_time_is_worth(tmp_path):
    """Of a longer search they take longer; where limits leave small ones, these may be tried."""
    session, _ = make_search(tmp_path)

    def search(seconds, limits):
        space = ConvNet((3, 32, 32), 10, limits)
        plan = Plan(Schedule(), seconds, 1, 4000, 128, Speed(5e-11, 0.0, 0.0, 1e-5))
        journal = Journal(tmp_path / "none.jsonl")
        found = Search(space, session.training, plan, journal, None, 0, Clock(0.0))
        codes = initial_networks(space, np.random.default_rng(0), 1, found._sized)[1:6]
        return plan, found, plan.speed.seconds_B(space.costs(codes)), codes

    plan, _, short_B, _ = search(240.0, Limits())
    assert np.abs(np.log2(short_B / plan.wanted)).max() < 1
    plan, found, long_B, codes = search(2400.0, Limits())
    assert np.abs(np.log2(long_B / plan.wanted)).max() < 1
    assert (long_B > 2 * short_B).all()
    assert all(map(found._right_size, codes))
    assert not found._right_size(found.space.smallest[0])
    _, found, _, codes = search(2400.0, LIMITS)
    assert all(map(found._right_size, codes))


def test_a_judgement_counts():
    scores = np.eye(3, dtype=np.float32)[[0, 0, 1, 1, 2, 0]]
    judged = Judgement.of(scores, np.array([0, 0, 0, 1, 1, 1]))
    assert judged.confusion_KK.tolist() == [[2, 1, 0], [1, 1, 1], [0, 0, 0]]
    assert judged.accuracy == pytest.approx(50)
    assert judged.balanced == pytest.approx(50)
    low, high = judged.interval
    assert (low, high) == pytest.approx((18.76, 81.24), abs=0.01)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"minutes": 0.0}, "minutes must be above 0"),
        ({"limits": Limits(max_parameters=10)}, "the smallest has .* parameters"),
        ({"max_latency_ms": 1e-9}, "no network of convnet answers in 1e-09 ms here: the smallest takes"),
    ],
)
def test_what_cannot_be_kept_is_refused(tmp_path, change, message):
    with pytest.raises(UsageError, match=message):
        search_by_the_clock(
            striped_images(), replace(SETTINGS, **change) if "minutes" not in change else ClockSettings(**change),
            tmp_path / "out", None, 1, lambda told: None,
        )  # fmt: skip
