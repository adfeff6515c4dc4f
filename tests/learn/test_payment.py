"""What actors are paid: where the robot acts by equation (5), nothing that it does pays more."""

from __future__ import annotations

import functools
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.dists import Categorical
from empo.core.errors import InputError
from empo.learn.actor_nets import robot_networks
from empo.learn.observed import observed
from empo.learn.payment import centred, payment, surprise
from empo.learn.problem import Place
from empo.learn.task import Seen
from empo.nets import NetSettings
from empo.rl.data import Steps
from tests.learn.filled import filled, solution_of


class PowerLaw(NamedTuple):
    """The exact policy as a lookup by the first factor's value, which tells states apart."""

    logits: jax.Array

    def __call__(self, seen):
        return Categorical(self.logits[seen.factors[0]])


@functools.cache
def exact(name="rich"):
    return filled(solution_of(name))


def policy_weights(world, pi_r):
    with np.errstate(divide="ignore"):
        logits = np.log(pi_r)
    order = np.asarray(world.places.state)[:, 0]
    rows = np.zeros((order.max() + 1, pi_r.shape[1]), np.float32)
    rows[order] = logits
    return {**world.weights, "policy": PowerLaw(jnp.asarray(rows))}


def every_action(world, a_r):
    """All places, left for themselves; every row is a trajectory of its own."""
    n = len(world.places.time)
    whole = jnp.zeros(n, jnp.int32)
    goals = jnp.zeros((n, world.problem.model.n_humans), jnp.int32)
    seen = Seen(world.places, goals, whole, whole)
    nothing = jnp.zeros(n)
    steps = Steps(seen, whole, nothing, nothing, nothing, nothing == 0, seen)
    return steps, jnp.full(n, a_r)


def pay_of(world, weights, a_r, **options):
    options = {"reward": "power", "lambda_": 1.0, "soft": False, **options}
    data, taken = every_action(world, a_r)
    return payment(world.quantities, world.problem, weights, data, taken, world.beta_r, **options)


def test_A31_where_the_policy_is_equation_5_no_action_pays():
    world = exact()
    weights = policy_weights(world, world.exact["pi_r"])
    for a_r in range(world.problem.model.n_actions_r):
        pay = pay_of(world, weights, a_r)
        legal = world.exact["pi_r"][:, a_r] > 0
        np.testing.assert_allclose(np.asarray(pay.reward)[legal], 0, atol=2e-4)
        assert not np.any(pay.discount)


def test_A31_elsewhere_the_pay_of_each_action_is_what_hand_and_pencil_give():
    world = exact()
    legal = world.exact["pi_r"] > 0
    pi_r = legal / legal.sum(axis=1, keepdims=True)
    weights = policy_weights(world, pi_r)
    cost = np.log(np.where(legal, world.exact["q_r"], 1.0))
    for soft in (False, True):
        for a_r in range(pi_r.shape[1]):
            found = np.asarray(pay_of(world, weights, a_r, soft=soft).reward)
            # All legal actions are equally surprising, so soft or not makes no difference.
            wanted = -float(world.beta_r) * (cost[:, a_r] - (pi_r * cost).sum(axis=1))
            rows = legal[:, a_r]
            np.testing.assert_allclose(found[rows], wanted[rows], rtol=1e-3, atol=1e-4)


def test_A31_the_pay_times_the_score_is_the_gradient_of_its_mean():
    """E_pi[S grad log pi] is the gradient of E_pi S, entropy included: by differences."""
    rng = np.random.default_rng(0)
    cost, theta = rng.normal(size=4), rng.normal(size=4)

    def mean_of(theta):
        pi = np.exp(theta) / np.exp(theta).sum()
        return (pi * (-3.0 * cost - np.log(pi))).sum()

    by_differences = [(mean_of(theta + h) - mean_of(theta - h)) / 2e-6 for h in 1e-6 * np.eye(4)]
    pi = np.exp(theta) / np.exp(theta).sum()
    legal = np.ones(4, bool)
    s = np.asarray(centred(-3.0 * jnp.asarray(cost) + surprise(jnp.asarray(pi)), pi, legal))
    by_score = (pi * s) @ (np.eye(4) - pi)
    np.testing.assert_allclose(by_score, by_differences, atol=1e-5)


