"""One training: the same bits again, what fails and why, and nothing left changed."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from toy_networks import (
    BUGGY,
    DIVERGING,
    HUGE,
    QUICK,
    WRONG_SHAPE,
    ToySize,
    ToySpace,
    codes,
    marks_in,
    toy_images,
    toy_settings,
)  # fmt: skip

from archwalk.errors import UsageError
from archwalk.estimators.images import (
    FULL,
    INTENSIVE,
    INTENSIVE_SIZE,
    SMALL,
    TrainedEstimator,
    TrainingSettings,
)
from archwalk.estimators.images.benchmark import NETWORKS
from archwalk.estimators.images.fitting import Training, batches
from archwalk.estimators.trainings import limits
from archwalk.estimators.trainings.limits import measure
from archwalk.estimators.trainings.statistics import _EndsAtLast
from archwalk.spaces.nasbench101.size import NASBench101Size
from archwalk.spaces.nsc import NSCSize
from archwalk.spaces.task import Task

IMAGES = toy_images()


def train(marks, number, settings=QUICK, seed=0):
    training = Training(ToySpace(marks), Task(IMAGES.shape, 3), ToySize(), settings, "cpu")
    return training.run(codes(number)[0], IMAGES.arrays(), seed)


class TestSettings:
    def test_the_defaults_are_those_of_the_paper(self):
        assert (FULL.epochs, FULL.batch, FULL.learning_rate) == (12, 128, 1e-3)
        size = NSCSize()
        assert (size.filters, size.dense, size.dropout) == (32, 1024, 0.4)
        assert (FULL.beta1, FULL.beta2, FULL.epsilon) == (0.9, 0.999, 1e-7)
        assert (INTENSIVE.epochs, INTENSIVE_SIZE.dense, INTENSIVE_SIZE.doubling) == (100, 4096, True)
        assert (SMALL.epochs, NETWORKS["chain"].sizes["small"].dense) == (3, 128)

    def test_the_learning_rate_falls_every_five_epochs(self):
        rates = [FULL.learning_rate_at(epoch) for epoch in range(12)]
        np.testing.assert_allclose(rates, [1e-3] * 5 + [2e-4] * 5 + [4e-5] * 2)

    def test_the_learning_rate_falls_exponentially(self):
        rates = np.array([INTENSIVE.learning_rate_at(epoch) for epoch in range(101)])
        np.testing.assert_allclose(rates[1:] / rates[:-1], 0.01 ** (1 / 100))
        assert rates[100] == pytest.approx(1e-5)

    @pytest.mark.parametrize(
        "change", [{"epochs": 0}, {"batch": 1}, {"seconds_limit": 0.0}, {"decay": "cosine"}]
    )
    def test_nonsense_is_refused(self, change):
        with pytest.raises(UsageError):
            TrainingSettings(**change)


class TestTraining:
    def test_learns(self, marks):
        outcome = train(marks, 0, toy_settings(epochs=30, learning_rate=0.01))
        assert outcome.status == "done"
        assert outcome.validation > 80
        assert outcome.curves["loss"][-1] < outcome.curves["loss"][0]
        assert outcome.parameters == (16 + 1) * 4 + 2 * 4 + (4 + 1) * 3
        assert outcome.versions["torch"] == torch.__version__
        assert len(outcome.curves["training"]) == 30

    def test_the_decay_reaches_the_optimiser(self, marks):
        """Gomez Robles and Vanschoren's own code had a decay that never happened."""
        settings = toy_settings(epochs=4, decay_epochs=2)
        outcome = train(marks, 0, settings)
        np.testing.assert_allclose(outcome.curves["learning_rate"], [1e-3, 1e-3, 2e-4, 2e-4])
        still = train(marks, 0, toy_settings(epochs=4, decay_epochs=2, decay_factor=1e-9))
        same = train(marks, 0, toy_settings(epochs=4, decay_epochs=3, decay_factor=1e-9))
        assert still.curves["loss"][:2] == same.curves["loss"][:2]
        assert still.curves["loss"][3] != same.curves["loss"][3]

    def test_the_same_seed_gives_the_same_bits(self, marks):
        torch.manual_seed(1)
        one = train(marks, 3)
        torch.manual_seed(2)
        torch.rand(100)
        other = train(marks, 3)
        assert (one.curves, one.validation, one.test) == (other.curves, other.validation, other.test)
        assert train(marks, 3, seed=1).curves != one.curves

    def test_nothing_is_left_changed(self, marks):
        torch.manual_seed(5)
        before, threads = torch.get_rng_state(), torch.get_num_threads()
        train(marks, 1)
        train(marks, DIVERGING)
        assert torch.equal(torch.get_rng_state(), before)
        assert torch.get_num_threads() == threads

    def test_statistics_of_all_training_images(self, marks):
        """The running ones are those of a start that is not forgotten yet."""
        slow = train(marks, 0, toy_settings(epochs=1, recompute_statistics=False))
        fresh = train(marks, 0, toy_settings(epochs=1, recompute_statistics=True))
        assert slow.curves == fresh.curves, "training does not see them"


