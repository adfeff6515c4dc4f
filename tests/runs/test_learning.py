"""Every algorithm learns, with the settings it comes with and each of five fixed seeds.

A seed's result is the mean return of 20 fresh episodes, played by the learner that was judged best
on the way.
"""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

from empo.runs.history import read_history
from empo.runs.trained import train

pytestmark = pytest.mark.slow

SOLVED = {"task:cartpole": 475, "task:pendulum": -200, "task:acrobot": -100}


def returns(target, algorithm, steps, **settings):
    looks = {"n_evaluations": 20, "n_episodes": 20} | settings
    trained = train(target, algorithm, n_seeds=5, steps=steps, **looks)
    return trained.judged.returns.mean(axis=1)


def all_solve(target, algorithm, steps, **settings):
    found = returns(target, algorithm, steps, **settings)
    assert found.min() >= SOLVED[target], found


CARTPOLE = {
    "a2c": 150_000,
    "a3c": 150_000,
    "impala": 200_000,
    "ball-step": 60_000,
    "npg": 40_000,
    "trpo": 40_000,
    "adaptive-trpo": 40_000,
    "ppo": 60_000,
    "dqn": 50_000,
    "sac": 40_000,
}


@pytest.mark.parametrize("algorithm", CARTPOLE)
def test_cartpole_is_solved_by_all_seeds(algorithm):
    # Workers in threads learn something else each time: they are looked at more often.
    looks = 40 if algorithm == "a3c" else 20
    all_solve("task:cartpole", algorithm, CARTPOLE[algorithm], n_evaluations=looks)


VARIANTS = {
    "penalty": {"clip": math.inf, "kl_coef": 1.0, "kl_target": 0.01},
    "both": {"kl_coef": 1.0, "kl_target": 0.01},
    "both, entropy": {"kl_coef": 1.0, "kl_target": 0.01, "entropy_coef": 0.005},
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_C18_cartpole_is_solved_by_every_variant_of_ppo(variant):
    all_solve("task:cartpole", "ppo", 60_000, **VARIANTS[variant])


def test_impala_learns_cartpole_with_workers_that_lag_by_themselves():
    assert returns("task:cartpole", "impala", 200_000, lag=0, n_workers=2).min() >= 195


@pytest.mark.parametrize("baseline", ["none", "mean", "leave-one-out", "optimal", "value"])
def test_E05_reinforce_learns_cartpole_with_each_baseline(baseline):
    assert returns("task:cartpole", "reinforce", 80_000, baseline=baseline).min() >= 195


def test_the_critic_of_actions_learns_cartpole():
    # Its returns vary from seed to seed more than those of the others.
    assert np.median(returns("task:cartpole", "q-actor-critic", 60_000)) >= 195


PENDULUM = {"ppo": 200_000, "ddpg": 6_000, "td3": 8_000}


@pytest.mark.parametrize("algorithm", PENDULUM)
def test_the_pendulum_is_swung_up_by_all_seeds(algorithm):
    all_solve("task:pendulum", algorithm, PENDULUM[algorithm], n_evaluations=16)


def test_D37_the_pendulum_is_swung_up_by_sac_with_a_value_network():
    all_solve("task:pendulum", "sac", 6_000, n_evaluations=12, separate_value=True)


def test_sac_swings_the_pendulum_up_within_3500_steps(tmp_path):
    out = tmp_path / "run"
    all_solve("task:pendulum", "sac", 6_000, n_evaluations=24, out=out)
    assert np.median(read_history(out).returns().steps_to(-200)) <= 3500


ACROBOT = {"npg": 100_000, "trpo": 100_000, "adaptive-trpo": 100_000, "ppo": 150_000}


@pytest.mark.parametrize("algorithm", ACROBOT)
def test_acrobot_is_solved_by_all_seeds(algorithm):
    all_solve("task:acrobot", algorithm, ACROBOT[algorithm])


@pytest.mark.parametrize(
    ("algorithm", "steps"), [("ppo", 30_000), ("trpo", 30_000), ("sac", 10_000)]
)
def test_mujoco_an_inverted_pendulum_is_kept_upright(algorithm, steps):
    pytest.importorskip("mujoco")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of mujoco's own bindings
        found = returns("gym:InvertedPendulum-v5", algorithm, steps, n_evaluations=10, n_episodes=5)
    assert found.min() >= 950, found
