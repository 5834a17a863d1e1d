"""Proxies: each against a naive computation on a network that fits on a page."""

import copy
import math

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torch import nn
from torch.nn.functional import cross_entropy

from archwalk.data.images import ImageSettings, load_images
from archwalk.data.images.base import TRAINING
from archwalk.errors import ArchwalkError, UsageError
from archwalk.estimators.benchmarks import Benchmark, load_benchmark
from archwalk.estimators.images.tables import TRAINED_TABLES
from archwalk.estimators.zero_cost import (
    PROXIES,
    Batch,
    Proxy,
    Scorer,
    image_batch,
    load_proxy,
    random_batch,
)
from archwalk.estimators.zero_cost.naswot import activation_kernel
from archwalk.spaces.base import SearchSpace
from archwalk.spaces.nasbench201 import NASBench201
from archwalk.spaces.nsc import Chain, NSCSize
from archwalk.spaces.policy_cnn.papers import minatar_1
from archwalk.spaces.task import ACTOR_CRITIC, Task
from archwalk.strategies.zero_cost import NaswotSettings, ZeroCostSettings, scorer
from archwalk.testing.estimators import DeterministicEstimatorConformance
from archwalk.testing.proxies import ProxyConformance


def score(name, network, batch):
    return load_proxy(name).score(network, batch)


@pytest.mark.parametrize("proxy", [load_proxy(name) for name in PROXIES.names()], ids=PROXIES.names())
class TestConformance(ProxyConformance):
    pass


class Branches(nn.Module):
    """One ReLU that is used twice, one that is computed in vain, dropout and normalisation."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.vain = nn.Linear(3, 8), nn.Linear(8, 8), nn.Linear(3, 50)
        self.norm, self.drop = nn.BatchNorm1d(8), nn.Dropout(0.5)
        self.relu, self.vain_relu = nn.ReLU(), nn.ReLU()

    def forward(self, x):
        self.vain_relu(self.vain(x))
        return self.relu(self.second(self.drop(self.relu(self.norm(self.first(x))))))


@pytest.fixture
def network():
    torch.manual_seed(0)
    return Branches()


@pytest.fixture
def inputs():
    return torch.randn(6, 3, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def batch(inputs):
    return Batch(inputs, torch.tensor([0, 1, 2, 3, 0, 1]))


def naive_kernel(network, inputs):
    """Compares every two inputs unit by unit."""
    with torch.no_grad():
        one = network.first(inputs)
        one = (one - one.mean(0)) / (one.var(0, unbiased=False) + network.norm.eps).sqrt()
        two = network.second(one.clamp_min(0))
    units = torch.cat([one, two], dim=1)
    kernel = np.zeros((len(inputs), len(inputs)))
    for i in range(len(inputs)):
        for j in range(len(inputs)):
            for a, b in zip(units[i].tolist(), units[j].tolist(), strict=True):
                kernel[i, j] += (a > 0) == (b > 0)
    return kernel


def test_kernel_and_determinant_are_those_of_a_naive_loop(network, batch):
    kernel = naive_kernel(network, batch.inputs)
    np.testing.assert_array_equal(activation_kernel(network, batch.inputs), kernel)
    assert score("naswot", network, batch) == pytest.approx(np.log(np.linalg.det(kernel)))


def test_inputs_that_cannot_be_told_apart_score_lowest(network, inputs):
    twice = Batch(inputs[[0, 1, 0]], torch.zeros(3, dtype=torch.int64))
    assert score("naswot", network, twice) == -np.inf
    assert score("naswot", nn.Linear(3, 2), twice) == -np.inf  # no ReLU at all


def differences(network, batch, weight, step=1e-3):
    """Of the loss by each weight of a layer, by central differences in double precision."""
    network, inputs = copy.deepcopy(network).double().train(), batch.inputs.double()
    network.drop.eval()
    flat = dict(network.named_parameters())[weight].data.view(-1)
    found = np.empty(len(flat))
    with torch.no_grad():
        for i in range(len(flat)):
            before = flat[i].item()
            losses = []
            for sign in (1, -1):
                flat[i] = before + sign * step
                losses.append(cross_entropy(network(inputs), batch.targets).item())
            flat[i] = before
            found[i] = (losses[0] - losses[1]) / (2 * step)
    return found


WEIGHTS = ("first.weight", "second.weight")
"""Those that the scores depend on: `vain` has no part in them."""


def test_grad_norm_is_that_of_differences(network, batch):
    expected = sum(np.linalg.norm(differences(network, batch, name)) for name in WEIGHTS)
    assert score("grad-norm", network, batch) == pytest.approx(expected, rel=1e-2)


def test_snip_is_that_of_differences(network, batch):
    weights = {name: network.get_parameter(name).detach().view(-1).numpy() for name in WEIGHTS}
    expected = sum(np.abs(differences(network, batch, name) * weights[name]).sum() for name in WEIGHTS)
    assert score("snip", network, batch) == pytest.approx(expected, rel=1e-2)


def test_synflow_is_the_sum_over_paths():
    """Of two dense layers: every path's product of absolute weights, once a layer."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(2, 3, bias=False), nn.ReLU(), nn.Linear(3, 4, bias=False))
    first, second = (layer.weight.detach().abs().double() for layer in (network[0], network[2]))
    paths = sum(first[h, i] * second[o, h] for i in range(2) for h in range(3) for o in range(4))
    assert score("synflow", network, random_batch(Task((2,), 4), 3, 0)) == pytest.approx(math.log(2 * paths))


