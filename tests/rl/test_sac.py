"""SAC's values, targets, gradients and temperature, by hand and by other roads."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.dists import SquashedGaussian
from empo.core.errors import InputError
from empo.core.spaces import Box
from empo.rl.algorithm import Replay
from empo.rl.critics import q_values
from empo.rl.optim import Optim
from empo.rl.sac import (
    SAC,
    alpha_loss,
    policy_loss,
    sac,
    soft_value_continuous,
    soft_value_discrete,
    wanted_entropy,
)
from empo.tasks.toys import PASSAGES, two_passages_q
from tests.rl.batches import BOX, THREE, drawn_steps, networks, trees_close, trees_equal

KEY = jax.random.key(0)
ALPHA = jnp.float32(0.3)
N_STEPS = 1000
SPACES = pytest.mark.parametrize("space", [BOX, THREE], ids=["continuous", "discrete"])
INF = float("inf")


def learned(settings, space, data, n=1):
    algorithm = sac(settings, networks(space), N_STEPS)
    learner, metrics = algorithm.init(key=KEY), {}
    for number in range(n):
        learner, metrics = jax.jit(algorithm.update)(learner, data, key=jax.random.key(number))
    return learner, metrics


def started(settings, space):
    return sac(settings, networks(space), N_STEPS).init(key=KEY)


@SPACES
def test_D37_slow_networks_begin_as_copies(space):
    plain, separate = started(SAC(), space), started(SAC(separate_value=True), space)
    assert trees_equal(plain.slow, plain.nets.critics)
    assert plain.nets.value == ()
    assert trees_equal(separate.slow, separate.nets.value)


@SPACES
def test_twins_begin_differently(space):
    critics = started(SAC(), space).nets.critics
    assert not trees_equal(*(jax.tree.map(lambda x, i=i: x[i], critics) for i in (0, 1)))


@SPACES
def test_F14_after_a_terminal_step_the_reward_is_all(space):
    # With a discount of 0 everywhere, what the slow networks say makes no difference.
    data = drawn_steps(space, discount=0.0)
    algorithm = sac(SAC(), networks(space), N_STEPS)
    learner = algorithm.init(key=KEY)
    wild = learner._replace(slow=jax.tree.map(lambda x: x + 5.0, learner.slow))
    found = algorithm.update(learner, data, key=KEY)[1]["q_loss"]
    assert found == algorithm.update(wild, data, key=KEY)[1]["q_loss"]
    q = q_of(learner, data)
    np.testing.assert_allclose(
        found, 0.5 * np.sum(np.mean((q - np.asarray(data.reward)) ** 2, 1)), rtol=1e-5
    )


def q_of(learner, data):
    """Both critics' Q of the stored actions."""
    one = [jax.tree.map(lambda x, i=i: x[i], learner.nets.critics) for i in (0, 1)]
    if jnp.issubdtype(data.action.dtype, jnp.integer):
        rows = [jax.vmap(lambda o, a, q=q: q(o)[a])(data.observation, data.action) for q in one]
    else:
        rows = [jax.vmap(q)(data.observation, data.action) for q in one]
    return np.array(rows)


def test_D43_the_discrete_value_is_an_exact_expectation():
    learner, data = started(SAC(), THREE), drawn_steps(THREE)
    nets = learner.nets
    value, entropy = soft_value_discrete(
        nets.policy, nets.critics, ALPHA, data.observation, key=KEY
    )
    other, _ = soft_value_discrete(
        nets.policy, nets.critics, ALPHA, data.observation, key=jax.random.key(9)
    )
    np.testing.assert_array_equal(value, other)
    logits = np.asarray(jax.vmap(nets.policy)(data.observation).logits, float)
    pi = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    q = np.asarray(q_values(nets.critics, data.observation)).min(axis=0)
    np.testing.assert_allclose(value, np.sum(pi * (q - 0.3 * np.log(pi)), -1), rtol=1e-5)
    np.testing.assert_allclose(entropy, -np.sum(pi * np.log(pi), -1), rtol=1e-5)


def test_D38_F17_the_least_of_the_twins_counts():
    # The second is the first and 10 more: nothing of that may be seen.
    nets = started(SAC(), THREE).nets
    low = jax.tree.map(lambda x: x.at[1].set(x[0]), nets.critics)
    shifted = _shift_last_bias(low, jnp.array([0.0, 10.0]))
    observation = drawn_steps(THREE).observation
    both = soft_value_discrete(nets.policy, shifted, ALPHA, observation, key=KEY)[0]
    one = soft_value_discrete(nets.policy, low, ALPHA, observation, key=KEY)[0]
    np.testing.assert_allclose(both, one, rtol=1e-6)


def _shift_last_bias(critics, by):
    last = critics.layers[-1]
    bias = last.bias + by[:, None]
    return jax.tree.unflatten(
        jax.tree.structure(critics),
        [bias if x is last.bias else x for x in jax.tree.leaves(critics)],
    )


