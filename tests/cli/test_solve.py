"""`empo solve`: what it writes, what it prints, and what it refuses."""

from __future__ import annotations

import json

import numpy as np
import pytest
import yaml

import empo
from empo.worlds import shipped
from tests.runs.games import ferry

FILES = {
    *("config.json", "metrics.jsonl", "report.json", "solution.json"),
    *("values.json", "values.safetensors"),
}


def test_a_run_leaves_everything_and_can_be_looked_at_again(empo_main, ferry_file, tmp_path):
    done = empo_main("solve", ferry_file)
    assert (done.code, done.err) == (0, "")
    folder = tmp_path / "runs" / "ferry"
    assert FILES | {"report.html"} <= {path.name for path in folder.iterdir()}
    loaded = empo.load(folder)
    assert isinstance(loaded, empo.Solution)
    assert loaded.at("shore") == empo.solve(ferry_file).at("shore")
    page = folder / "report.html"
    page.write_text("gone")
    done = empo_main("view", folder)
    assert (done.code, done.out, done.err) == (0, f"{folder / 'report.html'}\n", "")
    assert "ferry" in page.read_text()


@pytest.mark.usefixtures("undrawn")
def test_the_summary_tells_the_story_in_80_columns(empo_main, ferry_file):
    out = empo_main("solve", ferry_file).out
    assert max(map(len, out.splitlines())) <= 80
    solution = empo.solve(ferry_file)
    for words in ("ferry", "A robot rows a person over a river.", "3 states", "beta_r=inf"):
        assert words in out
    assert f"{solution.at('shore')['w_h']['ann']:.2f}" in out
    assert "ann heads for cross" in out
    (last,) = [line for line in out.splitlines() if "there" in line]
    assert last.split()[1:3] == ["row", "1.00"]


@pytest.mark.usefixtures("undrawn")
def test_json_alone_goes_to_standard_output(empo_main, ferry_file, tmp_path):
    done = empo_main("solve", ferry_file, "--json", "--out", "deep/er")
    report = json.loads(done.out)
    assert (done.code, done.err) == (0, "")
    assert report["world"] == "ferry"
    assert report["target"] == str(ferry_file)
    assert report == json.loads((tmp_path / "deep" / "er" / "report.json").read_text())


@pytest.mark.usefixtures("undrawn")
def test_flags_go_before_the_file_and_the_file_before_the_defaults(empo_main, ferry_file, tmp_path):
    flags = ("--beta-r", "2.5", "--zeta", "1.5", "--horizon", "3", "--x-h-floor", "0.01")
    assert empo_main("solve", ferry_file, *flags).code == 0
    config = json.loads((tmp_path / "runs" / "ferry" / "config.json").read_text())
    found = config["theory"]
    assert (found["beta_r"], found["zeta"], found["horizon"]) == (2.5, 1.5, 3)  # flags
    assert (found["gamma_r"], found["gamma_h"]) == (0.5, 0.5)  # the file
    assert (found["xi"], found["eta"]) == (1.0, 1.1)  # defaults
    assert config["given"] == {"beta_r": 2.5, "zeta": 1.5, "horizon": 3, "x_h_floor": 0.01}
    loaded = empo.load(tmp_path / "runs" / "ferry")
    wanted = empo.solve(ferry_file, beta_r=2.5, zeta=1.5, horizon=3, x_h_floor=0.01)
    np.testing.assert_array_equal(loaded.values[0].v_r, wanted.values[0].v_r)


@pytest.mark.usefixtures("undrawn")
def test_options_reach_the_solver(empo_main, ferry_file, tmp_path):
    done = empo_main("solve", ferry_file, "--repeat", "3", "--tolerance", "1e-6", "--json")
    assert json.loads(done.out)["n_phase1_solutions"] == 1
    config = json.loads((tmp_path / "runs" / "ferry" / "config.json").read_text())
    assert config["options"]["repeat"] == 3
    assert config["options"]["tolerance"] == 1e-6


@pytest.mark.usefixtures("undrawn")
def test_large_worlds_get_no_solution_json_unless_asked(
    empo_main, ferry_file, tmp_path, monkeypatch
):
    monkeypatch.setattr("empo.cli.solve.LARGEST_TO_SPELL_OUT", 2)
    written = tmp_path / "runs" / "ferry" / "solution.json"
    out = empo_main("solve", ferry_file).out
    assert "solution.json was left out: over 2 states (--json forces it)" in out
    assert not written.exists()
    empo_main("solve", ferry_file, "--json")
    assert written.exists()


