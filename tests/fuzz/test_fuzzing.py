"""300 damaged inputs a run, others every time; `make fuzz` tries 10,000 (docs/robustness.md)."""

import fuzzing


def test_every_reader_and_command_answers_or_refuses_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("ARCHWALK_CACHE", str(tmp_path))
    with fuzzing.quietly():
        found, failed = fuzzing.run(fuzzing.every_target(), 300)
    assert not failed, "\n".join(failed)
    tried = sum(found.values(), start=fuzzing.Counter())
    assert tried["tried"] == 300
    assert tried["refused"] > 150, "what is damaged is seen"