def test_D41_the_pathwise_gradient_of_a_quadratic_is_the_analytic_one():
    # Q(u) = -(u - 1)^2 with u = m + s e: E = -((m - 1)^2 + s^2), gradient (-2 (m - 1), -2 s).
    def expected(parameters, noise):
        mean, std = parameters
        return jnp.mean(-((mean + std * noise - 1.0) ** 2))

    # Noise with exactly mean 0 and mean square 1.
    noise = jnp.array([-1.0, 1.0])
    gradient = jax.grad(expected)(jnp.array([0.3, 0.7]), noise)
    np.testing.assert_allclose(gradient, [1.4, -1.4], rtol=1e-5)


@pytest.mark.slow
def test_D41_the_policys_gradient_is_that_of_finite_differences():
    # In 64 bits, along a random direction, with the same noise on both sides.
    with jax.enable_x64(True):
        wide = lambda tree: jax.tree.map(lambda x: jnp.asarray(x, float), tree)  # noqa: E731
        nets, data = wide(started(SAC(), BOX).nets), wide(drawn_steps(BOX))

        def loss(policy):
            return policy_loss(
                policy, soft_value_continuous, nets.critics, jnp.array(0.3), data.observation, KEY
            )[0]

        def along(step):
            return jax.tree.map(lambda x, d: x + step * d, nets.policy, direction)

        direction = jax.tree.map(lambda x: jnp.cos(jnp.arange(x.size * 1.0)), nets.policy)
        direction = jax.tree.map(lambda x, d: d.reshape(x.shape), nets.policy, direction)
        step = 1e-5
        numeric = (loss(along(step)) - loss(along(-step))) / (2 * step)
        gradient = jax.grad(loss)(nets.policy)
        exact = sum(
            jnp.sum(g * d)
            for g, d in zip(*map(jax.tree.leaves, (gradient, direction)), strict=True)
        )
        np.testing.assert_allclose(exact, numeric, rtol=1e-6)


def test_D44_the_policy_gradient_is_the_papers():
    # Equation (13): grad alpha log pi + (grad_a alpha log pi - grad_a Q) grad f, for one weight.
    q_slope, m, log_s, noise, alpha = 0.7, 0.4, -0.3, 1.1, 0.3
    u = m + np.exp(log_s) * noise

    def law(m):
        return SquashedGaussian(jnp.array([m]), jnp.array([log_s]), jnp.zeros(1), jnp.ones(1))

    def sampled(m):
        action = jnp.tanh(m + jnp.exp(log_s) * noise)
        return alpha * law(m).log_prob(action[None]) - q_slope * action

    direct = jax.grad(lambda m: alpha * law(m).log_prob(jnp.tanh(u)[None]))(m)
    by_action = jax.grad(lambda a: alpha * law(m).log_prob(a[None]) - q_slope * a)(jnp.tanh(u))
    slope = 1 - np.tanh(u) ** 2
    np.testing.assert_allclose(jax.grad(sampled)(m), direct + by_action * slope, rtol=1e-4)


def test_D42_actions_stay_within_bounds_also_where_the_policy_saturates():
    algorithm = sac(SAC(), networks(BOX), N_STEPS)
    learner = algorithm.init(key=KEY)
    learner = learner._replace(
        nets=learner.nets._replace(policy=jax.tree.map(lambda x: 30 * x, learner.nets.policy))
    )
    observations = 5 * jax.random.normal(KEY, (200, 3))
    keys = jax.random.split(KEY, 200)
    acted = jax.vmap(lambda o, k: algorithm.act(learner, o, (), key=k))(observations, keys)
    assert np.all(np.asarray(acted.action) >= np.array(BOX.low))
    assert np.all(np.asarray(acted.action) <= np.array(BOX.high))
    assert np.all(np.isfinite(acted.log_prob))


@pytest.mark.parametrize(("excess", "sign"), [(1.0, -1), (-1.0, 1)])
def test_the_temperature_falls_while_there_is_too_much_entropy(excess, sign):
    gradient = jax.grad(alpha_loss)(jnp.log(ALPHA), jnp.float32(excess))
    np.testing.assert_allclose(gradient, 0.3 * excess, rtol=1e-6)
    assert np.sign(-gradient) == sign


@SPACES
def test_an_automatic_temperature_reaches_the_entropy_wanted(space):
    # Rewards of 0: only the temperature pulls, and it vanishes where there is too much entropy.
    data = drawn_steps(space, 64)._replace(reward=jnp.zeros(64))
    fast = Optim(learning_rate=1e-2, max_grad_norm=INF)
    low, _ = learned(SAC(entropy_target=-9.0, entropy_share=0.0, optim=fast), space, data, 30)
    high, _ = learned(SAC(entropy_target=9.0, entropy_share=1.0, optim=fast), space, data, 30)
    still, _ = learned(SAC(automatic=False, optim=fast), space, data, 2)
    assert low.log_alpha < -0.1
    assert high.log_alpha > low.log_alpha + 0.1
    assert still.log_alpha == 0.0


