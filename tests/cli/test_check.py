"""`empo check`."""

from __future__ import annotations

import json

import pytest

from tests.worlds.malformed import CASES

SAMPLE = sorted(CASES)[::8]


@pytest.mark.parametrize("name", SAMPLE)
def test_malformed_files_give_exit_code_2_and_words(empo_main, tmp_path, name):
    content, words = CASES[name]
    (tmp_path / "world.yaml").write_bytes(content)
    for command in ("check", "solve"):
        done = empo_main(command, "world.yaml")
        assert (done.code, done.out) == (2, "")
        assert words in done.err
        assert "Traceback" not in done.err
    assert not (tmp_path / "runs").exists()


def test_any_number_of_files_and_names(empo_main, tmp_path, ferry_file):
    (tmp_path / "bad.yaml").write_text("name: x\ninitial: a\n")
    done = empo_main("check", ferry_file, "bad.yaml", "commitment", "nowhere")
    assert done.code == 2
    good, shipped = done.out.splitlines()
    assert good.startswith(f"{ferry_file}: good: 1 human with 3 goals")
    assert shipped.startswith("commitment: good: ")
    assert any(line.startswith("bad.yaml:1: ") for line in done.err.splitlines())
    assert "'nowhere' is neither a file nor a shipped world" in done.err


def test_warnings_do_not_make_a_file_bad(empo_main, ferry_file):
    done = empo_main("check", ferry_file)
    assert done.code == 0
    (warning,) = done.err.splitlines()
    assert warning.startswith(f"{ferry_file}:")
    assert warning.endswith("(warning)")
    assert "states.moon: this state cannot be reached" in warning


def test_ranges_of_the_theory_are_checked_with_their_line(empo_main, tmp_path):
    (tmp_path / "w.yaml").write_text(
        "name: x\ninitial: a\ntheory:\n  gamma_r: 1\n"
        "humans: {h: {goals: {g: [a]}}}\nstates: {a: {}}\n"
    )
    done = empo_main("check", "w.yaml")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("w.yaml:4: theory.gamma_r: gamma_r must be in [0, 1), got 1")


def test_json_says_the_same(empo_main, tmp_path, ferry_file):
    (tmp_path / "bad.yaml").write_text("name: x\ninitial: a\n")
    done = empo_main("check", "--json", "bad.yaml", ferry_file)
    assert (done.code, done.err) == (2, "")
    found = json.loads(done.out)
    assert found.keys() == {"bad.yaml", str(ferry_file)}
    assert found["bad.yaml"]["errors"]
    assert found[str(ferry_file)]["errors"] == []
    assert len(found[str(ferry_file)]["warnings"]) == 1


def test_no_files_is_an_error(empo_main):
    done = empo_main("check")
    assert (done.code, done.out) == (2, "")
    assert len(done.err.splitlines()) == 1