def test_A09_with_exact_values_the_errors_of_one_step_average_0():
    """delta = U_r(s_t) + gamma_r V_r(s') - V_r(s_t); U_r(s') in its place would not do."""
    world = exact()
    solution = solution_of("rich")
    game = world.problem
    v_r, u_r = -world.exact["v_r"], -world.exact["u_r"]
    row_of = {tuple(s): i for i, s in enumerate(np.asarray(world.places.state).tolist())}
    mean, mutant = np.zeros(len(v_r)), np.zeros(len(v_r))
    pi_h = np.einsum("nhga,hg->nha", world.exact["pi_h"], np.asarray(game.weights.goal_prob))
    for i in range(len(v_r)):
        after = game.following(Place(world.places.state[i], world.places.time[i]))
        joint = np.einsum("r,a,b->rab", world.exact["pi_r"][i], *pi_h[i]).ravel()
        for j, share in enumerate(joint):
            for k, prob in enumerate(np.asarray(after.prob[j])):
                if share * prob > 0:
                    to = row_of[tuple(np.asarray(after.places.state[j, k]).tolist())]
                    ahead = solution.theory.gamma_r * v_r[to] - v_r[i]
                    mean[i] += share * prob * (u_r[i] + ahead)
                    mutant[i] += share * prob * (u_r[to] + ahead)
    np.testing.assert_allclose(mean, 0, atol=1e-4 * np.abs(v_r).max())
    assert np.abs(mutant).max() > 0.01 * np.abs(v_r).max()


def test_A09_returns_are_paid_by_the_state_that_is_left():
    world = exact()
    weights = policy_weights(world, world.exact["pi_r"])
    pay = pay_of(world, weights, 0, reward="u_r")
    np.testing.assert_allclose(pay.reward, -world.exact["u_r"], rtol=1e-4)
    np.testing.assert_allclose(pay.discount, solution_of("rich").theory.gamma_r, rtol=1e-6)


def test_A09_relative_pay_is_the_advantage_over_what_lies_ahead():
    world = exact()
    weights = policy_weights(world, world.exact["pi_r"])
    beta_r, gamma_r = float(world.beta_r), solution_of("rich").theory.gamma_r
    v_r, u_r = -world.exact["v_r"], -world.exact["u_r"]
    pi_r = world.exact["pi_r"]
    entropy = -np.sum(np.where(pi_r > 0, pi_r * np.log(np.where(pi_r > 0, pi_r, 1)), 0), axis=1)
    pay = pay_of(world, weights, 0, reward="relative", lambda_=0.0)
    delta = u_r + gamma_r * v_r - v_r  # every state follows itself
    wanted = beta_r * delta / (u_r - v_r) - np.log(pi_r[:, 0]) - entropy
    rows = pi_r[:, 0] > 0
    np.testing.assert_allclose(np.asarray(pay.reward)[rows], wanted[rows], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("factor", [1e-6, 1e-3, 1e3, 1e6])
def test_A31_a_common_factor_on_f_changes_nothing(factor):
    world = exact()
    networks = robot_networks(world.problem, "power-law", NetSettings(hidden=(16,)))
    policy = networks.policy(jax.random.key(0))

    def last(policy):
        return policy.law.body.rest.layers[-1].bias

    def probs(policy):
        see = lambda place: policy(observed(world.problem, place, 5.0)).probs()  # noqa: E731
        return np.asarray(jax.vmap(see)(world.places))

    with jax.enable_x64(True):  # in 32 bits a sum with log(1e6) is known to 1e-6 only
        policy = jax.tree.map(lambda x: x.astype(jnp.float64), policy)
        scaled = eqx.tree_at(last, policy, last(policy) + np.log(factor))
        np.testing.assert_allclose(probs(scaled), probs(policy), atol=1e-6)


@pytest.mark.parametrize("head", ["power-law", "softmax"])
def test_A04_what_is_not_legal_has_probability_0_and_gradients_are_finite(head):
    world = exact()
    networks = robot_networks(world.problem, head, NetSettings(hidden=(16,)))
    policy = networks.policy(jax.random.key(0))
    views = jax.vmap(lambda place: observed(world.problem, place, 5.0))(world.places)
    probs = np.asarray(jax.vmap(policy)(views).probs())
    assert not np.any(probs[~np.asarray(views.legal)])
    np.testing.assert_allclose(probs.sum(axis=1), 1, atol=1e-6)
    taken = jnp.argmax(views.legal, axis=1)
    log_prob = np.asarray(jax.vmap(policy)(views).log_prob(taken))
    np.testing.assert_allclose(log_prob, np.log(probs[np.arange(len(probs)), taken]), atol=1e-6)

    def loss(policy):
        found = jax.vmap(policy)(views)
        return jnp.sum(found.log_prob(taken)) + jnp.sum(found.entropy())

    for leaf in jax.tree.leaves(jax.grad(loss)(policy)):
        assert np.all(np.isfinite(leaf))


def test_A04_no_head_for_actors_without_chance():
    networks = robot_networks(exact().problem, "softmax", NetSettings(hidden=(16,)))
    with pytest.raises(InputError, match="leaves nothing to chance"):
        networks.deterministic(jax.random.key(0))
