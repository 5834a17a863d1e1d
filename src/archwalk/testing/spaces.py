# ruff: noqa: D102 (the names of the tests say what they test)
"""What every search space must do. A space is tested by inheriting this, with a fixture `space`:

class TestMySpace(EnumerableSpaceConformance):  # SpaceConformance where it cannot be enumerated
    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> EnumerableSpace:
        return MySpace()
"""

import json
import math
import pickle
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from archwalk.errors import InvalidArchitectureError, MissingExtraError, UsageError
from archwalk.jit import make_streams
from archwalk.spaces.base import Codes, EnumerableSpace, SearchSpace
from archwalk.spaces.capabilities import (
    CAPABILITIES,
    capabilities_of,
    graphs_of,
    require,
    rewritten_features,
)
from archwalk.spaces.catalogue import FAMILIES, SPACES, SpaceReference
from archwalk.spaces.dags import NO_VERTEX
from archwalk.spaces.networks import build_network, default_size, default_task, make_size, size_settings
from archwalk.spaces.task import ACTOR_CRITIC, NODE_CLASSIFICATION, Task

ALPHA = 1e-6
"""Chance that a test of a distribution fails although the distribution is right."""

_SPOILT: list[object] = [
    None, -1, 10**30, 1.5, math.nan, math.inf, True, "", "\ud800", [], [[]], {}, {"a": []}, [{}], range(3), b"x",
]  # fmt: skip

JUNK: list[object] = [None, 3, 1.5, True, "", "junk", [], [[]], {}, {"junk": 1}, [None], [1, 2, 3]]


