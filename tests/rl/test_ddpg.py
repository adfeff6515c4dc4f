"""DDPG's and TD3's targets and gradients by hand; noise that stays within bounds."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.errors import InputError
from empo.rl.ddpg import DDPG, TD3, ddpg, policy_loss, target_action, td3
from empo.rl.noise import Noise
from empo.rl.optim import Optim
from tests.rl.batches import BOX, THREE, drawn_steps, networks, trees_close, trees_equal

KEY = jax.random.key(0)
LOW, HIGH = np.array(BOX.low), np.array(BOX.high)


def made(settings):
    algorithm = (td3 if isinstance(settings, TD3) else ddpg)(settings, networks(BOX), 1000)
    return algorithm, algorithm.init(key=KEY)


def critic(critics, number):
    return jax.tree.map(lambda x: x[number], critics)


def test_D23_four_networks_of_which_two_are_copies():
    for settings, n_critics in ((DDPG(), 1), (TD3(), 2)):
        _, learner = made(settings)
        assert trees_equal(learner.slow, learner.nets)
        assert jax.tree.leaves(learner.nets.critics)[0].shape[0] == n_critics
        assert learner.nets.policy(jnp.zeros(3)).shape == (2,)


@pytest.mark.parametrize("settings", [DDPG(), TD3(target_sigma=0.0)], ids=["ddpg", "td3"])
def test_D24_F14_the_target_is_r_plus_discounted_slow_Q_of_slow_mu(settings):
    algorithm, learner = made(settings)
    moved = jax.tree.map(lambda x: 0.9 * x, learner.slow)
    learner, data = learner._replace(slow=moved), drawn_steps(BOX)
    action = jax.vmap(moved.policy)(data.next_observation)
    n = settings.n_critics
    slow = [jax.vmap(critic(moved.critics, i))(data.next_observation, action) for i in range(n)]
    target = np.asarray(data.reward) + np.asarray(data.discount) * np.min(np.array(slow), axis=0)
    assert np.any(np.asarray(data.discount) == 0)
    q = [jax.vmap(critic(learner.nets.critics, i))(data.observation, data.action) for i in range(n)]
    wanted = 0.5 * np.sum(np.mean((np.array(q) - target) ** 2, axis=1))
    _, metrics = jax.jit(algorithm.update)(learner, data, key=KEY)
    np.testing.assert_allclose(metrics["q_loss"], wanted, rtol=1e-5)


def test_D25_the_policys_gradient_is_that_of_Q_by_the_action_times_that_of_mu():
    _, learner = made(TD3())
    nets, data = learner.nets, drawn_steps(BOX)
    first = critic(nets.critics, 0)
    slopes = jax.vmap(jax.grad(first, argnums=1))(
        data.observation, jax.vmap(nets.policy)(data.observation)
    )
    jacobians = jax.vmap(jax.jacobian(lambda policy, o: policy(o)), in_axes=(None, 0))(
        nets.policy, data.observation
    )
    wanted = jax.tree.map(lambda j: -jnp.einsum("na,na...->...", slopes, j) / 16, jacobians)
    found = jax.grad(policy_loss)(nets.policy, nets.critics, data.observation)
    assert trees_close(found, wanted, 1e-6)


def test_the_targets_noise_is_clipped_and_so_is_the_action():
    settings = TD3(target_sigma=10.0, target_clip=0.25)
    _, learner = made(settings)
    data = drawn_steps(BOX, 200)
    plain = np.asarray(jax.vmap(learner.slow.policy)(data.next_observation))
    noisy = np.asarray(target_action(settings, BOX, learner.slow.policy, data, key=KEY))
    half = (HIGH - LOW) / 2
    assert np.max(np.abs(noisy - plain) / half) == pytest.approx(0.25, abs=1e-5)
    assert np.all((noisy >= LOW) & (noisy <= HIGH))


def test_the_policy_waits_for_its_turn():
    algorithm, learner = made(TD3(policy_every=3, tau=1.0))
    data, update = drawn_steps(BOX), jax.jit(algorithm.update)
    moved = []
    for number in range(6):
        before = learner.nets
        learner, _ = update(learner, data, key=jax.random.key(number))
        moved.append(not trees_equal(before.policy, learner.nets.policy))
        assert not trees_equal(before.critics, learner.nets.critics)
    assert moved == [False, False, True, False, False, True]


@pytest.mark.parametrize(("tau", "every"), [(1.0, 2), (0.1, 1)], ids=["hard", "soft"])
def test_slow_networks_follow(tau, every):
    algorithm, learner = made(DDPG(tau=tau, slow_every=every))
    data, update = drawn_steps(BOX), jax.jit(algorithm.update)
    slow = learner.slow
    for count in (1, 2):
        learner, _ = update(learner, data, key=KEY)
        if count % every == 0:
            slow = jax.tree.map(lambda new, old: tau * new + (1 - tau) * old, learner.nets, slow)
        assert trees_close(learner.slow, slow)


def test_exploring_adds_noise_with_memory_and_stays_within_bounds():
    algorithm, learner = made(DDPG(noise=Noise(sigma=0.5, theta=0.15)))
    assert np.array_equal(algorithm.fresh_memory, np.zeros(2))
    mu = np.asarray(algorithm.best(learner, jnp.ones(3)))
    memory = algorithm.fresh_memory
    for number in range(30):
        acted = algorithm.act(learner, jnp.ones(3), memory, key=jax.random.key(number))
        memory = acted.memory
        wanted = np.clip(mu + (HIGH - LOW) / 2 * np.asarray(memory), LOW, HIGH)
        np.testing.assert_allclose(acted.action, wanted, atol=1e-6)
    # By hand, the first step: two normal densities of deviation .5, in units of 2 and 1/2.
    first = algorithm.act(learner, jnp.ones(3), algorithm.fresh_memory, key=KEY)
    z = np.asarray(first.memory) / 0.5
    wanted = np.sum(-0.5 * z**2 - np.log(0.5) - 0.5 * np.log(2 * np.pi)) - np.log(2) - np.log(0.5)
    np.testing.assert_allclose(first.log_prob, wanted, rtol=1e-5)


@pytest.mark.parametrize("settings", [DDPG(), TD3()], ids=["ddpg", "td3"])
def test_every_number_that_is_watched_is_finite(settings):
    algorithm, learner = made(settings)
    _, metrics = jax.jit(algorithm.update)(learner, drawn_steps(BOX), key=KEY)
    assert {"q", "q_loss", "td_error", "policy_loss", "grad_norm", "grad_norm_q"} == set(metrics)
    assert all(np.isfinite(value) for value in metrics.values())


def test_F17_the_least_of_two_critics_overestimates_less():
    # Targets of pure noise: whoever takes the best of what it believes believes too much.
    def belief(settings):
        algorithm, learner = made(settings)
        data = drawn_steps(BOX, 64, discount=0.95)
        noise = data._replace(reward=data.reward - jnp.mean(data.reward))

        def step(number, learner):
            return algorithm.update(learner, noise, key=jax.random.key(number))[0]

        learner = jax.jit(lambda learner: jax.lax.fori_loop(0, 1500, step, learner))(learner)
        action = jax.vmap(learner.nets.policy)(data.observation)
        return np.mean(jax.vmap(critic(learner.nets.critics, 0))(data.observation, action))

    fast = {"tau": 0.05, "optim": Optim(learning_rate=3e-3, max_grad_norm=float("inf"))}
    assert belief(DDPG(n_critics=2, **fast)) < belief(DDPG(**fast)) - 0.05


@pytest.mark.parametrize(
    "changes", [{"policy_every": 0}, {"tau": -1.0}, {"target_sigma": -0.1}, {"n_critics": 0}]
)
def test_settings_that_make_no_sense_are_refused(changes):
    with pytest.raises(InputError, match=next(iter(changes))):
        replace(TD3(), **changes)


def test_discrete_actions_are_refused():
    with pytest.raises(InputError, match="continuous"):
        ddpg(DDPG(), networks(THREE), 1000)
