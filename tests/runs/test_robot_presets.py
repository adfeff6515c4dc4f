"""Settings of learning a robot: presets, what replaces them, and how long they take."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import fields, is_dataclass
from typing import get_type_hints

import pytest

import empo
from empo.core.errors import InputError
from empo.learn.registry import robot_names, robot_recipe
from empo.learn.settings import QUANTITIES, RobotSettings
from empo.learn.stages import FULL, stage_table
from empo.rl.algorithm import Replay
from empo.runs.actor_presets import ACTOR_PRESETS
from empo.runs.jobs import job_of
from empo.runs.robot_presets import PRESETS
from empo.runs.setup import from_record, is_world, setting_names, to_record
from empo.runs.world_presets import robot_preset, steps_of
from empo.tasks.trainer import updates_within
from empo.theory import Theory
from empo.worlds import load

NAMES = tuple(PRESETS)


def test_every_robot_has_presets():
    assert "standard" in PRESETS
    for name in robot_names():
        theory = Theory(horizon=4)
        for preset in PRESETS if name == "q" else ACTOR_PRESETS:
            made = robot_preset(name, preset, theory, None)
            assert isinstance(made.settings, robot_recipe(name).settings)


def test_no_two_settings_of_an_actor_share_a_name():
    """Flags and `empo.train` know settings by their names alone."""

    def names(kind):
        for f in fields(kind):
            inner = get_type_hints(kind)[f.name]
            yield from names(inner) if is_dataclass(inner) else [f.name]

    for name in robot_names():
        found = Counter(names(robot_recipe(name).settings))
        assert [n for n, count in found.items() if count > 1] == []


def test_A28_the_robot_without_an_actor_is_the_default():
    record = to_record(job_of("key-door", settings={}))
    assert record["algorithm"] == "q"
    assert record["setup"]["algorithm"]["kinds"]["q_r"] == "network"


@pytest.mark.parametrize("name", NAMES)
def test_every_job_in_a_world_survives_json(name):
    job = job_of("key-door", preset=name, seed=4, n_seeds=2, settings={"horizon": 7})
    again = from_record(json.loads(json.dumps(to_record(job), allow_nan=False)), "config.json")
    assert again == job
    assert (again.algorithm, again.n_episodes) == ("q", 256)


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_leaves_time_for_full_training(name):
    job = job_of("key-door", preset=name, settings={})
    settings = job.setup.algorithm
    table = stage_table(settings, updates_within(settings.gather, job.n_steps))
    n_full = robot_preset("q", name, Theory(), load("key-door")).n_full
    assert table.end[FULL] - table.begin[FULL] == n_full >= 1000


def test_the_preset_grows_with_a_longer_warm_up():
    short, long = (
        job_of("key-door", settings={"warmup_q_r_steps": n, "n_envs": 100, "warmup": 1000})
        for n in (3_000, 4_000)
    )
    assert long.n_steps - short.n_steps == 1000 * 100


def test_steps_count_every_round_of_updates():
    # One world, 2 steps in a round of 3 updates. The warm-up of q_h_m, v_h_e, x_h and q_r with the
    # ramp takes 5,000 + 3 x 1,000 + 2,000 updates, so that 1,004 more are 11,004 or 3,668 rounds;
    # 5 rounds of random actions come before.
    gather = Replay(n_steps=2, n_updates=3, warmup=10)
    assert steps_of(RobotSettings(gather=gather), 1_004) == (3_668 + 5) * 2


def test_B16_B21_presets_of_the_document():
    rates = {name: robot_preset("q", name, Theory(), None).settings.rates for name in NAMES}
    fast, slow = 1e-3, 1e-4
    assert {rates["equal"].of(q) for q in QUANTITIES[1:]} == {slow}
    assert [rates["evaluator-fast"].of(q) for q in QUANTITIES[1:]] == [fast] * 3 + [slow] * 2
    assert [rates["robot-fast"].of(q) for q in QUANTITIES[1:]] == [slow] * 3 + [fast] * 2


def test_tables_hold_everything_in_the_tabular_preset():
    settings = robot_preset("q", "tabular", Theory(), None).settings
    assert settings.learned() == QUANTITIES
    assert {getattr(settings.kinds, name) for name in QUANTITIES} == {"table"}


def test_the_worlds_theory_holds_unless_it_is_replaced():
    own = empo.load("key-door").theory
    job = job_of("key-door", settings={"beta_r": 3.0, "lr_q_r": 0.5, "hidden": (7,)})
    theory = job.setup.theory
    assert (theory.beta_r, theory.gamma_h) == (3.0, own["gamma_h"])
    assert job.setup.algorithm.rates.lr_q_r == 0.5
    assert job.setup.nets.hidden == (7,)


def test_no_setting_of_a_world_has_the_name_of_another():
    setup = job_of("key-door", settings={}).setup
    found = json.loads(json.dumps(to_record(job_of("key-door", settings={}))["setup"]))
    found.pop("inputs")
    names = json.dumps(found)
    for setting in setting_names(setup):
        assert names.count(f'"{setting}":') == 1, setting


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"gamma": 0.9}, "setting 'gamma': there is none"),
        ({"log_std": 0.0}, "setting 'log_std': there is none"),
        ({"scale_rewards": True}, "setting 'scale_rewards': there is none"),
        ({"learning_rate": 1.0}, "setting 'learning_rate': there is none"),
        ({"beta_r": -1.0}, "beta_r must be >= 0"),
    ],
)
def test_settings_that_mean_nothing_in_worlds_are_refused(settings, told):
    with pytest.raises(InputError, match=told):
        job_of("key-door", settings=settings)


def test_tasks_have_no_theory():
    for settings in ({"beta_r": 1.0}, {"theory": None}):
        with pytest.raises(InputError, match="there is none"):
            job_of("task:cartpole", settings=settings)


def test_runs_of_tasks_from_before_there_was_a_theory_are_read():
    job = job_of("task:cartpole", "a2c", settings={})
    record = to_record(job)
    del record["setup"]["theory"]
    assert from_record(record, "config.json") == job


@pytest.mark.parametrize(
    ("algorithm", "preset", "told"),
    [
        ("zzz", None, r"algorithm: found 'zzz' \(for worlds there is q, reinforce"),
        ("q", "standart", r"preset: found 'standart' \(did you mean standard"),
        ("q", "zzz", r"preset: found 'zzz' \(there are standard, equal"),
    ],
)
def test_unknown_names_are_told(algorithm, preset, told):
    with pytest.raises(InputError, match=told):
        job_of("key-door", algorithm, preset=preset, settings={})


def test_whatever_is_no_task_is_a_world():
    assert not is_world("task:cartpole")
    assert not is_world("gym:CartPole-v1")
    assert is_world("key-door")
    assert is_world("worlds/mine.yaml")


def test_too_few_steps_are_told_before_the_world_is_solved(monkeypatch):
    from empo.runs.targets import trainer_of

    monkeypatch.setattr("empo.learn.exact.solve", None)
    with pytest.raises(InputError, match=r"wanted\s+more than"):
        trainer_of(job_of("key-door", n_steps=3000, settings={}))