def test_fisher_is_that_of_a_loop(batch):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Unflatten(1, (1, 3)), nn.Conv1d(1, 2, 2), nn.Flatten(), nn.Linear(4, 4))
    activation = network[:2](batch.inputs).detach().requires_grad_()
    logits = network[2:](activation).detach().requires_grad_()
    (by_logits,) = torch.autograd.grad(cross_entropy(logits, batch.targets), [logits])
    (by_activation,) = torch.autograd.grad(
        cross_entropy(network[2:](activation), batch.targets), [activation]
    )
    expected = 0.0
    for channel in range(2):
        sums = [(activation[n, channel] * by_activation[n, channel]).sum().item() for n in range(6)]
        expected += sum(x * x for x in sums) / 6 / 2
    for unit in range(4):
        expected += sum((logits[n, unit] * by_logits[n, unit]).item() ** 2 for n in range(6)) / 6 / 2
    assert score("fisher", network, batch) == pytest.approx(expected, rel=1e-4)


def test_jacobian_covariance_is_that_of_its_eigenvalues(network, batch):
    made = copy.deepcopy(network).double()
    made.drop.eval()
    inputs = batch.inputs.double().requires_grad_()
    made(inputs).sum().backward()
    values = np.linalg.eigvals(np.corrcoef(inputs.grad.numpy())).real + 1e-5
    expected = -np.sum(np.log(values) + 1 / values)
    assert score("jacobian-covariance", network, batch) == pytest.approx(expected, rel=1e-2)
    assert score("jacobian-covariance", nn.Linear(3, 2), batch) < -1e4, "all inputs alike"


def test_parameters_and_macs_are_counted(batch):
    network = nn.Sequential(nn.Unflatten(1, (1, 3)), nn.Conv1d(1, 2, 2), nn.Flatten(), nn.Linear(4, 5))
    assert score("parameters", network, batch) == (2 * 2 + 2) + (4 * 5 + 5)
    assert score("macs", network, batch) == 2 * 2 * 2 + 4 * 5


def test_agents_are_scored_by_their_logits():
    space, task = minatar_1(), Task((4, 10, 10), 3, ACTOR_CRITIC)
    batch = random_batch(task, 6, 0)
    for name in ("synflow", "grad-norm", "snip", "fisher", "jacobian-covariance", "macs"):
        score_B = Scorer(space, load_proxy(name), task, batch).scores(
            space.sample(np.random.default_rng(0), 3)
        )
        assert np.isfinite(score_B).all(), name


