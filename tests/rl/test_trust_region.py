"""Steps of bounded length: against full matrices, against other parameters, against exact MDPs."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from empo.core.dists import Categorical
from empo.rl.trust_region import (
    backtracked,
    conjugate_gradient,
    fisher_product,
    longest_in_ball,
    longest_step,
    mean_kl,
    newton_step,
    penalty_constant,
)
from tests.rl.drawn_steps import CONTINUOUS, DISCRETE, N_IN, networks
from tests.rl.tabular import action_values, drawn_mdp, drawn_policy, state_values

BOTH = pytest.mark.parametrize("action", [DISCRETE, CONTINUOUS], ids=["discrete", "continuous"])


@pytest.fixture
def wide():
    with jax.enable_x64(True):
        yield


def policy_and_states(action):
    policy = networks(action, hidden=(5,)).policy(jax.random.key(0))
    policy = jax.tree.map(lambda x: x.astype(jnp.float64) + 0.1, policy)
    return policy, jax.random.normal(jax.random.key(1), (7, N_IN), jnp.float64)


def matrix(product, size):
    return jax.vmap(product)(jnp.eye(size))


def positive(size, seed=0):
    root = np.random.default_rng(seed).normal(size=(size, size))
    return jnp.asarray(root @ root.T + 0.1 * np.eye(size))


@pytest.mark.parametrize(
    "action",
    [DISCRETE, pytest.param(CONTINUOUS, marks=pytest.mark.slow)],
    ids=["discrete", "continuous"],
)
def test_E19_fisher_products_are_those_of_the_hessian_of_kl(wide, action):
    policy, states = policy_and_states(action)
    theta, unravel = ravel_pytree(policy)
    old = jax.vmap(policy)(states)
    hessian = jax.hessian(lambda theta: mean_kl(old, unravel(theta), states))(theta)
    found = matrix(fisher_product(policy, states), theta.size)
    np.testing.assert_allclose(found, hessian, atol=1e-6 * float(jnp.abs(hessian).max()))
    damped = matrix(fisher_product(policy, states, damping=0.3), theta.size)
    np.testing.assert_allclose(damped - found, 0.3 * np.eye(theta.size), atol=1e-12)


def test_E18_fisher_is_the_mean_of_score_times_score(wide):
    policy, states = policy_and_states(DISCRETE)
    theta, unravel = ravel_pytree(policy)

    def log_probs(theta, state):
        return unravel(theta)(state).log_probs()

    def one(state):
        scores = jax.jacobian(log_probs)(theta, state)
        return jnp.einsum("a,ap,aq->pq", policy(state).probs(), scores, scores)

    wanted = jnp.mean(jax.vmap(one)(states), axis=0)
    np.testing.assert_allclose(
        matrix(fisher_product(policy, states), theta.size), wanted, atol=1e-12
    )


def test_conjugate_gradients_solve_n_equations_in_n_steps(wide):
    m, b = positive(6), jnp.arange(6.0)
    found = conjugate_gradient(lambda v: m @ v, b, 6, tolerance=1e-24)
    np.testing.assert_allclose(found, np.linalg.solve(m, b), rtol=1e-8)


def test_conjugate_gradients_stay_at_the_solution():
    m, b = positive(3).astype(jnp.float32), jnp.ones(3)
    np.testing.assert_allclose(
        conjugate_gradient(lambda v: m @ v, b, 500), np.linalg.solve(m, b), rtol=1e-3
    )
    assert not conjugate_gradient(lambda v: m @ v, jnp.zeros(3), 5).any()
    # Not positive definite: it does not go along such a direction.
    assert not conjugate_gradient(lambda v: -v, b, 5).any()


@pytest.mark.parametrize("scale", [1.0, 7.0, 1e-3])
def test_F19_E18_half_the_square_of_a_natural_step_is_delta_whatever_multiplies_it(wide, scale):
    m, g, delta = positive(5), jnp.arange(1.0, 6.0), 0.01
    direction = jnp.linalg.solve(m, g)
    step = longest_step(lambda v: m @ v, scale * direction, delta)
    assert 0.5 * step @ m @ step == pytest.approx(0.01, rel=1e-12)
    # sqrt(2 delta / (g' F^-1 g)) F^-1 g
    np.testing.assert_allclose(step, jnp.sqrt(2 * delta / (g @ direction)) * direction, rtol=1e-10)


def test_F19_dividing_by_lambda_twice_as_in_the_notes_misses_delta_by_its_fourth_power(wide):
    m, g, lambda_, delta = positive(5), jnp.arange(1.0, 6.0), 7.0, 0.01
    direction = jnp.linalg.solve(m, g) / lambda_
    length = jnp.sqrt(2 * delta / (g @ jnp.linalg.solve(m, g))) / lambda_
    wrong = length * direction
    assert 0.5 * wrong @ m @ wrong == pytest.approx(delta / lambda_**4, rel=1e-9)  # 4.16e-6
    right = longest_step(lambda v: m @ v, direction, delta)
    assert 0.5 * right @ m @ right == pytest.approx(delta, rel=1e-9)


def test_E18_a_natural_step_is_the_same_policy_in_other_parameters(wide):
    theta, q = jnp.array([0.3, -0.4, 0.8]), jnp.array([1.0, -2.0, 0.5, 3.0])
    change = positive(3, seed=3)  # theta = change @ phi
    phi = jnp.linalg.solve(change, theta)

    def policy(theta):
        return Categorical(jnp.append(theta, 0.0))

    def objective(theta):
        return policy(theta).probs() @ q

    def natural(of_parameters, at):
        old = policy(of_parameters(at))
        fisher = jax.hessian(lambda x: old.kl(policy(of_parameters(x))))(at)
        gradient = jax.grad(lambda x: objective(of_parameters(x)))(at)
        direction = conjugate_gradient(lambda v: fisher @ v, gradient, 9, tolerance=1e-24)
        return longest_step(lambda v: fisher @ v, direction, 0.01)

    plain = theta + natural(lambda x: x, theta)
    other = change @ (phi + natural(lambda x: change @ x, phi))
    np.testing.assert_allclose(policy(plain).probs(), policy(other).probs(), atol=1e-8)
    # The plain gradient's step is another policy there.
    plain = theta + longest_in_ball(jax.grad(objective)(theta), 0.01)
    in_phi = longest_in_ball(jax.grad(lambda x: objective(change @ x))(phi), 0.01)
    moved = policy(plain).probs() - policy(change @ (phi + in_phi)).probs()
    assert jnp.abs(moved).max() > 1e-3


@pytest.mark.parametrize("epsilon", [0.01, 3.0])
def test_E17_F23_the_square_of_a_step_in_a_ball_is_epsilon_and_none_there_gains_more(epsilon):
    g = jnp.array([3.0, -4.0, 1.0])
    step = longest_in_ball(g, epsilon)
    assert step @ step == pytest.approx(epsilon, rel=1e-5)
    others = np.random.default_rng(0).normal(size=(1000, 3))
    others *= np.sqrt(epsilon) / np.linalg.norm(others, axis=1, keepdims=True)
    assert (others @ np.asarray(g)).max() <= g @ step + 1e-5
    assert not longest_in_ball(jnp.zeros(3), epsilon).any()


def test_F22_a_newton_step_goes_to_the_top_of_a_parabola(wide):
    m, top, start = positive(4), jnp.arange(4.0), jnp.full(4, -2.0)
    objective = lambda x: -0.5 * (x - top) @ m @ (x - top)  # noqa: E731
    np.testing.assert_allclose(start + newton_step(objective, start, 8), top, atol=1e-6)
    # The sign of the notes: twice as far from the top as before.
    wrong = start + jnp.linalg.solve(jax.hessian(objective)(start), jax.grad(objective)(start))
    np.testing.assert_allclose(wrong - top, 2 * (start - top), atol=1e-8)


def test_backtracking_takes_the_first_step_that_is_acceptable():
    theta, step = jnp.zeros(1), jnp.full(1, 8.0)

    def search(limit, n_tries):
        return backtracked(lambda x: x[0] <= limit, theta, step, shrink=0.5, n_tries=n_tries)

    found, share = search(3.0, 10)  # 8, 4, 2
    assert (found[0], share) == (2.0, 0.25)
    assert search(8.0, 1)[1] == 1.0
    found, share = search(3.0, 2)  # 8, 4: enough
    assert (found[0], share) == (0.0, 0.0)
    assert search(jnp.nan, 5)[1] == 0.0


def visits(mdp, pi, start):
    """Discounted visits of states, which sum to 1 / (1 - gamma)."""
    step = np.einsum("sa,sat->st", pi, mdp.prob)
    return np.linalg.solve(np.eye(len(pi)) - mdp.gamma * step.T, start)


def gain_by_advantages(mdp, pi, pi_visiting, pi_new, start):
    """sum over s of visits(s), sum over a of pi_new(a|s) A_pi(s, a)."""
    v = state_values(mdp, pi)
    advantage = action_values(mdp, v) - v[:, None]
    return visits(mdp, pi_visiting, start) @ np.sum(pi_new * advantage, axis=1), advantage


@pytest.mark.parametrize("seed", range(20))
def test_E20_the_gain_is_the_new_policys_mean_advantage_over_its_own_visits(seed):
    mdp, start = drawn_mdp(seed, 4, 3), np.array([0.4, 0.3, 0.2, 0.1])
    pi, pi_new = drawn_policy(seed, 4, 3), drawn_policy(seed + 1000, 4, 3)
    gain = start @ (state_values(mdp, pi_new) - state_values(mdp, pi))
    by_advantages, _ = gain_by_advantages(mdp, pi, pi_new, pi_new, start)
    assert gain == pytest.approx(by_advantages, abs=1e-10)
    assert (gain > 0) == (by_advantages > 0)


def test_E21_the_lower_bound_holds_on_ten_thousand_random_mdps():
    rng = np.random.default_rng(0)
    n, n_states, n_actions = 10_000, 3, 2
    prob = rng.dirichlet(np.ones(n_states), (n, n_states, n_actions))
    reward = rng.normal(size=(n, n_states, n_actions))
    gamma = rng.uniform(0.1, 0.99, n)
    start = rng.dirichlet(np.ones(n_states), n)
    pi = rng.dirichlet(np.ones(n_actions), (n, n_states))
    other = rng.dirichlet(np.ones(n_actions), (n, n_states))
    near = 10.0 ** rng.uniform(-4, 0, (n, 1, 1))  # from a tiny step to any
    pi_new = (1 - near) * pi + near * other

    def step_matrix(pi):
        return np.eye(n_states) - gamma[:, None, None] * np.einsum("nsa,nsat->nst", pi, prob)

    def values(pi):
        paid = np.sum(pi * reward, -1)
        return np.linalg.solve(step_matrix(pi), paid[..., None])[..., 0]

    v, v_new = values(pi), values(pi_new)
    advantage = reward + gamma[:, None, None] * np.einsum("nsat,nt->nsa", prob, v) - v[..., None]
    visited = np.linalg.solve(step_matrix(pi).transpose(0, 2, 1), start[..., None])[..., 0]
    surrogate = np.einsum("ns,nsa,nsa->n", visited, pi_new, advantage)
    kl = np.sum(pi * np.log(pi / pi_new), -1).max(-1)
    penalty = np.array(
        [penalty_constant(g, a) for g, a in zip(gamma, np.abs(advantage).max((1, 2)), strict=True)]
    )
    gain = np.sum(start * (v_new - v), -1)
    assert np.sum(gain < surrogate - penalty * kl - 1e-9) == 0
    # The mean of A instead of its largest magnitude is not enough, nor is no penalty at all.
    assert np.sum(gain < surrogate - 1e-9) > 100