class SpaceConformance:
    """Tests of the contract `SearchSpace`."""

    @pytest.fixture
    def codes(self, space: SearchSpace) -> Codes:
        """Two hundred architectures."""
        return space.sample(np.random.default_rng(0), 200)

    def test_attributes_have_their_types(self, space: SearchSpace) -> None:
        assert isinstance(space.name, str)
        assert space.name
        assert all(isinstance(kind, str) for kind in space.edit_kinds)
        assert len(set(space.edit_kinds)) == len(space.edit_kinds) > 0
        assert all(size >= 2 for size in space.choices)

    def test_sample_has_shape_and_type(self, space: SearchSpace, codes: Codes) -> None:
        _assert_codes(space, codes, (200, space.code_length))
        assert space.sample(np.random.default_rng(0), 0).shape == (0, space.code_length)

    def test_sample_depends_on_the_seed_alone(self, space: SearchSpace, codes: Codes) -> None:
        np.testing.assert_array_equal(space.sample(np.random.default_rng(0), 200), codes)
        assert not np.array_equal(space.sample(np.random.default_rng(1), 200), codes)

    def test_a_pickled_space_is_the_same_and_small(self, space: SearchSpace, codes: Codes) -> None:
        """Workers in other processes are handed their space."""
        packed = pickle.dumps(space)
        copy = pickle.loads(packed)  # noqa: S301 - our own
        np.testing.assert_array_equal(copy.sample(np.random.default_rng(0), 200), codes)
        np.testing.assert_array_equal(copy.features(codes), space.features(codes))
        np.testing.assert_array_equal(
            copy.neighbours(codes[:20]).codes_EL, space.neighbours(codes[:20]).codes_EL
        )
        assert len(packed) < 100_000, "what can be made again is not carried along"

    def test_neighbours_are_other_architectures_each_once(self, space: SearchSpace, codes: Codes) -> None:
        found = space.neighbours(codes)
        edges = len(found.codes_EL)
        _assert_codes(space, found.codes_EL, (edges, space.code_length))
        assert found.offsets[0] == 0
        assert found.offsets[-1] == edges == len(found.kinds_E)
        assert found.kinds_E.dtype == np.uint8
        for b, code_L in enumerate(codes):
            row = found.codes_EL[found.offsets[b] : found.offsets[b + 1]]
            kinds = found.kinds_E[found.offsets[b] : found.offsets[b + 1]]
            assert len(np.unique(row, axis=0)) == len(row)
            assert not (row == code_L).all(axis=1).any()
            assert (kinds < len(space.edit_kinds)).all()
            assert np.count_nonzero(np.diff(kinds)) + 1 == len(np.unique(kinds)), "not grouped by kind"

    def test_rewritten_features_depend_on_the_seed_alone(self, space: SearchSpace, codes: Codes) -> None:
        one, again = (rewritten_features(space, codes, np.random.default_rng(0)) for _ in range(2))
        np.testing.assert_array_equal(one, again)
        assert one.shape == (len(codes), space.feature_count)
        assert one.dtype == np.uint8

    def test_neighbours_of_a_batch_are_those_of_its_rows(self, space: SearchSpace, codes: Codes) -> None:
        batch = space.neighbours(codes)
        for b in range(0, len(codes), 20):
            row = space.neighbours(codes[b : b + 1])
            edges = slice(batch.offsets[b], batch.offsets[b + 1])
            np.testing.assert_array_equal(row.codes_EL, batch.codes_EL[edges])
            np.testing.assert_array_equal(row.kinds_E, batch.kinds_E[edges])
        assert space.neighbours(codes[:0]).codes_EL.shape == (0, space.code_length)

    @pytest.mark.parametrize("limit", [1, 4, 1000])
    def test_sampled_neighbours_are_neighbours(self, space: SearchSpace, codes: Codes, limit: int) -> None:
        streams_B = make_streams(np.random.default_rng(4), len(codes))
        before_B = streams_B.copy()
        codes_BNL, count_B = space.sample_neighbours(codes, limit, streams_B)
        _assert_codes(space, codes_BNL, (len(codes), limit, space.code_length))
        everyone = space.neighbours(codes)
        degree_B = np.diff(everyone.offsets)
        np.testing.assert_array_equal(count_B, np.minimum(degree_B, limit))
        assert (streams_B != before_B)[degree_B > limit].all(), "a row drew without advancing its stream"
        for b, count in enumerate(count_B):
            row = set(map(tuple, codes_BNL[b, :count].tolist()))
            assert len(row) == count, "drawn with replacement"
            neighbours = everyone.codes_EL[everyone.offsets[b] : everyone.offsets[b + 1]]
            assert row <= set(map(tuple, neighbours.tolist()))
            assert (codes_BNL[b, count:] == -1).all()

    def test_sampled_neighbours_do_not_depend_on_other_rows(self, space: SearchSpace, codes: Codes) -> None:
        streams_B = make_streams(np.random.default_rng(5), len(codes))
        some = np.arange(len(codes) - 1, 0, -7)
        streams_of_some = streams_B[some]
        codes_BNL, _ = space.sample_neighbours(codes, 4, streams_B)
        alone_BNL, _ = space.sample_neighbours(codes[some], 4, streams_of_some)
        np.testing.assert_array_equal(alone_BNL, codes_BNL[some])
        np.testing.assert_array_equal(streams_of_some, streams_B[some])

    def test_sampled_neighbours_are_uniform(self, space: SearchSpace, codes: Codes) -> None:
        neighbours = space.neighbours(codes[:1]).codes_EL
        place = {tuple(code): i for i, code in enumerate(neighbours.tolist())}
        n = 5000
        streams_B = make_streams(np.random.default_rng(6), n)
        codes_BNL, count_B = space.sample_neighbours(np.repeat(codes[:1], n, axis=0), 2, streams_B)
        drawn = codes_BNL[:, : count_B[0]].reshape(-1, space.code_length)
        observed = np.bincount([place[tuple(code)] for code in drawn.tolist()], minlength=len(place))
        assert chisquare(observed).pvalue > ALPHA

    def test_features_are_bits(self, space: SearchSpace, codes: Codes) -> None:
        features_BF = space.features(codes)
        assert features_BF.shape == (len(codes), space.feature_count)
        assert features_BF.dtype == np.uint8
        assert features_BF.max() == 1
        square = space.features(codes.reshape(20, 10, space.code_length))
        np.testing.assert_array_equal(square.reshape(features_BF.shape), features_BF)

    def test_features_of_no_architecture_are_zero(self, space: SearchSpace, codes: Codes) -> None:
        padded_BL = codes.copy()
        padded_BL[::3] = -1
        features_BF = space.features(padded_BL)
        assert not features_BF[::3].any()
        np.testing.assert_array_equal(features_BF[1::3], space.features(codes[1::3]))

    def test_features_tell_architectures_apart(self, space: SearchSpace, codes: Codes) -> None:
        if isinstance(space, EnumerableSpace):
            codes = np.arange(space.size, dtype=np.int32)[:, None]
        distinct = np.unique(codes, axis=0)
        packed = np.packbits(space.features(distinct), axis=1)
        rows = packed.view(np.dtype((np.void, packed.shape[1])))
        assert len(np.unique(rows)) == len(distinct)

    def test_descriptions_are_json_and_read_back(self, space: SearchSpace, codes: Codes) -> None:
        for code_L in codes[:50]:
            text = json.dumps(space.describe(code_L))
            parsed_L = space.parse(json.loads(text))
            _assert_codes(space, parsed_L, (space.code_length,))
            np.testing.assert_array_equal(parsed_L, code_L)

    def test_descriptions_of_other_tools_are_read(self, space: SearchSpace, codes: Codes) -> None:
        """With tuples, ranges, NumPy's numbers and arrays, or fields of a named tuple: the same architecture."""
        for code_L in codes[:20]:
            np.testing.assert_array_equal(space.parse(_as_numpy(space.describe(code_L))), code_L)

    def test_junk_anywhere_is_refused_or_makes_sense(self, space: SearchSpace, codes: Codes) -> None:
        """One value of a description replaced by what does not belong there; a parser raises nothing else."""
        for description in _spoilt(space.describe(codes[0])):
            with suppress(InvalidArchitectureError):
                _assert_codes(space, space.parse(description), (space.code_length,))

    @pytest.mark.parametrize("junk", JUNK, ids=repr)
    def test_junk_is_refused(self, space: SearchSpace, codes: Codes, junk: object) -> None:
        description = space.describe(codes[0])
        for bad in (junk, *({**description, key: junk} for key in description)):
            with pytest.raises(InvalidArchitectureError) as caught:
                space.parse(bad)
            message = str(caught.value)
            assert message
            assert "\n" not in message, "an error is one line"

    def test_missing_key_is_refused(self, space: SearchSpace, codes: Codes) -> None:
        description = space.describe(codes[0])
        for key in description:
            with pytest.raises(InvalidArchitectureError, match=key):
                space.parse({other: value for other, value in description.items() if other != key})

    def test_choices_read_back(self, space: SearchSpace, codes: Codes) -> None:
        choices_BC = space.to_choices(codes)
        assert choices_BC.shape == (len(codes), len(space.choices))
        assert choices_BC.dtype == np.int32
        assert (choices_BC >= 0).all()
        assert (choices_BC < space.choices).all()
        np.testing.assert_array_equal(space.from_choices(choices_BC), codes)

    def test_any_choices_name_an_architecture_or_none(self, space: SearchSpace) -> None:
        rng = np.random.default_rng(7)
        choices_BC = rng.integers(0, space.choices, (500, len(space.choices)), dtype=np.int32)
        codes = space.from_choices(choices_BC)
        _assert_codes(space, codes, (500, space.code_length))
        named_BL = codes[~(codes == -1).all(axis=1)]
        assert (named_BL >= 0).all()
        np.testing.assert_array_equal(space.from_choices(space.to_choices(named_BL)), named_BL)

    def test_graphs_are_of_labelled_vertices_on_paths(self, space: SearchSpace, codes: Codes) -> None:
        """Where the space shows any."""
        graphs = graphs_of(space)
        if graphs is None:
            return
        dags, output = graphs.dags(codes), len(graphs.dag_operations)
        batch, cells, vertices = dags.labels_BCV.shape
        assert batch == len(codes)
        assert dags.edges_BCVV.shape == (batch, cells, vertices, vertices)
        assert dags.labels_BCV.max() == output + graphs.dag_inputs
        assert ((dags.labels_BCV == output).sum(axis=2) == 1).all(), "one output"
        assert not np.tril(dags.edges_BCVV).any(), "edges ascend"
        there_BCV = np.not_equal(dags.labels_BCV, NO_VERTEX)
        inside_BCV = np.logical_and(there_BCV, np.less(dags.labels_BCV, output))
        assert not dags.edges_BCVV[~there_BCV].any()
        assert dags.edges_BCVV.sum(axis=3)[inside_BCV].all(), "an operation that nothing reads"
        assert dags.edges_BCVV.sum(axis=2)[inside_BCV].all(), "an operation that reads nothing"

    def test_what_it_can_do_is_what_it_declares(self, space: SearchSpace) -> None:
        for capability in CAPABILITIES:
            if capability.name in capabilities_of(space):
                require(space, capability, "a test")
            else:
                with pytest.raises(
                    UsageError, match=f"a test needs a space that .*which {space.name} does not"
                ):
                    require(space, capability, "a test")

    def test_drawings_are_svg(self, space: SearchSpace, codes: Codes) -> None:
        for code_L in codes[:20]:
            root = ElementTree.fromstring(space.draw(code_L))
            assert root.tag == "{http://www.w3.org/2000/svg}svg"
            assert "viewBox" in root.attrib
            assert not any("id" in element.attrib for element in root.iter()), "ids clash within a page"

    @pytest.fixture
    def task(self, space: SearchSpace) -> Task:
        """For what its networks are; a space that does not say so, and reads no vectors, has a fixture of its own."""
        return default_task(space) or Task((4,), 3)

    def test_builds_a_network_for_a_task(self, space: SearchSpace, codes: Codes, task: Task) -> None:
        """Of as many outputs as it wants, from the same draws of PyTorch's generator the same."""
        for outputs in (task.outputs, task.outputs + 2):
            wanted = replace(task, outputs=outputs)
            network, again = (_built(space, codes, wanted, seed=3) for _ in range(2))
            assert sum(parameter.numel() for parameter in network.parameters()) > 0
            for one, other in zip(network.parameters(), again.parameters(), strict=True):
                assert torch.equal(one, other)
            if task.kind == NODE_CLASSIFICATION:  # it reads edges too
                continue
            given = network.eval()(torch.zeros(2, *task.shape))
            scores = given[0] if task.kind == ACTOR_CRITIC else given
            assert scores.shape == (2, outputs)

    def test_a_task_that_no_network_is_for_is_refused(
        self, space: SearchSpace, codes: Codes, task: Task
    ) -> None:
        if default_task(space) is None:
            return
        for other in (replace(task, kind="weather"), replace(task, shape=(*task.shape, 2))):
            with pytest.raises(UsageError) as caught:
                build_network(space, codes[0], other)
            assert "\n" not in str(caught.value), "an error is one line"

    def test_sizes_are_settings_with_defaults(self, space: SearchSpace) -> None:
        size = default_size(space)
        settings = size_settings(size)
        assert make_size(space, {}) == size
        assert make_size(space, json.loads(json.dumps(settings))) == size, "they are JSON"
        with pytest.raises(UsageError, match="no_such_setting"):
            make_size(space, {"no_such_setting": 1})
        for name, value in settings.items():
            with pytest.raises(UsageError, match=name):
                make_size(space, {name: [value]})

    def test_a_file_says_which_space_it_is_of(self, space: SearchSpace, codes: Codes) -> None:
        """Where the space is registered: a file's name and parameters make it again."""
        reference = SpaceReference.of(space)
        if reference.name not in {*SPACES.names(), *FAMILIES.names()}:
            return
        written = json.loads(json.dumps({"name": reference.name, "parameters": dict(reference.parameters)}))
        again = SpaceReference(**written).load()
        for code_L in codes[:20]:
            np.testing.assert_array_equal(again.parse(space.describe(code_L)), code_L)


