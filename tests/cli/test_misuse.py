"""Whatever is wrong with a call or a file: one line on stderr, a status, nothing on stdout, no traceback."""

import json
import re
import shutil

import pytest

from archwalk.cli.main import main
from archwalk.data.catalogue import table_path

PROTEINS = ["--benchmark", "nas-bench-graph:proteins"]


def refused(result, status, message):
    assert result.status == status, result.err
    assert result.out == ""
    assert result.err.count("\n") == 1, result.err
    assert result.err.startswith("archwalk: ")
    assert re.search(message, result.err), result.err


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["trian"], "unknown command 'trian'; did you mean 'train'"),
        (["data"], "required: ACTION"),
        (["data", "lsit"], "unknown action 'lsit'; did you mean 'list'"),
        (["data", "get", "nasbench11"], "unknown data set 'nasbench11'; did you mean 'nasbench101'"),
        (["data", "import", "nas-bench", "x"], "unknown data set 'nas-bench'"),
        (["data", "import", "nas-bench-graph", "x"], "comes inside its package"),
        (["space", "nasbench11"], "unknown space 'nasbench11'; did you mean 'nasbench101'"),
        (["space", "nas-bench-graph", "--jsno"], "unrecognized arguments: --jsno"),
        (["oracle", "nasbench"], "unknown benchmark 'nasbench'"),
        (
            ["oracle", "nas-bench-graph:proteins", "--gamma", "1"],
            "gamma must be at least 0 and below 1, not 1.0",
        ),
        (
            ["oracle", "nas-bench-graph:proteins", "--gamma", "high"],
            "argument --gamma: invalid float value: 'high'",
        ),
        (
            ["oracle", "nas-bench-graph:proteins", "--alpha", "0"],
            "alpha of the shaping must be between 0 and 1000",
        ),
        (["train", "apix", *PROTEINS], "unknown strategy to train 'apix'; did you mean 'apex'"),
        (["train", "apex", *PROTEINS, "--set", "gamma=1.2"], "gamma must be at least 0 and below 1, not 1.2"),
        (
            ["train", "apex", *PROTEINS, "--set", "neighbours=0"],
            "an agent must see at least 1 neighbour, not 0",
        ),
        (["train", "apex", *PROTEINS, "--workers", "2"], "--set actors=2"),
        (
            ["train", "apex", *PROTEINS, "--steps", "9999", "--set", "learning_starts=50000"],
            "nothing would be learned: 9999 steps leave no batch",
        ),
        (
            ["train", "apex", *PROTEINS, "--engine", "threads"],
            "unknown engine 'threads'; known: local, processes, ray",
        ),
        (["train", "apex", *PROTEINS, "--device", "abacus"], "the device 'abacus' cannot be used here"),
        (["train", "apex", *PROTEINS, "--address", "localhost:1"], "the engine 'local' has no address"),
        (["train", "apex", *PROTEINS, "--preset", "archwalk-nasbench101"], "is for planner, not for apex"),
        (["train", "dqn", *PROTEINS, "--preset", "cassimon2024-nasbench101"], "is for apex, not for dqn"),
        (
            ["train", "dqn", *PROTEINS, "--engine", "ray"],
            "dqn trains in this process, on the CPU; leave --engine",
        ),
        (["train", "dqn", *PROTEINS, "--set", "actors=2"], "unknown setting 'actors'"),
        (["train", "apex", "--resume", "--out", "x", "--set", "actors=2"], "cannot change under way"),
        (["train", "dqn"], "which benchmark"),
        (["train", "dqn", "--resume"], "--resume needs the run folder: --out DIR"),
        (["train", "dqn", "--benchmark", "nas-bench-graph:coro"], "did you mean 'cora'"),
        (
            ["train", "dqn", *PROTEINS, "--preset", "archwalk-nasbench10"],
            "did you mean 'archwalk-nasbench101'",
        ),
        (["train", "dqn", *PROTEINS, "--set", "gama=0.9"], "unknown setting 'gama'; did you mean 'gamma'"),
        (["train", "dqn", *PROTEINS, "--set", "gamma"], "--set takes KEY=VALUE, not 'gamma'"),
        (["train", "dqn", *PROTEINS, "--set", "batch=large"], "batch takes a whole number, not 'large'"),
        (["train", "dqn", *PROTEINS, "--set", "gamma=1"], "gamma must be at least 0 and below 1"),
        (
            ["train", "dqn", *PROTEINS, "--set", "pay=much"],
            "unknown reward of walks 'much'; known: ",
        ),
        (["train", "dqn", *PROTEINS, "--steps", "0"], "--steps: takes a whole number from 1 to .*, not '0'"),
        (["train", "dqn", *PROTEINS, "--set", "steps=0"], "steps must be at least 1, not 0"),
        (
            ["train", "dqn", *PROTEINS, "--steps", "1.5"],
            "--steps: takes a whole number from 1 to .*, not '1.5'",
        ),
        (["search", "local-serch", *PROTEINS, "--budget", "5"], "did you mean 'local-search'"),
        (["search", "dqn", *PROTEINS, "--budget", "5"], "dqn must be trained first"),
        (["search", "random-walk", "--budget", "5"], "which benchmark"),
        (["search", "random-walk", *PROTEINS], "required: --budget"),
        (
            ["search", "random-walk", *PROTEINS, "--budget", "0"],
            "--budget: takes a whole number from 1 to .*, not '0'",
        ),
        (["search", "random-walk", *PROTEINS, "--budget", "5", "--trials", "-2"], "--trials: takes a whole"),
        (
            ["search", "random-walk", *PROTEINS, "--budget", "5", "--trials", "9" * 20],
            "--trials: takes a whole",
        ),
        (
            ["search", "random-walk", *PROTEINS, "--budget", "5", "--episodes", "-3"],
            "--episodes: takes .* from 0",
        ),
        (["search", "bananas", *PROTEINS, "--budget", "5", "--workers", "9999"], "--workers: takes a whole"),
        (["data", "make", "chain-digits", "--workers", "-2"], "--workers: takes a whole"),
        (["reproduce", "krishna2020/table1", "--workers", "0"], "--workers: takes a whole"),
        (["compare", *PROTEINS, "--budget", "5"], "required: --strategies"),
        (
            ["compare", *PROTEINS, "--strategies", "random-walk,random-walk", "--budget", "5"],
            "a strategy is named twice",
        ),
        (["demo", "--scale", "huge"], "unknown scale 'huge'; known: small, smoke"),
        (["demo", "--benchmark", "nas-bench-graph:coro"], "did you mean 'cora'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_calls(call, tmp_path, command, message):
    refused(call(*command), 2, message)
    assert list(tmp_path.iterdir()) == [], "a call that is refused leaves nothing"


@pytest.mark.parametrize("seed", ["-1", "9" * 20, "0,1", ""])
@pytest.mark.parametrize(
    "command",
    [
        ["search", "random-walk", *PROTEINS, "--budget", "5"],
        ["compare", *PROTEINS, "--strategies", "random-walk", "--budget", "5"],
        ["search", "random-walk", "--benchmark", "policy:MinAtar-Breakout:1k", "--budget", "1"],
        ["train", "dqn", *PROTEINS],
        ["demo", "--scale", "smoke"],
        ["improve", "run", "it.json"],
        ["reproduce", "krishna2020/table1"],
        ["export", "it.json", "--space", "nasbench101", "--to", "onnx", "--out", "it.onnx"],
    ],
    ids=lambda command: command[0],
)
def test_seeds(call, tmp_path, command, seed):
    refused(call(*command, "--seed", seed), 2, f"--seed: takes a whole number from 0 to 9,22.*, not '{seed}'")
    assert list(tmp_path.iterdir()) == []


ARCHITECTURES = [
    ("not JSON", "{matrix", "is not JSON"),
    ("of another kind", "[1, 2]", 'a JSON object with the keys "matrix", "ops"'),
    ("a cycle", {"matrix": [[0, 1, 0], [0, 0, 1], [0, 1, 0]]}, r"no cycles\): entry \[2\]\[1\] is 1"),
    ("not square", {"matrix": [[0, 1], [0, 0], [0, 0]]}, "square list of lists"),
    (
        "a wrong label",
        {"ops": ["input", "conv3x3", "output"]},
        "unknown operation 'conv3x3'; did you mean 'conv3x3-bn-relu'",
    ),
    ("too few labels", {"ops": ["input", "output"]}, "names 2 vertices but .* has 3"),
    ("no path", {"matrix": [[0, 1, 0], [0, 0, 0], [0, 0, 0]]}, "no path leads from the input"),
]


@pytest.mark.parametrize(
    ("content", "message"), [case[1:] for case in ARCHITECTURES], ids=[c[0] for c in ARCHITECTURES]
)
@pytest.mark.parametrize(
    "command", [["neighbours", "nasbench101"], ["export", "--space", "nasbench101", "--to", "svg"]]
)
def test_wrong_architectures(call, chain, command, content, message):
    if isinstance(content, dict):
        content = json.dumps({**json.loads(chain.read_text()), **content})
    chain.write_text(content)
    refused(call(*command, chain), 2, message)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--to", "pytroch"], "unknown to 'pytroch'; did you mean 'pytorch'"),
        (["--to", "onnx"], "an ONNX model is no text: say which file to write, --out FILE"),
        (["--to", "onnx", "--out", "x.onnx", "--seed", "-1"], "--seed: takes a whole number from 0 to 9,22"),
        (["--to", "pytorch", "--seed", "1"], "--seed is for --to onnx"),
        (["--to", "svg", "--shape", "3,32,32"], "--shape is for --to pytorch and onnx"),
        (["--to", "dot", "--set", "stacks=2"], "--set is for --to pytorch and onnx"),
        (["--to", "json", "--outputs", "2"], "--outputs is for --to pytorch and onnx"),
        (["--to", "pytorch", "--outputs", "0"], "--outputs: takes a whole number from 1"),
        (
            ["--to", "pytorch", "--shape", "3,0,32"],
            "a shape is whole numbers with commas, as 3,32,32, not '3,0,32'",
        ),
        (["--to", "pytorch", "--shape", "3,1,32"], "cannot read inputs of the shape 3,1,32"),
        (["--to", "pytorch", "--set", "stacks"], "--set takes KEY=VALUE, not 'stacks'"),
        (
            ["--to", "pytorch", "--set", "stack=3"],
            "unknown setting of networks of nasbench101 'stack'; did you mean",
        ),
        (["--to", "pytorch", "--set", "classes=3"], "is said by --outputs N, not by --set"),
        (
            ["--to", "pytorch", "--set", "stacks=many"],
            "stacks of networks of nasbench101: Expected `int`, got `str`",
        ),
    ],
)
def test_exports_that_cannot_be(call, chain, options, message):
    refused(call("export", chain, "--space", "nasbench101", *options), 2, message)


