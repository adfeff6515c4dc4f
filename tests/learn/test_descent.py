"""Steps of networks of states, found again by differentiating by all their weights."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from empo.learn.descent import change, moments_of
from empo.nets import NetSettings, factor_net, row_net

SIZES, N_OUT = (5, 4, 3), 2
FACTORS = jnp.asarray(np.random.default_rng(0).integers(0, SIZES, (7, 3)), jnp.int32)
TARGET = jnp.linspace(-1.0, 1.0, 7 * N_OUT).reshape(7, N_OUT)


def loss(outputs):
    return jnp.mean((outputs - TARGET) ** 2), outputs


def made(reader):
    make = row_net if reader == "rows" else factor_net
    settings = NetSettings(hidden=(6, 5), reader=reader)
    return make(SIZES, jnp.zeros(N_OUT), settings, key=jax.random.key(1))


@pytest.mark.parametrize("reader", ["embeddings", "rows"])
def test_steps_are_those_of_adam_and_without_momentum_for_rows(reader):
    net = whole = made(reader)
    moments = moments_of(net)
    plain, rows = optax.scale_by_adam(), optax.scale_by_adam(b1=0.0)
    plain_state, rows_state = plain.init(whole), rows.init(whole)
    for _ in range(5):
        found = change(loss, net, moments, FACTORS)
        gradient = jax.grad(lambda net: loss(jax.vmap(net)(FACTORS))[0])(whole)
        step, plain_state = plain.update(gradient, plain_state)
        of_rows, rows_state = rows.update(gradient, rows_state)
        if reader == "rows":
            step = jax.tree.unflatten(
                jax.tree.structure(step),
                [
                    b if a.shape == whole.rows.shape else a
                    for a, b in zip(jax.tree.leaves(step), jax.tree.leaves(of_rows), strict=True)
                ],
            )
        whole = jax.tree.map(lambda w, s: w - 0.01 * s, whole, step)
        np.testing.assert_allclose(found.also, jax.vmap(net)(FACTORS), rtol=1e-6)
        net, moments = found.after(0.01), found.moments
        for a, b in zip(jax.tree.leaves(net), jax.tree.leaves(whole), strict=True):
            np.testing.assert_allclose(a, b, atol=2e-5)


def test_the_norm_of_a_network_of_embeddings_is_that_of_its_gradient():
    net = made("embeddings")
    gradient = jax.grad(lambda net: loss(jax.vmap(net)(FACTORS))[0])(net)
    found = change(loss, net, moments_of(net), FACTORS).norm
    assert float(found) == pytest.approx(float(optax.tree.norm(gradient)))
