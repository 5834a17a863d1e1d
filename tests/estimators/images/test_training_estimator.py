"""Many trainings: in worker processes, never one twice, through deaths and kills."""

import multiprocessing
import os
import pickle
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from toy_networks import (
    BUGGY,
    DYING,
    GREEDY,
    HUGE,
    QUICK,
    WAITING,
    ToySpace,
    codes,
    marks_in,
    toy_images,
    toy_settings,
)  # fmt: skip

from archwalk.data.images import ImageSettings, load_images
from archwalk.errors import UsageError
from archwalk.estimators.base import Estimator
from archwalk.estimators.benchmarks import load_benchmark
from archwalk.estimators.images import FULL, TrainedEstimator, train_intensively
from archwalk.estimators.images.benchmark import load_images_benchmark, training_benchmark
from archwalk.estimators.images.cycle import CycleSettings, CycleTraining
from archwalk.estimators.rungs.settings import RecipeSettings
from archwalk.estimators.store import open_store
from archwalk.learning.engines import WorkerCallError
from archwalk.spaces.base import SearchSpace
from archwalk.spaces.nasbench101.size import NASBench101Size
from archwalk.spaces.nasbench101.space import NASBench101
from archwalk.spaces.nsc import NSC, Chain, NSCSize
from archwalk.testing.estimators import DeterministicEstimatorConformance

IMAGES = toy_images()


@pytest.fixture
def url(tmp_path) -> str:
    return str(tmp_path / "store.sqlite")


def make(marks, url=None, settings=QUICK, **options):
    options = {"engine": "local"} | options
    store = open_store(url) if url else None
    return TrainedEstimator(ToySpace(marks), IMAGES, settings, store=store, **options)


class TestConformance(DeterministicEstimatorConformance):
    """Two estimators agree on seconds too, since the second finds them in the store."""

    @pytest.fixture
    @classmethod
    def space(cls) -> SearchSpace:
        return NASBench101(max_vertices=4)

    @pytest.fixture
    @classmethod
    def make_estimator(cls, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Estimator]:
        base = tmp_path_factory.getbasetemp()
        images, settings = toy_images(240, pixels=6), toy_settings(epochs=1)

        def make_one() -> Estimator:
            store = open_store(str(base / "conformance.sqlite"))
            space = NASBench101(max_vertices=4)
            return training_benchmark(space, images, settings, store, engine="local").estimator

        return make_one


class TestOnce:
    def test_equal_architectures_are_trained_once(self, marks):
        estimator = make(marks)
        scores = estimator.evaluate(codes(1, 2, 1, 1))
        assert estimator.trained == 2
        assert sorted(marks_in(marks)) == [1, 2]
        assert scores.reward_B[0] == scores.reward_B[2] == scores.reward_B[3]
        estimator.evaluate(codes(2, 1))
        assert estimator.trained == 2

    def test_the_store_is_asked_before(self, marks, url):
        first = make(marks, url)
        scores = first.evaluate(codes(1, 2, HUGE))
        second = make(marks, url)
        again = second.evaluate(codes(1, 2, HUGE, 3))
        assert (first.trained, second.trained) == (3, 1)
        assert marks_in(marks) == [1, 2, 3]
        np.testing.assert_array_equal(again.reward_B[:3], scores.reward_B)
        np.testing.assert_array_equal(again.report_B[:3], scores.report_B)
        np.testing.assert_array_equal(again.seconds_B[:3], scores.seconds_B)

    @pytest.mark.parametrize(
        "other", [{"seed": 1}, {"settings": toy_settings(epochs=3)}], ids=["seed", "settings"]
    )
    def test_another_problem_is_another_training(self, marks, url, other):
        make(marks, url).evaluate(codes(1))
        different = make(marks, url, **other)
        different.evaluate(codes(1))
        assert different.trained == 1

    def test_other_images_are_another_training(self, marks, url):
        make(marks, url).evaluate(codes(1))
        other = TrainedEstimator(
            ToySpace(marks), toy_images(66), QUICK, store=open_store(url), engine="local"
        )
        other.evaluate(codes(1))
        assert other.trained == 1

    def test_a_bug_leaves_no_claim(self, marks, url):
        estimator = make(marks, url)
        with pytest.raises(WorkerCallError, match="a bug"):
            estimator.evaluate(codes(1, BUGGY, 2))
        store = open_store(url)
        assert [one.architecture for one in store.evaluations()] == ['{"number":1}']
        assert store.claim(estimator.problem, f'{{"number":{BUGGY}}}'), "nobody holds it"

    def test_pickled_without_its_workers(self, marks, url):
        estimator = make(marks, url)
        estimator.evaluate(codes(1))
        copy = pickle.loads(pickle.dumps(estimator))  # noqa: S301
        copy.evaluate(codes(1, 2))
        assert marks_in(marks) == [1, 2]


