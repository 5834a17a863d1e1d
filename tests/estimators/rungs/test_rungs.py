"""Trainings in rungs: same bits again, from kept weights and without; a worker that dies."""

import os
import signal

import numpy as np
import pytest
import torch

from archwalk.data.images.base import TRAINING
from archwalk.errors import UsageError
from archwalk.estimators.rungs.fitting import DivergedError, accuracy, fit
from archwalk.estimators.rungs.pixels import Batches, Normalisation, may_be_mirrored
from archwalk.estimators.rungs.placing import placed
from archwalk.estimators.rungs.pool import RungPool
from archwalk.estimators.rungs.settings import RecipeSettings, batch_for
from archwalk.estimators.rungs.speed import Speed, measure_speed
from archwalk.estimators.rungs.training import Climb, RungTraining
from archwalk.estimators.rungs.weights import forget_oldest
from archwalk.spaces.convnet import ConvNet
from striped import striped_images

IMAGES = striped_images()
RECIPE = RecipeSettings(batch=16, shift=1)


def training_in(folder, recipe=RECIPE):
    space = ConvNet(IMAGES.shape, len(IMAGES.classes))
    return RungTraining(space, IMAGES.name, IMAGES.fingerprint, recipe, "cpu", folder)


def smallest(training, kind="residual"):
    stage = {"blocks": 1, "width": 8, "kind": kind, "kernel": 3, "squeeze": False, "halve": True}
    return training.space.parse({"activation": "relu", "stages": [stage]})


@pytest.mark.parametrize("arithmetic", ["fp32", "bf16"])
def test_a_network_learns_and_does_so_to_the_same_bits(tmp_path, arithmetic):
    recipe = RecipeSettings(batch=16, arithmetic=arithmetic)
    outcomes, weights = [], []
    for name in "ab":
        training = training_in(tmp_path / name, recipe)
        climb = Climb(smallest(training), (30,))
        outcomes.append(training.run(climb, IMAGES.arrays(), 0))
        weights.append(training.place(climb, 0).read_bytes())
    assert outcomes[0].status == "done"
    assert outcomes[0].validation > 90
    assert outcomes[0].curves == outcomes[1].curves
    assert weights[0] == weights[1]


def test_a_rung_goes_on_from_kept_weights_and_is_the_same_without_them(tmp_path):
    kept, lost = training_in(tmp_path / "kept"), training_in(tmp_path / "lost")
    code_L = smallest(kept)
    kept.run(Climb(code_L, (6,)), IMAGES.arrays(), 0)
    one = kept.run(Climb(code_L, (6, 9)), IMAGES.arrays(), 0)
    other = lost.run(Climb(code_L, (6, 9)), IMAGES.arrays(), 0)  # trains both rungs
    assert one.curves == other.curves
    assert one.validation == other.validation
    places = [training.place(Climb(code_L, (6, 9)), 0) for training in (kept, lost)]
    assert places[0].read_bytes() == places[1].read_bytes()
    assert len(list((tmp_path / "lost").iterdir())) == 2


@pytest.mark.parametrize(("begun", "points"), [(0, 20), (60, 8)])
def test_a_curve_has_twenty_points_a_cycle(tmp_path, begun, points):
    training = training_in(tmp_path)
    arrays = IMAGES.arrays()
    batches = Batches(arrays, np.flatnonzero(arrays["part"] == TRAINING), RECIPE, [0], "cpu")
    network = training.fresh(smallest(training))
    curves = fit(network, iter(batches), RECIPE, lambda step: (begun + step) / 100)
    assert [round(100 * one) for one in curves["progress"]] == list(range(100 - 5 * (points - 1), 101, 5))
    assert len(curves["loss"]) == points


def test_damaged_weights_count_as_lost(tmp_path):
    training = training_in(tmp_path)
    code_L = smallest(training)
    whole = training.run(Climb(code_L, (6, 9)), IMAGES.arrays(), 0)
    place = training.place(Climb(code_L, (6,)), 0)
    content = place.read_bytes()
    flipped = content[:-9] + bytes([content[-9] ^ 64]) + content[-8:]  # in a weight
    for damaged in (b"torn", flipped):
        place.write_bytes(damaged)
        assert training.run(Climb(code_L, (6, 9)), IMAGES.arrays(), 0).curves == whole.curves


def test_recipe_and_arithmetic_stand_in_the_key(tmp_path):
    climbs = Climb(smallest(training_in(tmp_path)), (6,))
    names = {
        training_in(tmp_path, recipe).place(climbs, seed).name
        for recipe in (
            RECIPE,
            RecipeSettings(batch=16, shift=1, arithmetic="bf16"),
            RecipeSettings(batch=32, shift=1),
        )
        for seed in (0, 1)
    }
    assert len(names) == 6


def test_a_loss_that_is_no_number_is_an_outcome(tmp_path):
    training = training_in(tmp_path, RecipeSettings(batch=16, learning_rate=1e12))
    outcome = training.run(Climb(smallest(training, "plain"), (20,)), IMAGES.arrays(), 0)
    assert outcome.status == "diverged"
    assert outcome.validation == 0
    with pytest.raises(DivergedError):
        accuracy(np.full((2, 2), np.nan, np.float32), np.zeros(2, np.int64))


