"""Distributions over actions: against sums and integrals on grids, by hand, and at the extremes."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empo.core.dists import Categorical, Gaussian, SquashedGaussian

KEY = jax.random.key(0)


@pytest.fixture(autouse=True)
def _in_64_bits():
    with jax.enable_x64(True):
        yield


def keys(n):
    return jax.random.split(jax.random.key(1), n)


# One of finitely many actions.

logits = st.lists(st.floats(-20.0, 20.0), min_size=4, max_size=4).map(np.array)


def masked(x, legal):
    return Categorical(jnp.where(jnp.array(legal), jnp.asarray(x), -jnp.inf))


def test_a_categorical_law_has_the_probabilities_of_its_softmax():
    law = Categorical(jnp.log(jnp.array([1.0, 2.0, 5.0])))
    np.testing.assert_allclose(law.probs(), [0.125, 0.25, 0.625], atol=1e-15)
    found = [law.log_prob(jnp.int32(a)) for a in range(3)]
    np.testing.assert_allclose(found, np.log([0.125, 0.25, 0.625]), atol=1e-15)
    assert law.mode() == 2


def test_a_batch_of_categorical_laws_is_each_of_them():
    law = Categorical(jnp.log(jnp.array([[1.0, 1.0], [1.0, 3.0]])))
    np.testing.assert_allclose(law.log_prob(jnp.array([0, 1])), np.log([0.5, 0.75]), atol=1e-15)
    np.testing.assert_allclose(law.entropy()[0], np.log(2.0), atol=1e-15)
    np.testing.assert_array_equal(law.mode(), [0, 1])


def test_actions_are_sampled_as_often_as_they_are_probable():
    law = Categorical(jnp.log(jnp.array([1.0, 2.0, 5.0])))
    actions = jax.vmap(lambda key: law.sample(key=key))(keys(20_000))
    # Four standard deviations: 4 sqrt(p (1 - p) / n) < 0.0142.
    np.testing.assert_allclose(np.bincount(actions) / 20_000, law.probs(), atol=0.0142)


@settings(max_examples=50, deadline=None)
@given(logits, logits)
def test_entropy_and_divergence_are_the_sums_they_stand_for(x, y):
    p, q = np.exp(x) / np.exp(x).sum(), np.exp(y) / np.exp(y).sum()
    one, other = Categorical(jnp.asarray(x)), Categorical(jnp.asarray(y))
    np.testing.assert_allclose(one.entropy(), -(p * np.log(p)).sum(), atol=1e-12)
    np.testing.assert_allclose(one.kl(other), (p * np.log(p / q)).sum(), atol=1e-12, rtol=1e-12)
    assert one.kl(one) == 0.0


def test_the_divergence_is_the_mean_under_the_first_law():
    # 1/2 log((1/2) / (1/4)) + 1/2 log((1/2) / (3/4)); the other way round it is another number.
    even, uneven = (Categorical(jnp.log(jnp.array(x))) for x in ([1.0, 1.0], [1.0, 3.0]))
    np.testing.assert_allclose(even.kl(uneven), 0.5 * np.log(2) + 0.5 * np.log(2 / 3), atol=1e-15)
    assert abs(even.kl(uneven) - uneven.kl(even)) > 0.01


def test_a_forbidden_action_has_probability_0_and_is_never_taken():
    law = masked([9.0, 1.0, 1.0], [False, True, True])
    np.testing.assert_array_equal(law.probs(), [0.0, 0.5, 0.5])
    assert law.log_prob(jnp.int32(0)) == -jnp.inf
    assert law.mode() == 1
    actions = jax.vmap(lambda key: law.sample(key=key))(keys(2_000))
    assert set(np.unique(actions)) == {1, 2}
    np.testing.assert_allclose(law.entropy(), np.log(2.0), atol=1e-15)


def test_divergence_of_masked_laws_counts_what_the_first_may_do():
    both, one = (
        masked([0.0, 0.0, 0.0], [False, True, True]),
        masked([0.0] * 3, [False, True, False]),
    )
    np.testing.assert_allclose(one.kl(both), np.log(2.0), atol=1e-15)
    assert both.kl(one) == jnp.inf
    assert both.kl(both) == 0.0


@pytest.mark.parametrize(
    "quantity",
    [
        lambda law: law.log_prob(jnp.int32(1)),
        lambda law: law.entropy(),
        lambda law: law.kl(masked([0.0, 0.3, 0.1], [False, True, True])),
        lambda law: masked([0.0, 0.3, 0.1], [False, True, True]).kl(law),
    ],
    ids=["log_prob", "entropy", "kl", "reverse kl"],
)
def test_gradients_pass_by_a_forbidden_action(quantity):
    legal = [False, True, True]
    x = jnp.array([5.0, 1.0, 2.0])
    slope = jax.grad(lambda x: quantity(masked(x, legal)))(x)
    assert slope[0] == 0.0
    step = 1e-6
    for i in (1, 2):
        up, down = x.at[i].add(step), x.at[i].add(-step)
        wanted = (quantity(masked(up, legal)) - quantity(masked(down, legal))) / (2 * step)
        np.testing.assert_allclose(slope[i], wanted, atol=1e-8)


# Normal components.

GRID = np.linspace(-30.0, 30.0, 60_001)
means, log_stds = st.floats(-3.0, 3.0), st.floats(-2.0, 1.0)


def integral(y, x=GRID):
    return float(np.trapezoid(np.asarray(y), x))


def on_grid(law, x=GRID):
    """log p at each point of the grid, for a law of one component."""
    n = len(x)
    many = jax.tree.map(lambda v: jnp.broadcast_to(v, (n, 1)), law)
    return np.asarray(many.log_prob(jnp.asarray(x)[:, None]))


def normal(mean, log_std):
    return Gaussian(jnp.array([mean]), jnp.array([log_std]))


@settings(max_examples=25, deadline=None)
@given(means, log_stds, means, log_stds)
def test_a_normal_law_integrates_to_1_and_has_the_entropy_and_divergence_of_its_integrals(
    mean, log_std, mean_other, log_std_other
):
    law, other = normal(mean, log_std), normal(mean_other, log_std_other)
    log_p, log_q = on_grid(law), on_grid(other)
    p = np.exp(log_p)
    assert integral(p) == pytest.approx(1.0, abs=1e-9)
    assert integral(-p * log_p) == pytest.approx(float(law.entropy()), abs=1e-8)
    assert integral(p * (log_p - log_q)) == pytest.approx(float(law.kl(other)), rel=1e-7, abs=1e-8)
    assert law.kl(law) == 0.0


def test_components_are_independent():
    law = Gaussian(jnp.array([1.0, -2.0]), jnp.array([0.0, 0.5]))
    other = Gaussian(jnp.array([0.0, 0.0]), jnp.array([0.1, -0.5]))
    parts, others = ([normal(m, s) for m, s in zip(*x, strict=True)] for x in (law, other))
    action = jnp.array([0.3, 0.7])
    wanted = sum(part.log_prob(a[None]) for part, a in zip(parts, action, strict=True))
    np.testing.assert_allclose(law.log_prob(action), wanted, atol=1e-14)
    np.testing.assert_allclose(law.entropy(), sum(p.entropy() for p in parts), atol=1e-14)
    wanted = sum(p.kl(q) for p, q in zip(parts, others, strict=True))
    np.testing.assert_allclose(law.kl(other), wanted, atol=1e-14)


def test_normal_samples_have_the_laws_mean_and_spread():
    law = Gaussian(jnp.array([1.0, -2.0]), jnp.log(jnp.array([0.5, 2.0])))
    actions = jax.vmap(lambda key: law.sample(key=key))(keys(20_000))
    # Four standard deviations: 4 std / sqrt(n) of the mean, 4 std / sqrt(2 n) of the spread.
    np.testing.assert_array_less(abs(actions.mean(0) - law.mean), 0.0283 * np.array([0.5, 2.0]))
    np.testing.assert_allclose(actions.std(0), [0.5, 2.0], rtol=0.02)


def test_the_divergence_of_a_needle_from_a_broad_law_is_finite_also_in_32_bits():
    # log(s2 / s1) - 1/2 with s2 / s1 = e^60, of which the square is beyond 32 bits.
    with jax.enable_x64(False):
        needle = Gaussian(jnp.array([0.0]), jnp.array([-60.0]))
        broad = Gaussian(jnp.array([0.0]), jnp.array([0.0]))
        assert needle.kl(broad) == pytest.approx(59.5)
        slope = jax.grad(lambda x: Gaussian(jnp.zeros(1), x).kl(broad))(needle.log_std)
        np.testing.assert_allclose(slope, [-1.0])


def test_the_pathwise_gradient_equals_the_analytic_one_for_a_quadratic_q():
    # Q(a) = -2 (a - 1)^2: E Q = -2 ((m - 1)^2 + s^2), so dE/dm = -4 (m - 1), dE/dlog s = -4 s^2.
    mean, log_std = 0.25, np.log(0.5)
    n = 40_000

    def mean_q(mean, log_std):
        actions = jax.vmap(lambda key: normal(mean, log_std).sample(key=key)[0])(keys(n))
        return jnp.mean(-2.0 * (actions - 1.0) ** 2)

    found = jax.jit(jax.grad(mean_q, argnums=(0, 1)))(mean, log_std)
    # Per sample -4 (a - 1) and -4 (a - 1)(a - m), with standard deviations 2 and below 2.1.
    np.testing.assert_allclose(found, [3.0, -1.0], atol=4 * 2.1 / n**0.5)


# Squashed into bounds.


def squashed(mean, log_std, centre=0.0, half=1.0):
    return SquashedGaussian(*(jnp.array([x]) for x in (mean, log_std, centre, half)))


@pytest.mark.parametrize("law", [squashed(0.0, 0.0), squashed(0.4, -0.5, 1.0, 2.0)])
def test_a_squashed_law_integrates_to_1_within_its_bounds(law):
    # In u = arctanh, where neither the density nor its tails are steep: da = half (1 - tanh^2) du.
    u = np.linspace(-9.0, 9.0, 20_001)
    action = float(law.centre[0]) + float(law.half[0]) * np.tanh(u)
    density = np.exp(on_grid(law, action)) * float(law.half[0]) / np.cosh(u) ** 2
    assert integral(density, u) == pytest.approx(1.0, abs=1e-7)


def test_the_entropy_is_that_of_the_squashed_action_and_not_of_the_normal_law_behind_it():
    # A normal law of mean 1/2 and spread 1 has log(2 pi e) / 2 = 1.419 nats, its tanh 0.520.
    action = np.tanh(np.linspace(-8.0, 9.0, 200_001))
    u = np.arctanh(action)
    log_density = -0.5 * (u - 0.5) ** 2 - 0.5 * np.log(2 * np.pi) - np.log1p(-(action**2))
    by_integral = integral(-np.exp(log_density) * log_density, action)
    assert by_integral == pytest.approx(0.520, abs=5e-4)
    log_prob = jax.vmap(lambda key: squashed(0.5, 0.0).sample_and_log_prob(key=key)[1])(
        keys(40_000)
    )
    error = 4 * float(log_prob.std()) / 200
    assert -log_prob.mean() == pytest.approx(by_integral, abs=error)
    assert error < 0.03
    assert normal(0.5, 0.0).entropy() == pytest.approx(1.419, abs=1e-3)


def test_a_wider_box_adds_the_log_of_its_half_width_to_the_entropy():
    narrow, wide = squashed(0.3, 0.1), squashed(0.3, 0.1, centre=5.0, half=3.0)
    of_narrow, of_wide = (law.sample_and_log_prob(key=KEY)[1] for law in (narrow, wide))
    np.testing.assert_allclose(of_narrow - of_wide, np.log(3.0), atol=1e-14)


def test_a_samples_log_probability_is_that_of_its_action():
    law = SquashedGaussian(
        jnp.array([0.4, -1.0]), jnp.array([-0.5, 0.3]), jnp.array([1.0, 0.0]), jnp.array([2.0, 0.5])
    )
    for key in keys(20):
        action, log_prob = law.sample_and_log_prob(key=key)
        np.testing.assert_allclose(law.log_prob(action), log_prob, atol=1e-9)
        np.testing.assert_array_equal(law.sample(key=key), action)


@pytest.mark.parametrize("mean", [40.0, -40.0])
def test_the_log_probability_is_exact_where_tanh_saturates_also_in_32_bits(mean):
    # log N - log half - log(1 - tanh(u)^2), where the last is log 4 - 2 |u|.
    with jax.enable_x64(False):
        law = squashed(mean, -5.0, 0.0, 2.0)
        action, log_prob = law.sample_and_log_prob(key=KEY)
        noise = float(jax.random.normal(KEY, (1,))[0])
        log_normal = -0.5 * noise**2 - 0.5 * np.log(2 * np.pi) + 5.0
        log_slope = np.log(4) - 2 * abs(mean + np.exp(-5.0) * noise)
        assert abs(action[0]) == 2.0
        assert log_prob == pytest.approx(log_normal - np.log(2) - log_slope, abs=2e-5)


@pytest.mark.parametrize("mean", [40.0, -40.0])
def test_the_log_probability_has_a_gradient_where_tanh_saturates(mean):
    # d/dm of -log(1 - tanh(m + std noise)^2) is 2 tanh; that of log N is 0, as the noise stays.
    def log_prob(mean):
        return squashed(0.0, -5.0)._replace(mean=mean).sample_and_log_prob(key=KEY)[1]

    np.testing.assert_allclose(jax.grad(log_prob)(jnp.array([mean])), [2.0 * np.sign(mean)])


def test_squashed_gradients_flow_through_the_sample():
    # d/dm E (tanh(m + s eps) - 1/2)^2 by the integral over eps, against the mean over samples.
    law, n = squashed(0.2, -0.3), 40_000

    def cost(mean, key):
        return (law._replace(mean=mean).sample(key=key)[0] - 0.5) ** 2

    slopes = jax.vmap(lambda key: jax.grad(cost)(law.mean, key)[0])(keys(n))
    a = np.tanh(0.2 + np.exp(-0.3) * GRID)
    weight = np.exp(-0.5 * GRID**2) / np.sqrt(2 * np.pi)
    wanted = integral(weight * 2 * (a - 0.5) * (1 - a**2))
    assert slopes.mean() == pytest.approx(wanted, abs=4 * float(slopes.std()) / n**0.5)


def test_the_mode_is_the_squashed_mean():
    np.testing.assert_allclose(squashed(0.5, 0.0, 1.0, 2.0).mode(), [1 + 2 * np.tanh(0.5)])
    np.testing.assert_array_equal(normal(0.5, 0.0).mode(), [0.5])