class TestProcesses:
    def test_without_processes_networks_are_trained_in_this_one(self, marks, monkeypatch):
        """As on Windows."""
        monkeypatch.setattr("archwalk.estimators.stored.can_start_processes", lambda: False)
        estimator = make(marks, engine="processes", workers=2)
        estimator.evaluate(codes(1))
        assert (estimator.engine, estimator.workers, marks_in(marks)) == ("local", 1, [1])

    def test_same_scores_as_in_this_process_and_a_death_costs_one_architecture(self, marks, url):
        numbers = codes(1, DYING, 2, GREEDY, 3, 4)
        here = make(marks).outcomes(numbers[[0, 2, 4, 5]])
        with make(marks, url, engine="processes", workers=2) as estimator:
            outcomes = estimator.outcomes(numbers)
        assert [outcome.status for outcome in outcomes] == ["done", "lost", "done", "memory", "done", "done"]
        assert "so did another" in outcomes[1].reason
        assert "memory ran out" in outcomes[3].reason
        assert outcomes[1].validation == outcomes[3].test == 0
        for one, other in zip([outcomes[i] for i in (0, 2, 4, 5)], here, strict=True):
            assert (one.curves, one.validation, one.test) == (other.curves, other.validation, other.test)
        count = Counter(marks_in(marks))
        assert count[DYING] == 2, "one retry"
        assert count[GREEDY] == 1
        assert len(open_store(url).evaluations()) == 6

    def test_workers_that_were_closed_start_again(self, marks):
        estimator = make(marks)
        estimator.evaluate(codes(1))
        estimator.close()
        estimator.evaluate(codes(2))
        estimator.close()
        assert estimator.trained == 2


def _search(marks: str, url: str, numbers: list[int]) -> None:
    estimator = make(marks, url)
    estimator.evaluate(codes(*numbers))
    Path(f"{marks}.{os.getpid()}").write_text(str(estimator.trained))


class TestManyProcesses:
    def test_two_searches_on_one_store_train_nothing_twice(self, marks, url):
        numbers = list(range(40))
        spawn = multiprocessing.get_context("spawn")
        searches = [
            spawn.Process(target=_search, args=(marks, url, order)) for order in (numbers, numbers[::-1])
        ]
        for search in searches:
            search.start()
        for search in searches:
            search.join(120)
            assert search.exitcode == 0
        assert sorted(marks_in(marks)) == numbers
        trained = [int(path.read_text()) for path in Path(marks).parent.glob("marks.*")]
        assert sum(trained) == len(numbers) == len(open_store(url).evaluations())

    def test_killed_in_the_middle_and_resumed(self, marks, url):
        """What was finished is there; what was being trained is trained at once by the next."""
        wait = Path(marks).with_suffix(".wait")
        wait.touch()
        search = multiprocessing.get_context("spawn").Process(
            target=_search, args=(marks, url, [1, 2, 3, WAITING, 4])
        )
        search.start()
        deadline = time.monotonic() + 120
        while WAITING not in marks_in(marks):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.kill(search.pid, signal.SIGKILL)
        search.join()
        wait.unlink()
        kept = open_store(url).evaluations()
        assert len(kept) == 3
        resumed = make(marks, url)
        resumed.evaluate(codes(1, 2, 3, WAITING, 4))
        assert resumed.trained == 2
        assert sorted(marks_in(marks)) == [1, 2, 3, 4, WAITING, WAITING]
        assert len(open_store(url).evaluations()) == 5


