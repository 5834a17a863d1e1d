"""300 damaged inputs a run, others every time; `make fuzz` tries 10,000 (docs/robustness.md)."""

import fuzz_commands
import fuzzing

from archwalk.agents.catalogue import TRAINERS
from archwalk.strategies.catalogue import STRATEGIES


def test_every_reader_and_command_answers_or_refuses_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("ARCHWALK_CACHE", str(tmp_path))
    with fuzzing.quietly():
        found, failed = fuzzing.run(fuzzing.every_target(), 300)
    assert not failed, "\n".join(failed)
    tried = sum(found.values(), start=fuzzing.Counter())
    assert tried["tried"] == 300
    assert tried["refused"] > 150, "what is damaged is seen"


def test_every_command_strategy_and_trainer_is_called():
    """Strategies that train networks for minutes are not."""
    calls = [command.words for command in fuzz_commands.COMMANDS]
    called = {tuple(words[:2]) for words in calls} | {tuple(words[:1]) for words in calls}
    assert fuzz_commands.command_parsers().keys() <= called
    assert {words[1] for words in calls if words[0] == "train"} >= {*TRAINERS.names()}
    searched = {
        word
        for words in calls
        if words[0] in ("search", "transfer")
        for word in words[1:]
        for word in word.split(",")
    }
    assert searched >= {*STRATEGIES.names()} - {"enas", "spos"}
