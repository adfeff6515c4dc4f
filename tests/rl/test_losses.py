"""Losses by hand, by their gradients, and against what the notes print."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.dists import Categorical
from empo.rl import losses

CLIP = 0.5


def by_ratio(ratio, advantage, clip=CLIP):
    """The derivative of the surrogate by the ratio, of one step."""

    def surrogate(ratio):
        return losses.clipped_surrogate(jnp.log(ratio)[None], jnp.array([advantage]), clip)

    return float(jax.grad(surrogate)(jnp.float32(ratio)))


@pytest.mark.parametrize(
    ("advantage", "ratio", "wanted"),
    [(1, 0.4, 1), (1, 1.0, 1), (1, 1.6, 0), (-1, 0.4, 0), (-1, 1.0, -1), (-1, 1.6, -1)],
)
def test_F11_D19_A05_the_gradient_vanishes_in_two_of_the_four_corners_only(
    advantage, ratio, wanted
):
    assert by_ratio(ratio, float(advantage)) == pytest.approx(wanted, abs=1e-6)


def drawn(n=2000):
    """Ratios and advantages of all sizes and signs."""
    rng = np.random.default_rng(0)
    return rng.uniform(0.05, 5, n), rng.normal(size=n)


def each_surrogate(ratio, advantage, clip):
    def one(log_ratio, advantage):
        return losses.clipped_surrogate(log_ratio[None], advantage[None], clip)

    arrays = jnp.log(jnp.asarray(ratio, jnp.float32)), jnp.asarray(advantage, jnp.float32)
    return np.asarray(jax.vmap(one)(*arrays))


@pytest.mark.parametrize("clip", [0.01, 0.2, 0.9])
def test_F12_D18_D21_the_surrogate_is_min_of_ratio_and_g(clip):
    # g(eps, A) = (1 + eps) A if A >= 0, else (1 - eps) A
    ratio, advantage = drawn()
    g = np.where(advantage >= 0, 1 + clip, 1 - clip) * advantage
    wanted = np.minimum(ratio * advantage, g)
    np.testing.assert_allclose(each_surrogate(ratio, advantage, clip), wanted, atol=1e-5)


def test_E24_F21_the_surrogate_is_the_pessimistic_of_the_two():
    ratio, advantage = drawn()
    plain = each_surrogate(ratio, advantage, np.inf)
    np.testing.assert_allclose(plain, ratio * advantage, atol=1e-5)
    clipped = each_surrogate(ratio, advantage, 0.2)
    assert (clipped <= plain).all()
    assert (clipped < plain).any()


def test_E25_a_clipped_value_loss_takes_the_maximum_not_the_minimum():
    # V = 1.2, old 1.0, target 0.2, clip 0.1: errors 1.0 and (1.1 - 0.2)^2 = 0.81.
    found = losses.clipped_value_loss(*map(jnp.array, ([1.2], [1.0], [0.2])), 0.1)
    assert found == pytest.approx(0.5)
    # The measured example: the minimum would be 0.64, the maximum is 1.
    found = losses.clipped_value_loss(*map(jnp.array, ([1.0], [0.6], [0.0])), 0.2)
    assert 2 * found == pytest.approx(1.0)
    assert found == losses.value_loss(jnp.array([1.0]), jnp.array([0.0]))


def test_F12_the_kl_estimate_has_the_mean_of_minus_log_ratio_and_far_less_spread():
    log_p = jnp.log(jnp.array([0.5, 0.3, 0.2]))
    log_q = jnp.log(jnp.array([0.45, 0.33, 0.22]))
    exact = Categorical(log_p).kl(Categorical(log_q))
    p, log_ratio = jnp.exp(log_p), log_q - log_p
    each = jax.vmap(lambda x: losses.kl_estimate(x[None]))(log_ratio)
    assert p @ each == pytest.approx(float(exact), rel=1e-3)
    assert p @ -log_ratio == pytest.approx(float(exact), rel=1e-3)
    assert (each >= 0).all()
    spread = lambda x: jnp.sqrt(p @ (x - p @ x) ** 2)  # noqa: E731
    assert spread(each) < 0.1 * spread(-log_ratio)


def test_the_policy_gradient_loss_by_hand():
    # -(2 log 0.5 - 1 log 0.25) / 2 = 0
    loss = losses.policy_gradient_loss(jnp.log(jnp.array([0.5, 0.25])), jnp.array([2.0, -1.0]))
    assert loss == pytest.approx(0.0, abs=1e-7)


def test_explained_variance_is_1_of_a_perfect_critic_and_0_of_a_constant():
    target = jnp.array([1.0, 2.0, 4.0])
    assert losses.explained_variance(target, target) == 1.0
    assert losses.explained_variance(jnp.full(3, 5.0), target) == pytest.approx(0.0, abs=1e-6)


def test_standardised_advantages():
    found = losses.standardised(jnp.array([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(found, [-(1.5**0.5), 0.0, 1.5**0.5], atol=1e-6)
    assert not losses.standardised(jnp.full((2, 3), 7.0)).any()
    gradient = jax.grad(lambda x: losses.standardised(x).sum())(jnp.full(3, 7.0))
    assert not gradient.any()


def test_F04_a_penalty_inside_the_bracket_repels_where_the_weight_is_negative():
    # Maximise E[r A] - rho KL. In the notes' J grad[log pi - rho KL] the penalty's coefficient is
    # -rho J: of J = -1 it is +1 rho, and the policy is driven away from the old one.
    old = Categorical(jnp.array([0.2, -0.1, 0.4]))
    advantage, rho = jnp.array([-1.0, -1.0, -1.0]), 2.0
    logits = jnp.array([0.5, -0.3, 0.1])

    def ours(logits):
        new = Categorical(logits)
        ratio = jnp.exp(new.log_probs() - old.log_probs())
        return old.probs() @ (ratio * advantage) - rho * old.kl(new)

    def of_the_notes(logits):
        new = Categorical(logits)
        return old.probs() @ (advantage * (new.log_probs() - rho * old.kl(new)))

    # All advantages are equal, so only the penalty moves the policy.
    step = 0.01
    nearer = old.kl(Categorical(logits + step * jax.grad(ours)(logits)))
    farther = old.kl(Categorical(logits + step * jax.grad(of_the_notes)(logits)))
    assert nearer < old.kl(Categorical(logits)) < farther