@pytest.mark.usefixtures("undrawn")
def test_an_earlier_run_is_overwritten_and_nothing_else(empo_main, ferry_file, tmp_path):
    assert empo_main("solve", ferry_file, "--out", "out").code == 0
    assert empo_main("solve", ferry_file, "--out", "out", "--beta-r", "1").code == 0
    assert json.loads((tmp_path / "out" / "config.json").read_text())["theory"]["beta_r"] == 1
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.tex").write_text("years of work")
    done = empo_main("solve", ferry_file, "--out", "mine")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("empo solve: mine: holds 'thesis.tex'")
    assert [path.name for path in mine.iterdir()] == ["thesis.tex"]


BAD = [
    ([], "WORLD is missing; see empo solve --help"),
    (["nowhere"], "'nowhere' is neither a file nor a shipped world"),
    (["no/where.yaml"], "no/where.yaml: cannot be read: No such file"),
    (["key-dor"], "did you mean key-door"),
    (["commitment", "split"], "unexpected argument 'split'"),
    (["commitment", "--gamma-h", "1"], "gamma_h must be in [0, 1), got 1.0"),
    (["commitment", "--beta-r", "nan"], "beta_r must be >= 0 (inf allowed), got nan"),
    (["commitment", "--horizon", "0"], "horizon must be a whole number >= 1 or none, got 0"),
    (["commitment", "--repeat", "0"], "repeat must be >= 1, got 0"),
    (["commitment", "--prior", "good"], "--prior: found 'good' (wanted computed or shortest-path)"),
    (["commitment", "--prior", "shortest-path"], "prior shortest-path needs a world on a grid"),
    (["commitment", "--memory-gib", "0.01"], "0.01 GiB are allowed"),
    (["commitment", "--out", "/proc/nowhere"], "/proc/nowhere: cannot be written"),
    (["commitment", "--out", "/dev/full"], "/dev/full: is a file (wanted a folder for the run)"),
    (["commitment", "--out", "x" * 300], "File name too long"),
]


@pytest.mark.parametrize(
    ("arguments", "words"), BAD, ids=lambda x: " ".join(x)[:40] if isinstance(x, list) else ""
)
def test_bad_input_is_one_line_and_exit_code_2(empo_main, arguments, words):
    done = empo_main("solve", *arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("empo solve: ")
    assert words in done.err
    assert len(done.err.splitlines()) == 1


def test_several_mistakes_are_listed(empo_main, tmp_path):
    bad = ferry()
    bad["initial"] = "nowhere"
    bad["humans"]["ann"]["goals"]["moon"] = ["sun"]
    (tmp_path / "bad.yaml").write_text(yaml.safe_dump(bad, sort_keys=False))
    done = empo_main("solve", "bad.yaml")
    assert done.code == 2
    heading, *lines = done.err.splitlines()
    assert heading == "empo solve: 2 problems:"
    assert all(line.startswith("  bad.yaml:") for line in lines)


def test_a_human_without_power_is_named(empo_main, tmp_path):
    game = ferry()
    game["humans"]["ann"] = {"goals": {"moon": ["moon"]}}
    (tmp_path / "w.yaml").write_text(yaml.safe_dump(game))
    done = empo_main("solve", "w.yaml")
    assert done.code == 2
    assert "human ann can attain none of their goals" in done.err
    assert len(done.err.splitlines()) == 1


def test_no_convergence_is_exit_code_3_and_leaves_an_earlier_run_alone(
    empo_main, ferry_file, tmp_path, undrawn
):
    assert empo_main("solve", ferry_file, "--out", "out").code == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    done = empo_main("solve", ferry_file, "--out", "out", "--max-sweeps", "2")
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("empo solve: ferry: ")
    assert "did not converge" in done.err
    assert len(done.err.splitlines()) == 1
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_lack_of_memory_is_told(empo_main, ferry_file, monkeypatch):
    def solve(*_, **__):
        raise MemoryError("Unable to allocate 9 TiB")

    monkeypatch.setattr("empo.cli.solve.solve", solve)
    done = empo_main("solve", ferry_file)
    assert (done.code, done.out) == (2, "")
    assert done.err == "empo solve: out of memory: Unable to allocate 9 TiB\n"


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("name", ["a/b", "../up", "...", "x" * 200])
def test_any_name_of_a_world_makes_a_folder_in_runs(empo_main, tmp_path, name):
    (tmp_path / "w.yaml").write_text(yaml.safe_dump(ferry() | {"name": name}))
    assert empo_main("solve", "w.yaml").code == 0
    (folder,) = (tmp_path / "runs").iterdir()
    assert (folder / "values.json").is_file()


def test_key_door_and_the_games_of_the_paper_are_shipped():
    assert {"key-door", "commitment", "pause-destroy", "corridor"} <= shipped().keys()
