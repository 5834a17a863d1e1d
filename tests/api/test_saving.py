"""Results in folders: whole, and of one result alone."""

import threading

import archwalk
from archwalk.data.files import alone_with
from archwalk.experiments.evaluated import Evaluations

PROTEINS = "nas-bench-graph:proteins"


def test_a_second_result_replaces_all_of_the_first(tmp_path):
    archwalk.search("random-search", PROTEINS, budget=3, out=tmp_path)
    assert (tmp_path / "found.json").is_file()
    (tmp_path / "notes.txt").write_text("of the user")
    strategies = ["local-search", "random-walk"]
    archwalk.compare(strategies, PROTEINS, budget=4, out=tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert "notes.txt" in names
    assert not names & {"found.json", "found.svg"}, "they were of the first"
    assert [
        one.strategy for one in Evaluations.read(tmp_path / "evaluations.safetensors").batches
    ] == strategies
    assert archwalk.load_result(tmp_path).strategies == strategies


def test_a_result_that_was_loaded_keeps_its_evaluations(tmp_path):
    archwalk.search("random-search", PROTEINS, budget=3, out=tmp_path / "a")
    loaded = archwalk.load_result(tmp_path / "a")
    for folder in ("b", "a"):
        loaded.save(tmp_path / folder)
        again = archwalk.load_result(tmp_path / folder)
        assert again.frame().equals(archwalk.load_result(tmp_path / "a").frame())
        assert len(again.frame()) == 3


def test_results_that_are_written_at_once_are_not_mixed(tmp_path):
    found = archwalk.search("random-search", PROTEINS, budget=3)
    (tmp_path / "result.json").write_text("another's, which is being written")
    with alone_with(tmp_path):
        writer = threading.Thread(target=found.save, args=(tmp_path,))
        writer.start()
        writer.join(0.5)
        assert (tmp_path / "result.json").read_text().startswith("another's")
    writer.join()
    assert archwalk.load_result(tmp_path).strategies == ["random-search"]
