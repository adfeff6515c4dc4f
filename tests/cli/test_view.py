"""`empo view` on what is no run; that it draws runs is in test_solve.py."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: None, "no such folder"),
        (lambda folder: folder.mkdir(), "holds no solution"),
        (lambda folder: folder.write_text(""), "no such folder"),
    ],
    ids=["missing", "empty", "a file"],
)
def test_what_is_no_run_is_refused_in_a_line(empo_main, tmp_path, make, words):
    make(tmp_path / "run")
    done = empo_main("view", "run")
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert len(done.err.splitlines()) == 1


def test_a_damaged_run_is_refused_in_a_line(empo_main, ferry_file, tmp_path, undrawn):
    assert empo_main("solve", ferry_file, "--out", "run").code == 0
    values = tmp_path / "run" / "values.safetensors"
    values.write_bytes(values.read_bytes()[:-1])
    done = empo_main("view", "run")
    assert (done.code, done.out) == (2, "")
    assert "is damaged" in done.err
    assert len(done.err.splitlines()) == 1
