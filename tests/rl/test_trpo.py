"""Policies that step within a trust region: what each step promises, on a task of random states."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from empo.core.errors import InputError
from empo.core.spaces import Discrete
from empo.nets import NetSettings, ordinary_networks
from empo.rl.adaptive_trpo import AdaptiveTRPO, adaptive_trpo
from empo.rl.algorithm import Rollout
from empo.rl.ball_step import BallStep, ball_step
from empo.rl.npg import NPG, Natural, npg
from empo.rl.optim import Optim
from empo.rl.stepwise import Critic, judged, surrogate
from empo.rl.trpo import TRPO, line_searched, trpo
from empo.rl.trust_region import fisher_product, mean_kl
from empo.tasks.cartpole import CARTPOLE
from empo.tasks.device import iterate, start
from tests.rl.drawn_steps import CONTINUOUS, DISCRETE, drawn_steps, networks

SHAPE = (16, 8)
ROLLOUT = Rollout(n_envs=8, n_steps=16, gamma=0.98)
CRITIC = Critic(n_epochs=2, n_minibatches=2)
BOTH = pytest.mark.parametrize("action", [DISCRETE, CONTINUOUS], ids=["discrete", "continuous"])


def updated(build, settings, action=DISCRETE, seed=0):
    algorithm = build(settings, networks(action), 10_000)
    learner = algorithm.init(key=jax.random.key(seed))
    data = drawn_steps(learner.nets.policy, *SHAPE, seed=seed)
    after, metrics = jax.jit(algorithm.update)(learner, data, key=jax.random.key(1))
    choices, _ = judged(settings.critic, learner.nets, data)
    return learner, after, choices, metrics


@BOTH
@pytest.mark.parametrize("delta", [1e-3, 0.3])
def test_E22_C14_F20_an_accepted_step_has_at_most_this_kl_and_gains(action, delta):
    settings = TRPO(delta=delta, rollout=ROLLOUT, critic=CRITIC)
    for seed in range(3):
        learner, after, choices, metrics = updated(trpo, settings, action, seed)
        old, new = learner.nets.policy, after.nets.policy
        kl = mean_kl(choices.policy_old, new, choices.observation)
        gain = surrogate(new, choices) - surrogate(old, choices)
        assert metrics["share_of_step"] > 0
        assert 0 < kl <= delta * (1 + 1e-3)
        assert gain > 0
        assert metrics["kl"] == pytest.approx(float(kl), rel=1e-3)
        assert metrics["surrogate_gain"] == pytest.approx(float(gain), rel=1e-2, abs=1e-6)
        np.testing.assert_allclose(surrogate(old, choices), 0.0, atol=1e-5)


def test_F20_a_step_that_would_go_too_far_is_shortened_and_one_without_gain_is_not_taken():
    # So little data that the quadratic model is far off at this length.
    settings = TRPO(delta=0.5, rollout=ROLLOUT, critic=CRITIC, natural=Natural(damping=1e-5))
    learner, _, choices, metrics = updated(trpo, settings)
    assert metrics["share_of_step"] < 1
    assert metrics["kl"] <= 0.5
    nothing = choices._replace(advantage=jnp.zeros_like(choices.advantage))
    policy, share = line_searched(settings, learner.nets.policy, nothing)
    assert share == 0
    np.testing.assert_array_equal(ravel_pytree(policy)[0], ravel_pytree(learner.nets.policy)[0])


@BOTH
def test_F19_E18_the_natural_steps_quadratic_kl_is_measured_to_be_delta(action):
    settings = NPG(delta=1e-3, rollout=ROLLOUT, critic=CRITIC)
    learner, after, choices, metrics = updated(npg, settings, action)
    theta, _ = ravel_pytree(learner.nets.policy)
    step = ravel_pytree(after.nets.policy)[0] - theta
    product = fisher_product(learner.nets.policy, choices.observation, settings.natural.damping)
    assert 0.5 * step @ product(step) == pytest.approx(1e-3, rel=1e-3)
    undamped = fisher_product(learner.nets.policy, choices.observation)
    assert metrics["kl"] == pytest.approx(float(0.5 * step @ undamped(step)), rel=0.1)
    assert metrics["surrogate_gain"] > 0


def test_E17_a_step_in_a_ball_has_this_square_in_parameters_and_any_kl():
    settings = BallStep(epsilon=0.04, rollout=ROLLOUT, critic=CRITIC)
    _, _, _, metrics = updated(ball_step, settings)
    assert metrics["step_norm"] == pytest.approx(0.2, rel=1e-4)


def test_C13_steps_of_one_length_in_parameters_move_choices_by_any_amount():
    # From (.4, .6) to (1, 0): with parameters that are probabilities' logits times a scale the
    # same length of step is a small or a large step of the policy.
    settings = BallStep(epsilon=0.04, rollout=ROLLOUT, critic=CRITIC)
    kls = {}
    for scale in (0.1, 10.0):
        algorithm = ball_step(settings, networks(), 10_000)
        learner = algorithm.init(key=jax.random.key(0))
        policy = jax.tree.map(lambda x, scale=scale: scale * x, learner.nets.policy)
        learner = learner._replace(nets=learner.nets._replace(policy=policy))
        data = drawn_steps(policy, *SHAPE)
        _, metrics = algorithm.update(learner, data, key=jax.random.key(1))
        assert metrics["step_norm"] == pytest.approx(0.2, rel=1e-3)
        kls[scale] = float(metrics["kl"])
    assert max(kls.values()) > 2 * min(kls.values())


def test_only_the_critic_learns_from_its_optimiser():
    settings = NPG(rollout=ROLLOUT, critic=Critic(optim=Optim(0.0), n_minibatches=1))
    learner, after, _, _ = updated(npg, settings)
    still = ravel_pytree(learner.nets.value)[0] - ravel_pytree(after.nets.value)[0]
    assert not still.any()
    moved = ravel_pytree(learner.nets.policy)[0] - ravel_pytree(after.nets.policy)[0]
    assert moved.any()


@pytest.mark.parametrize("kl_coef", [0.05, 30.0])
def test_E23_the_kl_settles_within_its_band_whatever_the_first_multiplier(kl_coef):
    settings = AdaptiveTRPO(kl_target=0.01, kl_coef=kl_coef, rollout=ROLLOUT, critic=CRITIC)
    nets = ordinary_networks(4, Discrete(2), NetSettings(hidden=(16,)))
    algorithm = adaptive_trpo(settings, nets, 100_000)

    @jax.jit
    def kls(key):
        def step(run, _):
            run, metrics, _ = iterate(algorithm, CARTPOLE, run)
            return run, metrics["kl"]

        return jax.lax.scan(step, start(algorithm, CARTPOLE, key=key), length=150)[1]

    settled = np.asarray(kls(jax.random.key(0)))[50:]
    assert 0.01 / 1.5 < np.median(settled) < 0.01 * 1.5
    assert np.mean((settled > 0.01 / 3) & (settled < 0.03)) > 0.5


@pytest.mark.parametrize("wrong", [{"delta": -1.0}, {"shrink": 1.0}, {"n_tries": 0}])
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        TRPO(**wrong)


def test_batches_that_cannot_be_divided_are_refused():
    with pytest.raises(InputError, match="n_minibatches"):
        NPG(rollout=Rollout(1, 5), critic=Critic(n_minibatches=2))
