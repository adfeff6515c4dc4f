"""Slow networks in closed form; Adam by hand; one vector or many arrays, the same steps."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.errors import InputError
from empo.rl import optim
from empo.rl.optim import Optim, descend, follow, optimiser, polyak


def after(n, tau, every):
    slow = {"w": jnp.zeros(2)}
    for count in range(1, n + 1):
        slow = follow({"w": jnp.array([1.0, 2.0])}, slow, tau, jnp.int32(count), every)
    return np.asarray(slow["w"])


def test_D27_D40_soft_updates_follow_the_closed_form():
    # theta' = theta (1 - (1 - tau)^n) from 0 on.
    np.testing.assert_allclose(after(50, 0.05, 1), (1 - 0.95**50) * np.array([1, 2]), atol=1e-6)


def test_D39_hard_updates_copy_exactly_at_the_interval_and_nothing_between():
    np.testing.assert_array_equal(after(4, 1.0, 5), [0, 0])
    np.testing.assert_array_equal(after(5, 1.0, 5), [1, 2])


def test_polyak_with_tau_1_is_a_copy_and_with_0_nothing():
    new, old = {"w": jnp.array([0.1, 0.7])}, {"w": jnp.array([3.0, 4.0])}
    np.testing.assert_array_equal(polyak(new, old, 1.0)["w"], new["w"])
    np.testing.assert_array_equal(polyak(new, old, 0.0)["w"], old["w"])


def steps(settings, nets, gradients):
    adam = optimiser(settings, 10)
    state = adam.init(nets)
    for gradient in gradients:
        nets, state, norm = descend(adam, gradient, state, nets)
    return nets, norm


def drawn(key):
    keys = jax.random.split(jax.random.key(key), 2)
    return {"a": jax.random.normal(keys[0], (3, 2)), "b": jax.random.normal(keys[1], (4,))}


def test_large_networks_are_stepped_as_small_ones_are(monkeypatch):
    settings = Optim(learning_rate=0.1, anneal=0.5, weight_decay=0.01)
    nets, gradients = drawn(0), [drawn(1), drawn(2), drawn(3)]
    as_one, norm = steps(settings, nets, gradients)
    monkeypatch.setattr(optim, "FEW_WEIGHTS", 0)
    as_many, norm_of_many = steps(settings, nets, gradients)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), as_one, as_many)
    assert norm == pytest.approx(float(norm_of_many))


def test_without_a_bound_on_the_norm_nothing_is_clipped():
    # Adam's first step is the step size times the sign, whatever the norm; the second tells.
    gradients = [{"w": jnp.array([100.0])}, {"w": jnp.array([1.0])}]
    nets = {"w": jnp.zeros(1)}
    free, _ = steps(Optim(learning_rate=1.0, max_grad_norm=float("inf")), nets, gradients)
    # m = .1 (100 * .9 + 1), v = .001 (10^4 * .999 + 1), corrected by 1 - .9^2 and 1 - .999^2.
    second = (0.1 * 91 / 0.19) / np.sqrt(0.001 * 9991 / 0.001999)
    np.testing.assert_allclose(free["w"], [-1 - second], rtol=1e-4)
    clipped, _ = steps(Optim(learning_rate=1.0, max_grad_norm=1.0), nets, gradients)
    np.testing.assert_allclose(clipped["w"], [-2.0], rtol=1e-4)


def test_there_is_nothing_to_step_in_no_networks():
    adam = optimiser(Optim(), 10)
    assert descend(adam, (), adam.init(()), ())[0] == ()


@pytest.mark.parametrize("changes", [{"learning_rate": -1.0}, {"anneal": 2.0}])
def test_settings_that_make_no_sense_are_refused(changes):
    with pytest.raises(InputError, match=next(iter(changes))):
        Optim(**changes)