class EnumerableSpaceConformance(SpaceConformance):
    """Tests of the contract `EnumerableSpace`, those of `SearchSpace` among them."""

    def test_sample_follows_start_weights(self, space: EnumerableSpace) -> None:
        weights = space.start_weights
        assert weights.shape == (space.size,)
        assert weights.min() >= 0
        assert weights.sum() == pytest.approx(1)
        n = 100_000
        ids = space.sample(np.random.default_rng(2), n)[:, 0]
        _, bin_of_id = np.unique((np.cumsum(weights) * 500).astype(np.int64), return_inverse=True)
        observed = np.bincount(bin_of_id[ids], minlength=bin_of_id.max() + 1)
        expected = n * np.bincount(bin_of_id, weights)
        rare = expected < 5
        observed = np.append(observed[~rare], observed[rare].sum() + 5)
        expected = np.append(expected[~rare], expected[rare].sum() + 5)
        assert chisquare(observed, expected).pvalue > ALPHA

    def test_neighbours_are_rows_of_the_graph(self, space: EnumerableSpace) -> None:
        graph = space.graph
        assert len(graph.offsets) == space.size + 1
        assert graph.edges == graph.offsets[-1] == graph.degrees.sum()
        ids = np.random.default_rng(3).integers(0, space.size, 100, dtype=np.int32)
        found = space.neighbours(ids[:, None])
        rows = [graph.targets_E[graph.offsets[i] : graph.offsets[i + 1]] for i in ids]
        np.testing.assert_array_equal(found.codes_EL[:, 0], np.concatenate(rows))
        np.testing.assert_array_equal(np.diff(found.offsets), graph.degrees[ids])


