import re
from collections import Counter
from itertools import pairwise
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from msgspec.structs import replace

import comparisons
from archwalk.experiments.records import Training
from archwalk.report.curves import draw_curves, is_cut, log_ticks, read_curves, spread, visible_range
from archwalk.report.figures import pictures
from archwalk.report.histograms import draw_histograms, histogram_range, shares_outside
from archwalk.report.palette import COLOURS, SERIES, strategy_colours
from archwalk.report.training import draw_training

EVERY = pytest.mark.parametrize("make", comparisons.VARIANTS.values(), ids=comparisons.VARIANTS)


def drawings(record):
    return [svg for picture in pictures(record) for svg in (picture.wide, picture.narrow)]


def luminance(colour):
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one, two):
    low, high = sorted([luminance(one), luminance(two)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("make", "keys"),
    [
        (comparisons.demo, ["best-so-far", "one-episode", "training"]),
        (comparisons.six, ["best-so-far"]),
        (comparisons.one_trial, ["best-so-far"]),
        (comparisons.short, []),
        (comparisons.bare, []),
    ],
)
def test_a_figure_is_drawn_where_there_is_something_to_draw(make, keys):
    assert [picture.key for picture in pictures(make())] == keys


@EVERY
def test_drawings_are_well_formed_and_can_share_a_page(make):
    svgs = drawings(make())
    roots = [ElementTree.fromstring(svg) for svg in svgs]
    ids = Counter(element.get("id") for root in roots for element in root.iter() if element.get("id"))
    assert all(times == 1 for times in ids.values())
    for svg, root in zip(svgs, roots, strict=True):
        assert set(re.findall(r"url\(#([^)]+)\)", svg)) <= set(ids)
        assert root.get("role") == "img"
        assert root.get("aria-label")
        assert "<style" not in svg
        assert "href" not in svg


def test_the_same_record_gives_the_same_bytes_whatever_the_user_has_set():
    plain = drawings(comparisons.demo())
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "black", "svg.fonttype": "path"}):
        before = dict(matplotlib.rcParams)
        assert drawings(comparisons.demo()) == plain
        assert dict(matplotlib.rcParams) == before


def test_every_figure_names_its_setting():
    for picture in pictures(comparisons.demo()):
        for svg in (picture.wide, picture.narrow):
            assert all(word in svg for word in ("nas-bench-graph:cora", "objective validation", "seed 0"))


def test_every_strategy_is_named_beside_its_line():
    for svg in drawings(comparisons.six()):
        texts = [
            element.text for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
        ]
        for start in ("new/agents", "old/agents", "local-search", "regula", "tpe", "random-search"):
            assert sum(text.startswith(start) for text in texts) == 1


def test_colours_are_fixed_and_differ():
    demo, six = strategy_colours(comparisons.demo()), strategy_colours(comparisons.six())
    assert demo["local-search"] == six["local-search"]
    assert demo["agent"] == six["runs/new/agents"] == SERIES[0]
    assert len(set(six.values())) == 6


def test_colours_stand_out_from_their_ground():
    assert all(contrast(colour.light, "#ffffff") >= 3 for colour in SERIES)
    assert all(contrast(colour.dark, "#13181c") >= 3 for colour in SERIES)
    assert len({colour.light for colour in COLOURS}) == len(COLOURS)


def test_the_first_queries_do_not_squeeze_the_rest():
    record = comparisons.record({"a": comparisons.strategy(80), "b": comparisons.strategy(79)})
    record.strategies["b"].curve.mean[0] = 10.0
    low, high = visible_range(record)
    assert 76 < low < 79 < 80 < high < 81
    assert is_cut(record)


def test_the_optimum_is_in_sight():
    record = comparisons.changed(comparisons.demo(), lambda r: r["optimum"].update(mean_final_report=90.0))
    assert visible_range(record)[1] > 90


def test_long_curves_are_thinned_and_keep_their_ends():
    record = comparisons.record({"a": comparisons.strategy(budget=5_000)}, budget=5_000)
    (curve,) = read_curves(record)
    assert len(curve.queries_Q) <= 250
    assert (curve.queries_Q[0], curve.queries_Q[-1]) == (1, 5_000)


