"""Settings: replaced by name, written to JSON and read back."""

from __future__ import annotations

import json
import math

import pytest

from empo.core.errors import InputError
from empo.rl.ppo import PPO
from empo.rl.registry import RECIPES
from empo.runs.presets import family, preset
from empo.runs.setup import Job, Setup, changed, from_record, setting_names, to_record
from empo.runs.trained import job_of


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("target", ["task:cartpole", "gym:Pendulum-v1", "gym:Ant-v5"])
def test_every_job_survives_json(name, target):
    job = Job(target, name, preset(name, target), seed=4, n_seeds=2)
    again = from_record(json.loads(json.dumps(to_record(job), allow_nan=False)), "config.json")
    assert again == job


def test_infinite_settings_survive_json():
    job = job_of("task:cartpole", "ppo", settings={"clip": math.inf, "max_grad_norm": math.inf})
    record = json.loads(json.dumps(to_record(job), allow_nan=False))
    assert from_record(record, "config.json").setup.algorithm.clip == math.inf


def test_settings_are_replaced_in_their_groups():
    setup = changed(Setup(PPO()), {"clip": 0.3, "gamma": 0.5, "learning_rate": 1.0, "hidden": (7,)})
    assert setup.algorithm.clip == 0.3
    assert setup.algorithm.rollout.gamma == 0.5
    assert setup.algorithm.optim.learning_rate == 1.0
    assert setup.nets.hidden == (7,)
    assert setup.algorithm.n_epochs == PPO().n_epochs


def test_settings_that_depend_on_each_other_change_together():
    setup = changed(Setup(PPO()), {"n_envs": 3, "n_steps": 7, "n_minibatches": 21})
    assert setup.algorithm.rollout.steps_per_update == 21
    with pytest.raises(InputError, match=r"n_minibatches: found 4 \(wanted a divisor of .* = 21"):
        changed(Setup(PPO()), {"n_envs": 3, "n_steps": 7})


def test_unknown_settings_are_named_all_at_once():
    with pytest.raises(InputError) as caught:
        job_of("task:cartpole", "ppo", settings={"clipp": 1, "gama": 1, "clip": 0.1})
    assert len(caught.value.problems) == 2
    assert "setting 'clipp': there is none" in caught.value.problems[0]


@pytest.mark.parametrize("name", RECIPES)
def test_no_setting_has_the_name_of_another(name):
    setup = preset(name, "task:cartpole")
    names = json.dumps(to_record(Job("task:cartpole", name, setup))["setup"])
    for setting in setting_names(setup):
        assert names.count(f'"{setting}":') <= 1, setting


def test_a_config_that_is_none_is_told():
    record = to_record(job_of("task:cartpole", "ppo", settings={}))
    for damage in (
        {"algorithm": "pppo"},
        {"n_steps": 0},
        {"setup": 3},
        {"setup": {**record["setup"], "nets": {"hidden": [64]}}},
    ):
        with pytest.raises(InputError, match=r"config\.json|algorithm|n_steps"):
            from_record(record | damage, "config.json")
    del record["seed"]
    with pytest.raises(InputError, match=r"config\.json: does not describe a training run"):
        from_record(record, "config.json")


def test_tasks_of_a_family_share_their_settings():
    assert family("task:acrobot") == family("gym:Acrobot-v1") == "acrobot"
    assert preset("ppo", "task:cartpole") == preset("ppo", "gym:CartPole-v1")


@pytest.mark.parametrize(
    ("setting", "value"), [("n_seeds", 0), ("n_steps", 0), ("seed", -1), ("n_episodes", 0)]
)
def test_impossible_jobs_are_refused(setting, value):
    with pytest.raises(InputError, match=f"{setting}: found {value}"):
        Job("task:cartpole", "ppo", Setup(PPO()), **{setting: value})