class TestFailures:
    def test_a_network_of_231_million_weights_is_never_allocated(self, marks):
        outcome = train(marks, HUGE, toy_settings(memory_limit=2048))
        assert (outcome.status, outcome.validation, outcome.test) == ("memory", 0, 0)
        assert outcome.parameters > 231_000_000
        assert "weights" in outcome.reason
        assert "the limit is 2,048 MB" in outcome.reason
        assert marks_in(marks) == [], "only on PyTorch's meta device"

    def test_time_is_over(self, marks):
        outcome = train(marks, 0, toy_settings(seconds_limit=1e-9))
        assert (outcome.status, outcome.validation) == ("time", 0)
        assert "in epoch 1" in outcome.reason

    def test_divergence(self, marks):
        outcome = train(marks, DIVERGING)
        assert (outcome.status, outcome.validation) == ("diverged", 0)
        assert "loss is not finite" in outcome.reason

    def test_shapes_that_do_not_fit(self, marks):
        outcome = train(marks, WRONG_SHAPE)
        assert outcome.status == "invalid"
        assert outcome.reason
        assert "\n" not in outcome.reason

    def test_a_bug_is_no_score(self, marks):
        with pytest.raises(TypeError, match="a bug"):
            train(marks, BUGGY)


def test_no_batch_of_a_single_image():
    assert [len(part) for part in batches(np.arange(17), 8)] == [8, 9]
    assert [len(part) for part in batches(np.arange(18), 8)] == [8, 8, 2]
    assert [len(part) for part in batches(np.arange(8), 8)] == [8]
    assert [len(part) for part in batches(np.arange(1), 8)] == [1]


def build_on(space, number, task, size, device):
    return space.build(np.array([number], np.int32), task, size).to(device)


def test_sizes_are_exact(space4):
    task, cell_size = Task((1, 8, 8), 5), NASBench101Size(4, stacks=2, cells_per_stack=1)
    for number in (0, 17, 90):
        make = partial(build_on, space4, number, task, cell_size)
        built, size, half = make("cpu"), *(measure(make, "cpu", task.shape, batch)[0] for batch in (16, 8))
        assert size.parameters == sum(p.numel() for p in built.parameters())
        assert size.activations > 16 * 4 * 8 * 8
        assert half.activations == pytest.approx(size.activations / 2, rel=0.1)


@pytest.mark.parametrize("number", [100, 700, 1500])
def test_a_small_network_that_is_run_has_the_size_that_shapes_alone_tell(number, monkeypatch):
    """It is as it was built, and the random numbers that its dropout draws are given back."""
    size, task = NSCSize(dense=32, dropout=0.5), Task((1, 14, 14), 10)
    space = NETWORKS["chain4"].make(task)
    make = partial(build_on, space, number, task, size)
    torch.manual_seed(3)
    built, state = make("cpu"), torch.get_rng_state()
    torch.manual_seed(3)
    run, network = measure(make, "cpu", task.shape, 20)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(map(torch.equal, network.state_dict().values(), built.state_dict().values()))
    monkeypatch.setattr(limits, "_FEW_WEIGHTS", 0)
    assert measure(make, "cpu", task.shape, 20) == (run, None)


def test_passes_end_at_the_last_norm_once_the_first_has_told_which_that_is():
    calls = []
    norm, tail = torch.nn.BatchNorm1d(2), torch.nn.Identity()
    tail.register_forward_hook(lambda *_: calls.append("tail"))
    network = torch.nn.Sequential(norm, torch.nn.Linear(2, 2), norm, tail)
    with _EndsAtLast([norm]) as pass_through:
        for _ in range(3):
            pass_through(network, torch.ones(4, 2))
    assert calls == ["tail"]
    assert norm.num_batches_tracked == 6
    network(torch.ones(4, 2))
    assert calls == ["tail", "tail"], "the hooks are gone"


def test_cells(space4):
    size = NETWORKS["cells"].sizes["small"]
    training = Training(space4, Task(IMAGES.shape, 3), size, QUICK, "cpu")
    outcome = training.run(np.array([40], np.int32), IMAGES.arrays(), 0)
    assert outcome.status == "done"
    assert outcome.test > 0


def test_a_space_of_other_networks(proteins):
    with pytest.raises(
        UsageError, match="networks of nas-bench-graph are for node-classification, not for class"
    ):
        TrainedEstimator(proteins, IMAGES)


def test_limits_count(marks):
    assert train(marks, 0, replace(QUICK, memory_limit=1)).status == "done", "a megabyte is plenty for it"
