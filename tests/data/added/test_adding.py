"""Tables of users: what is inferred of them, and what is said of rows that are wrong."""

import gzip
import json

import numpy as np
import pytest

from added_tables import OPERATIONS, accuracy, complete_csv, keyed_json, partial_csv, strings, write_csv
from archwalk.data.added.adding import add_table
from archwalk.data.added.names import added_folder, added_names
from archwalk.data.added.roles import Asked
from archwalk.data.added.stored import FAULTS, read_added, remove_added, whole_space
from archwalk.errors import DataError, UsageError


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ARCHWALK_CACHE", str(tmp_path / "cache"))


def metrics(about):
    return {metric.name: (metric.unit, metric.higher_is_better, metric.report) for metric in about.metrics}


def values(added, metric):
    """By description."""
    space = whole_space(added.about)
    return {
        tuple(map(str, space.describe(code_L).values())): value
        for code_L, value in zip(added.codes_NL, added.values[metric][-1], strict=True)
    }


def test_columns_of_decisions_make_a_complete_space(tmp_path):
    added = add_table("mine", complete_csv(tmp_path))
    about = added.about
    assert about.mode == "complete"
    assert about.default == "val_acc"
    assert metrics(about) == {
        "val_acc": ("%", True, "test_acc"), "test_acc": ("%", True, "test_acc"),
        "latency_ms": ("ms", False, "latency_ms"),
    }  # fmt: skip
    assert values(added, "val_acc")["skip", "conv", "pool", "conv"] == accuracy("2010")
    assert about.faults == []
    kept = read_added("mine")
    assert kept.about == about
    np.testing.assert_array_equal(kept.values["test_acc"], added.values["test_acc"])


def test_a_string_of_digits_is_a_decision_each_and_lists_are_runs(tmp_path):
    added = add_table("macro", keyed_json(tmp_path))
    assert added.about.mode == "complete"
    assert (added.repeats_N == 3).all()
    assert values(added, "test_acc")["2", "0", "1", "0"] == pytest.approx(accuracy("2010"))


def test_a_partial_table_of_several_tasks(tmp_path):
    added = add_table("tasks", partial_csv(tmp_path))
    about = added.about
    assert about.mode == "known"
    assert about.default == "jigsaw"
    assert metrics(about)["error"] == ("%", False, "error")
    assert len(added.codes_NL) == 60
    assert np.isnan(added.values["room layout"]).sum() == 4
    assert any("60 of 81 architectures" in note for note in about.notes)