def test_the_entropy_wanted_of_a_box_is_that_of_its_own_size():
    # Two components of half-widths 2 and 1/2: -1 + log 2 - 1 + log 1/2 = -2.
    assert wanted_entropy(SAC(), BOX) == pytest.approx(-2.0)
    assert wanted_entropy(SAC(), Box((-2.0,), (2.0,))) == pytest.approx(-1 + np.log(2))
    assert wanted_entropy(SAC(entropy_share=0.5), THREE) == pytest.approx(np.log(3) / 2)


def test_D37_the_value_network_learns_the_soft_value_and_feeds_the_critics():
    settings = SAC(separate_value=True, automatic=False, optim=Optim(0.0, max_grad_norm=INF))
    data = drawn_steps(THREE)
    learner, metrics = learned(settings, THREE, data)
    before = started(settings, THREE)
    value, _ = soft_value_discrete(
        before.nets.policy, before.nets.critics, jnp.float32(1.0), data.observation, key=KEY
    )
    v = jax.vmap(before.nets.value)(data.observation)
    np.testing.assert_allclose(metrics["value_loss"], 0.5 * np.mean((v - value) ** 2), rtol=1e-4)
    target = data.reward + data.discount * jax.vmap(before.nets.value)(data.next_observation)
    error = q_of(before, data) - np.asarray(target)
    np.testing.assert_allclose(metrics["q_loss"], 0.5 * np.sum(np.mean(error**2, 1)), rtol=1e-4)
    assert trees_close(learner.slow, before.slow)


@SPACES
def test_slow_networks_move_by_tau(space):
    settings = SAC(tau=0.25)
    before = started(settings, space)
    after, _ = learned(settings, space, drawn_steps(space))
    wanted = jax.tree.map(lambda new, old: 0.25 * new + 0.75 * old, after.nets.critics, before.slow)
    assert trees_close(after.slow, wanted)


@SPACES
def test_every_number_that_is_watched_is_finite(space):
    for separate in (False, True):
        _, metrics = learned(SAC(separate_value=separate), space, drawn_steps(space))
        assert {"q", "q_loss", "td_error", "policy_loss", "entropy", "alpha", "grad_norm"} <= set(
            metrics
        )
        assert all(np.isfinite(value) and np.shape(value) == () for value in metrics.values())


def test_D45_steps_and_gradient_steps_are_set_apart():
    replay = Replay(n_envs=2, n_steps=3, n_updates=5)
    assert sac(SAC(replay=replay), networks(THREE), N_STEPS).gather is replay
    assert replay.steps_per_update == 6


def test_D32_a_squashed_normal_misses_one_of_two_passages_and_boltzmann_takes_both():
    alpha = 0.1
    grid = np.linspace(-0.999, 0.999, 4001)
    q = np.asarray(jax.vmap(two_passages_q)(jnp.array(grid)))
    boltzmann = np.exp(q / alpha) / np.sum(np.exp(q / alpha))
    shares = [boltzmann[np.abs(grid - where) < 0.25].sum() for where, _ in PASSAGES]
    assert min(shares) > 0.15

    def objective(parameters, noise):
        law = SquashedGaussian(parameters[:1], parameters[1:], jnp.zeros(1), jnp.ones(1))
        u = parameters[0] + jnp.exp(parameters[1]) * noise
        action = jnp.tanh(u)
        log_prob = jax.vmap(lambda a: law.log_prob(a[None]))(action)
        return jnp.mean(jax.vmap(two_passages_q)(action) - alpha * log_prob)

    noise = jax.random.normal(KEY, (500,))

    @jax.jit
    def ascended(parameters):
        def step(_, parameters):
            return parameters + 0.01 * jax.grad(objective)(parameters, noise)

        return jax.lax.fori_loop(0, 2000, step, parameters)

    for start in (-0.3, 0.3):
        mean, log_std = np.asarray(ascended(jnp.array([start, -1.5])))
        sampled = np.tanh(mean + np.exp(log_std) * np.asarray(noise))
        taken = [np.mean(np.abs(sampled - where) < 0.25) for where, _ in PASSAGES]
        assert max(taken) > 0.8
        assert min(taken) < 0.05


@pytest.mark.parametrize(
    "changes", [{"alpha": 0.0}, {"n_critics": 0}, {"tau": 1.5}, {"entropy_share": 2.0}]
)
def test_settings_that_make_no_sense_are_refused(changes):
    with pytest.raises(InputError, match=next(iter(changes))):
        replace(SAC(), **changes)


def test_actions_without_bounds_are_refused():
    with pytest.raises(InputError, match="bounds"):
        started(SAC(), Box((-INF,), (INF,))).nets.policy(jnp.zeros(3))
