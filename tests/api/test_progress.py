import io

import pytest
from rich.console import Console

from archwalk.api import progress


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_a_pipe_gets_a_line_now_and_then(capsys, clock):
    with progress.progress_bar("training", 1000, shown=True) as bar:
        for second in range(200):
            clock[0] = float(second)
            bar.to(second, text="loss 0.5")
    lines = capsys.readouterr().err.splitlines()
    assert 3 < len(lines) < 10
    assert lines[0] == "archwalk: training: 5 of 1,000 (0 %), 16:35 left, loss 0.5"


@pytest.mark.parametrize("shown", [None, False])
def test_nothing_is_printed_where_nobody_asked(capsys, clock, shown):
    with progress.progress_bar("training", 10, shown=shown) as bar:
        clock[0] = 99.0
        bar.to(1)
        bar.beside("more").to(1)
    assert capsys.readouterr().err == ""


def test_a_bar_beside_another_is_seen_once_it_moves(monkeypatch):
    console = Console(force_terminal=True, file=io.StringIO())
    monkeypatch.setattr(progress, "plain_console", lambda stderr: console)
    with progress.progress_bar("queries", 5) as bar:
        other = bar.beside("supernet")
        tasks = bar._progress.tasks
        shown = [[task.visible for task in tasks]]
        other.to(3, 8, "training")
        shown.append([task.visible for task in tasks])
    assert shown == [[True, False], [True, True]]
    assert (tasks[1].completed, tasks[1].total, tasks[1].fields["text"]) == (3, 8, "training")