def test_every_image_comes_once_an_epoch_moved_by_no_more_than_the_shift():
    arrays = IMAGES.arrays()
    places = np.flatnonzero(arrays["part"] == TRAINING)
    batches = iter(Batches(arrays, places, RecipeSettings(batch=16, shift=2), [0], "cpu"))
    seen = torch.cat([next(batches)[1] for _ in range(3)])
    assert len(places) == 48
    assert torch.bincount(seen).tolist() == np.bincount(arrays["labels"][places]).tolist()
    still = iter(Batches(arrays, places, RecipeSettings(batch=48), [0], "cpu"))
    images, labels = next(still)
    found = Normalisation.of(arrays)(torch.from_numpy(arrays["images"][places]))
    assert torch.equal(images.sum((1, 2, 3)).sort()[0], found.sum((1, 2, 3)).sort()[0])
    assert images.is_contiguous(memory_format=torch.channels_last)
    assert len(labels) == 48


@pytest.mark.parametrize(
    ("bright", "mirrored"), [((slice(0, 4), slice(0, 8)), True), ((slice(0, 8), slice(0, 4)), False)]
)
def test_images_are_mirrored_where_their_class_stays(bright, mirrored):
    """Of one class the upper (the left) half is bright, of the other the rest."""
    arrays = striped_images(200).arrays()
    noise = np.random.default_rng(1).integers(0, 60, arrays["images"].shape)
    light = np.zeros(arrays["images"].shape[2:], bool)
    light[bright] = True
    where = light[None, None] == (arrays["labels"] == 0)[:, None, None, None]
    assert may_be_mirrored(arrays | {"images": (noise + 150 * where).astype(np.uint8)}) == mirrored


@pytest.mark.parametrize(("images", "batch"), [(10, 32), (1198, 64), (3267, 128), (60_000, 256)])
def test_batches_grow_with_the_images(images, batch):
    assert batch_for(images) == batch


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(UsageError, match="batch of a recipe must be above 0, not 0"):
        RecipeSettings(batch=0)
    with pytest.raises(UsageError, match="arithmetic is one of fp32, bf16, not 'fp8'"):
        RecipeSettings(arithmetic="fp8")


def test_speed_is_fitted_to_what_was_timed(tmp_path):
    training = training_in(tmp_path)
    codes_BL = training.space.smallest[:3]
    found = measure_speed(training, codes_BL, IMAGES.arrays())
    assert (found.seconds_B(training.space.costs(codes_BL)) > 0).all()
    costs = training.space.costs(codes_BL)
    expected = 2.0 * costs.macs_B + 3.0 * costs.activations_B + 4.0 * costs.depthwise_B + 5.0
    np.testing.assert_allclose(Speed(2.0, 3.0, 4.0, 5.0).seconds_B(costs), expected)


def test_the_oldest_weights_are_forgotten_first(tmp_path):
    for age, name in enumerate("abc"):
        (tmp_path / f"{name}.safetensors").write_bytes(bytes(10))
        os.utime(tmp_path / f"{name}.safetensors", (age, age))
    forget_oldest(tmp_path, 20)
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["b", "c"]


def finished(pool):
    while not (done := pool.finished()):
        pass
    return done


class Deadly(RungTraining):
    """Dies over its first try of a rung, which leaves a file."""

    def run(self, climb, arrays, seed):
        mark = self.folder / "tried"
        if not mark.exists():
            mark.write_text("")
            os.kill(os.getpid(), signal.SIGKILL)
        return super().run(climb, arrays, seed)


@pytest.mark.parametrize("engine", ["processes", "ray"])
def test_a_rung_whose_worker_was_killed_goes_on_with_another(tmp_path, engine):
    if engine == "ray":
        pytest.importorskip("ray")
    whole = training_in(tmp_path / "whole")
    climb = Climb(smallest(whole), (6, 9))
    expected = whole.run(climb, IMAGES.arrays(), 0)
    deadly = Deadly(**vars(training_in(tmp_path)))
    with RungPool(deadly, IMAGES.arrays(), 0, workers=1, engine=engine, address=None) as pool:
        pool.submit(7, climb)
        ((number, outcome),) = finished(pool)
    assert number == 7
    assert outcome.curves == expected.curves


def test_depthwise_layers_are_calculated_in_single_precision_and_keep_their_names():
    torch.manual_seed(0)
    plain = torch.nn.Sequential(torch.nn.Conv2d(8, 8, 5, 2, 2, groups=8), torch.nn.Conv2d(8, 4, 1))
    names = list(plain.state_dict())
    images = torch.randn(2, 8, 6, 6)
    exact = plain[0](images)
    network = placed(plain, "cpu")
    assert list(network.state_dict()) == names
    assert network[0].weight.is_contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.allclose(network[0](images), exact, atol=1e-6)
        assert network[0](images.bfloat16()).dtype == torch.bfloat16
        assert network(images).dtype == torch.bfloat16