@pytest.mark.parametrize(("name", "status"), [("absent.json", 2), (".", 1)])
def test_files_that_cannot_be_read(call, name, status):
    refused(call("neighbours", "nas-bench-graph", name), status, f"no file {name}|cannot read {name}")


def test_a_file_that_is_not_text(call, tmp_path):
    (tmp_path / "x.json").write_bytes(b"\xff\xfe\x00\x81")
    refused(
        call("neighbours", "nas-bench-graph", "x.json"), 1, "x.json is not text in UTF-8: byte 0 is wrong"
    )


def test_architecture_of_another_space(call, chain, agent):
    refused(call("neighbours", "nas-bench-graph", chain), 2, '"link"')
    refused(call("improve", agent, chain), 2, '"link"')


class TestRunFolders:
    def test_one_that_is_taken(self, call, agent):
        before = {file: file.read_bytes() for file in agent.iterdir()}
        refused(call("train", "dqn", *PROTEINS, "--out", agent), 2, "holds a run already; add --resume")
        assert {file: file.read_bytes() for file in agent.iterdir()} == before

    def test_a_file_in_its_place(self, call, tmp_path):
        (tmp_path / "run").touch()
        refused(
            call("train", "dqn", *PROTEINS, "--out", "run"), 1, "cannot make the folder run|Not a directory"
        )

    def test_a_file_in_place_of_the_result_s(self, call, tmp_path):
        (tmp_path / "result").touch()
        words = ["search", "random-walk", *PROTEINS, "--budget", "3", "--out", "result/deep"]
        refused(call(*words), 1, "cannot make the folder result/deep")

    def test_an_unfinished_run(self, call, agent, network, tmp_path):
        shutil.copytree(agent, tmp_path / "unfinished")
        (tmp_path / "unfinished" / "agent.safetensors").unlink()
        message = "is not finished; go on with: archwalk train"
        refused(call("search", "unfinished", *PROTEINS, "--budget", "5"), 1, message)
        refused(call("improve", "unfinished", network), 1, message)

    def test_a_damaged_agent(self, call, agent, network, tmp_path):
        shutil.copytree(agent, tmp_path / "damaged")
        file = tmp_path / "damaged" / "agent.safetensors"
        file.write_bytes(file.read_bytes()[:200])
        refused(call("improve", "damaged", network), 1, "is damaged")
        (tmp_path / "damaged" / "config.json").write_text("{")
        refused(call("improve", "damaged", network), 1, "config.json is damaged")
        refused(call("train", "dqn", "--resume", "--out", "damaged"), 1, "config.json is damaged")

    def test_no_run_at_all(self, call, network, tmp_path):
        (tmp_path / "empty").mkdir()
        refused(call("search", "empty", *PROTEINS, "--budget", "5"), 1, "empty is not a run folder")
        refused(call("improve", "empty", network), 1, "empty is not a run folder")
        refused(call("improve", "absent", network), 1, "absent is not a run folder")
        refused(call("train", "dqn", "--resume", "--out", "absent"), 1, "absent is not a run folder")
        refused(call("report", "empty"), 1, "empty is not a run folder: no result.json")

    def test_agent_of_another_space(self, call, agent, ec_nas_4v):
        result = call("search", agent, "--benchmark", "ec-nas-4v", "--budget", "5")
        refused(result, 1, "was trained on nas-bench-graph, not on nasbench101")

    def test_a_damaged_result(self, call, tmp_path):
        (tmp_path / "result.json").write_text('{"strategies": ')
        refused(call("report", "."), 1, "result.json is damaged")
        (tmp_path / "result.json").write_text("{}")
        refused(call("report", "."), 1, "run the comparison again")
        (tmp_path / "result.json").write_text('{"format": 2}')
        refused(call("report", "."), 1, "is not the record of a comparison")
        assert not (tmp_path / "report.html").exists()


