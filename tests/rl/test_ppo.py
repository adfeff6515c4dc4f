"""PPO: its first step is that of A2C, its variants are switches, its penalty adapts."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.errors import InputError
from empo.rl import ppo as module
from empo.rl.actor_critic import start
from empo.rl.algorithm import Rollout
from empo.rl.losses import policy_gradient_loss, standardised
from empo.rl.optim import Optim, optimiser
from empo.rl.ppo import PPO, adapted, loss, ppo, prepared
from tests.rl.drawn_steps import CONTINUOUS, DISCRETE, drawn_steps, largest_difference, networks

SHAPE = (6, 4)
ROLLOUT = Rollout(n_envs=4, n_steps=6)
ONE_STEP = {"n_epochs": 1, "n_minibatches": 1, "rollout": ROLLOUT}
BOTH = pytest.mark.parametrize("action", [DISCRETE, CONTINUOUS], ids=["discrete", "continuous"])
KL_COEF = jnp.float32(0.0)


def nets_and_data(action=DISCRETE):
    nets = start(networks(action), optimiser(Optim(), 1), key=jax.random.key(0)).nets
    return nets, drawn_steps(nets.policy, *SHAPE)


def updated(settings, seed=0):
    algorithm = ppo(settings, networks(), 10_000)
    learner = algorithm.init(key=jax.random.key(seed))
    data = drawn_steps(learner.nets.policy, *SHAPE)
    return learner, *jax.jit(algorithm.update)(learner, data, key=jax.random.key(1))


@BOTH
def test_A06_F05_the_first_ratio_is_exactly_1(action):
    # The probabilities that are stored are compared with, whatever the policy says now.
    nets, data = nets_and_data(action)
    batch = prepared(PPO(), nets, data)
    ratio = jnp.exp(
        jax.vmap(nets.policy)(batch.observation).log_prob(batch.action) - data.log_prob.reshape(-1)
    )
    np.testing.assert_allclose(ratio, 1.0, atol=1e-6)
    _, metrics = loss(PPO(), nets, batch, KL_COEF)
    assert metrics["kl"] == pytest.approx(0.0, abs=1e-6)
    assert metrics["clip_fraction"] == 0.0


@BOTH
@pytest.mark.parametrize("clip", [0.2, float("inf")])
def test_C18_the_first_gradient_is_the_policy_gradient_with_or_without_clip(action, clip):
    nets, data = nets_and_data(action)
    settings = PPO(clip=clip, value_coef=0.0)
    batch = prepared(settings, nets, data)
    gradient = jax.grad(lambda nets: loss(settings, nets, batch, KL_COEF)[0])(nets)

    def plain(nets):
        log_prob = jax.vmap(nets.policy)(batch.observation).log_prob(batch.action)
        return policy_gradient_loss(log_prob, standardised(batch.advantage))

    assert largest_difference(gradient.policy, jax.grad(plain)(nets).policy) < 1e-5


def test_C18_without_clip_and_penalty_it_is_the_importance_weighted_gradient():
    nets, data = nets_and_data()
    settings = PPO(clip=float("inf"), value_coef=0.0, standardise=False)
    batch = prepared(settings, nets, data)
    # A policy that has moved: r grad log pi A, with no bound on r.
    moved = nets._replace(policy=jax.tree.map(lambda x: 1.5 * x + 0.3, nets.policy))
    found = jax.grad(lambda nets: loss(settings, nets, batch, KL_COEF)[0])(moved)

    def weighted(nets):
        log_prob = jax.vmap(nets.policy)(batch.observation).log_prob(batch.action)
        rho = jax.lax.stop_gradient(jnp.exp(log_prob - batch.log_prob))
        return -jnp.mean(rho * batch.advantage * log_prob)

    assert largest_difference(found.policy, jax.grad(weighted)(moved).policy) < 1e-5


def test_C16_F04_the_penalty_is_the_kl_from_the_old_policy_outside_the_bracket():
    nets, data = nets_and_data()
    batch = prepared(PPO(), nets, data)
    moved = nets._replace(policy=jax.tree.map(lambda x: 20.0 * x + 0.3, nets.policy))
    with_penalty = loss(PPO(kl_coef=1.0), moved, batch, jnp.float32(2.5))[0]
    without = loss(PPO(), moved, batch, KL_COEF)[0]
    new = jax.vmap(moved.policy)(batch.observation).log_probs()
    old = jax.vmap(nets.policy)(batch.observation).log_probs()
    kl = np.mean(np.sum(np.exp(old) * (old - new), axis=-1))
    assert float(with_penalty - without) == pytest.approx(float(2.5 * kl), rel=1e-3)


def test_E23_the_penalty_doubles_above_the_band_halves_below_and_stays_within():
    kls = jnp.array([0.02, 0.0151, 0.0149, 0.01, 0.0067, 0.0066])
    found = [float(adapted(jnp.float32(3.0), kl, 0.01)) for kl in kls]
    assert found == [6.0, 6.0, 3.0, 3.0, 3.0, 1.5]
    assert adapted(jnp.float32(3.0), kls[0], None) == 3.0


def test_F13_the_entropy_bonus_has_a_coefficient_and_0_leaves_all_as_it_is():
    nets, data = nets_and_data()
    batch = prepared(PPO(), nets, data)
    plain, metrics = loss(PPO(), nets, batch, KL_COEF)
    some, _ = loss(PPO(entropy_coef=0.7), nets, batch, KL_COEF)
    assert plain - some == pytest.approx(0.7 * float(metrics["entropy"]), rel=1e-5)
    _, a, _ = updated(PPO(**ONE_STEP))
    _, b, _ = updated(PPO(entropy_coef=0.0, **ONE_STEP))
    assert largest_difference(a, b) == 0.0


def test_every_gradient_step_sees_its_part_of_the_batch(monkeypatch):
    sizes = []
    original = module.loss

    def noted(settings, nets, batch, kl_coef):
        sizes.append(len(batch.action))
        return original(settings, nets, batch, kl_coef)

    monkeypatch.setattr(module, "loss", noted)
    updated(PPO(n_epochs=2, n_minibatches=3, rollout=ROLLOUT))
    assert set(sizes) == {8}


def test_a_step_of_length_0_changes_nothing_and_another_does():
    learner, still, _ = updated(PPO(optim=Optim(0.0), **ONE_STEP))
    assert largest_difference(learner.nets, still.nets) == 0.0
    _, moved, metrics = updated(PPO(**ONE_STEP))
    assert largest_difference(learner.nets.policy, moved.nets.policy) > 0
    assert largest_difference(learner.nets.value, moved.nets.value) > 0
    assert all(np.isfinite(x) for x in metrics.values())


def test_E25_values_may_move_only_so_far_for_free():
    nets, data = nets_and_data()
    batch = prepared(PPO(), nets, data)
    far = nets._replace(value=jax.tree.map(lambda x: 3.0 * x + 1.0, nets.value))
    value = jax.vmap(far.value)(batch.observation)
    near = batch.value_old + np.clip(value - batch.value_old, -0.1, 0.1)
    errors = (np.square(x - batch.value_target) for x in (value, near))
    found = loss(PPO(value_clip=0.1), far, batch, KL_COEF)[1]["value_loss"]
    assert found == pytest.approx(0.5 * float(np.mean(np.maximum(*errors))), rel=1e-5)


@pytest.mark.parametrize(
    "wrong", [{"n_epochs": 0}, {"n_minibatches": 3}, {"lambda_": 1.1}, {"clip": -0.1}]
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        PPO(**wrong)
