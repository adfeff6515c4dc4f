"""Targets from samples: their mean is the exact target, whatever is held; logarithms are biased."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import empo
from empo.core.errors import InputError
from empo.learn.estimators import Batch
from empo.learn.exact_targets import phase1_target, phase2_targets
from empo.learn.lessons import MOST_NEXT, check_affordable
from empo.learn.prior import ShortestPath
from empo.learn.problem import Place, problem_of
from empo.learn.sampled_targets import phase1_samples, phase2_samples
from empo.learn.settings import RobotSettings
from empo.rl.algorithm import Replay
from empo.theory import Theory
from empo.worlds.load import load
from tests.learn.filled import NOOK, filled, solution_of

pytestmark = pytest.mark.slow

N = 4_000
SLOW = [pytest.param("nook", marks=pytest.mark.slow)]


@functools.cache
def somewhere(name, **settings):
    """Tables near the exact solution, but not at it: what is to be judged here is the mean."""
    solution = solution_of(name)
    straight = solution.prior == "shortest-path"
    world = filled(solution, ShortestPath() if straight else None, **settings)
    keys = jax.random.split(jax.random.key(7), len(world.weights))
    weights = {
        which: held * jax.random.uniform(key, held.shape, minval=0.7)
        for key, (which, held) in zip(keys, world.weights.items(), strict=True)
    }
    return world._replace(weights=weights)


def often(places):
    """Each place N times, the repetitions last."""
    return jax.tree.map(lambda x: jnp.repeat(x, N, axis=0), places)


class Sums:
    """Weighted means of samples of n places, and how sure they are."""

    def __init__(self, target, n_places):
        value, weight = (np.asarray(x, float).reshape(n_places, N, *x.shape[1:]) for x in target)
        value = np.where(weight > 0, value, 0.0)
        self.number = weight.sum(axis=1)
        safe = np.maximum(self.number, 1)
        self.mean = (weight * value).sum(axis=1) / safe
        variance = (weight * (value - self.mean[:, None]) ** 2).sum(axis=1) / safe
        self.error = np.sqrt(variance / safe)

    def agrees(self, exact, counted):
        counted = counted & (self.number > 0)
        wanted = np.where(counted, exact, 0.0)
        # What has probability 8/n may well not be seen in n samples.
        unseen = 8 / np.maximum(self.number, 1) * np.max(np.abs(wanted))
        off = np.abs(self.mean - wanted)
        return np.all((off <= 4 * self.error + unseen + 2e-5)[counted])


@pytest.mark.parametrize("name", ["rich", "rich-horizon", "bushes", "bushes-straight", *SLOW])
def test_the_mean_of_phase_2_samples_is_the_exact_target(name):
    world = somewhere(name)
    arguments = (world.quantities, world.problem, world.weights)

    @jax.jit
    def both(key):
        exact = phase2_targets(*arguments, world.places, world.beta_r)
        return exact, phase2_samples(*arguments, often(world.places), world.beta_r, key=key)

    exact, samples = both(jax.random.key(1))
    n_places = len(world.places.time)
    assert set(samples) == set(exact)
    for which, (value, weight) in exact.items():
        counted = np.asarray(weight > 0)
        found = Sums(samples[which], n_places)
        if which == "v_h_e":
            counted = counted & np.asarray(world.problem.weights.goal_prob > 0)
        assert np.all((found.number > 0) == counted), which
        assert found.agrees(np.asarray(value), counted), which
    shares = Sums(samples["v_h_e"], n_places).number / N
    goal_prob = np.broadcast_to(np.asarray(world.problem.weights.goal_prob), shares.shape)
    np.testing.assert_allclose(shares, goal_prob, atol=4 * 0.5 / np.sqrt(N))
    legal = np.asarray(exact["q_r"].weight)
    uniform = legal / np.maximum(legal.sum(axis=1, keepdims=True), 1)
    shares = Sums(samples["q_r"], n_places).number / N
    np.testing.assert_allclose(shares, uniform, atol=4 * 0.5 / np.sqrt(N))


def test_each_sample_is_of_one_goal_per_human_and_one_action():
    world = somewhere("rich")
    arguments = (world.quantities, world.problem, world.weights, world.places, world.beta_r)
    samples = jax.jit(lambda key: phase2_samples(*arguments, key=key))(jax.random.key(2))
    assert np.all(np.sum(samples["v_h_e"].weight, axis=-1) == 1)
    assert np.all(np.sum(samples["q_r"].weight, axis=-1) == 1)
    assert all(np.all(samples[name].weight == 1) for name in ("x_h", "u_r", "v_r"))


def q_h_r_of(world):
    """E_{s'} B_{V_h^m}(s', g) of every joint action, from the table of Q_h^m, in plain loops."""
    problem, model = world.problem, world.problem.model
    estimator = world.quantities.q_h_r
    table = np.array(estimator.start(key=jax.random.key(0)).now)
    table = table.reshape(*problem.cardinalities, *_players(model), *table.shape[1:])
    worth = {}
    every = jax.jit(jax.vmap(lambda p: _worth(world, p)))(world.places)
    for row, place in enumerate(np.asarray(jax.vmap(problem.factors)(world.places))):
        worth[tuple(place)] = np.asarray(every[row])
    following = jax.jit(jax.vmap(problem.following))(world.places)
    situations = jax.vmap(model.situation)(world.places.state)
    for row in range(len(world.places.time)):
        here = tuple(np.asarray(problem.factors(jax.tree.map(lambda x: x[row], world.places))))  # noqa: B023
        for j, actions in enumerate(np.ndindex(*_players(model))):
            legal = bool(situations.legal_r[row, actions[0]]) and all(
                bool(situations.legal_h[row, h, a]) for h, a in enumerate(actions[1:])
            )
            if legal:
                table[(*here, *actions)] = sum(
                    float(p) * worth[tuple(np.asarray(following.places.state)[row, j, k])]
                    for k, p in enumerate(np.asarray(following.prob)[row, j])
                    if p > 0
                )
    return jnp.asarray(table.reshape(-1, *model.goals.weight.shape))


def _players(model):
    return (model.n_actions_r, *(model.n_actions_h,) * model.n_humans)


def _worth(world, place):
    problem, model = world.problem, world.problem.model
    pi_h = world.quantities.pi_h(problem, world.weights, place)
    v_h_m = jnp.sum(pi_h * world.quantities.q_h_m(problem, world.weights, place), axis=-1)
    members = model.situation(place.state).members
    pays_on = members + problem.parameters.gamma_h * v_h_m
    return jnp.where(members & ~jnp.asarray(model.goals.repeat), 1.0, pays_on)


@pytest.mark.parametrize("name", ["rich", "norm"])
def test_the_mean_of_phase_1_samples_is_the_exact_target(name):
    # Given the means over s' of all joint actions, Q_h^m's samples differ in a_-h only.
    world = somewhere(name, expectation="sampled")
    weights = {**world.weights, "q_h_r": q_h_r_of(world)}
    arguments = (world.quantities, world.problem, weights)

    @jax.jit
    def both(key):
        exact = phase1_target(*arguments, world.places)
        return exact, phase1_samples(*arguments, often(world.places), key=key)

    exact, samples = both(jax.random.key(3))
    found = Sums(samples.q_h_m, len(world.places.time))
    assert found.agrees(np.asarray(exact.value), np.asarray(exact.weight > 0))
    assert np.any(found.error > 1e-4), "nothing here is left to chance"
    # Those of Q_h^r have the mean that is held of the place and what was done there.
    rows, which = np.unique(np.asarray(samples.factors), axis=0, return_inverse=True)
    held = np.asarray(
        jax.vmap(world.quantities.q_h_r.at, in_axes=(None, 0))(weights["q_h_r"], rows)
    )
    for row in range(len(rows)):
        values = np.asarray(samples.q_h_r.value)[which == row]
        error = values.std(axis=0) / np.sqrt(len(values))
        assert np.all(np.abs(values.mean(axis=0) - held[row]) <= 4.5 * error + 1e-5)


def test_phase_1_samples_all_that_is_legal_and_often_the_worst():
    world = somewhere("rich", expectation="sampled")
    weights = {**world.weights, "q_h_r": q_h_r_of(world)}
    first = jax.tree.map(lambda x: x[:1], world.places)
    samples = jax.jit(
        lambda key: phase1_samples(world.quantities, world.problem, weights, often(first), key=key)
    )(jax.random.key(4))
    n_factors = len(world.problem.cardinalities)
    robot, ann, bob = np.asarray(samples.factors)[:, n_factors:].T
    assert set(robot) == {0, 1, 2}
    assert set(ann) == set(bob) == {0, 1}
    counts = np.bincount(robot)
    assert counts.min() > N / 6 * 0.8
    assert counts.max() > N * 0.4


# Log space against linear space.

CHAIN = {
    "name": "coin",
    "initial": "toss",
    "theory": {"gamma_r": 0.5, "beta_r": 2},
    "humans": {"ann": {"goals": {"A": ["toss", "poor", "rich"]}}},
    "states": {
        "toss": {"next": [{"to": {"poor": 0.5, "rich": 0.5}}]},
        "poor": {},
        "rich": {"power": {"ann": 9}},
    },
}


@pytest.mark.parametrize("space", ["linear", "log"])
def test_learned_from_samples_q_r_is_unbiased_in_linear_space_and_too_small_in_log_space(space):
    world = filled(empo.solve(CHAIN), loss_space=space)
    place = Place(jnp.asarray(load(CHAIN).initial), jnp.zeros(1, jnp.int32))
    estimator = world.quantities.estimators["q_r"]
    factors = jax.vmap(world.problem.factors)(place)

    def update(kept, step):
        number, key = step
        samples = phase2_samples(
            world.quantities, world.problem, world.weights, place, world.beta_r, key=key
        )
        batch = Batch(factors, *samples["q_r"])
        # Shares of 1/t of the way make what is held the mean of all so far.
        return estimator.improve(kept, batch, 1 / (1 + number.astype(float)))[0], None

    @jax.jit
    def learn(key):
        steps = (jnp.arange(N), jax.random.split(key, N))
        return jax.lax.scan(update, estimator.start(key=key), steps)[0]

    learned = float(np.exp(estimator.at(learn(jax.random.key(5)).now, factors[0])[0]))
    v_r = {"poor": 2.0, "rich": 2 * 10**-1.1}  # U_r / (1 - 1/2), and U_r = -X_h ** -1.1
    mean = 0.5 * (v_r["poor"] + v_r["rich"]) / 2
    error = 0.5 * (v_r["poor"] - v_r["rich"]) / 2 / np.sqrt(N)
    geometric = 0.5 * np.sqrt(v_r["poor"] * v_r["rich"])
    if space == "linear":
        assert abs(learned - mean) <= 4 * error
    else:
        assert abs(np.log(learned / geometric)) <= 4 * 0.5 * np.log(10**1.1) / np.sqrt(N)
        assert learned < 0.6 * mean


# Too many joint actions to enumerate.


def test_where_joint_actions_are_too_many_samples_are_recommended_with_the_number():
    world = load(NOOK)
    problem = problem_of(world, Theory())
    check_affordable(problem, RobotSettings())
    n_outcomes = len(problem.following(Place(jnp.asarray(world.initial[0]), 0)).prob[0])
    size = MOST_NEXT // (125 * n_outcomes)
    large = Replay(batch_size=size + 1, capacity=size + 1)
    check_affordable(problem, RobotSettings(gather=large, n_places=size))
    with pytest.raises(InputError, match=r"125 joint actions.*take expectation sampled"):
        check_affordable(problem, RobotSettings(gather=large, n_places=size + 1))