FORMS = {
    "records": lambda rows: [{"arch": list(s), "acc": a} for s, a in rows],
    "nested records": lambda rows: [{"arch": {"a": s[0], "b": s[1:]}, "metrics": {"acc": a}} for s, a in rows],
    "by column": lambda rows: {"arch": [s for s, _ in rows], "acc": [a for _, a in rows]},
    "by pandas": lambda rows: {
        "arch": {str(i): s for i, (s, _) in enumerate(rows)}, "acc": {str(i): a for i, (_, a) in enumerate(rows)},
    },
    "split by pandas": lambda rows: {"columns": ["arch", "acc"], "index": [0], "data": [[s, a] for s, a in rows]},
    "by architecture": lambda rows: {s: {"acc": a} for s, a in rows},
    "numbers by architecture": dict,
    "by task and architecture": lambda rows: {"bench": {t: {s: {"acc": a} for s, a in rows} for t in ("x", "y")}},
    "by architecture and epochs": lambda rows: {s: {"12": {"acc": a - 5}, "200": {"acc": a}} for s, a in rows},
    "numbers by task": lambda rows: {"x": dict(rows), "y": dict(rows)},
    "named list": lambda rows: {"results": [{"arch": s, "acc": a} for s, a in rows]},
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_json(tmp_path, form):
    rows = [(s, accuracy(s)) for s in strings()]
    path = tmp_path / "table.json"
    path.write_text(json.dumps(FORMS[form](rows)))
    added = add_table("json", path)
    assert len(added.codes_NL) == 81
    metric = next(m.name for m in added.about.metrics if not m.name.startswith("12"))
    found = {"".join(map(str, key)): value for key, value in values(added, metric).items()}
    assert found == dict(rows)
    if form == "by task and architecture":
        assert [m.name for m in added.about.metrics] == ["x.acc", "y.acc"]


CELLS = {
    "digits": lambda s: s,
    "list": lambda s: str(list(map(int, s))),
    "tuple": lambda s: f"({', '.join(s)})",
    "names in lists": lambda s: json.dumps([OPERATIONS[int(d)] for d in s]),
    "nested": lambda s: json.dumps([[int(s[0]), int(s[1])], [int(s[2]), int(s[3])]]),
    "object": lambda s: json.dumps({f"k{i}": OPERATIONS[int(d)] for i, d in enumerate(s)}),
    "signs between": lambda s: "|{}~0|+|{}~0|{}~1|+{}".format(*(OPERATIONS[int(d)] for d in s)),
    "dashes": lambda s: "-".join(s),
    "prefix": lambda s: f"64-41414-{s[0]}_{s[1:3]}_{s[3]}",
}


@pytest.mark.parametrize("form", CELLS)
def test_forms_of_architectures_in_a_cell(tmp_path, form):
    rows = [[CELLS[form](s), accuracy(s)] for s in strings()]
    added = add_table("cells", write_csv(tmp_path / "t.csv", ["Arch", "accuracy"], rows))
    assert added.about.mode == "complete"
    assert len(whole_space(added.about).choices) == 4


def test_lists_of_different_lengths_have_their_length(tmp_path):
    rows = [[f"[{', '.join(s)}]", accuracy(s)] for n in (2, 3) for s in strings(n)]
    added = add_table("lengths", write_csv(tmp_path / "t.csv", ["arch", "acc"], rows))
    assert added.about.mode == "complete"
    space = whole_space(added.about)
    assert space.size == 36
    assert space.describe(space.parse({"length": 2, "part 1": 0, "part 2": 1})) == {
        "length": 2, "part 1": 0, "part 2": 1,
    }  # fmt: skip


def test_gaps_that_another_column_explains_are_conditions(tmp_path):
    rows = [["sgd", m, lr, 90 + lr] for m in (0, 0.9) for lr in (0.1, 0.2)] + [
        ["adam", "", lr, 91] for lr in (0.1, 0.2)
    ]
    added = add_table("c", write_csv(tmp_path / "t.csv", ["optimiser", "momentum", "lr", "score"], rows))
    assert added.about.declaration["decisions"]["momentum"] == {
        "ordinal": [0, 0.9], "when": "optimiser == 'sgd'",
    }  # fmt: skip
    assert added.about.mode == "complete"


@pytest.mark.parametrize(("delimiter", "encoding"), [(";", "utf-8-sig"), ("\t", "latin-1"), ("|", "utf-16")])
def test_what_spreadsheets_write(tmp_path, delimiter, encoding):
    """Delimiters, encodings, decimal commas, percent signs, white space, an index without a name, empty columns."""
    rows = [
        [
            i,
            f" {OPERATIONS[int(s[0])]} ",
            s[1],
            "yes" if s[2] == "1" else "no",
            f"{accuracy(s):.2f} %".replace(".", ","),
            "",
            "",
        ]
        for i, s in enumerate(strings(3, 2))
    ]
    header = ["", "Erste Schicht (größte)", "second", "Third?", "Genauigkeit val %", "note", ""]
    about = add_table("sheet", write_csv(tmp_path / "t.csv", header, rows, delimiter, encoding)).about
    assert about.mode == "complete"
    assert about.default == "Genauigkeit val %"
    assert list(about.declaration["decisions"]) == ["Erste Schicht (größte)", "second", "Third?"]
    assert about.declaration["decisions"]["Third?"] == {"categorical": [False, True]}


def test_fractions_are_in_percent_and_it_is_said(tmp_path):
    rows = [[s, accuracy(s) / 100, 0.5] for s in strings()]
    added = add_table("f", write_csv(tmp_path / "t.csv", ["arch", "val_accuracy", "val_loss"], rows))
    assert values(added, "val_accuracy")["1", "1", "1", "1"] == pytest.approx(accuracy("1111"))
    assert any("in percent now: val_accuracy" in note for note in added.about.notes)
    assert any("lower is better, by their names: val_loss" in note for note in added.about.notes)


def test_seeds_are_repeats_epochs_are_fidelities_a_task_column_is_taken_apart(tmp_path):
    rows = [
        [s, task, seed, epochs, accuracy(s) + seed + (task == "b") - 9 * (epochs == 4)]
        for s in strings(3) for task in "ab" for seed in (0, 1) for epochs in (4, 108)
    ]  # fmt: skip
    added = add_table(
        "long", write_csv(tmp_path / "t.csv", ["arch", "dataset", "seed", "epochs", "acc"], rows)
    )
    assert added.about.fidelities == [4, 108]
    assert [m.name for m in added.about.metrics] == ["a.acc", "b.acc"]
    assert (added.repeats_N == 2).all()
    assert values(added, "b.acc")["0", "1", "2"] == accuracy("012") + 1.5
    np.testing.assert_allclose(added.values["a.acc"][1] - added.values["a.acc"][0], 9)


def test_rows_that_are_wrong_are_counted_and_named(tmp_path):
    """By the lines of the file, the names being line 1."""
    space = tmp_path / "space.toml"
    space.write_text(
        'constraints = ["not (a == \'x\' and b == 3)"]\n[decisions]\na = ["x", "y"]\nb = [1, 2, 3]\n'
    )
    lines = [
        "a,b,acc,seed", "x,1,90,0", "x,1,90,0", "x,2,91,0", "x,2,95,0", "y,1,abc,0", "y,2,nan,0", "z,1,90,0", "y,,90,0",
        "x,3,90,0", "y,3,92,0,7", "y,3,93,0",
    ]  # fmt: skip
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines))
    added = add_table("wrong", path, str(space))
    listed = (added_folder("wrong") / FAULTS).read_text().splitlines()
    assert listed[1:] == [
        '3,"the same as a row before","taken once"',
        '4,"contradict rows of the same architecture and seed","the mean is taken"',
        '5,"contradict rows of the same architecture and seed","the mean is taken"',
        '6,"acc is no number (\'abc\')","taken for missing"',
        '6,"no number in any metric","left out"',
        '7,"no number in any metric","left out"',
        '8,"another value of \'a\' than the space has","left out"',
        '9,"no value of \'b\'","left out"',
        '10,"constraints of the space are broken","left out"',
        '11,"5 fields instead of 4","not read"',
    ]
    assert (
        "contradict rows of the same architecture and seed: 2 lines (4, 5); the mean is taken"
        in added.about.faults
    )
    assert values(added, "acc") == {("x", "1"): 90, ("x", "2"): 93, ("y", "3"): 93}


