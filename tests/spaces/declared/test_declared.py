"""Spaces by declaration: the contract, and what is theirs alone."""

import pickle

import numpy as np
import pytest
import torch

from archwalk.errors import InvalidArchitectureError, UsageError
from archwalk.spaces.base import EnumerableSpace, SearchSpace
from archwalk.spaces.catalogue import SpaceReference
from archwalk.spaces.declared import Categorical, Integer, Ordinal, declare, read_space
from archwalk.spaces.task import Task
from archwalk.testing.spaces import EnumerableSpaceConformance, SpaceConformance
from declared_cases import large, small_file


class TestSmall(EnumerableSpaceConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def space(cls, tmp_path_factory) -> EnumerableSpace:
        return read_space(small_file(tmp_path_factory.mktemp("declared")))


class TestLarge(SpaceConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> SearchSpace:
        return large()

    def test_a_file_says_which_space_it_is_of(self, space: SearchSpace) -> None:
        """One with Python functions is in no file."""
        with pytest.raises(UsageError, match="declared with Python functions, which no file holds"):
            SpaceReference.of(space).load()


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return read_space(small_file(tmp_path_factory.mktemp("declared")))


def everything(space):
    return [space.describe(np.array([i], np.int32)) for i in range(space.size)]


def test_the_architectures_are_those_that_the_rules_allow(small):
    """Against plain Python."""
    expected = []
    for optimiser in ("sgd", "adam"):
        for activation in ("relu", "tanh", "gelu"):
            for depth in (5, 6, 7):
                for width in (8, 12, 16):
                    if depth * width > 96 or (activation == "tanh" and depth == 7):
                        continue
                    base = {"optimiser": optimiser, "activation": activation, "depth": depth, "width": width}
                    for momentum in (0.25, 0.9) if optimiser == "sgd" else (None,):
                        one = base | ({"momentum": momentum} if momentum is not None else {})
                        norms = ("batch", "layer") if momentum == 0.9 else (None,)
                        expected += [
                            one | ({"norm": norm} if norm is not None else {}) | {"fixed": "always"}
                            for norm in norms
                        ]
    assert everything(small) == expected


def test_neighbours_differ_in_one_decision_ordered_ones_by_one_step(small):
    code_L = small.parse(
        {"optimiser": "adam", "activation": "gelu", "depth": 6, "width": 12, "fixed": "always"}
    )
    found = small.neighbours(code_L[None])
    neighbours = [small.describe(row) for row in found.codes_EL]
    kinds = [small.edit_kinds[kind] for kind in found.kinds_E]
    assert kinds == ["optimiser", "activation", "activation", "depth", "depth", "width", "width"]
    assert neighbours[0]["optimiser"] == "sgd"
    assert neighbours[0]["momentum"] == 0.25, "what comes to exist has its first value"
    assert [one["depth"] for one in neighbours[3:5]] == [5, 7]
    assert [one["width"] for one in neighbours[5:]] == [8, 16]


def test_large_and_small_spaces_agree_on_neighbours(small):
    """The graph of ids, against strings walked one by one."""
    walked = small.walked
    for i in range(0, small.size, 7):
        string = small.to_choices(np.array([[i]], np.int32))
        found = small.from_choices(walked.neighbours(string).codes_EL)[:, 0]
        start, stop = small.graph.offsets[i : i + 2]
        np.testing.assert_array_equal(small.graph.targets_E[start:stop], found)


def test_a_template_builds_layers(small):
    network = small.build(
        small.parse({"optimiser": "adam", "activation": "gelu", "depth": 6, "width": 12, "fixed": "always"}),
        Task((4,), 12),
    )
    assert [type(layer).__name__ for layer in network] == ["Linear", "GELU", *["Linear"] * 6]
    assert network(torch.zeros(3, 4)).shape == (3, 12)


def test_a_function_builds_for_a_task():
    space = large()
    assert space.build(space.sample(np.random.default_rng(0), 1)[0], Task((4,), 7)).out_features == 7


def test_a_template_that_names_the_task_needs_one(small):
    with pytest.raises(
        UsageError, match=r"layer 'Linear\(inputs, width\)' needs a task, which says how many inputs"
    ):
        small.build(np.zeros(1, np.int32))


def test_features_of_ordered_decisions_say_what_is_reached():
    space = declare("three", Ordinal("width", [8, 16, 32]), Categorical("op", ["a", "b"]))
    features = {
        tuple(one.values()): space.features(np.array([i]))[:3].tolist()
        for i, one in enumerate(everything(space))
    }
    assert features[8, "a"] == [1, 0, 0]
    assert features[32, "b"] == [1, 1, 1]


def test_rare_architectures_are_sampled_all_the_same():
    """Of 10^15 strings one in a million satisfies the constraint."""
    space = declare(
        "rare",
        *(Integer(f"x{i}", 0, 9) for i in range(15)),
        constraints=["sum(x0, x1, x2, x3, x4, x5) == 54"],
    )
    codes_NL = space.sample(np.random.default_rng(0), 50)
    assert (codes_NL[:, :6] == 9).all()
    assert len(np.unique(codes_NL[:, 6:], axis=0)) > 20


def test_what_is_not_an_architecture_is_refused_in_one_line(small):
    right = {"optimiser": "adam", "activation": "gelu", "depth": 6, "width": 12, "fixed": "always"}
    for change, says in [
        ({"depth": 9}, '"depth" is one of 5, 6, 7, not 9'),
        ({"momentum": 0.9}, "\"momentum\" does not exist here: it needs optimiser == 'sgd'"),
        ({"depth": 7, "width": 16}, r"satisfies depth \* width <= 96"),
        ({"dept": 5}, "did you mean 'depth'"),
        ({"activation": "Relu"}, '"activation" is one of'),
        ({"optimiser": "sgd"}, 'needs "momentum"'),
    ]:
        with pytest.raises(InvalidArchitectureError, match=says):
            small.parse(right | change)
    listed = ["adam", "gelu", 6, 12, None, None, "always"]
    assert small.parse(right | {"momentum": None}) == small.parse(listed) == small.parse(right)
    assert small.parse(right | {"depth": 6.0}) == small.parse(right)


@pytest.mark.parametrize(
    ("decisions", "constraints", "says"),
    [
        ([], [], "has no decisions"),
        ([Categorical("a", ["x"])], [], "nothing to choose"),
        ([Categorical("a", [1, 2]), Categorical("a", [1, 2])], [], "'a' twice"),
        ([Categorical("a b", [1, 2]), Categorical("a_b", [1, 2])], [], "'a b' and 'a_b'"),
        ([Ordinal("a", [1, 2], when="b == 1"), Ordinal("b", [1, 2], when="a == 1")], [], "'a', 'b' form a circle"),
        ([Ordinal("a", [1, 2], when="a == 1")], [], "form a circle"),
        ([Ordinal("a", [1, 2])], ["a > 2"], "no architecture of 'bad' satisfies a > 2"),
        ([Ordinal("a", [1, 2]), Ordinal("b", [1, 2])], ["a > b", "b > a"], "satisfies all constraints: a > b; b > a"),
        ([Ordinal("a", [1, 2])], ["a > 1"], "a single architecture"),
        ([Integer(f"x{i}", 0, 9) for i in range(15)], ["x0 + x1 > 99"], "no architecture of 'bad'"),
        ([Ordinal("a", [1, 2])], ["c > 1"], "unknown decision 'c'"),
        ([Ordinal("a", [1, 2])], ["a"], "takes a for true or false"),
        ([Ordinal("a", [1, 2])], ["1 < 2"], "names no decision"),
        ([Ordinal("a", [1, 2])], ["a +"], "cannot be read"),
        ([Ordinal("a", [1, 2])], ["__import__('os').system('x') == a"], "which expressions do not have"),
        ([Ordinal("a", [1, 2])], ["a.real > 1"], "which expressions do not have"),
        ([Ordinal("a", [1, 2])], ["(lambda: a)() > 1"], "which expressions do not have"),
        ([Ordinal("a", [1, 2])], ["a > " + "(" * 300 + "1" + ")" * 300], "deeply|cannot be read"),
        ([Ordinal("a", [1, 2])], ["a + " * 150 + "a > 1"], "nested too deeply; long sums are written sum"),
        ([Ordinal("a", [1, 2])], ["a > 1" + "0" * 400], "cannot be read"),
        ([Categorical("a", ["x", "y"])], ["a == 'z'"], "compares a with what it never is"),
        ([Categorical("a", ["x", "y"])], ["a + 1 > 2"], "computes with a, whose values are not numbers"),
        ([Ordinal("a", [1, 2])], [lambda b: b > 1], "a parameter is an unknown decision 'b'"),
        ([Ordinal("a", [1, 2])], [lambda: True], "names the decisions that it reads"),
        ([Ordinal("a", [1, 2]), Ordinal("b", [1, 2])], [lambda a: a["x"]], "fails for a=1: 'int' object is not"),
    ],
)  # fmt: skip
def test_declarations_that_make_no_sense_are_refused_in_one_line(decisions, constraints, says):
    with pytest.raises(UsageError, match=says) as caught:
        declare("bad", *decisions, constraints=constraints)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Categorical("a", []), "'a' has no values"),
        (lambda: Categorical("a", ["x", "x"]), "the value 'x' twice"),
        (lambda: Categorical("a", "xy"), "values of 'a' are a list"),
        (lambda: Categorical("a", [None, 1]), "not None"),
        (lambda: Categorical("a", [float("nan"), 1]), "not nan"),
        (lambda: Categorical("", [1, 2]), "is a word"),
        (lambda: Integer("a", 5, 1), "from 5 to 1"),
        (lambda: Integer("a", 0, 10**9), "at most 1,000"),
        (lambda: Integer("a", 0, 1.5), "is a whole number"),
        (lambda: Integer("a", 0, 4, 0), "step of 'a' is at least 1"),
    ],
)  # fmt: skip
def test_decisions_that_make_no_sense_are_refused(make, says):
    with pytest.raises(UsageError, match=says):
        make()


def test_true_and_one_are_two_values():
    space = declare("both", Categorical("a", [True, 1, "1"]), Categorical("b", [0.5, 1.0]))
    assert space.size == 6
    assert space.describe(space.parse({"a": True, "b": 1}))["a"] is True


def test_a_space_goes_to_another_process_with_its_functions():
    space = large()
    copy = pickle.loads(pickle.dumps(space))  # noqa: S301 - our own
    assert copy.declaration == space.declaration
