"""REINFORCE: over all trajectories its gradient is the exact one."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.dists import Categorical
from empo.rl.actor_critic import Nets
from empo.rl.data import Steps
from empo.rl.reinforce import Reinforce, loss, score_norm_squared
from tests.rl.tabular import all_trajectories, drawn_mdp, drawn_policy, exact_gradient

N_STEPS, START = 3, np.array([0.7, 0.3])


@pytest.fixture(autouse=True)
def _wide():
    with jax.enable_x64(True):
        yield


def table_policy(logits):
    return lambda state: Categorical(logits[state])


def problem(gamma=1.0):
    mdp, pi = drawn_mdp(0, gamma=gamma), drawn_policy(1)
    return mdp, pi, all_trajectories(mdp, pi, START, N_STEPS)


def steps_of(mdp, pi, trajectories):
    """Each trajectory a column, cut by its time limit after the last row."""
    states, actions = jnp.asarray(trajectories.states), jnp.asarray(trajectories.actions)
    boundary = jnp.zeros(actions.shape, bool).at[-1].set(True)
    return Steps(
        states[:-1],
        actions,
        jnp.log(jnp.asarray(pi))[states[:-1], actions],
        jnp.asarray(trajectories.reward),
        jnp.full(actions.shape, mdp.gamma),
        boundary,
        states[1:],
    )


class Table:
    """Logits as the policy's only parameters."""

    def __init__(self, logits):
        self.logits = logits

    def __call__(self, state):
        return Categorical(self.logits[state])


jax.tree_util.register_pytree_node(Table, lambda t: ((t.logits,), None), lambda _, c: Table(*c))


def mean_gradient(settings, mdp, pi, trajectories, value=lambda _: jnp.zeros(())):
    """Over all trajectories, by their probabilities: each is a batch of its own."""
    data = steps_of(mdp, pi, trajectories)
    columns = jax.tree.map(lambda x: jnp.moveaxis(x[:, :, None], 1, 0), data)

    def one(column):
        by_logits = jax.grad(lambda logits: loss(settings, Nets(Table(logits), value), column)[0])
        return -N_STEPS * by_logits(jnp.log(jnp.asarray(pi)))

    return np.tensordot(trajectories.prob, jax.vmap(one)(columns), axes=1)


@pytest.mark.parametrize("credit", ["to-go", "whole"])
@pytest.mark.parametrize("baseline", ["none", "value"])
def test_E05_the_mean_over_all_trajectories_is_the_exact_gradient(credit, baseline):
    mdp, pi, trajectories = problem()
    found = mean_gradient(
        Reinforce(baseline, credit, value_coef=0.0),
        mdp,
        pi,
        trajectories,
        value=lambda state: jnp.array([3.0, -1.0])[state],
    )
    np.testing.assert_allclose(found, exact_gradient(mdp, pi, START, N_STEPS), atol=1e-12)


def test_E08_C06_the_mean_of_the_batch_of_two_gives_half_the_exact_gradient():
    # Two trajectories of one step each, drawn independently: (N - 1) / N = 1/2.
    mdp, pi = drawn_mdp(0, gamma=1.0), drawn_policy(1)
    single = all_trajectories(mdp, pi, START, 1)
    n = single.prob.size
    first, second = np.divmod(np.arange(n * n), n)
    data = steps_of(mdp, pi, single)
    pairs = jax.tree.map(lambda x: jnp.stack([x[:, first], x[:, second]], -1), data)
    pairs = jax.tree.map(lambda x: jnp.moveaxis(x, 1, 0), pairs)
    prob = single.prob[first] * single.prob[second]

    def mean(baseline):
        def one(pair):
            by_logits = jax.grad(
                lambda logits: loss(Reinforce(baseline), Nets(Table(logits), None), pair)[0]
            )
            return -by_logits(jnp.log(jnp.asarray(pi)))

        samples = np.asarray(jax.vmap(one)(pairs))
        found = np.tensordot(prob, samples, axes=1)
        return found, prob @ np.sum((samples - found) ** 2, axis=(1, 2))

    exact = exact_gradient(mdp, pi, START, 1)
    (none, plain), (batch, centred), (others, _) = map(mean, ("none", "mean", "leave-one-out"))
    np.testing.assert_allclose(none, exact, atol=1e-12)
    np.testing.assert_allclose(batch, 0.5 * exact, atol=1e-12)
    np.testing.assert_allclose(others, exact, atol=1e-12)
    assert centred < plain


