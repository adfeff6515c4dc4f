"""`empo compare` of two solutions of a world: the tables, the page, JSON, what is wrong."""

from __future__ import annotations

import json

import pytest

from empo.runs.trained import run_job
from tests.cli.conftest import Done
from tests.runs.robots import ferry_file, short_job
from tests.runs.trainings import write_training
from tests.views.page import Page


@pytest.fixture
def two_solutions(empo_main, undrawn, tmp_path):
    """Of the same world; the second robot is less decisive."""
    world = ferry_file(tmp_path)
    assert empo_main("solve", world, "--beta-r", "inf", "--out", "sharp").code == 0
    assert empo_main("solve", world, "--beta-r", "2", "--out", "soft").code == 0
    return "sharp", "soft"


def test_two_solutions_are_told_apart_in_80_columns(empo_main, two_solutions, tmp_path):
    done: Done = empo_main("compare", *two_solutions)
    assert (done.code, done.err) == (0, "")
    assert max(map(len, done.out.splitlines())) <= 80
    for said in (
        "ferry\n  sharp: sharp\n  soft: soft",  # both are exact, so folders tell them apart
        "beta_r inf and 2",
        "total variation",
        "Along the rollout of the soft robot",
        "Mean distance along the rollout",
        "Maps of the differences: compare.html",
    ):
        assert said in done.out
    page = Page((tmp_path / "compare.html").read_text(encoding="utf-8"))
    assert page.balanced
    assert "How far apart they are" in page.text


def test_json_holds_both_policies(empo_main, two_solutions):
    done = empo_main("compare", *two_solutions, "--json", "--out", "other.html")
    record = json.loads(done.out)
    assert record["what"] == ["solved", "solved"]
    assert record["settings"] == {"beta_r": ["inf", "2.0"]}
    shore = next(row for row in record["rollout"] if row["state"] == "shore")
    sharp, soft = shore["pi_r"]
    assert sharp == {"wait": 0, "row": 1}
    assert shore["distance"] == pytest.approx(1 - soft["row"])
    assert record["quantities"]["pi_r"]["largest"] == pytest.approx(shore["distance"])


@pytest.mark.slow
def test_what_was_learned_is_compared_with_what_was_solved(empo_main, undrawn, tmp_path):
    # What was solved is the measure of what was learned, in whichever order they are named.
    world = ferry_file(tmp_path)
    trained = run_job(short_job(world, batch_size=128, capacity=256), tmp_path / "learned")
    assert empo_main("solve", world, "--out", "exact").code == 0
    for order in (("exact", "learned"), ("learned", "exact")):
        done = empo_main("compare", *order, "--json", "--seed", "4")
        assert (done.code, done.err) == (0, "")
        record = json.loads(done.out)
        assert record["folders"] == ["exact", "learned"]
        assert record["seeds"] == [None, 4]
        assert record["settings"] == {}
        for row in record["rollout"]:
            policy = trained.policy(row["state"], seed=4)
            assert row["pi_r"][1] == pytest.approx(policy, abs=1e-5)
    assert "learned: learned, seed 3" in empo_main("compare", "exact", "learned").out
    wrong = empo_main("compare", "exact", "learned", "--seed", "7")
    assert (wrong.code, "seed: found 7" in wrong.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sharp"], "found 1 folders of worlds (wanted two"),
        (["sharp", "soft", "sharp"], "found 3 folders of worlds (wanted two"),
        (["sharp", "task"], "sharp holds a solution of a world, task a training run on task:cart"),
        (["task", "sharp"], "sharp holds a solution of a world, task a training run on task:cart"),
        (["sharp", "soft", "--threshold", "3"], "--threshold: found solutions of a world"),
        (["task", "--seed", "3"], "--seed: found runs on tasks"),
        (["sharp", "missing"], "missing: holds no run"),
        (["sharp", "other"], "ferry and garden, whose rules differ"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(empo_main, two_solutions, tmp_path, arguments, words):
    write_training(tmp_path / "task")
    garden = tmp_path / "garden.yaml"
    garden.write_text('kind: bushworld\nmap: "Hu 01 Ro"\nB: 1\nmax_steps: 2\n')
    assert empo_main("solve", garden, "--out", "other").code == 0
    done = empo_main("compare", *arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert len(done.err.splitlines()) == 1