def test_a_gap_in_a_decision_is_a_fault_of_its_row_and_gaps_in_metrics_are_named(tmp_path):
    """One empty cell among many does not make a value `absent`, which no architecture has."""
    rows = [[*s, accuracy(s), accuracy(s) - 1] for s in strings()]
    rows[0][4], rows[1][4], rows[2][4], rows[3][0] = "NaN", "inf", "", ""
    rows[4][5] = "oops"
    added = add_table(
        "mine", write_csv(tmp_path / "t.csv", ["a", "b", "c", "d", "val_acc", "test_acc"], rows)
    )
    assert whole_space(added.about).size == 81
    assert added.about.faults == [
        "no number for val_acc: 3 lines (2, 3, 4); its other metrics count",
        "no value of 'a': line 5; left out",
        "test_acc is no number ('oops'): line 6; taken for missing",
    ]


def test_decisions_with_the_same_values_are_told_together(tmp_path):
    """Operations and sources take turns in a genotype."""
    rng = np.random.default_rng(0)
    rows = [
        [json.dumps([[OPERATIONS[a], b] for a, b in rng.integers(0, 3, (4, 2)).tolist()]), float(n)]
        for n in range(60)
    ]
    added = add_table("mine", write_csv(tmp_path / "t.csv", ["architecture", "acc"], rows))
    assert added.about.notes[0] == (
        "inferred the space: part 1 ... part 7 (4): categorical, conv, pool, skip; "
        "part 2 ... part 8 (4): categorical, 0, 1, 2"
    )


def test_numbers_alone_are_not_taken_for_a_space_of_ours(tmp_path):
    """NAS-Bench-201 reads six whole numbers too, but so may anything be written."""
    rows = [[json.dumps([*map(int, s), 0, 0]), accuracy(s)] for s in strings()]
    added = add_table("mine", write_csv(tmp_path / "t.csv", ["architecture", "acc"], rows))
    assert not any("reads these" in note for note in added.about.notes)


def test_words_that_begin_with_a_sign_are_taken_apart(tmp_path):
    rows = [[f"_{a}{b}-_x", float(n)] for n, (a, b) in enumerate(strings(2))]
    added = add_table("mine", write_csv(tmp_path / "t.csv", ["architecture", "acc"], rows))
    assert added.about.mode == "complete"


def test_rows_that_differ_without_a_seed_are_repeats(tmp_path):
    rows = [[s, accuracy(s)] for s in strings()] + [["0000", 70.0]]
    added = add_table("r", write_csv(tmp_path / "t.csv", ["arch", "acc"], rows))
    assert values(added, "acc")["0", "0", "0", "0"] == 65
    assert added.repeats_N.sum() == 82
    assert "2 lines (2, 83); taken for repeats" in added.about.faults[0]


