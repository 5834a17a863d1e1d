import json

import numpy as np
import pytest

from archwalk.estimators.nasbench301 import features
from archwalk.estimators.nasbench301.features import XGB_CONSTANTS, XGB_NAMES, xgb_features, yahpo_features
from archwalk.estimators.nasbench301.yahpo import expected_encoding
from archwalk.spaces.darts.code import OPERATIONS
from archwalk.spaces.darts.space import DARTS

CELLS = ("normal", "reduce")
DARTS_PREFIX = "NetworkSelectorDatasetInfo:darts:"


@pytest.fixture(scope="module")
def codes():
    return DARTS().sample(np.random.default_rng(0), 500)


def configuration(code):
    """The hyperparameters by name that NAS-Bench-301's own converter makes of a genotype."""
    chosen = {}
    for cell, edges in zip(CELLS, code.reshape(2, 4, 2, 2).tolist(), strict=True):
        for node, offset in enumerate((0, 2, 5, 9)):
            for state, operation in edges[node]:
                chosen[f"edge_{cell}_{offset + state}"] = OPERATIONS[operation]
            if node:
                chosen[f"inputs_node_{cell}_{node + 2}"] = "_".join(str(state) for state, _ in edges[node])
    return chosen


def test_xgb_features_as_its_own_code_makes_them(codes):
    pairs = {3: "0_1 0_2 1_2", 4: "0_1 0_2 0_3 1_2 1_3 2_3", 5: "0_1 0_2 0_3 0_4 1_2 1_3 1_4 2_3 2_4 3_4"}
    for code, row in zip(codes[:100], xgb_features(codes[:100]), strict=True):
        chosen = configuration(code)
        for name, value in zip(XGB_NAMES, row, strict=True):
            name = name.removeprefix(DARTS_PREFIX)
            if name.startswith("edge"):
                assert value == (OPERATIONS.index(chosen[name]) if name in chosen else -1)
            elif name.startswith("inputs"):
                assert value == pairs[int(name[-1])].split().index(chosen[name])


def test_places_of_xgb_features():
    """As derived with ConfigSpace, by hand."""
    at = {name.removeprefix(DARTS_PREFIX): place for place, name in enumerate(XGB_NAMES)}
    assert len(at) == 56
    for cell, first, inputs, tens, units in (("normal", 10, 15, 32, 36), ("reduce", 12, 18, 44, 48)):
        assert [at[f"edge_{cell}_{edge}"] for edge in (0, 1)] == [first, first + 1]
        assert [at[f"inputs_node_{cell}_{node}"] for node in (3, 4, 5)] == [inputs, inputs + 1, inputs + 2]
        assert [at[f"edge_{cell}_{edge}"] for edge in range(10, 14)] == list(range(tens, tens + 4))
        assert [at[f"edge_{cell}_{edge}"] for edge in range(2, 10)] == list(range(units, units + 8))
    assert at["init_channels"] == 14
    assert XGB_NAMES[0] == "CreateImageDataLoader:batch_size"
    assert XGB_NAMES[31] == "SimpleTrainNode:mixup:alpha"


def test_constant_features(codes):
    rows = xgb_features(codes)
    assert rows.dtype == np.float32
    assert len(XGB_CONSTANTS) == 22
    assert (rows[:, XGB_CONSTANTS] == 0).all()
    assert ((rows == -1).sum(axis=1) == 2 * (12 - 6)).all(), "six of twelve conditional edges of a cell"


def test_yahpo_features_as_its_encoding_makes_them(codes):
    encoding = expected_encoding()
    names = [f"edge_{cell}_{edge}" for cell in CELLS for edge in range(14)]
    names += [f"inputs_node_{cell}_{node}" for cell in CELLS for node in (3, 4, 5)]
    for code, row in zip(codes[:100], yahpo_features(codes[:100]), strict=True):
        chosen = configuration(code)
        for name, value in zip(names, row, strict=True):
            known = encoding[f"NetworkSelectorDatasetInfo_COLON_darts_COLON_{name}"]
            assert value == known[chosen.get(name, "#na#")]


def test_encodings_tell_architectures_apart(codes):
    assert len(np.unique(xgb_features(codes), axis=0)) == len(np.unique(yahpo_features(codes), axis=0)) == 500


def test_codes_that_are_no_block_of_memory(codes):
    wide = np.repeat(codes, 2, axis=1)
    np.testing.assert_array_equal(xgb_features(wide[:, ::2]), xgb_features(codes))


def test_empty_batch(codes):
    assert xgb_features(codes[:0]).shape == (0, 56)
    assert yahpo_features(codes[:0]).shape == (0, 34)


def test_published_encoding(data_root):
    published = json.loads((data_root / "nasbench301/yahpo/encoding_v2.json").read_text())
    assert expected_encoding() == published


def test_published_conditions(data_root, codes):
    """An edge is active in YAHPO's configuration space exactly where it has a value here."""
    space = json.loads((data_root / "nasbench301/yahpo/config_space.json").read_text())
    conditions = {condition["child"]: condition for condition in space["conditions"]}
    prefix = "NetworkSelectorDatasetInfo_COLON_darts_COLON_"
    assert len(conditions) == 24
    assert {name for name in features.ARCHITECTURE_NAMES if prefix + name not in conditions} == (
        features._ALWAYS_ACTIVE
    )
    for code, row in zip(codes, yahpo_features(codes), strict=True):
        chosen = configuration(code)
        for name, value in zip(features.ARCHITECTURE_NAMES, row, strict=True):
            if condition := conditions.get(prefix + name):
                wanted = condition.get("values") or [condition["value"]]
                assert (value > 0) == (chosen[condition["parent"].removeprefix(prefix)] in wanted)
