"""What contracts and what does not: plain Bellman sweeps, the power law, and both coupled."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import empo
from bench.coupled import BETAS, at_solution, coupled, jacobian
from bench.games import HASTY, RICH
from empo.learn.q_robot import present
from empo.learn.settings import Rates, RobotSettings, Slow, WarmUp
from empo.rl.algorithm import Replay
from empo.solver.cyclic import robot_operator, uniform_operator
from empo.theory import robot_policy, robot_q, robot_value
from empo.worlds.packing import pack
from tests.learn.filled import ALL_TABLES, filled
from tests.learn.updating import algorithm_of, steps_at

pytestmark = pytest.mark.slow

N_MODELS, N_PAIRS = 100, 100
N_STATES, N_ACTIONS = 7, 4
GAMMA = 0.9
NOBODY = jnp.ones((0, 1))
"""No humans, whose actions would have to be averaged over."""
ALL = jnp.ones(N_ACTIONS, bool)


def bellman(prob, reward, q, beta_r):
    """Q(s, a) -> gamma E_{s'} (reward(s') + E_{a' ~ pi} Q(s', a')), of the theory's equations."""

    def value(reward, q, shown):
        return robot_value(reward, robot_policy(shown, ALL, beta_r), q)

    # The greedy policy of Q, as of the sizes of negative numbers.
    v = jax.vmap(value)(reward, q, q - jnp.max(q) - 1.0)
    return jax.vmap(lambda rows: robot_q(rows @ v, NOBODY, GAMMA))(prob)


@pytest.mark.parametrize("beta_r", [0.0, jnp.inf])
def test_B04_a_plain_bellman_sweep_contracts_by_gamma(beta_r):
    # beta_r 0: of the uniform policy; infinite: of the best action, Bellman's optimality operator.
    def worst_of_model(key):
        key_prob, key_reward, key_q = jax.random.split(key, 3)
        logits = 3 * jax.random.normal(key_prob, (N_STATES, N_ACTIONS, N_STATES))
        prob = jax.nn.softmax(logits)
        reward = 10 * jax.random.normal(key_reward, (N_STATES,))
        pairs = 10 * jax.random.normal(key_q, (N_PAIRS, 2, N_STATES, N_ACTIONS))
        # Half of the pairs lie close together.
        near = (jnp.arange(N_PAIRS) % 2 == 0)[:, None, None]
        second = jnp.where(near, pairs[:, 0] + 1e-3 * pairs[:, 1], pairs[:, 1])

        def excess(first, second):
            gone = jnp.max(jnp.abs(first - second))
            left = bellman(prob, reward, first, beta_r) - bellman(prob, reward, second, beta_r)
            return jnp.max(jnp.abs(left)) - GAMMA * gone

        return jax.vmap(excess)(pairs[:, 0], second)

    with jax.enable_x64(True):
        keys = jax.random.split(jax.random.key(0), N_MODELS)
        excess = np.asarray(jax.jit(jax.vmap(worst_of_model))(keys))
    assert excess.size == 10_000
    assert np.sum(excess > 1e-12) == 0


def test_B04_what_arriving_is_worth_to_people_contracts_by_gamma_h_beside_a_uniform_robot():
    with jax.enable_x64(True):
        cyclic, pi_h, x = at_solution(empo.solve(HASTY, beta_r=0.0))
        operator = uniform_operator(cyclic, pi_h)
        random = np.random.default_rng(0)
        size = len(x) - cyclic.n_rows
        for _ in range(200):
            first, second = random.random((2, size))
            left = np.max(np.abs(operator(first) - operator(second)))
            assert left <= 0.6 * np.max(np.abs(first - second)) + 1e-12


logs = st.lists(st.floats(-5, 5), min_size=N_ACTIONS, max_size=N_ACTIONS)


def policy(log_neg_q_r, beta_r):
    return np.asarray(robot_policy(-jnp.exp(jnp.asarray(log_neg_q_r)), ALL, beta_r))


@settings(deadline=None)
@given(logs, logs, st.sampled_from([0.0, 1.0, 5.0, 10.0]))
def test_B05_pi_r_moves_at_most_beta_r_times_as_far_as_log_q_r(first, second, beta_r):
    with jax.enable_x64(True):
        moved = np.sum(np.abs(policy(first, beta_r) - policy(second, beta_r)))
    gone = np.max(np.abs(np.subtract(first, second)))
    assert moved <= beta_r * gone + 1e-9


def test_B05_beta_r_is_the_least_such_number():
    # Two equal actions, drawn apart by 2 d: (tanh(beta d) - tanh(-beta d)) / 2 each, in all beta d.
    with jax.enable_x64(True):
        equal = np.array([0.0, 0.0, 9.0, 9.0])
        apart = 1e-4 * np.array([1.0, -1.0, 0.0, 0.0])
        moved = np.sum(np.abs(policy(equal + apart, 5.0) - policy(equal, 5.0)))
    np.testing.assert_allclose(moved / 1e-4, 5.0, rtol=1e-4)


def test_B05_in_q_r_itself_there_is_no_such_number():
    # The power law scales: with Q_r 100 times as small, pi_r moves 100 times as fast.
    def steepest(size):
        q_r = -size * jnp.array([1.0, 1.0, 2.0, 3.0])
        return float(jnp.max(jnp.abs(jax.jacobian(lambda q: robot_policy(q, ALL, 5.0))(q_r))))

    with jax.enable_x64(True):
        slopes = [steepest(size) for size in (1.0, 1e-2, 1e-8)]
    np.testing.assert_allclose(slopes[1:], [slopes[0] * 1e2, slopes[0] * 1e8])


@functools.cache
def at(beta_r):
    return coupled(HASTY, beta_r)


def test_B05_the_coupled_operator_contracts_less_and_less_as_beta_r_rises():
    radii = [at(beta_r).radius for beta_r in BETAS]
    assert BETAS == (0.0, 1.0, 5.0, 10.0, 20.0)
    assert radii[0] == pytest.approx(0.6)  # both discounts
    assert np.all(np.diff(radii) > 0.01)
    assert radii[-2] < 1 < radii[-1]


def test_B05_the_solver_estimates_the_same_radius():
    # From 24 iterations, which tell it the better, the farther the largest is from the others.
    for beta_r, error in ((0.0, 0.1), (10.0, 0.02)):
        told = empo.solve(HASTY, beta_r=beta_r).effort.lipschitz
        np.testing.assert_allclose(told, at(beta_r).radius, rtol=error)


def test_B06_plain_iteration_slows_down_as_beta_r_rises_and_turns_where_it_does_not_contract():
    found = [at(beta_r) for beta_r in BETAS]
    sweeps = [one.sweeps for one in found]
    assert sweeps == sorted(sweeps)
    for one in found[:-1]:
        assert one.error < 1e-8
        assert one.rate < 1
    # Beyond, it comes back to where it was after two sweeps, and never to the solution.
    assert found[-1].rate == pytest.approx(1.0)
    assert found[-1].error > 0.1


@pytest.mark.parametrize("beta_r", [0.0, 5.0, 10.0])
def test_B06_the_rate_of_plain_iteration_is_the_spectral_radius(beta_r):
    found = coupled(RICH, beta_r)
    wanted = 0.8 if beta_r == 0 else found.radius  # at 0, people were at their solution already
    np.testing.assert_allclose(found.rate, wanted, rtol=0.01)


def test_B20_the_equations_turn_little_and_what_lasts_longest_does_not_turn():
    for beta_r in BETAS:
        found = at(beta_r)
        assert found.turning < 0.2
        assert abs(found.leading.imag) < 0.1 * found.radius
    assert at(0.0).leading.imag == pytest.approx(0.0, abs=1e-6)


def test_B20_the_jacobian_is_what_central_differences_tell():
    edge = 1e-6
    with jax.enable_x64(True):
        cyclic, pi_h, x = at_solution(empo.solve(HASTY, beta_r=5.0))
        operator = robot_operator(cyclic, pi_h, 5.0)
        found = jacobian(cyclic, pi_h, x)
        for i in np.flatnonzero(x):
            step = edge * np.eye(len(x))[i]
            slope = (operator(x + step) - operator(x - step)) / (2 * edge)
            np.testing.assert_allclose(found[:, i], slope, atol=1e-7)


def test_B07_without_beta_r_all_beginnings_lead_to_the_same_values():
    with jax.enable_x64(True):
        cyclic, pi_h, x = at_solution(empo.solve(RICH, beta_r=0.0))
        operator = robot_operator(cyclic, pi_h, 0.0)
        random = np.random.default_rng(1)
        ends = []
        for spread in (1.0, 4.0):
            at = np.concatenate(
                [
                    random.random(len(x) - cyclic.n_rows),
                    spread * random.standard_normal(cyclic.n_rows),
                ]
            )
            for _ in range(300):
                at = operator(at)
            ends.append(at)
    np.testing.assert_allclose(ends[0], ends[1], atol=1e-10)
    np.testing.assert_allclose(ends[0], x, atol=1e-10)


PHASE_2 = ("v_h_e", "x_h", "u_r", "q_r", "v_r")
SETTINGS = {
    "rates": Rates(lr_q_h_m=0.0, **{f"lr_{name}": 1.0 for name in PHASE_2}, law="constant"),
    "slow": Slow(*(1,) * 6),
    "warm_up": WarmUp(*(0,) * 7),
    "gather": Replay(batch_size=4),
    "n_places": 4,
}
"""Tables that are set to their targets, with people as they are in the solution."""


def learned_from(world, chosen, key):
    """The tables after some updates from random numbers."""
    data = steps_at(world.places, 2)
    algorithm = algorithm_of(world.problem, chosen, world.quantities, 300)

    @jax.jit
    def run(key):
        key, key_init, key_start = jax.random.split(key, 3)
        learner = algorithm.init(key=key_init)
        kept = {}
        for number, (name, one) in enumerate(learner.kept.items()):
            chance = jax.random.uniform(jax.random.fold_in(key_start, number), one.now.shape)
            begin = world.weights[name] if name == "q_h_m" else 0.01 + 0.98 * chance
            kept[name] = one._replace(now=begin, slow=begin)
        first = learner._replace(kept=kept)
        update = lambda learner, key: (algorithm.update(learner, data, key=key)[0], None)  # noqa: E731
        last = jax.lax.scan(update, first, jax.random.split(key, 300))[0]
        return [present(learner) for learner in (first, last)]

    return run(jax.random.key(key))


def test_B07_without_beta_r_tables_that_begin_elsewhere_learn_the_same():
    world = filled(empo.solve(RICH, beta_r=0.0), **SETTINGS)
    chosen = RobotSettings(kinds=ALL_TABLES, **SETTINGS)
    legal_r = np.asarray(jax.vmap(world.problem.model.situation)(world.places.state).legal_r)
    row = pack(np.asarray(world.places.state, np.int64), world.problem.cardinalities)
    (before1, one), (before2, other) = (learned_from(world, chosen, key) for key in (1, 2))
    for name in PHASE_2:
        assert np.max(np.abs(before1[name] - before2[name])) > 0.1
        known = legal_r if name == "q_r" else world.exact[name] > 0  # not goals that nobody has
        found = [np.asarray(learned[name][row])[known] for learned in (one, other)]
        np.testing.assert_allclose(*found, rtol=0, atol=1e-6)