class TestData:
    @pytest.fixture
    def own_cache(self, monkeypatch, tmp_path):
        monkeypatch.setenv("ARCHWALK_CACHE", str(tmp_path / "cache"))
        monkeypatch.delenv("ARCHWALK_DATA", raising=False)
        return tmp_path / "cache"

    def test_absent(self, call, own_cache):
        refused(
            call("oracle", "nasbench101"),
            1,
            "nasbench101 is not here; to get it: archwalk data get nasbench101",
        )
        refused(call("oracle", "ec-nas-5v"), 1, "archwalk data import ec-nas-5v PATH")
        assert not own_cache.exists()

    def test_make_what_is_not_ours(self, call, own_cache):
        refused(call("data", "make", "nasbench101"), 2, "unknown table of ours 'nasbench101'")
        refused(
            call("data", "make", "chain-digits", "--seeds", "2"),
            2,
            "chain-digits takes at least 1 seed and at most 1, not 2",
        )

    def test_without_an_address(self, call, own_cache):
        refused(call("data", "get", "ec-nas-4v"), 1, "cannot be downloaded by name")

    def test_import_of_what_is_not_there(self, call, own_cache):
        refused(call("data", "import", "ec-nas-4v", "absent.tfrecord"), 1, "absent.tfrecord does not exist")

    def test_import_of_something_else(self, call, own_cache, tmp_path):
        (tmp_path / "x.tfrecord").write_text("not a benchmark")
        refused(call("data", "import", "ec-nas-4v", "x.tfrecord"), 1, "is not a NAS-Bench-101 benchmark")
        assert not own_cache.exists()

    @pytest.mark.parametrize("share", [0.3, 0.999])
    def test_import_of_a_truncated_file(self, call, own_cache, data_root, tmp_path, share):
        whole = (data_root / "ec-nas" / "energy_4V9E.tfrecord").read_bytes()
        (tmp_path / "cut.tfrecord").write_bytes(whole[: int(share * len(whole))])
        refused(call("data", "import", "ec-nas-4v", "cut.tfrecord"), 1, "cut.tfrecord")
        assert not own_cache.exists()

    def test_import_of_a_corrupt_file(self, call, own_cache, data_root, tmp_path):
        content = bytearray((data_root / "ec-nas" / "energy_4V9E.tfrecord").read_bytes())
        content[len(content) // 2] ^= 1
        (tmp_path / "corrupt.tfrecord").write_bytes(content)
        refused(call("data", "import", "ec-nas-4v", "corrupt.tfrecord"), 1, "corrupt.tfrecord")
        assert not own_cache.exists()

    def test_cache_folder_that_cannot_be_written(self, call, data_root, monkeypatch, tmp_path):
        (tmp_path / "cache").touch()
        monkeypatch.setenv("ARCHWALK_CACHE", str(tmp_path / "cache"))
        monkeypatch.delenv("ARCHWALK_DATA")
        source = data_root / "ec-nas" / "energy_4V9E.tfrecord"
        refused(call("data", "import", "ec-nas-4v", source), 1, "cannot make the folder .*cache/tables")

    @pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.99])
    def test_a_truncated_table(self, call, own_cache, ec_nas_4v, share):
        whole = ec_nas_4v.read_bytes()
        path = table_path("ec-nas-4v")
        path.parent.mkdir(parents=True)
        path.write_bytes(whole[: int(share * len(whole))])
        refused(
            call("oracle", "ec-nas-4v", "--json"),
            1,
            "not a whole archwalk table; delete it and import again .*",
        )

    def test_objective_that_the_table_has_not(self, call, nasbench101):
        refused(call("oracle", "nasbench101:validation"), 2, "the official file has it")

    def test_no_exact_optimum_of_random_runs(self, call, ec_nas_4v):
        refused(call("oracle", "ec-nas-4v:random-run"), 2, "no exact optimum")