def test_scores_of_a_table_have_a_known_length():
    # grad log pi(a) = e_a - pi, so the square is 1 - 2 pi(a) + sum of pi^2.
    mdp, pi, trajectories = problem()
    data = steps_of(mdp, pi, trajectories)
    nets = Nets(Table(jnp.log(jnp.asarray(pi))), None)
    here = pi[trajectories.states[:-1]]
    chosen = np.take_along_axis(here, trajectories.actions[..., None], -1)[..., 0]
    wanted = 1 - 2 * chosen + np.sum(here**2, -1)
    np.testing.assert_allclose(score_norm_squared(nets, data), wanted, atol=1e-12)


@pytest.mark.parametrize("baseline", ["mean", "optimal"])
def test_with_returns_far_from_0_a_baseline_saves_most_of_the_gradients_size(baseline):
    mdp, pi, trajectories = problem()
    data = steps_of(mdp, pi, trajectories)
    data = data._replace(reward=data.reward + 100.0)
    nets = Nets(Table(jnp.log(jnp.asarray(pi))), None)
    spread = {
        name: float(jnp.abs(loss(Reinforce(name), nets, data)[1]["policy_loss"]))
        for name in ("none", baseline)
    }
    assert spread[baseline] < 0.2 * spread["none"]


def test_a_window_counts_nothing_behind_it():
    mdp, pi, trajectories = problem(gamma=0.9)
    data = steps_of(mdp, pi, trajectories)
    nets = Nets(Table(jnp.log(jnp.asarray(pi))), None)
    elsewhere = data._replace(next_observation=1 - data.next_observation)
    assert loss(Reinforce("none"), nets, data)[0] == loss(Reinforce("none"), nets, elsewhere)[0]


def learned(baseline, shift, seed, n_updates=3000):
    """The final policy of three actions that pay 0, 1 and 1/2, all of them more by `shift`."""
    reward, rows = jnp.array([0.0, 1.0, 0.5]) + shift, 16
    # The value moves half of the way to the mean at each step, long before the policy has settled.
    settings = Reinforce(baseline, value_coef=10.0)

    def both(parameters, data):
        logits, level = parameters
        nets = Nets(Table(logits), lambda state: level[state])
        return loss(settings, nets, data)[0]

    def update(parameters, key):
        policy = Categorical(jnp.broadcast_to(parameters[0], (1, rows, 3)))
        action, nothing = policy.sample(key=key), jnp.zeros((1, rows))
        state, ends = jnp.zeros((1, rows), int), jnp.ones((1, rows), bool)
        data = Steps(state, action, nothing, reward[action], nothing, ends, state)
        gradient = jax.grad(both)(parameters, data)
        return jax.tree.map(lambda x, g: x - 0.05 * g, parameters, gradient), None

    keys = jax.random.split(jax.random.key(seed), n_updates)
    (logits, _), _ = jax.lax.scan(update, (jnp.zeros((1, 3)), jnp.zeros(1)), keys)
    return jax.nn.softmax(logits[0])


SHIFTS = jnp.array([0.0, 100.0, -100.0])


def final_policies(baseline):
    """Axes: seed, shift, action."""
    of_shifts = jax.vmap(lambda seed: jax.vmap(lambda c: learned(baseline, c, seed))(SHIFTS))
    return np.asarray(jax.jit(of_shifts)(jnp.arange(8)))


@pytest.mark.parametrize("baseline", ["mean", "leave-one-out"])
def test_C04_with_a_mean_as_baseline_a_common_term_of_all_rewards_changes_nothing(baseline):
    policies = final_policies(baseline)
    assert policies[:, 0, 1].min() > 0.95
    np.testing.assert_allclose(policies[:, 1:], policies[:, :1].repeat(2, 1), atol=1e-6)


def test_C04_with_a_learned_baseline_policies_end_at_the_same_choice():
    policies = final_policies("value")
    assert policies[:, :, 1].min() > 0.95
    assert np.abs(policies - policies[:, :1]).max() < 0.05


def test_C04_without_a_baseline_they_do_not():
    policies = final_policies("none")
    assert policies[:, 0, 1].min() > 0.95
    # Whatever is drawn first is made sure of, or given up, for good.
    assert np.all(policies[:, 1:, 1].min(axis=0) < 0.01)
    assert np.all(policies[:, 1:, 1].max(axis=0) > 0.99)
