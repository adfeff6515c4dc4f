"""Training runs from Python: what they record, what they refuse, what comes of them."""

from __future__ import annotations

import json
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import empo
from empo.core.errors import InputError
from empo.runs import targets
from empo.runs.checkpoint import saved_steps
from empo.runs.targets import trainer_of
from empo.runs.trained import job_of, run_job, train
from empo.runs.training import stages
from empo.runs.training_folder import CHECKPOINTS
from empo.tasks import device_trainer
from empo.tasks.cartpole import CARTPOLE
from empo.tasks.trainer import Diverged

QUICK = {"n_evaluations": 2, "n_episodes": 3, "hidden": (8,), "n_envs": 8, "n_steps": 5}


@pytest.fixture(scope="module")
def two_seeds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    return folder, train("task:cartpole", "a2c", n_seeds=2, steps=400, out=folder, **QUICK)


def rows(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_metrics_tell_of_every_seed(two_seeds):
    folder, _ = two_seeds
    found = rows(folder)
    judged = [row for row in found if row["kind"] == "evaluate"]
    assert [(row["step"], row["seed"]) for row in judged] == [
        (0, 0), (0, 1), (200, 0), (200, 1), (400, 0), (400, 1)
    ]  # fmt: skip
    assert all(len(row["returns"]) == 3 for row in judged)
    trained = [row for row in found if row["kind"] == "train"]
    assert {row["seed"] for row in trained} == {0, 1}
    assert {"entropy", "value_loss", "grad_norm", "explained_variance"} <= trained[0].keys()
    first, second = ([r["entropy"] for r in trained if r["seed"] == seed] for seed in (0, 1))
    assert first != second


def test_the_report_is_flat_and_complete(two_seeds):
    folder, trained = two_seeds
    report = json.loads((folder / "report.json").read_text())
    assert report == trained.report
    wanted = "algorithm target seed steps seconds compile_seconds steps_per_second"
    assert {*wanted.split(), "eval_return_mean", "eval_return_iqm"} <= report.keys()
    assert not any(isinstance(value, dict | list) for value in report.values())
    assert report["eval_return_mean"] == pytest.approx(trained.judged.returns.mean())


def test_a_run_can_be_loaded_and_judged_again(two_seeds):
    folder, trained = two_seeds
    again = empo.load(folder)
    assert again.job == trained.job
    here, there = trained.evaluate(5, seed=3), again.evaluate(5, seed=3)
    np.testing.assert_array_equal(here.returns, there.returns)
    observation = np.array([0.0, 0.0, 0.1, 0.5], np.float32)
    assert again.act(observation, seed=1) in (0, 1)
    with pytest.raises(InputError, match=r"seed: found 7 \(the run has 0, 1\)"):
        again.act(observation, seed=7)


def test_the_best_learner_is_the_one_that_was_judged_best(two_seeds):
    folder, _ = two_seeds
    scores = json.loads((folder / CHECKPOINTS / "best.json").read_text())["scores"]
    for seed in (0, 1):
        judged = [
            r["return_mean"] for r in rows(folder) if r["kind"] == "evaluate" and r["seed"] == seed
        ]
        assert scores[seed] == pytest.approx(max(judged))


def test_seeds_side_by_side_are_the_runs_of_one_seed_each(two_seeds):
    _, both = two_seeds
    alone = trainer_of(replace(both.job, seed=1, n_seeds=1))
    beside = jax.tree.map(lambda x: x[1], both.trainer.start().learner)
    for a, b in zip(jax.tree.leaves(alone.start().learner), jax.tree.leaves(beside), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_stages_end_with_the_last_update():
    for n_updates in (1, 3, 19, 1000):
        found = list(stages(n_updates, 4))
        assert found[-1] == (n_updates, True)
        numbers = [stage.n_updates for stage in found]
        assert numbers == sorted(set(numbers))
        assert sum(stage.judged for stage in found) == min(4, n_updates)


def test_numbers_that_are_not_finite_stop_the_run_and_name_the_tensor(tmp_path):
    job = job_of("task:cartpole", "a2c", n_steps=4_000, settings={**QUICK, "learning_rate": 1e38})
    with pytest.raises(Diverged, match=r"step 80: nets\.\w+\.\S+ holds -?(nan|inf) in .* finite"):
        run_job(job, tmp_path / "run")
    assert saved_steps(tmp_path / "run" / CHECKPOINTS) == [0]
    assert empo.load(tmp_path / "run").evaluate(2).returns.min() > 0


def test_large_learners_are_looked_through_more_seldom_but_not_too_late(tmp_path, monkeypatch):
    monkeypatch.setattr(device_trainer, "MANY_NUMBERS", 0)
    job = job_of("task:cartpole", "a2c", n_steps=4_000, settings={**QUICK, "learning_rate": 1e38})
    with pytest.raises(Diverged, match=r"step \S+: nets\.\w+\.\S+ holds -?(nan|inf) in .* finite"):
        run_job(job, tmp_path / "run")
    assert saved_steps(tmp_path / "run" / CHECKPOINTS) == [0]


def test_rewards_that_are_no_numbers_are_found_when_the_policy_is_judged(tmp_path, monkeypatch):
    def step(state, action, *, key):
        state, reward, terminated = CARTPOLE.step(state, action, key=key)
        return state, jnp.where(abs(state.angle) > 0.1, jnp.nan, reward), terminated

    monkeypatch.setattr(targets, "device_task", lambda name: replace(CARTPOLE, step=step))
    with pytest.raises(Diverged, match=r"step 0: episodes .* returned .*nan"):
        run_job(job_of("task:cartpole", "a2c", settings=QUICK), tmp_path / "run")


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("cartpole", r"target: found 'cartpole' \(did you mean task:cartpole"),
        ("key-dor", r"target: 'key-dor' is neither .*did you mean key-door.* task:NAME"),
        ("task:cartpol", r"did you mean cartpole"),
        ("gym:CartPole-v99", r"CartPole"),
    ],
)
def test_unknown_targets_are_refused(target, told):
    with pytest.raises(InputError, match=told):
        train(target, "ppo", steps=100)


def test_an_algorithm_that_does_not_suit_the_actions_says_so():
    with pytest.raises(InputError, match="action space"):
        train("task:cartpole", "ddpg", steps=100)


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(InputError, match=r"holds 'thesis\.tex'"):
        train("task:cartpole", "a2c", steps=100, out=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_gymnasium_tasks_train_and_resume(tmp_path):
    folder = tmp_path / "run"
    trained = train("gym:CartPole-v1", "a2c", n_seeds=2, steps=240, out=folder, **QUICK)
    assert trained.report["steps"] == 240
    assert trained.judged.returns.shape == (2, 3)
    again = empo.resume(folder)
    np.testing.assert_array_equal(again.judged.returns, trained.judged.returns)
