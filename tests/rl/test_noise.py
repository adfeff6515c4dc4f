"""Noise with memory has the spread and the correlation of the textbook; without, it has none."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.errors import InputError
from empo.rl.noise import INDEPENDENT, ORNSTEIN_UHLENBECK, Noise, fresh_noise, next_noise


def walk(noise, n_steps, key=0):
    def step(x, key):
        x = next_noise(noise, x).sample(key=key)
        return x, x

    keys = jax.random.split(jax.random.key(key), n_steps)
    return np.asarray(jax.jit(lambda keys: jax.lax.scan(step, fresh_noise(1), keys)[1])(keys))[:, 0]


@pytest.mark.parametrize(
    ("noise", "std", "correlation"),
    [
        (ORNSTEIN_UHLENBECK, 0.3797, 0.85),  # .2 / sqrt(1 - .85^2)
        (INDEPENDENT, 0.1, 0.0),
        (Noise(sigma=0.3, theta=2.0, dt=0.25), 0.1732, 0.5),  # .3 sqrt(.25) / sqrt(1 - .5^2)
    ],
)
def test_D28_spread_and_correlation_in_the_long_run(noise, std, correlation):
    n = 100_000
    x = walk(noise, n)
    found = np.mean(x[1:] * x[:-1]) / np.mean(x**2)
    # Standard errors of a mean over n correlated values, times four.
    lengthened = (1 + correlation**2) / (1 - correlation**2)
    assert np.std(x) == pytest.approx(std, rel=4 * np.sqrt(lengthened / (2 * n)))
    assert found == pytest.approx(correlation, abs=4 / np.sqrt(n))


def test_an_episode_begins_without_noise():
    np.testing.assert_array_equal(fresh_noise(2), [0, 0])
    law = next_noise(ORNSTEIN_UHLENBECK, fresh_noise(2))
    np.testing.assert_allclose(law.mean, [0, 0])
    np.testing.assert_allclose(jnp.exp(law.log_std), [0.2, 0.2], rtol=1e-6)


def test_it_returns_to_0_at_its_rate():
    np.testing.assert_allclose(
        next_noise(ORNSTEIN_UHLENBECK, jnp.array([1.0, -2.0])).mean, [0.85, -1.7], rtol=1e-6
    )


@pytest.mark.parametrize("changes", [{"sigma": 0.0}, {"theta": 1.5}, {"dt": -1.0}])
def test_settings_that_make_no_sense_are_refused(changes):
    with pytest.raises(InputError, match=next(iter(changes))):
        Noise(**changes)
