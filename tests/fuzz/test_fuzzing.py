"""300 damaged files a run; `make fuzz` tries 10,000 (docs/robustness.md)."""

import logging

import fuzzing


def test_every_reader_answers_or_refuses_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("ARCHWALK_CACHE", str(tmp_path))
    logging.disable(logging.WARNING)
    try:
        found, failed = fuzzing.run(fuzzing.READERS, 300)
    finally:
        logging.disable(logging.NOTSET)
    assert not failed, "\n".join(failed)
    assert sum(counts["tried"] for counts in found.values()) == 300
    assert all(counts["refused"] for counts in found.values()), "what is damaged is seen"