def test_a_built_in_space_reads_its_architectures(tmp_path):
    rows = [
        ["|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|nor_conv_1x1~2|", 91.0, "x"],
        ["|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|nor_conv_1x1~2|", 90.0, "y"],
        ["|nonsense~0|+|none~0|none~1|+|none~0|none~1|nor_conv_1x1~2|", 90.0, "z"],
    ]
    added = add_table("n", write_csv(tmp_path / "t.csv", ["string", "acc", "other"], rows), "nasbench201")
    assert added.about.base == "nasbench201"
    assert len(added.codes_NL) == 2
    assert added.about.faults == ["no architecture of the space nasbench201: line 4; left out"]


def test_json_lines_parquet_and_gzip(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    records = [{"arch": s, "acc": accuracy(s)} for s in strings()]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, records)) + "\nnonsense\n")
    added = add_table("lines", tmp_path / "a.jsonl")
    assert added.about.faults == ["not JSON: line 82; not read"]
    parquet.write_table(pyarrow.Table.from_pylist(records), tmp_path / "a.parquet")
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(json.dumps(records).encode()))
    for name in ("a.parquet", "a.json.gz"):
        other = add_table(name.replace(".", "-"), tmp_path / name)
        np.testing.assert_array_equal(other.values["acc"], added.values["acc"])


@pytest.mark.parametrize(
    ("content", "asked", "says"),
    [
        ("", {}, "is empty"),
        ("arch,acc\n", {}, "has no rows"),
        ("1,2\n3,4\n", {}, "must name the columns"),
        ("arch,arch\n1,2\n", {}, "two columns 'arch'"),
        ("arch,acc\n01,90\n10,91\n", {"reward": "accuracy"}, "unknown column 'accuracy'; did you mean 'acc'"),
        ("arch,acc\n01,90\n10,91\n", {"architecture": "a"}, "unknown column 'a'"),
        ("arch,acc\n01,x\n10,y\n", {}, "no column holds numbers"),
        ("arch,acc\n01,90\n01,91\n", {}, "are alike"),
        ("index,acc\n0,90\n1,91\n", {}, "no column shows the architectures"),
        ("a,b,acc\nx,1,\ny,2,nan\n", {"reward": "acc"}, "no numbers"),
        ("md5,acc\n" + "\n".join(f"{i:032x},{i}" for i in range(50)), {"architecture": "md5"}, "what its architec"),
    ],
)  # fmt: skip
def test_tables_that_say_too_little_are_refused_in_one_line(tmp_path, content, asked, says):
    path = tmp_path / "t.csv"
    path.write_text(content)
    with pytest.raises((UsageError, DataError), match=says) as caught:
        add_table("t", path, asked=Asked(**asked))
    assert "\n" not in str(caught.value)
    assert added_names() == []


def test_files_that_are_no_tables_are_refused(tmp_path):
    for name, content in [
        ("t.xlsx", b"PK"),
        ("t.json", b'{"a": '),
        ("t.json", b"[1, 2]"),
        ("t.parquet", b"PAR1"),
    ]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises((UsageError, DataError)) as caught:
            add_table("t", tmp_path / name)
        assert "\n" not in str(caught.value)
    with pytest.raises(UsageError, match="there is no file"):
        add_table("t", tmp_path / "nothing.csv")


def test_names_are_taken_once_and_forgotten(tmp_path):
    path = complete_csv(tmp_path)
    add_table("mine", path)
    with pytest.raises(UsageError, match="archwalk data remove mine"):
        add_table("mine", path)
    remove_added("mine")
    assert added_names() == []
    with pytest.raises(UsageError, match="unknown added table 'mine'"):
        remove_added("mine")
    with pytest.raises(UsageError, match="letters, digits"):
        add_table("../mine", path)


def test_numbers_of_rows_and_names_with_units_are_understood(tmp_path):
    """As a spreadsheet in another language has it: numbered rows, decimal commas, units in brackets, few times."""
    header = ["Nr.", "Block 1", "Block 2", "Block 3", "Block 4", "Genauigkeit (%)", "Dauer [s]", "Wert"]
    rows = [
        [
            n,
            *(OPERATIONS[int(d)] for d in s),
            f"{accuracy(s):.2f}".replace(".", ","),
            f"{10 + n % 3},5",
            int(s[0]) ** 2 + 1,
        ]
        for n, s in enumerate(strings(), start=1)
    ]
    about = add_table("german", write_csv(tmp_path / "t.csv", header, rows, ";", "latin-1")).about
    assert about.mode == "complete"
    assert metrics(about) == {
        "Genauigkeit (%)": ("%", True, "Genauigkeit (%)"), "Dauer [s]": ("s", False, "Dauer [s]"),
        "Wert": ("", True, "Wert"),
    }  # fmt: skip
    assert about.default == "Genauigkeit (%)"
    assert "left out: Nr. (it names rows)" in about.notes