def _built(space: SearchSpace, codes: Codes, task: Task, seed: int) -> torch.nn.Module:
    """The first of the architectures that has a network for the task, its weights from a seed."""
    for code_L in codes:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            try:
                return build_network(space, code_L, task)
            except MissingExtraError as error:
                pytest.skip(str(error))
            except (InvalidArchitectureError, RuntimeError, ValueError):
                continue
    pytest.fail("none of the architectures has a network")


def _assert_codes(space: SearchSpace, codes: Codes, shape: tuple[int, ...]) -> None:
    assert codes.shape == shape
    assert codes.dtype == np.int32
    if isinstance(space, EnumerableSpace) and codes.size:
        assert codes.min() >= -1
        assert codes.max() < space.size


def _as_numpy(value: Any) -> Any:
    """The same description of other types."""
    if isinstance(value, dict):
        return {key: _as_numpy(part) for key, part in value.items()}
    if isinstance(value, list) and value and all(type(part) is int for part in value):
        return np.array(value)
    if isinstance(value, list):
        return tuple(_as_numpy(part) for part in value)
    if type(value) is int:
        return np.int64(value)
    return np.str_(value) if isinstance(value, str) else value


def _spoilt(value: Any) -> Iterator[Any]:
    """The description with one of its parts replaced, left out or put twice, again and again."""
    yield from _SPOILT
    deep: list[Any] = []
    for _ in range(2_000):
        deep = [deep]
    yield deep
    if isinstance(value, dict):
        for key, part in value.items():
            yield {name: other for name, other in value.items() if name != key}
            for spoilt in _spoilt(part):
                yield value | {key: spoilt}
    elif isinstance(value, list):
        yield value + value
        for place in {0, len(value) - 1} if value else ():
            yield value[:place] + value[place + 1 :]
            for spoilt in _spoilt(value[place]):
                yield [*value[:place], spoilt, *value[place + 1 :]]