def test_what_has_no_network_scores_lowest_and_a_fault_is_told():
    space, task = Chain(4), Task((3, 8, 8), 10)
    pools = space.parse({"layers": [{"type": "max-pooling", "kernel_size": 3}] * 3})
    made = Scorer(space, load_proxy("parameters"), task, random_batch(task, 4, 0), size=NSCSize(4, dense=4))
    assert made.scores(pools[None]).tolist() == [-np.inf]

    def fails(network, batch):
        raise RuntimeError("a fault")

    broken = Scorer(space, Proxy(fails, "nobody"), task, random_batch(task, 4, 0), size=NSCSize(4, dense=4))
    with pytest.raises(RuntimeError, match="a fault"):
        broken.scores(np.zeros((1, 1), np.int32))


SMALL = {"channels": 4, "batch": 4, "resolution": 8}


def test_scores_of_a_search_depend_on_the_seed_alone():
    space = NASBench201()
    codes_BL = space.sample(np.random.default_rng(0), 3)
    first = scorer(space, NaswotSettings(**SMALL)).scores(codes_BL)
    torch.randn(3)
    np.testing.assert_array_equal(
        scorer(NASBench201(), NaswotSettings(**SMALL)).scores(codes_BL[::-1])[::-1], first
    )
    assert not np.array_equal(scorer(space, NaswotSettings(**SMALL, seed=1)).scores(codes_BL), first)


def test_naswot_scores_as_it_did_before_it_was_one_of_many():
    """To the last digits that do not hang on the machine."""
    space = NASBench201()
    score_B = scorer(space, NaswotSettings(**SMALL)).scores(space.sample(np.random.default_rng(0), 3))
    np.testing.assert_allclose(score_B, [29.056849395733323, 28.057387772382878, -np.inf], rtol=1e-6)


def test_a_cell_that_passes_nothing_on_scores_lowest():
    space = NASBench201()
    nothing = space.parse("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|")
    assert scorer(space, NaswotSettings(**SMALL)).scores(nothing[None]).tolist() == [-np.inf]


class TestRefused:
    def test_networks_without_images(self, proteins):
        with pytest.raises(
            UsageError, match=r"the proxy naswot needs .*nas-bench-graph does not; known: chain"
        ):
            scorer(proteins, NaswotSettings())

    def test_networks_that_the_proxy_cannot_score(self):
        with pytest.raises(
            UsageError, match="naswot has no score for any of 5 networks of policy-cnn-minatar-1"
        ):
            scorer(minatar_1(), NaswotSettings(batch=4))

    def test_an_unknown_proxy(self):
        with pytest.raises(UsageError, match="unknown proxy 'synflo'; did you mean 'synflow'"):
            ZeroCostSettings(proxy="synflo")

    def test_a_plug_in_that_is_none(self, monkeypatch):
        monkeypatch.setattr(type(PROXIES), "load", lambda self, name: len)
        with pytest.raises(ArchwalkError, match="is a builtin_function_or_method, no Proxy"):
            load_proxy("mine")


def test_zico_is_that_of_a_loop(network, batch):
    """Weight by weight: the mean of |gradient| over both halves by its deviation between them."""
    halves = [Batch(batch.inputs[at], batch.targets[at]) for at in (slice(0, 3), slice(3, 6))]
    expected = 0.0
    for name in WEIGHTS:
        one, other = (np.abs(differences(network, half, name)) for half in halves)
        ratios = [
            (a + b) / 2 / (abs(a - b) / 2) for a, b in zip(one, other, strict=True) if abs(a - b) > 1e-7
        ]
        expected += math.log(sum(ratios))
    assert score("zico", network, batch) == pytest.approx(expected, rel=0.05)
    with pytest.raises(UsageError, match="at least 4 inputs, not 3"):
        score("zico", network, halves[0])