def test_a_decision_of_a_whole_grid_stays_one(tmp_path):
    rows = [[a, b, c, a + b * c] for a in range(1, 4) for b in range(1, 4) for c in range(1, 4)]
    about = add_table("grid", write_csv(tmp_path / "t.csv", ["a", "b", "c", "accuracy"], rows)).about
    assert list(about.declaration["decisions"]) == ["a", "b", "c"]


def test_directions_by_name(tmp_path):
    rows = [[*s, 1.5 * int(s) % 7, int(s) % 11 + 0.1, int(s) % 13 + 0.2] for s in strings()]
    header = ["a", "b", "c", "d", "valid_neg_loss", "val_per", "loss"]
    about = add_table("ways", write_csv(tmp_path / "t.csv", header, rows)).about
    assert {name: up for name, (_, up, _) in metrics(about).items()} == {
        "valid_neg_loss": True, "val_per": False, "loss": False,
    }  # fmt: skip


def test_a_string_within_an_object_is_taken_apart(tmp_path):
    operations = ["none", "skip", "conv"]
    text = [
        f"|{operations[a]}~0|+|{operations[b]}~0|{operations[c]}~1|"
        for a in range(3)
        for b in range(3)
        for c in range(3)
    ] + [f"|skip~0|+|skip~0|pool{i}~1|" for i in range(8)]
    rows = [[json.dumps({"name": "tiny", "arch_str": one}), 50 + n] for n, one in enumerate(text)]
    added = add_table("objects", write_csv(tmp_path / "t.csv", ["config", "acc"], rows))
    assert len(added.about.declaration["decisions"]) == 3
    assert len(added.codes_NL) == 35


def test_lists_in_several_columns_are_decisions_each(tmp_path):
    rng = np.random.default_rng(0)
    lines = [
        {
            "ks": rng.choice([3, 5, 7], 4).tolist(), "d": rng.choice([2, 3], 2).tolist(),
            "r": [int(rng.choice([128, 160]))],
            "acc": [70.0 + i, 71.0 + i], "flops": 100 + i,
        }
        for i in range(40)
    ]  # fmt: skip
    path = tmp_path / "ofa.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    added = add_table("ofa", path)
    assert list(added.about.declaration["decisions"]) == ["ks.1", "ks.2", "ks.3", "ks.4", "d.1", "d.2", "r"]
    assert set(metrics(added.about)) == {"acc", "flops"}
    assert added.repeats_N.max() >= 2, "a list of numbers is still several runs"


def test_parts_of_an_architecture_in_columns_are_read_together(tmp_path):
    """NAS-Bench-101's matrix and operations, by the space that knows them, or by a declared cell."""
    cell = tmp_path / "cell.toml"
    cell.write_text(
        '[cell]\nedges = [1, 9]\noperations = ["conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"]\n'
    )
    rows = [
        [str([[0, 1, e], [0, 0, 1], [0, 0, 0]]), str(["input", op, "output"]), 90 + e + n]
        for n, op in enumerate(["conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"])
        for e in (0, 1)
    ]
    path = write_csv(tmp_path / "t.csv", ["matrix", "ops", "val_acc"], rows)
    for name, space in (("known", "nasbench101"), ("declared", str(cell))):
        added = add_table(name, path, space)
        assert len(added.codes_NL) == 6
        assert added.about.faults == []
    assert whole_space(read_added("declared").about).describe(added.codes_NL[0])["ops"][0] == "input"


def test_a_space_that_reads_the_architectures_is_named(tmp_path):
    cells = [
        f"|{a}~0|+|{b}~0|none~1|+|none~0|none~1|{a}~2|"
        for a in ("none", "skip_connect")
        for b in ("none", "nor_conv_3x3")
    ]
    rows = [[cell, 60 + n] for n, cell in enumerate(cells)]
    notes = add_table("cells", write_csv(tmp_path / "t.csv", ["arch", "acc"], rows)).about.notes
    assert any("--space nasbench201" in note for note in notes)