class TestInterruptions:
    """What happens to a command from outside."""

    @pytest.mark.parametrize(
        ("error", "status", "message"),
        [
            (KeyboardInterrupt(), 130, "stopped"),
            (MemoryError(), 1, "out of memory"),
            (
                OSError(28, "No space left on device", "result.json"),
                1,
                "No space left on device.*free some space",
            ),
            (PermissionError(13, "Permission denied", "/root"), 1, r"Permission denied \(/root\)"),
        ],
        ids=["Ctrl-C", "memory", "disk", "permission"],
    )
    def test_one_line(self, call, monkeypatch, error, status, message):
        def fail(*_, **__):
            raise error

        monkeypatch.setattr("archwalk.api.searching.compare", fail)
        refused(call("search", "random-walk", *PROTEINS, "--budget", "3"), status, message)

    def test_a_full_disk_leaves_no_half_of_a_result(self, call, monkeypatch, tmp_path):
        def full(*_, **__):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.fsync", full)
        words = ["search", "random-walk", *PROTEINS, "--budget", "3", "--out", "result"]
        refused(call(*words), 1, "cannot write result/evaluations.safetensors: No space left on device")
        assert list((tmp_path / "result").iterdir()) == []

    def test_a_reader_that_goes_away(self, monkeypatch, capsys):
        class Closed:
            def write(self, text):
                raise BrokenPipeError

            def flush(self):
                raise BrokenPipeError

            def close(self):
                pass

        monkeypatch.setattr("sys.stdout", Closed())
        monkeypatch.setattr("sys.stderr", Closed())
        assert main(["data", "list", "--json"]) == 1
