"""Rank correlations of proxies with a benchmark's rewards, as printed, kept and drawn."""

import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy.stats import kendalltau, spearmanr

from archwalk.api.proxies import rank_proxies
from archwalk.cli.main import main
from archwalk.data.decoding import read_json
from archwalk.errors import UsageError
from archwalk.estimators.benchmarks import load_benchmark
from archwalk.estimators.zero_cost.benchmark import benchmark_scorer
from archwalk.estimators.zero_cost.view import View
from archwalk.experiments.proxies import ProxyRanks, spearmans
from transfer_cases import flat


def test_correlations_are_scipys():
    rng = np.random.default_rng(0)
    one_B, other_B = rng.integers(0, 5, 30).astype(float), rng.normal(size=30)
    one_B[3] = -np.inf
    samples_SB = rng.integers(0, 30, (4, 30))
    whole, sampled_S = spearmans(one_B, other_B, samples_SB)
    assert whole == pytest.approx(spearmanr(one_B, other_B).statistic)
    for sampled, row in zip(sampled_S, samples_SB, strict=True):
        assert sampled == pytest.approx(spearmanr(one_B[row], other_B[row]).statistic)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    out = tmp_path_factory.mktemp("ranks")
    record = rank_proxies(["chain-digits"], ["zico", "parameters", "macs"], architectures=25, out=out, seed=2)
    assert read_json(out / "result.json", ProxyRanks, "ranks") == record
    return record, out


def test_a_record_tells_what_scores_and_rewards_say(written):
    ranked = written[0].benchmarks["chain-digits"]
    benchmark = load_benchmark("chain-digits")
    assert list(ranked.proxies) == ["zico", "parameters", "macs"]
    assert ranked.shown == {"networks": "the benchmark's", "images": "digits", "batch": "32x1x14x14"}
    ids_B = np.random.default_rng(np.random.SeedSequence([2, 15])).choice(
        benchmark.space.size, 25, replace=False
    )
    codes_BL = np.sort(ids_B)[:, None].astype(np.int32)
    score_B = benchmark_scorer(benchmark, "macs", View(seed=2))[0].scores(codes_BL)
    reward_B = benchmark.estimator.evaluate(codes_BL).reward_B
    macs = ranked.proxies["macs"]
    assert macs.spearman == pytest.approx(spearmanr(score_B, reward_B).statistic)
    assert macs.kendall == pytest.approx(kendalltau(score_B, reward_B).statistic)
    assert macs.ci95[0] <= macs.spearman <= macs.ci95[1]
    assert macs.ahead == pytest.approx(macs.spearman - ranked.proxies["parameters"].spearman)
    assert macs.without == np.isneginf(score_B).sum() > 0


def test_the_drawing_is_well_formed(written):
    text = (written[1] / "proxies.svg").read_text()
    ElementTree.fromstring(text)
    assert [name for name in ("zico", "parameters", "macs") if re.search(rf">{name}<", text)] == [
        "zico", "parameters", "macs",
    ]  # fmt: skip


def test_the_command(capsys):
    call = ["proxies", "chain-digits", "--proxies", "parameters", "--architectures", "12"]
    assert main([*call, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["kind"] == "proxies"
    assert record["benchmarks"]["chain-digits"]["architectures"] == 12
    assert main([*call, "--set", "images=digits"]) == 0
    told = capsys.readouterr()
    assert "above parameters by" in told.out
    assert "networks: small, images: digits" in told.err
    assert main(["proxies", "chain-digits", "--proxies", "param"]) == 2
    assert "did you mean 'parameters'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("benchmarks", "more", "message"),
    [
        (["chain-digits"], {"architectures": 9}, "at least 10 architectures"),
        (["chain-digits", "chain-digits"], {}, "a benchmark is named twice"),
        (["chain-digits"], {"proxies": ["macs", "macs"]}, "a proxy is named twice"),
        (["chain-digits"], {"settings": {"batch": 1}}, "batch must be at least 2"),
        (["chain-digits"], {"settings": {"images": "digit"}}, "did you mean 'digits'"),
        (["nas-bench-graph:cora"], {}, "has networks that read images"),
    ],
)
def test_what_makes_no_sense_is_refused(benchmarks, more, message):
    with pytest.raises(UsageError, match=message):
        rank_proxies(benchmarks, **{"proxies": ["parameters"], **more})


def test_rewards_that_are_alike_are_refused(space4):
    with pytest.raises(UsageError, match="all alike"):
        rank_proxies([flat(space4)], ["parameters"])