def test_claims_are_renewed_while_a_network_is_trained(marks, url, monkeypatch):
    """Also where it is trained in this very process."""
    monkeypatch.setattr("archwalk.estimators.stored.LEASE_SECONDS", 0.02)
    estimator, renewed = make(marks, url), threading.Event()
    wait = Path(marks).with_suffix(".wait")
    wait.touch()

    def renew(keys: list[str]) -> None:
        if keys == [estimator.problem.key(estimator.architecture(codes(WAITING)[0]))]:
            renewed.set()
            wait.unlink(missing_ok=True)

    monkeypatch.setattr(estimator.store, "renew", renew)
    estimator.evaluate(codes(WAITING))
    assert renewed.is_set()


class TestIntensive:
    def test_mean_and_two_deviations(self, marks, url):
        settings = toy_settings(epochs=3, learning_rate=0.01)
        options = {"trainings": 3, "store": open_store(url), "engine": "local"}
        results = train_intensively(ToySpace(marks), codes(1, 2), IMAGES, settings, **options)
        assert len(results) == 2
        for result in results:
            assert len(result.outcomes) == 3
            assert result.mean == pytest.approx(np.mean([outcome.test for outcome in result.outcomes]))
            assert result.two_deviations == pytest.approx(2 * np.std(result.test_S, ddof=1))
        assert len({tuple(outcome.curves["loss"]) for outcome in results[0].outcomes}) == 3, "independent"
        train_intensively(ToySpace(marks), codes(1, 2), IMAGES, settings, **options)
        assert len(marks_in(marks)) == 6


class TestStructureCodes:
    """Gomez Robles and Vanschoren's own networks."""

    IMAGES = toy_images(60, pixels=12)

    def outcomes(self, space, url, *architectures, settings=QUICK):
        size = NSCSize(dense=4, max_parameters=None)
        benchmark = training_benchmark(
            space, self.IMAGES, settings, open_store(url), size=size, engine="local"
        )
        codes_BL = np.stack([space.parse(architecture) for architecture in architectures])
        return benchmark.estimator.outcomes(codes_BL), benchmark.estimator.trained

    def test_a_chain_is_the_same_network_in_every_space_of_chains(self, url):
        chain = {
            "layers": [{"type": "convolution", "kernel_size": 3}, {"type": "max-pooling", "kernel_size": 2}]
        }
        small = {"layers": [{"type": "max-pooling", "kernel_size": 3}] * 3}
        numbered, trained = self.outcomes(Chain(), url, chain, small)
        assert ([outcome.status for outcome in numbered], trained) == (["done", "invalid"], 2)
        assert "larger than the 1 x 1 it reads" in numbered[1].reason
        others, trained = self.outcomes(NSC(10, "chain"), url, chain, small)
        assert (others, trained) == (numbered, 0)

    def test_branches(self, url):
        layers = [
            {"type": "convolution", "kernel_size": 3, "predecessors": [0]},
            {"type": "avg-pooling", "kernel_size": 2, "predecessors": [0]},
            {"type": "concatenation", "predecessors": [1, 2]},
        ]
        (outcome,), _ = self.outcomes(NSC(10, "multi-branch"), url, {"layers": layers})
        assert outcome.status == "done"
        assert outcome.parameters == 32 * 9 + 64 + (33 * 12 * 12 + 1) * 4 + (4 + 1) * 3

    def test_an_unpooled_convolution_of_84_pixels_is_refused(self, url):
        settings = replace(FULL, memory_limit=2048)
        benchmark = training_benchmark(
            Chain(), toy_images(60, pixels=84), settings, open_store(url), size=NSCSize(max_parameters=None),
            engine="local",
        )  # fmt: skip
        (outcome,) = benchmark.estimator.outcomes(codes(0))
        assert outcome.status == "memory"
        assert outcome.parameters > 231_000_000