def test_a_curve_bears_nulls():
    record = comparisons.record({"a": comparisons.strategy()})
    curve = record.strategies["a"].curve
    curve.mean[0] = curve.hi[5] = curve.lo[7] = None
    (read,) = read_curves(record)
    assert read.queries_Q[0] == 2
    assert all(np.isfinite(values).all() for values in (read.mean_Q, read.low_Q, read.high_Q))
    assert draw_curves(record, width=720, log=False)


@pytest.mark.parametrize(("last", "width"), [(150, 500), (150, 200), (3_200, 500), (12, 300), (2, 300)])
def test_ticks_stand_apart_and_hold_both_ends(last, width):
    ticks = log_ticks(1, last, width)
    assert (ticks[0], ticks[-1]) == (1, last)
    assert all(np.diff(np.log10(ticks)) * width / np.log10(last) >= 44)


def test_labels_are_spread_no_further_than_they_must():
    assert spread([10, 50, 90], 15, 100) == [10, 50, 90]
    assert spread([50, 50], 10, 100) == [45, 55]
    assert spread([0, 1, 100], 10, 100) == [0, 10, 100]
    random = np.random.default_rng(0)
    for _ in range(50):
        wanted = random.uniform(0, 100, 6)
        places = np.array(spread(wanted.tolist(), 15, 100))
        assert (np.argsort(places) == np.argsort(wanted)).all()
        assert np.diff(np.sort(places)).min() >= 15 - 1e-9
        assert places.min() >= 0
        assert places.max() <= 100 + 1e-9


def test_empty_bins_are_left_away_and_episodes_outside_are_counted():
    record = comparisons.demo()
    assert histogram_range(record) == (-2.5, 2.5)
    assert shares_outside(record)["agent"] == pytest.approx(0.05)
    caption = pictures(record)[1].caption
    assert "from −2.5 to +2.5 points" in caption
    assert "agent 5.0" in caption


def test_an_interval_that_ends_out_of_range_says_where():
    svg = draw_histograms(comparisons.demo(), width=720)
    assert "95\N{NO-BREAK SPACE}%: +30.00 →" in svg
    assert "← 95\N{NO-BREAK SPACE}%: −30.00" in svg


def test_training_without_exploration_or_with_too_little_to_draw():
    record = comparisons.changed(comparisons.demo(), lambda r: r["training"].update(epsilon=[]))
    assert "random actions" not in draw_training(record, width=720)
    record = comparisons.changed(record, lambda r: r["training"].update(stop_reward=[None] * 19 + [1.0]))
    assert draw_training(record, width=720) is None


def test_training_of_a_planner_is_drawn_over_what_it_evaluated():
    training = Training(seconds=9.0, unique=[50, 100, 150], best_reward=[79.5, 81.0, 81.25])
    record = replace(comparisons.demo(), training=training)
    svg = draw_training(record, width=720)
    assert "best validation accuracy evaluated during training, from 79.5 to 81.25" in svg
    assert "architectures evaluated in training" in svg
    assert "random actions" not in svg


def test_a_single_run_is_a_staircase_with_all_its_steps():
    record = comparisons.one_trial()
    curve = record.strategies["random-search"].curve
    curve.mean[:] = [70.0] * 40 + [80.0] * 110
    (read,) = read_curves(record)
    assert read.single
    assert read.queries_Q.tolist() == [1, 41, 150]
    line = max(re.findall(r'<path d="(M[^"]*)"', draw_curves(record, width=720)), key=len)
    places = [tuple(map(float, p.split())) for p in re.findall(r"[ML] ([\d.]+ [\d.]+)", line)]
    assert len(places) == 4
    assert all(x == nx or y == ny for (x, y), (nx, ny) in pairwise(places))
    assert "mean" not in re.search(r"<text[^>]*>([^<]*\(%\))", draw_curves(record, width=720))[1]
