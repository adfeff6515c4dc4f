"""Actions are drawn anew, and what is said of the gradient's mean and variance holds."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.dists import SquashedGaussian
from empo.core.errors import InputError
from empo.rl.critics import q_values
from empo.rl.off_policy_actor_critic import (
    OffPolicyActorCritic,
    drawn_as_given,
    less_others,
    off_policy_actor_critic,
    policy_loss,
)
from tests.rl.batches import BOX, THREE, drawn_steps, networks, trees_equal

KEY = jax.random.key(0)
PLAIN = OffPolicyActorCritic(entropy_coef=0.0)


def made(space, settings=PLAIN):
    algorithm = off_policy_actor_critic(settings, networks(space), 1000)
    return algorithm, algorithm.init(key=KEY)


def gradients(settings, n):
    """The policy's gradient, n times, as rows; and the exact one."""
    _, learner = made(THREE)
    nets = learner.nets._replace(critics=jax.tree.map(lambda x: x + 1.0, learner.nets.critics))
    observation = drawn_steps(THREE, 2).observation

    def one(key):
        loss = lambda policy: policy_loss(  # noqa: E731
            settings, policy, nets.critics, observation, key=key
        )[0]
        return jnp.concatenate([g.ravel() for g in jax.tree.leaves(jax.grad(loss)(nets.policy))])

    def exact(policy):
        pi = jax.vmap(policy)(observation).probs()
        return -jnp.mean(jnp.sum(pi * q_values(nets.critics, observation)[0], axis=-1))

    wanted = jax.tree.leaves(jax.grad(exact)(nets.policy))
    sampled = jax.jit(jax.vmap(one))(jax.random.split(KEY, n))
    return np.asarray(sampled, float), np.concatenate([np.ravel(g) for g in wanted])


@pytest.mark.slow
@pytest.mark.parametrize("n_samples", [1, 4])
def test_the_gradient_is_unbiased_with_and_without_the_baseline(n_samples):
    n = 4000
    sampled, wanted = gradients(replace(PLAIN, n_samples=n_samples), n)
    error = sampled.std(axis=0) / np.sqrt(n)
    assert np.all(np.abs(sampled.mean(axis=0) - wanted) < 5 * error + 1e-7)


def test_F25_more_actions_lower_the_variance_and_the_baseline_lowers_it_further():
    variance = {
        m: gradients(replace(PLAIN, n_samples=m), 2000)[0].var(axis=0).sum() for m in (1, 4, 16)
    }
    # Without a baseline four samples would have a quarter; with one they have less.
    assert variance[4] < 0.8 * variance[1] / 4
    # With a leave-one-out baseline 1/m and a little: four times the samples, a quarter or less.
    assert variance[16] < 0.3 * variance[4]


def test_the_baseline_of_a_sample_is_the_mean_of_the_others():
    # By hand: 1 - (2 + 6) / 2, 2 - (1 + 6) / 2, 6 - (1 + 2) / 2.
    found = less_others(jnp.array([[1.0], [2.0], [6.0]]))
    np.testing.assert_allclose(found, [[-3.0], [-1.5], [4.5]], rtol=1e-6)
    np.testing.assert_array_equal(less_others(jnp.array([[5.0, 7.0]])), [[5.0, 7.0]])


@pytest.mark.parametrize("space", [THREE, BOX], ids=["discrete", "continuous"])
def test_D17_the_policys_step_does_not_look_at_the_stored_actions(space):
    algorithm, learner = made(space)
    still = learner._replace(slow=jax.tree.map(jnp.zeros_like, learner.slow))
    data = drawn_steps(space)
    other = data._replace(action=data.action[::-1])

    def policy_gradient(data):
        return jax.grad(
            lambda policy: policy_loss(
                PLAIN, policy, still.nets.critics, data.observation, key=KEY
            )[0]
        )(still.nets.policy)

    assert trees_equal(policy_gradient(data), policy_gradient(other))
    drawn = jax.vmap(still.nets.policy)(data.observation).sample(key=KEY)
    assert not np.array_equal(drawn, data.action)
    one, metrics = jax.jit(algorithm.update)(learner, data, key=KEY)
    two, _ = jax.jit(algorithm.update)(learner, other, key=KEY)
    assert not trees_equal(one.nets.critics, two.nets.critics)
    assert all(np.isfinite(value) for value in metrics.values())


def test_of_a_squashed_action_the_gradient_is_that_of_its_log_probability():
    def law(mean):
        return SquashedGaussian(
            mean, jnp.full((1, 2), -1.0), jnp.array([[0.0, 0.5]]), jnp.array([[2.0, 0.5]])
        )

    mean = jnp.array([[0.3, -0.6]])
    action = drawn_as_given(law(mean), key=KEY)[0]
    found = jax.grad(lambda mean: drawn_as_given(law(mean), key=KEY)[1][0])(mean)
    wanted = jax.grad(lambda mean: law(mean).log_prob(action)[0])(mean)
    np.testing.assert_allclose(found, wanted, rtol=1e-4)
    np.testing.assert_allclose(action, law(mean).sample(key=KEY), rtol=1e-6)
    assert np.all(jax.jacobian(lambda mean: drawn_as_given(law(mean), key=KEY)[0])(mean) == 0)


def test_continuous_actions_stay_within_bounds():
    algorithm, learner = made(BOX)
    acted = jax.vmap(lambda key: algorithm.act(learner, 9 * jnp.ones(3), (), key=key))(
        jax.random.split(KEY, 200)
    )
    assert np.all(np.abs(np.asarray(acted.action) - [0.0, 0.5]) <= [2.0, 0.5])
    assert np.all(np.isfinite(acted.log_prob))


@pytest.mark.parametrize("changes", [{"n_samples": 0}, {"tau": 2.0}, {"entropy_coef": -1.0}])
def test_settings_that_make_no_sense_are_refused(changes):
    with pytest.raises(InputError, match=next(iter(changes))):
        replace(PLAIN, **changes)