class TestBenchmark:
    def test_chains_are_the_default_of_a_scale(self, monkeypatch, url):
        monkeypatch.setenv("ARCHWALK_STORE", url)
        assert load_images_benchmark(["digits", "small"], 0).space.name == "nsc-chain"
        assert load_images_benchmark(["digits", "branches"], 0).space.name == "nsc"

    def test_short_chains_are_those_of_the_tables(self):
        """So that an agent of the tables can go on with images."""
        short, table = (
            load_images_benchmark(["digits", "chain4"], 0).space,
            load_benchmark("chain-digits").space,
        )
        every = np.arange(table.size)[:, None]
        np.testing.assert_array_equal(short.layers(every), table.layers(every))
        assert (short.default_task.shape[1:], short.default_size) == ((14, 14), table.default_size)

    def test_by_name(self, monkeypatch, url):
        monkeypatch.setenv("ARCHWALK_STORE", url)
        benchmark = load_images_benchmark(["digits", "small", "cells", "validation"], 3)
        assert (benchmark.name, benchmark.objective.name, benchmark.space.name) == (
            "images:digits",
            "validation",
            "nasbench101",
        )
        assert benchmark.provenance["images"] == "600 of 10 classes, 1x14x14"
        assert benchmark.provenance["seed"] == "3"
        assert benchmark.estimator.training.settings.epochs == 3

    @pytest.mark.parametrize(
        ("words", "space"), [(["digits"], "convnet"), (["digits", "cells"], "nasbench101")]
    )
    def test_without_a_scale_networks_are_trained_well(self, monkeypatch, url, words, space):
        monkeypatch.setenv("ARCHWALK_STORE", url)
        benchmark = load_images_benchmark(words, 0)
        assert (benchmark.space.name, benchmark.provenance["images"]) == (space, "1797 of 10 classes, 1x8x8")
        training = benchmark.estimator.training
        assert (type(training), training.settings.epochs) == (CycleTraining, 20)

    def test_a_cycle_learns_and_is_told_apart_in_the_store(self):
        images = load_images("digits", ImageSettings(pixels=8, max_images=400))
        space = NASBench101(3)
        code_BL = space.parse(
            {"matrix": [[0, 1, 0], [0, 0, 1], [0, 0, 0]], "ops": ["input", "conv3x3-bn-relu", "output"]}
        )
        size = NASBench101Size(8, stacks=2, cells_per_stack=1)
        outcomes = []
        for epochs in (1, 6, 6):
            settings = CycleSettings(RecipeSettings(batch=16), epochs)
            with TrainedEstimator(space, images, settings, size=size, engine="local") as estimator:
                outcomes += estimator.outcomes(code_BL[None])
            assert estimator.problem.settings["training"]["epochs"] == epochs
        short, long, again = outcomes
        assert long.test > 40 > 2 * short.test, "a guess has 10"
        assert replace(again, seconds=long.seconds) == long

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ([], "which images"),
            (["small"], "unknown image data set 'small'"),
            (["digits", "small", "full"], "takes one scale"),
            (["digitz"], "did you mean 'digits'"),
            (["digits", "test-mean"], "no folder or zip file digits:test-mean"),
        ],
    )
    def test_misuse(self, monkeypatch, url, words, message):
        monkeypatch.setenv("ARCHWALK_STORE", url)
        from archwalk.errors import ArchwalkError

        with pytest.raises(ArchwalkError, match=message):
            load_images_benchmark(words, 0)

    def test_devices(self, marks):
        with pytest.raises(UsageError, match="unknown device 'gpu'"):
            make(marks, device="gpu")
        with pytest.raises(UsageError, match="workers must be at least 1"):
            make(marks, workers=0)
