"""Training a robot in a world from Python: what is written, resumed, refused and answered."""

from __future__ import annotations

import json
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import yaml

import empo
from empo.core.errors import InputError
from empo.core.store import read_arrays
from empo.runs import trained
from empo.runs.checkpoint import saved_steps
from empo.runs.trained import load_trained, resume, run_job
from empo.runs.training_folder import CHECKPOINTS
from empo.tasks.trainer import Diverged
from tests.runs.games import ferry
from tests.runs.robots import WARM_UP, ferry_file, short_job
from tests.runs.test_resume import Killed, outcome
from tests.runs.test_sinks import scalars

QUANTITIES = ("q_h_m", "v_h_e", "x_h", "q_r")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return ferry_file(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def job(path):
    return short_job(path)


@pytest.fixture(scope="module")
def trainer(job):
    return trained.trainer_of(job)


@pytest.fixture(autouse=True)
def _one_trainer(trainer, monkeypatch):
    """All share its compiled programs."""
    monkeypatch.setattr(trained, "trainer_of", lambda *_: trainer)


@pytest.fixture(scope="module")
def whole(job, trainer, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trained, "trainer_of", lambda *_: trainer)
        return folder, run_job(job, folder)


def rows(folder, kind):
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return [row for row in map(json.loads, lines) if row["kind"] == kind]


def test_the_report_tells_how_far_the_robot_is_from_exact(whole):
    folder, robot = whole
    report = json.loads((folder / "report.json").read_text())
    assert report == robot.report
    assert (report["algorithm"], report["n_seeds"], report["steps"]) == ("q", 2, 400)
    assert report["updates"] == 98
    for name in ("tv", "tv_uniform", "tv_max", "v_r_rel_error", "v_h_e_error", "steps_per_second"):
        assert report[name] > 0
    assert {f"residual_{name}" for name in QUANTITIES} <= report.keys()
    assert [v_r < 0 for v_r in report["v_r_start"]] == [True, True]
    assert report["v_r_of_policy_gap_worst_seed"] <= report["v_r_of_policy_gap"]
    assert report["settled"] == (not report["advice"])
    last = [row for row in rows(folder, "evaluate") if row["step"] == 400]
    assert [row["seed"] for row in last] == [3, 4]


def test_every_quantity_has_its_tags_in_metrics_and_events(whole):
    folder, _ = whole
    wanted = {f"{q}_{what}" for q in QUANTITIES for what in TOLD} | {"stage", "beta_r"}
    found = rows(folder, "train")
    assert wanted <= set.intersection(*map(set, found))
    assert {f"train/{name}" for name in wanted} <= {tag for _, tag, _ in scalars(folder)}
    assert found[0]["stage"] == 0
    assert found[-1]["stage"] == 7
    assert found[-1]["beta_r"] == 5.0


TOLD = ("loss", "prediction", "target", "lag", "rate", "grad_norm")


def test_a_robot_answers_as_its_solution_does(whole):
    _, robot = whole
    assert isinstance(robot, empo.TrainedRobot)
    probabilities = robot.policy("shore")
    assert probabilities.keys() == {"wait", "row"}
    assert sum(probabilities.values()) == pytest.approx(1, abs=1e-6)
    learned = robot.solution(seed=4)
    assert learned.policy("shore") == pytest.approx(robot.policy("shore", seed=4), abs=1e-6)
    assert learned.policy("shore") != pytest.approx(probabilities, abs=1e-9)
    assert robot.exact.policy("shore")["row"] > 0.5
    state = robot.world.find_state("shore")
    assert robot.policy(state) == probabilities


@pytest.mark.parametrize("state", [np.array([9]), np.array([0, 0]), "nowhere", "moon"])
def test_what_cannot_be_reached_is_refused(whole, state):
    with pytest.raises(InputError, match=r"cannot be reached|nowhere"):
        whole[1].policy(state)


@pytest.mark.parametrize("state", [np.array([10**6]), np.array([0, 0]), np.array([0.5])])
def test_without_an_exact_solution_numbers_are_checked(whole, monkeypatch, state):
    monkeypatch.setattr(empo.TrainedRobot, "exact", None)
    with pytest.raises(InputError, match="wanted whole numbers from 0 on and below"):
        whole[1].policy(state)
    with pytest.raises(InputError, match=r"time must be 0 \.\.\. 0, got 1"):
        whole[1].policy("shore", 1)


def test_a_robot_is_loaded_from_its_folder(whole):
    folder, robot = whole
    again = empo.load(folder)
    assert isinstance(again, empo.TrainedRobot)
    assert again.policy("shore") == robot.policy("shore")
    assert again.report == robot.report
    assert again.evaluate(4, seed=1).row(0) == robot.evaluate(4, seed=1).row(0)


def test_the_same_seed_gives_the_same_numbers(whole, job, tmp_path):
    run_job(job, tmp_path / "again")
    assert outcome(tmp_path / "again") == outcome(whole[0])


def test_a_run_stopped_again_and_again_ends_the_same(whole, job, trainer, tmp_path, monkeypatch):
    folder, advance = tmp_path / "run", trainer.advance
    n_calls = n_stops = 0

    def some(run, n_updates):
        nonlocal n_calls
        n_calls += 1
        if n_calls % 7 == 0:  # a checkpoint is five calls apart: what came after it is lost
            raise Killed
        return advance(run, n_updates)

    monkeypatch.setattr(trainer, "advance", some)
    go_on = partial(run_job, job, folder)
    while True:
        try:
            ended = go_on()
            break
        except Killed:
            n_stops += 1
            go_on = partial(resume, folder)
    assert n_stops >= 3
    assert outcome(folder) == outcome(whole[0])
    numbers = {"seconds", "compile_seconds", "steps_per_second"}
    assert {k: v for k, v in ended.report.items() if k not in numbers} == {
        k: v for k, v in whole[1].report.items() if k not in numbers
    }


def test_without_a_folder_the_advice_is_the_same(whole, job):
    assert run_job(job, None).report["advice"] == whole[1].report["advice"] != []


def test_numbers_that_are_not_finite_stop_the_run_and_name_the_tensor(
    job, trainer, tmp_path, monkeypatch
):
    folder, advance = tmp_path / "run", trainer.advance

    def poisoned(run, n_updates):
        if trainer.n_steps(run) < 4 * WARM_UP:
            return advance(run, n_updates)
        kept = run.learner.kept
        slow = jax.tree.map(lambda x: jnp.full_like(x, jnp.inf), kept["v_h_e"].now)
        kept = {**kept, "v_h_e": kept["v_h_e"]._replace(now=slow)}
        return advance(run._replace(learner=run.learner._replace(kept=kept)), n_updates)

    monkeypatch.setattr(trainer, "advance", poisoned)
    with pytest.raises(Diverged, match=r"step \d+: kept\.\w+\.\S+ holds -?(nan|inf) in .* finite"):
        run_job(job, folder)
    assert len(saved_steps(folder / CHECKPOINTS)) >= 2
    assert np.isfinite([*empo.load(folder).policy("shore").values()]).all()


def test_what_is_learned_but_leads_to_no_number_stops_the_run(job, trainer, tmp_path, monkeypatch):
    judge = trainer.judge

    def judged(learner, n_episodes, *, seed):
        found = judge(learner, n_episodes, seed=seed)
        one = found.found[0]
        worse = one._replace(residuals={**one.residuals, "q_r": float("inf")})
        return found._replace(found=(worse, *found.found[1:]))

    monkeypatch.setattr(trainer, "judge", judged)
    with pytest.raises(Diverged, match=r"step 8, seed 3: residual_q_r is inf"):
        run_job(job, tmp_path / "run")


def test_a_damaged_checkpoint_is_told(whole, tmp_path):
    folder = tmp_path / "run"
    copy_run(whole[0], folder)
    last = max((folder / CHECKPOINTS).glob("step-*.safetensors"))
    data = bytearray(last.read_bytes())
    data[-1] ^= 1
    last.write_bytes(data)
    with pytest.raises(InputError, match=r"step-.*an older checkpoint stands in"):
        resume(folder)


def test_changed_rules_are_refused_with_both_hashes(whole, path, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    copy_run(whole[0], folder)
    game = ferry(beta_r=5.0)
    game["states"]["shore"]["next"][0]["to"] = {"there": 0.5, "shore": 0.5}
    kept = path.read_text()
    path.write_text(yaml.safe_dump(game, sort_keys=False))
    try:
        for door in (resume, load_trained, empo.load):
            with pytest.raises(InputError, match=r"rules of \S+ have changed .*\w{64} .*\w{64}"):
                door(folder)
    finally:
        path.write_text(kept)


def test_a_theory_changed_in_the_file_is_not_that_of_the_run(whole, path):
    kept = path.read_text()
    path.write_text(yaml.safe_dump(ferry(beta_r=9.0), sort_keys=False))
    try:
        assert load_trained(whole[0]).job.setup.theory.beta_r == 5.0
    finally:
        path.write_text(kept)


def test_a_run_outlasts_the_file_of_its_world(whole, path):
    kept = path.read_text()
    path.unlink()
    try:
        assert load_trained(whole[0]).policy("shore") == whole[1].policy("shore")
    finally:
        path.write_text(kept)


def test_a_config_without_the_world_is_told(whole, tmp_path):
    folder = tmp_path / "run"
    copy_run(whole[0], folder)
    config = json.loads((folder / "config.json").read_text())
    del config["world"]
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match="does not tell the world"):
        resume(folder)


def copy_run(source, folder):
    """A copy, to be damaged."""
    for file in source.rglob("*"):
        if file.is_file():
            target = folder / file.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())


def test_weights_are_saved_by_quantity(whole):
    arrays, _ = read_arrays(whole[0] / CHECKPOINTS, "best")
    assert {key.split(".")[1] for key in arrays if key.startswith("kept")} == set(QUANTITIES)
