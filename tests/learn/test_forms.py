"""How quantities are held: round trips, minima of the losses, and steps towards targets."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.learn.forms import magnitude, share

MOST = np.array([1.0, 10.0], np.float32)
HELD = jnp.array([[0.3, 4.0], [0.99, 0.01]])


def test_a_share_is_read_as_it_was_written_and_stays_between_0_and_the_most():
    form = share(MOST, 0.5)
    for held in HELD:
        np.testing.assert_allclose(form.read(form.write(held)), held, rtol=1e-5)
    extreme = form.read(jnp.array([-80.0, 80.0]))
    np.testing.assert_allclose(extreme, [0, 10], atol=1e-6)
    np.testing.assert_allclose(form.read(form.write(form.at_first)), [0.5, 5], rtol=1e-6)


@pytest.mark.parametrize("space", ["log", "linear"])
def test_a_magnitude_is_held_as_its_logarithm(space):
    form = magnitude(space)
    np.testing.assert_array_equal(form.read(form.write(HELD)), HELD)
    held = form.toward(jnp.float32(1.7), jnp.float32(20.0), jnp.float32(1.0))
    np.testing.assert_allclose(held, np.log(20), rtol=1e-6)


FORMS = {
    "share": share(np.float32(2.0), 0.5),
    "log": magnitude("log"),
    "linear": magnitude("linear"),
}
TARGETS = jnp.array([0.5, 1.0, 1.8])


def minimum_of(form):
    """What is held where the mean loss over the targets has no gradient, by bisection."""

    def slope(out):
        return jnp.sum(jax.vmap(jax.grad(form.loss), in_axes=(None, None, 0))(out, 0.2, TARGETS))

    low, high = jnp.float32(-8.0), jnp.float32(8.0)
    for _ in range(40):
        middle = (low + high) / 2
        below = slope(middle) < 0
        low, high = jnp.where(below, middle, low), jnp.where(below, high, middle)
    return float(form.read(low))


def test_each_loss_is_least_at_the_mean_of_targets_and_the_one_in_log_space_at_that_of_logarithms():
    mean = float(TARGETS.mean())
    assert minimum_of(FORMS["share"]) == pytest.approx(mean, rel=1e-4)
    assert minimum_of(FORMS["linear"]) == pytest.approx(np.log(mean), abs=1e-4)
    assert minimum_of(FORMS["log"]) == pytest.approx(float(jnp.log(TARGETS).mean()), abs=1e-4)
    assert minimum_of(FORMS["log"]) < np.log(mean) - 0.1


@pytest.mark.parametrize("name", FORMS)
def test_gradients_of_the_losses_are_their_differences(name):
    loss = FORMS[name].loss
    for out in (-3.0, 0.1, 2.5):
        slope = float(jax.grad(loss)(jnp.float32(out), jnp.float32(0.3), jnp.float32(1.2)))
        with jax.enable_x64(True):
            near = [float(loss(jnp.float64(out + d), jnp.float64(0.3), jnp.float64(1.2)))
                    for d in (-1e-4, 1e-4)]  # fmt: skip
        assert slope == pytest.approx((near[1] - near[0]) / 2e-4, rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("out", [-60.0, 60.0])
def test_losses_of_shares_stay_finite_far_out(out):
    slope = jax.grad(FORMS["share"].loss)(jnp.float32(out), jnp.float32(0.0), jnp.float32(1.0))
    assert float(slope) == pytest.approx(np.sign(out) * 0.5, abs=1e-6)


def test_linear_losses_are_in_units_of_what_the_lagging_copy_holds():
    loss = FORMS["linear"].loss
    large = loss(jnp.log(300.0), jnp.log(100.0), jnp.float32(200.0))
    small = loss(jnp.log(3.0), jnp.log(1.0), jnp.float32(2.0))
    assert float(large) == pytest.approx(float(small), rel=1e-5)
    assert float(small) == pytest.approx(0.5, rel=1e-5)  # (3 - 2) ** 2 / 2


@pytest.mark.parametrize("name", FORMS)
def test_repeated_steps_of_1_over_t_hold_a_mean(name):
    form, held = FORMS[name], jnp.float32(0.7)
    for t, target in enumerate(TARGETS):
        held = form.toward(held, target, jnp.float32(1 / (t + 1)))
    mean = float(TARGETS.mean())
    wanted = {"share": mean, "linear": np.log(mean), "log": float(jnp.log(TARGETS).mean())}
    assert float(held) == pytest.approx(wanted[name], abs=1e-5)
