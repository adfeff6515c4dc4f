"""Targets along trajectories (A17, A20): what they are made of, and that nobody biases them."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import empo
from empo.core.errors import InputError
from empo.learn.estimators import Kept
from empo.learn.problem import Place
from empo.learn.q_robot import present, q_robot
from empo.learn.settings import Hybrids, Kinds, Pace, Rates, RobotSettings, Slow, WarmUp
from empo.learn.stages import stage_table
from empo.learn.task import Seen, world_task
from empo.learn.trail_targets import trail_batches, walks
from empo.learn.trailing import Conduct, chances
from empo.rl.algorithm import Replay, Rollout
from empo.rl.data import Steps
from empo.tasks.device import iterate, start
from empo.worlds.expand import joint_actions
from empo.worlds.load import load
from tests.learn.filled import ALL_TABLES, filled, solution_of

WARM_UP = WarmUp(0, 0, 0, 0, 0, 0, beta_r_rampup_steps=0)
GATHER = Replay(n_envs=3, n_steps=2, n_updates=2, batch_size=20, capacity=60, warmup=11)
SETTINGS = RobotSettings(
    kinds=ALL_TABLES,
    loss_space="linear",
    warm_up=WARM_UP,
    rates=Rates(0.1, 0.1, 0.1, 0.1, 0.1, 0.1),
    slow=Slow(*(6 * [1])),
    gather=GATHER,
    n_places=8,
    hybrids=Hybrids(target_lambda=0.9, sequence_steps=4),
)


TUG = {
    "name": "tug",
    "initial": "mid",
    "theory": {"gamma_h": 0.8, "gamma_r": 0.8, "beta_h": 40, "beta_r": 40},
    "humans": {"ann": {"goals": {"L": {"states": ["left"], "weight": 2}, "R": ["right"]}}},
    "states": {
        "mid": {
            "robot": ["help", "hinder"],
            "humans": {"ann": ["l", "r"]},
            "next": [
                {"robot": "help", "ann": "l", "to": {"left": 0.9, "mid": 0.1}},
                {"robot": "help", "ann": "r", "to": {"right": 0.9, "mid": 0.1}},
                {"ann": "l", "to": {"left": 0.3, "mid": 0.7}},
                {"to": {"right": 0.5, "mid": 0.5}},
            ],
        },
        "left": {
            "humans": {"ann": ["l", "r"]},
            "next": [{"ann": "l", "to": {"left": 0.8, "mid": 0.2}}, {"to": "mid"}],
        },
        "right": {
            "humans": {"ann": ["l", "r"]},
            "next": [{"ann": "r", "to": {"right": 0.6, "mid": 0.4}}, {"to": "mid"}],
        },
    },
}
"""A person who knows what to do for each goal: trajectories for one are far off those for any."""


@functools.cache
def solution():
    return empo.solve(load(TUG))


@functools.cache
def exact():
    return filled(solution(), loss_space="linear")


@functools.cache
def rich():
    return filled(solution_of("rich"), loss_space="linear")


# What a step is worth.


def one_step(number, goals, action, after):
    """A single step as a trajectory, and the walks along it."""
    world = rich()
    n = world.problem.model.n_humans
    place = jax.tree.map(lambda x: x[number][None, None], world.places)
    whole = jnp.zeros((1, 1), jnp.int32)
    goals = jnp.broadcast_to(jnp.asarray(goals, jnp.int32), (1, 1, n))
    seen = Seen(place, goals, whole, whole)
    reached = Place(jnp.asarray(after)[None, None].astype(jnp.int32), place.time)
    number = jnp.zeros((1, 1))
    data = Steps(seen, whole + action, number - 0.5, number, number, number > 0,
                 seen._replace(place=reached))  # fmt: skip
    return walks(world.quantities, world.problem, world.weights, data, world.beta_r)


@pytest.mark.slow
@pytest.mark.parametrize("action", [0, 5, 11])
@pytest.mark.parametrize("to", [0, 1, 2, 3])
def test_A20_steps_pay_what_equations_6_and_9_pay_and_weigh_what_these_expect(action, to):
    world = rich()
    truth = world.exact
    here, goals = 0, (1, 0)  # in s0 ann wants B, which is s1 or s3; bob is paid for every s1
    found = one_step(here, goals, action, world.places.state[to])
    v_r, v_h_e = jax.tree.map(lambda x: np.asarray(x)[0, 0], found)
    assert v_r.reward == pytest.approx(-truth["u_r"][here], rel=1e-5)
    assert v_r.value_next == pytest.approx(-truth["v_r"][to], rel=1e-5)
    assert v_r.discount == pytest.approx(0.8)
    member = [to in (1, 3), to == 1]
    np.testing.assert_array_equal(v_h_e.reward, member)
    np.testing.assert_allclose(v_h_e.discount, [0.0 if member[0] else 0.9, 0.9], rtol=1e-6)
    np.testing.assert_allclose(
        v_h_e.value_next, [truth["v_h_e"][to][h, g] for h, g in enumerate(goals)], rtol=1e-5
    )
    np.testing.assert_allclose(
        v_h_e.value, [truth["v_h_e"][here][h, g] for h, g in enumerate(goals)], rtol=1e-5
    )
    a_r, a_h = (actions[action] for actions in joint_actions(world.problem.model))
    pi_h, pi_r = truth["pi_h"][here], truth["pi_r"][here]
    prob = world.problem.weights.goal_prob
    mean = np.array([sum(prob[h, g] * pi_h[h, g] for g in range(2)) for h in range(2)])
    own = np.array([pi_h[h, goals[h]] for h in range(2)])
    b = np.exp(-0.5)
    of = lambda first, second: pi_r[a_r] * first[0, a_h[0]] * second[1, a_h[1]] / b  # noqa: E731
    np.testing.assert_allclose(np.exp(v_r.log_rho), of(mean, mean), rtol=1e-5)
    np.testing.assert_allclose(np.exp(v_h_e.log_rho), [of(own, mean), of(mean, own)], rtol=1e-5)


def test_A20_whose_goal_changes_is_on_another_trajectory_and_others_are_not():
    world = rich()
    found = one_step(0, (0, 0), 0, world.places.state[1])
    assert not found.v_h_e.boundary.any()
    place = jax.tree.map(lambda x: x[0][None, None], world.places)
    whole = jnp.zeros((1, 1), jnp.int32)
    seen = Seen(place, jnp.array([[[0, 0]]]), whole, whole)
    number = jnp.zeros((1, 1))
    data = Steps(seen, whole, number, number, number, number > 0,
                 seen._replace(goals=jnp.array([[[1, 0]]])))  # fmt: skip
    found = walks(world.quantities, world.problem, world.weights, data, world.beta_r)
    np.testing.assert_array_equal(found.v_h_e.boundary, [[[True, False]]])
    assert not found.v_r.boundary.any()


# Trajectories of those who explore.


def robot(settings, n_updates=1000):
    world = exact()
    stages = stage_table(settings, n_updates)
    return q_robot(world.problem, settings, world.quantities, stages)


def exactly_known(algorithm):
    """A learner that knows the solution, in full training."""
    world = exact()
    learner = algorithm.init(key=jax.random.key(0))
    kept = {name: Kept(held, held, ()) for name, held in world.weights.items()}
    trail = learner.trail._replace(n_added=jnp.int32(1000))
    return learner._replace(kept={**learner.kept, **kept}, trail=trail)


@functools.cache
def walked(n_walks, n_steps):
    """Trajectories from every place, by the q-robot that explores, and a human who wants L."""
    world = exact()
    explored = dataclasses.replace(SETTINGS.exploration, epsilon_r=0.3, epsilon_h=0.3)
    algorithm = robot(dataclasses.replace(SETTINGS, exploration=explored))
    learner = exactly_known(algorithm)
    task = world_task(solution().world, world.problem, Pace(goal_steps=99))

    def walk(place, key):
        first = Seen(place, jnp.zeros(1, jnp.int32), jnp.int32(0), jnp.int32(99))

        def step(seen, key):
            key_act, key_step = jax.random.split(key)
            acted = algorithm.act(learner, seen, (), key=key_act)
            after, reward, _ = task.step(seen, acted.action, key=key_step)
            return after, Steps(seen, acted.action, acted.log_prob, reward, reward, reward > 0,
                                after)  # fmt: skip

        return jax.lax.scan(step, first, jax.random.split(key, n_steps))[1]

    n_places = len(world.places.time)
    places = jax.tree.map(lambda x: jnp.repeat(x, n_walks, axis=0), world.places)
    keys = jax.random.split(jax.random.key(8), n_places * n_walks)
    data = jax.jit(jax.vmap(walk, out_axes=1))(places, keys)
    return data, np.repeat(np.arange(n_places), n_walks)


def errors(ratio, lambda_=0.9, n_walks=6000):
    """By quantity, for each place how far the mean target is from the truth, in standard errors."""
    world = exact()
    data, source = walked(n_walks, 6)
    hybrids = Hybrids(target_lambda=lambda_, target_ratio=ratio)
    batches = jax.jit(
        lambda data: trail_batches(
            world.quantities, world.problem, world.weights, data, world.beta_r, hybrids
        )
    )(data)
    found = {}
    for name, batch in batches.items():
        target, weight = (np.asarray(x, np.float64)[: len(source)] for x in batch[1:])
        truth = world.exact[name][source]
        scores = []
        for place in range(source[-1] + 1):
            here = (source == place).reshape(-1, *(1,) * (target.ndim - 1)) & (weight > 0)
            for index in np.ndindex(target.shape[1:]):
                some = (target - truth)[(slice(None), *index)][here[(slice(None), *index)]]
                if len(some) > 1 and some.std() > 0:
                    scores.append(some.mean() / some.std() * np.sqrt(len(some)))
        found[name] = np.array(scores)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("lambda_", [0.0, 0.9])
def test_A20_whoever_acted_the_mean_target_is_the_exact_value_if_no_weight_is_cut(lambda_):
    # Weights are at most 2 for the human's goal, and 1 / 0.7 for each player's exploring.
    scores = errors(ratio=2 / 0.7**2, lambda_=lambda_)
    assert len(scores["v_r"]) == len(scores["v_h_e"]) == 3
    assert max(np.abs(x).max() for x in scores.values()) < 4


@pytest.mark.slow
def test_A35_cut_at_1_as_in_vtrace_it_is_not():
    scores = errors(ratio=1.0)
    assert np.abs(scores["v_r"]).max() > 5


@pytest.mark.slow
def test_A20_the_log_probability_is_that_of_all_players_together():
    world = exact()
    data, _ = walked(50, 2)
    seen = jax.tree.map(lambda x: x[0], data.observation)
    how = Conduct(world.weights, world.beta_r, 0.3, 0.3, jnp.zeros(2))
    found = jax.vmap(
        lambda seen: chances(world.quantities, world.problem, how, seen, 0.5, jnp.bool_(False))
    )(seen)
    np.testing.assert_allclose(found.robot.sum(axis=-1), 1, rtol=1e-5)
    np.testing.assert_allclose(found.humans.sum(axis=-1), 1, rtol=1e-5)
    a_r, a_h = (
        actions[np.asarray(data.action[0])] for actions in joint_actions(world.problem.model)
    )
    rows = np.arange(len(a_r))
    prob = np.asarray(found.robot)[rows, a_r]
    prob = prob * np.asarray(found.humans)[rows, 0, a_h[:, 0]]
    np.testing.assert_allclose(np.exp(data.log_prob[0]), prob, rtol=1e-4)


# The algorithm.


def test_A20_it_gathers_by_rollouts_and_learns_once_its_random_steps_are_made():
    world = exact()
    algorithm = robot(SETTINGS)
    assert algorithm.gather == Rollout(n_envs=3, n_steps=2)
    task = world_task(solution().world, world.problem, SETTINGS.pace)
    run = start(algorithm, task, key=jax.random.key(0))
    step = jax.jit(lambda run: iterate(algorithm, task, run)[:2])
    done, metrics = [], {}
    for _ in range(5):
        run, metrics = step(run)
        done.append((int(run.learner.trail.n_added), int(run.learner.n_updates)))
    # 11 random steps take 2 rounds of 3 worlds with 2 steps each; then 2 updates in each round.
    assert done == [(2, 0), (4, 0), (6, 2), (8, 4), (10, 6)]
    assert np.isfinite(list(metrics.values())).all()
    np.testing.assert_array_equal(run.learner.trail.rows.log_prob[:10] < 0, True)


@pytest.mark.slow
@pytest.mark.parametrize(
    "hybrids",
    [
        Hybrids(target_lambda=0.8, target_ratio=3.0),
        Hybrids(target_steps=3, target_ratio=3.0, sequence_steps=8, clip_q_r=0.2),
    ],
    ids=["lambda", "steps and clipping"],
)
def test_A17_A20_A21_tables_come_close_to_the_exact_solution(hybrids):
    world = exact()
    n_updates = 6000
    settings = RobotSettings(
        kinds=ALL_TABLES,
        loss_space="linear",
        warm_up=WarmUp(0, 0, 0, 0, 0, 0, beta_r_rampup_steps=500),
        rates=Rates(0.0, 0.1, 1.0, 1.0, 0.1, 0.1, decay_from=0.3),
        slow=Slow(1, 1, 1, 1, 1, 1),
        gather=Replay(n_envs=16, batch_size=256, capacity=16_000, warmup=640),
        n_places=16,
        hybrids=hybrids,
    )
    algorithm = robot(settings, n_updates)
    task = world_task(solution().world, world.problem, settings.pace)

    @jax.jit
    def learned(key):
        run = start(algorithm, task, key=key)
        held = world.weights["q_h_m"]
        kept = {**run.learner.kept, "q_h_m": Kept(held, held, ())}
        run = run._replace(learner=run.learner._replace(kept=kept))
        step = lambda _, run: iterate(algorithm, task, run)[0]  # noqa: E731
        return jax.lax.fori_loop(0, n_updates + 40, step, run).learner

    weights = present(learned(jax.random.key(0)))
    found = jax.vmap(
        lambda place: world.quantities.at(world.problem, weights, place, world.beta_r)
    )(world.places)
    np.testing.assert_allclose(found.v_r, -world.exact["v_r"], rtol=0.02)
    np.testing.assert_allclose(found.v_h_e, world.exact["v_h_e"], atol=0.02)
    np.testing.assert_allclose(found.pi_r, world.exact["pi_r"], atol=0.05)


def test_A20_V_r_must_be_learned_and_what_is_remembered_must_do():
    direct = dataclasses.replace(ALL_TABLES, v_r="direct")
    with pytest.raises(InputError, match=r"v_r: found direct"):
        dataclasses.replace(SETTINGS, kinds=direct)
    with pytest.raises(InputError, match=r"v_r: found direct"):
        RobotSettings(kinds=Kinds(), hybrids=Hybrids(target_steps=5))
    with pytest.raises(InputError, match=r"clear_replay"):
        dataclasses.replace(SETTINGS, warm_up=WarmUp(clear_replay=True))
    long = Hybrids(target_steps=5, sequence_steps=21)
    gather = dataclasses.replace(GATHER, batch_size=30)
    with pytest.raises(InputError, match=r"capacity: found 60, 20 steps in each of 3 worlds"):
        dataclasses.replace(SETTINGS, hybrids=long, gather=gather)
    nonsense: dict[str, Any] = {
        "target_lambda": 1.5,
        "target_steps": 2.5,
        "target_ratio": 0.5,
        "sequence_steps": 1,
        "fresh_goals": 2.0,
    }
    for name, wrong in nonsense.items():
        with pytest.raises(InputError, match=name):
            Hybrids(**{name: wrong})