class TestRealImages:
    def test_a_batch_is_of_the_training_part(self):
        images = load_images("digits", ImageSettings(pixels=8))
        batch = image_batch(images, 16, seed=3)
        shown = {image.tobytes() for image in images.images_NCHW[images.part_N == TRAINING]}
        back = ((batch.inputs + 1) * 127.5).round().to(torch.uint8).numpy()
        assert batch.inputs.shape == (16, 1, 8, 8)
        assert all(image.tobytes() in shown for image in back)
        assert not torch.equal(image_batch(images, 16, seed=4).targets, batch.targets)

    def test_a_search_shows_them(self):
        space = NASBench201()
        code_1L = space.sample(np.random.default_rng(0), 1)
        made = scorer(space, NaswotSettings(**SMALL, images="digits"))
        assert made.task == Task((1, 8, 8), 10)
        assert made.scores(code_1L) != scorer(space, NaswotSettings(**SMALL)).scores(code_1L)

    def test_agents_have_none(self):
        with pytest.raises(UsageError, match="are agents: they see no images"):
            scorer(minatar_1(), ZeroCostSettings(images="digits"))


class TestBenchmark(DeterministicEstimatorConformance):
    """A proxy as the only reward."""

    @pytest.fixture(scope="class")
    @classmethod
    def benchmark(cls) -> Benchmark:
        return load_benchmark("zero-cost:parameters:digits-cells")

    @pytest.fixture
    @classmethod
    def space(cls, benchmark) -> SearchSpace:
        return benchmark.space

    @pytest.fixture
    @classmethod
    def make_estimator(cls, benchmark):
        return lambda: benchmark.estimator

    def test_reward_ranks_by_the_proxy_and_report_is_the_judge_s(self, benchmark):
        judge = load_benchmark("digits-cells")
        codes_BL = benchmark.space.sample(np.random.default_rng(5), 30)
        scores, raw_B = benchmark.estimator.evaluate(codes_BL), benchmark.estimator.scorer.scores(codes_BL)
        assert spearmanr(scores.reward_B, raw_B).statistic == pytest.approx(1)
        np.testing.assert_array_equal(scores.report_B, judge.estimator.evaluate(codes_BL).report_B)
        assert benchmark.objective.report == judge.objective.report
        assert benchmark.provenance["images"] == "digits"
        table = TRAINED_TABLES["digits-cells"].read()["parameters"]
        np.testing.assert_array_equal(raw_B, table[codes_BL[:, 0]])

    def test_its_scale_is_that_of_the_space(self, benchmark):
        codes_BL = benchmark.space.sample(np.random.default_rng(6), 300)
        reward_B = benchmark.estimator.evaluate(codes_BL).reward_B
        assert np.median(reward_B) == pytest.approx(50, abs=3)
        assert np.quantile(reward_B, 0.84) == pytest.approx(60, abs=4)

    def test_images_may_be_named(self):
        made = load_benchmark("zero-cost:parameters@digits:chain-mnist5k")
        assert (made.provenance["images"], made.name) == (
            "digits",
            "zero-cost:parameters@digits:chain-mnist5k",
        )

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("zero-cost", "takes a proxy and a benchmark"),
            ("zero-cost:synflow", "takes a proxy and a benchmark"),
            ("zero-cost:synflo:digits-cells", "did you mean 'synflow'"),
            ("zero-cost:synflow:digits-cell", "did you mean 'digits-cells'"),
            ("zero-cost:synflow:nas-bench-graph:cora", "needs a space that has networks that read images"),
            ("zero-cost:synflow:images:digits", "trains a network for every report"),
            ("zero-cost:synflow@nowhere:chain-digits", "unknown image data set 'nowhere'"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, name, message):
        with pytest.raises(ArchwalkError, match=message):
            load_benchmark(name)
