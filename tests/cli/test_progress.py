"""Progress: few lines in a log, a bar on a terminal."""

from __future__ import annotations

import io
import sys

from empo.cli import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_a_line_every_ten_seconds(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    with progress.showing() as show:
        for second in range(35):
            now[0] = float(second)
            show("Solving", second / 35, f"sweep {second}")
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "10 s: Solving 29% (sweep 10)",
        "20 s: Solving 57% (sweep 20)",
        "30 s: Solving 86% (sweep 30)",
    ]


def test_nothing_is_not_less_than_nothing(monkeypatch, capsys):
    now = iter([0.0, 99.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    with progress.showing() as show:
        show("Solving", -0.0, "sweep 0")
    assert capsys.readouterr().err == "99 s: Solving 0% (sweep 0)\n"


def test_quick_work_says_nothing(capsys):
    with progress.showing() as show:
        show("Solving", None, "")
    assert capsys.readouterr().err == ""


def test_a_terminal_gets_a_bar_with_stage_and_detail(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with progress.showing() as show:
        show("Finding states", None, "7 of 9 expanded")
        show("Solving the robot", 0.5, "sweep 3")
    shown = terminal.getvalue()
    assert "Solving the robot" in shown
    assert "50%" in shown
    assert "sweep 3" in shown
