"""Search by a proxy alone, judged by what another benchmark knows: `zero-cost:synflow:nasbench201:cifar10`."""

from collections.abc import Mapping

import numpy as np

from archwalk.data.images import ImageSet
from archwalk.errors import UsageError
from archwalk.estimators.base import Floats, Scores
from archwalk.estimators.benchmarks import Benchmark, load_benchmark
from archwalk.estimators.fingerprints import Fingerprint
from archwalk.estimators.images.tables import TRAINED_TABLES
from archwalk.estimators.metrics import Metric, Objective
from archwalk.estimators.zero_cost.base import image_batch
from archwalk.estimators.zero_cost.scoring import Scorer
from archwalk.estimators.zero_cost.view import View, usable_scorer
from archwalk.spaces.base import Codes

_SAMPLED = 200
_DEVIATION_ABOVE = 0.841
"""The share of a normal distribution that is below its mean and one deviation."""


class ProxyEstimator:
    """Reward: a proxy's score on a scale of its own space; report: what another estimator reports.

    The scale is linear: 50 is the median of sampled architectures, 60 what 84 % of them are below, so that agents made
    for accuracies in percent learn from any proxy. Nothing is below 0.
    """

    def __init__(self, benchmark: Benchmark, scorer: Scorer, name: str) -> None:
        self.scorer, self._judge, self._name = scorer, benchmark.estimator, name
        score_B = scorer.scores(benchmark.space.sample(np.random.default_rng(0), _SAMPLED))
        known_B = score_B[np.isfinite(score_B)]
        self.median, above = (float(value) for value in np.quantile(known_B, [0.5, _DEVIATION_ABOVE]))
        self.unit = above - self.median
        if self.unit <= 0:
            raise UsageError(
                f"the proxy {name} scores most networks of {benchmark.name} alike: nothing can be learned"
            )
        self.objective = Objective(
            name, Metric(f"{name} on its scale"), benchmark.objective.report,
            f"reward: the proxy {name} alone (50: median, 60: 84 % are below);"
            f" report: {benchmark.objective.report.name}",
        )  # fmt: skip

    @property
    def fingerprint(self) -> Fingerprint:
        """The scale tells proxies, networks and images apart."""
        return {"proxy": self._name, "median": self.median, "unit": self.unit}

    def evaluate(self, codes_BL: Codes) -> Scores:
        """Score the networks of codes (B, L), untrained; NaN where a network is of no use."""
        score_B = self.scorer.scores(codes_BL)
        known_B = np.isfinite(score_B)
        reward_B: Floats = np.full(len(score_B), np.nan)
        reward_B[known_B] = np.maximum(50 + 10 * (score_B[known_B] - self.median) / self.unit, 0)
        return Scores(reward_B, self._judge.evaluate(codes_BL).report_B, np.full(len(score_B), np.nan))


def load_zero_cost(words: list[str], seed: int) -> Benchmark:
    """`zero-cost:PROXY:BENCHMARK`: reward a proxy alone, report the benchmark's; `PROXY@IMAGES` shows it images."""
    proxy, _, images = words[0].partition("@") if words else ("", "", "")
    if len(words) < 2:
        raise UsageError(
            "zero-cost takes a proxy and a benchmark that judges it: zero-cost:synflow:digits-cells"
        )
    judge = load_benchmark(":".join(words[1:]), seed)
    if judge.evaluation == "on demand":
        raise UsageError(
            f"{judge.name} trains a network for every report; judge a proxy by a table or a surrogate, or search with"
            f" --strategies zero-cost --set zero-cost.proxy={proxy}"
        )
    scorer, shown = benchmark_scorer(judge, proxy, View(images))
    estimator = ProxyEstimator(judge, scorer, proxy)
    provenance = {"source": f"untrained networks; judged by {judge.name}:{judge.objective.name}", **shown}
    return Benchmark(
        f"zero-cost:{words[0]}:{judge.name}", judge.space, estimator, provenance, scorer.task, scorer.size
    )


def benchmark_scorer(benchmark: Benchmark, proxy: str, view: View) -> tuple[Scorer, Mapping[str, str]]:
    """What scores a benchmark's networks by a proxy, and what it is shown.

    Where the benchmark was trained by archwalk: its own networks, on its own images, unless the view names others. Else
    networks and images are the view's. Raises errors as `View.scorer`.
    """
    images = None if view.images else _own_images(benchmark)
    if images is None:
        scorer = view.scorer(benchmark.space, proxy)
        return scorer, {"networks": "small", "images": view.images or "random", **_shape(scorer)}
    assert benchmark.task is not None
    batch = image_batch(images, view.batch, view.seed)
    scorer = usable_scorer(benchmark.space, proxy, benchmark.task, batch, benchmark.size, view.seed)
    return scorer, {"networks": "the benchmark's", "images": images.name, **_shape(scorer)}


def _shape(scorer: Scorer) -> Mapping[str, str]:
    return {"batch": "x".join(map(str, scorer.batch.inputs.shape))}


def _own_images(benchmark: Benchmark) -> ImageSet | None:
    """The images that a benchmark's networks were trained on, where archwalk trained them."""
    if benchmark.name in TRAINED_TABLES:
        return TRAINED_TABLES[benchmark.name].load_images()
    images: ImageSet | None = getattr(benchmark.estimator, "images", None)
    return images
