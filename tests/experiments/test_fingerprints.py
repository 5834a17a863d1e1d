"""What a run was begun on: it does not go on, without a word, on anything else."""

import json
from dataclasses import replace

import numpy as np
import pytest

from archwalk.agents.climber.settings import ClimberSettings
from archwalk.agents.meta_rl import MetaRLTrainer
from archwalk.data.images import ImageSet
from archwalk.errors import ArchwalkError, DataError, UsageError
from archwalk.estimators.images import SMALL
from archwalk.estimators.images.benchmark import training_benchmark
from archwalk.estimators.table import TableEstimator
from archwalk.experiments.protocol import run_search
from archwalk.experiments.runs import RunFolder, load_method
from archwalk.experiments.training import resume_training, train_agent
from archwalk.spaces.nsc import Chain, NSCSize
from archwalk.spaces.task import Task
from building_cases import META, chains

SETTINGS = ClimberSettings(
    evaluations=4, initial=2, round=2, members=1, first_updates=2, updates=2, last_updates=0, width=4,
    distil_updates=2, distil_batch=4, neighbours=4,
)  # fmt: skip


def images_benchmark(brighter=0, **changes):
    """Networks that are trained on noise, under the name of images that everybody has."""
    rng = np.random.default_rng(0)
    images_NCHW, labels_N = rng.integers(0, 255, (40, 1, 8, 8)).astype(np.uint8), np.arange(40) % 2
    images_NCHW[0, 0, 0, 0] = brighter
    images = ImageSet("digits", images_NCHW, labels_N, np.arange(40, dtype=np.uint8) // 2 % 3, ("a", "b"))
    settings, size = replace(SMALL, **{"epochs": 1, **changes}), NSCSize(filters=1, dense=2)
    space = Chain(4, Task((1, 8, 8), 2), size)
    return training_benchmark(space, images, settings, engine="local", size=size)


def interrupted(benchmark, out, **extra):
    def stop(done, total, metrics):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_agent(benchmark, "climber", SETTINGS, seed=0, out=out, progress=stop, **extra)


def test_a_training_on_images_does_not_go_on_under_other_settings(tmp_path):
    """By its name alone the benchmark is one of default settings, which the run was not begun on."""
    interrupted(images_benchmark(batch=16), tmp_path)
    with pytest.raises(
        DataError, match=r"was begun on another benchmark: space.name chain, not convnet"
    ) as caught:
        resume_training(tmp_path)
    assert "\n" not in str(caught.value)
    run = resume_training(tmp_path, benchmark=images_benchmark(batch=16))
    assert run.finished


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        (lambda: images_benchmark(batch=32), r"settings.training.batch 16, not 32$"),
        (lambda: images_benchmark(batch=16, epochs=2), r"settings.training.epochs 1, not 2$"),
        (
            lambda: replace(images_benchmark(batch=16), name="images:others"),
            r"name images:digits, not images:others$",
        ),
        (
            lambda: images_benchmark(brighter=1, batch=16),
            r"dataset_fingerprint [0-9a-f]{12}..., not [0-9a-f]{12}...$",
        ),
    ],
    ids=["batch", "epochs", "name", "pixels"],
)
def test_what_differs_is_named(tmp_path, other, difference):
    """The space is the same, so that nothing else would say that the networks are trained in another way."""
    interrupted(images_benchmark(batch=16), tmp_path)
    with pytest.raises(DataError, match=difference):
        resume_training(tmp_path, benchmark=other())


def test_a_table_is_known_by_its_numbers(tmp_path, tiny):
    interrupted(tiny, tmp_path)
    estimator = TableEstimator(tiny.objective, tiny.estimator.reward_N, tiny.estimator.report_N)
    changed = replace(
        tiny, estimator=TableEstimator(tiny.objective, tiny.estimator.reward_N + 1, estimator.report_N)
    )
    with pytest.raises(DataError, match=r"was begun on another benchmark: reward [0-9a-f]{12}..., not"):
        resume_training(tmp_path, benchmark=changed)
    assert resume_training(tmp_path, benchmark=replace(tiny, estimator=estimator)).finished


