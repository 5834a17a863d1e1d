import pytest

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