def test_an_agent_may_search_another_task_of_its_space(tmp_path, tiny):
    """What it learned goes with it; only a training goes on where it began."""
    run = train_agent(tiny, "climber", SETTINGS, seed=0, out=tmp_path)
    reward_N = tiny.estimator.reward_N[::-1]
    other = replace(tiny, name="other", estimator=TableEstimator(tiny.objective, reward_N, reward_N))
    method = load_method(str(run.path), other.space, other.name)
    assert run_search(other, method, budget=3, trials=2, seed=0).report_GTQ.shape == (1, 2, 3)


def test_a_training_from_starts_of_a_caller_goes_on_with_them(tmp_path, tiny):
    def starts(rng, n):
        return rng.integers(0, 20, (n, 1)).astype(np.int32)

    whole = train_agent(tiny, "climber", SETTINGS, seed=0, out=tmp_path / "whole", starts=starts)
    interrupted(tiny, tmp_path / "run", starts=starts)
    with pytest.raises(UsageError, match="was begun with starts of its own; hand them in again"):
        resume_training(tmp_path / "run", benchmark=tiny)
    run = resume_training(tmp_path / "run", benchmark=tiny, starts=starts)
    assert run.metrics()[-1]["unique"] == whole.metrics()[-1]["unique"]


def test_later_benchmarks_of_a_training_count_too(tmp_path):
    first, second = chains(0), chains(1)
    trainer = MetaRLTrainer(first, META, 0, then=[second])
    state = trainer.state_dict()
    MetaRLTrainer(first, META, 0, then=[second]).load_state_dict(state)
    with pytest.raises(
        DataError, match=r"benchmark 2 of the training was begun on another benchmark: name chains-1"
    ):
        MetaRLTrainer(first, META, 0, then=[chains(2)]).load_state_dict(state)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "Expected `object`, got `array`"),
        ("{}", "missing required field `strategy`"),
        ('{"strategy": "dqn"}', "missing required field `benchmark`"),
        ("{", "is damaged"),
        ('{"settings": ' + '{"a":' * 100_000, "is damaged"),
        ("\udcff", "is damaged"),
    ],
)
def test_a_config_that_is_none(tmp_path, content, message):
    (tmp_path / "config.json").write_bytes(content.encode(errors="surrogateescape"))
    for use in (resume_training, lambda path: load_method(str(path), None)):
        with pytest.raises(DataError, match=message) as caught:
            use(tmp_path)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": "1"}, "Expected `int`, got `str` - at `seed`"),
        ({"seed": -1}, "Expected `int` >= 0 - at `seed`"),
        ({"settings": []}, "Expected `object`, got `array` - at `settings`"),
        ({"settings": {"evaluations": "4"}}, "Expected `int`, got `str` - at `evaluations`"),
        ({"strategy": "climbr"}, "unknown strategy to train 'climbr'; did you mean 'climber'"),
        ({"place": {"device": 3}}, "Expected `str`, got `int` - at `place.device`"),
    ],
)
def test_values_of_other_types_in_a_config(tmp_path, tiny, changes, message):
    interrupted(tiny, tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | changes))
    with pytest.raises(ArchwalkError, match=message) as caught:
        resume_training(tmp_path, benchmark=tiny)
    assert "\n" not in str(caught.value)


def test_metrics_that_are_none(tmp_path):
    run, file = RunFolder(tmp_path), tmp_path / "metrics.jsonl"
    run.log({"steps": 3, "charts/reward": float("nan")})
    run.log({"steps": 4})
    with file.open("a") as log:
        log.write('{"steps": 5, "cha')
    assert run.metrics() == [{"steps": 3, "charts/reward": None}, {"steps": 4}]
    file.write_text('{"steps": 3}\n[]\n')
    with pytest.raises(DataError, match=r"line 2 of .*metrics.jsonl is not metrics: Expected `object`"):
        run.metrics()


def test_a_checkpoint_of_another_version(tmp_path, tiny):
    interrupted(tiny, tmp_path)
    run = RunFolder(tmp_path)
    run.checkpoint({"network": {}}, [], 1.0)
    with pytest.raises(ArchwalkError, match="does not fit this version of archwalk") as caught:
        resume_training(tmp_path, benchmark=tiny)
    assert "\n" not in str(caught.value)
