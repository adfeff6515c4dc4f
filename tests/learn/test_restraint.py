"""How far Q_r may go in one update (A21), and the entropy of the policy it stands for (A23)."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.errors import InputError
from empo.learn.estimators import Batch, network, table
from empo.learn.forms import magnitude
from empo.learn.restraint import entropy, restraint
from empo.learn.settings import Hybrids, LossSpace
from empo.nets import NetSettings

SIZES = (6,)
NETS = {
    "network": NetSettings(hidden=(16,)),
    "network of rows": NetSettings(hidden=(16,), reader="rows"),
}
KINDS = {"table": table} | {
    name: lambda sizes, shape, form, nets=nets: network(sizes, shape, form, nets)
    for name, nets in NETS.items()
}
FACTORS = jnp.arange(5)[:, None]
TARGET = jnp.array([[0.2, 40.0, 3.0], [9.0, 1.0, 1.0], [0.5, 0.5, 0.5], [2, 3, 4], [100, 1e-3, 1]])
LEGAL = jnp.ones((5, 3), bool).at[2, 2].set(False)
BATCH = Batch(FACTORS, TARGET, LEGAL.astype(float))
COUNTS = jnp.ones(5, bool)
BETA = jnp.float32(3.0)
BOTH = pytest.mark.parametrize("kind", KINDS)
UNITS = pytest.mark.parametrize("unit", ["log", "linear"])


def made(kind, space: LossSpace = "log"):
    return KINDS[kind](SIZES, (3,), magnitude(space))


def held(estimator, kept):
    return jax.vmap(estimator.at, in_axes=(None, 0))(kept.now, FACTORS)


def sizes(values, unit):
    values = np.asarray(values, np.float64)
    return values if unit == "log" else np.exp(values)


def of(beta_r=BETA, **settings):
    return restraint(Hybrids(**settings), LEGAL, COUNTS, beta_r)


def course(kind, heeded, rate, n, space: LossSpace = "log"):
    """What is held before and after each of n updates."""
    estimator = made(kind, space)
    improve = jax.jit(lambda kept: estimator.improve(kept, BATCH, jnp.float32(rate), heeded))
    kept = estimator.start(key=jax.random.key(0))
    found, told = [held(estimator, kept)], []
    for _ in range(n):
        kept, metrics = improve(kept)
        kept = kept._replace(slow=kept.now)
        found.append(held(estimator, kept))
        told.append(metrics)
    return np.array(found), told


# Soft clipping.


@BOTH
@UNITS
@pytest.mark.parametrize("space", ["log", "linear"])
@pytest.mark.parametrize("most", [0.01, 0.3])
def test_A21_no_update_changes_anything_by_more_than_the_bound(kind, unit, space, most):
    rate = 0.9 if kind == "table" else 0.2
    found, told = course(kind, of(clip_q_r=most, clip_q_r_in=unit), rate, 8, space)
    values = sizes(found, unit)
    changes = np.abs(np.diff(values, axis=0))
    rounding = 4e-7 * np.maximum(1, np.abs(values[1:]))
    assert np.all(changes <= most + rounding)
    assert changes.max() > most / 2.1
    assert max(float(metrics["clipped"]) for metrics in told) > 0


@UNITS
def test_A21_a_table_holds_old_plus_the_clipped_change(unit):
    free, _ = course("table", of(), 1.0, 1)
    clipped, _ = course("table", of(clip_q_r=0.4, clip_q_r_in=unit), 1.0, 1)
    old, new = sizes(free[0], unit), sizes(free[1], unit)
    wanted = old + np.clip(new - old, -0.4, 0.4)
    np.testing.assert_allclose(sizes(clipped[1], unit), wanted, rtol=1e-6, atol=1e-6)


@pytest.mark.slow
@BOTH
@UNITS
def test_A21_a_bound_that_is_never_met_changes_nothing_bit_for_bit(kind, unit):
    free, _ = course(kind, of(), 1e-2, 5)
    bounded, told = course(kind, of(clip_q_r=1e9, clip_q_r_in=unit), 1e-2, 5)
    np.testing.assert_array_equal(bounded, free)
    assert all(float(metrics["clipped"]) == 0 for metrics in told)


@BOTH
def test_A21_A23_without_either_an_update_is_the_plain_one_bit_for_bit(kind):
    estimator = made(kind)
    kept = estimator.start(key=jax.random.key(0))
    plain = estimator.improve(kept, BATCH, jnp.float32(0.1))
    jax.tree.map(
        np.testing.assert_array_equal, estimator.improve(kept, BATCH, jnp.float32(0.1), of()), plain
    )


def scaled_course(unit, scale):
    """Policies after an update of a table, all Q_r, held and wanted, so many times as large."""
    estimator = made("table")
    kept = estimator.start(key=jax.random.key(0))
    rows = kept.now + jnp.log(scale) + jnp.arange(3)[None] / 4
    batch = BATCH._replace(target=scale * TARGET)
    heeded = of(clip_q_r=0.3, clip_q_r_in=unit)
    kept, _ = estimator.improve(kept._replace(now=rows, slow=rows), batch, jnp.float32(1.0), heeded)
    return np.asarray(jax.nn.softmax(-BETA * held(estimator, kept)))


def test_A21_in_logarithms_it_does_not_matter_how_large_all_q_r_are():
    one = scaled_course("log", 1.0)
    for scale in (1e-3, 0.1, 1e3):
        np.testing.assert_allclose(scaled_course("log", scale), one, rtol=2e-5)


def test_A21_in_absolute_terms_it_does():
    assert np.abs(scaled_course("linear", 0.1) - scaled_course("linear", 1.0)).max() > 0.1


# Entropy.


def test_A23_the_entropy_is_that_of_equation_5_over_legal_actions():
    # Weights 1, 1/2, 1/4 to the 3rd power: 1, 1/8, 1/64; and of two equal ones log 2.
    values = jnp.log(jnp.array([[1.0, 2.0, 4.0], [7.0, 7.0, 1.0]]))
    legal = jnp.array([[True, True, True], [True, True, False]])
    p = np.array([1, 1 / 8, 1 / 64]) / (1 + 1 / 8 + 1 / 64)
    np.testing.assert_allclose(entropy(values, legal, BETA), [-np.sum(p * np.log(p)), np.log(2)],
                               rtol=1e-6)  # fmt: skip
    gradient = jax.grad(lambda v: jnp.sum(entropy(v, legal, BETA)))(values)
    assert np.all(np.isfinite(gradient))
    assert gradient[1, 2] == 0


def mean_entropy(kind, coefficient, n):
    rate = 0.02 if kind == "table" else 3e-3
    found, _ = course(kind, of(entropy_q_r=coefficient), rate, n)
    return float(np.mean(entropy(jnp.asarray(found[-1]), LEGAL, BETA)))


@BOTH
def test_A23_the_entropy_rises_with_its_weight(kind):
    found = [mean_entropy(kind, weight, 150) for weight in (0.0, 0.1, 1.0)]
    assert found[0] + 0.01 < found[1] < found[2] - 0.01


def test_A23_its_weight_is_relative_to_the_mean_loss_of_a_batch_however_large():
    estimator = made("network")
    kept = estimator.start(key=jax.random.key(0))
    twice = jax.tree.map(lambda x: jnp.concatenate([x, x]), BATCH)
    legal = jnp.concatenate([LEGAL, LEGAL])
    counts = jnp.concatenate([COUNTS, COUNTS])
    once = estimator.improve(kept, BATCH, jnp.float32(1e-3), of(entropy_q_r=0.7))[1]
    again = estimator.improve(
        kept, twice, jnp.float32(1e-3), restraint(Hybrids(entropy_q_r=0.7), legal, counts, BETA)
    )[1]
    np.testing.assert_allclose(again["loss"], once["loss"], rtol=1e-5)
    np.testing.assert_allclose(again["grad_norm"], once["grad_norm"], rtol=1e-5)


def test_A23_the_loss_that_is_told_is_the_distance_to_targets_alone():
    estimator = made("network")
    kept = estimator.start(key=jax.random.key(0))
    plain, pulled = (
        estimator.improve(kept, BATCH, jnp.float32(1e-3), of(entropy_q_r=weight))[1]
        for weight in (0.0, 100.0)
    )
    np.testing.assert_allclose(pulled["loss"], plain["loss"], rtol=1e-6)
    assert pulled["grad_norm"] > 2 * plain["grad_norm"]


def test_A23_a_table_settles_where_the_loss_of_a_network_has_its_minimum():
    found, _ = course("table", of(entropy_q_r=0.2), 0.05, 400)

    def loss(values):
        distance = 0.5 * jnp.where(LEGAL, (values - jnp.log(TARGET)) ** 2, 0.0)
        return jnp.mean(distance) - 0.2 * jnp.mean(entropy(values, LEGAL, BETA))

    assert np.abs(jax.grad(loss)(jnp.asarray(found[-1]))).max() < 1e-4


def test_A23_where_the_robot_acts_at_random_or_its_action_does_not_count_nothing_is_pulled():
    values = jnp.log(TARGET)
    assert np.all(of(beta_r=jnp.float32(0.0), entropy_q_r=1.0).pull(values) == 0)
    idle = restraint(Hybrids(entropy_q_r=1.0), LEGAL, ~COUNTS, BETA)
    assert np.all(idle.pull(values) == 0)


def test_A21_A23_settings_that_make_no_sense_are_named():
    nonsense: dict[str, Any] = {"clip_q_r": 0.0, "clip_q_r_in": "cubic", "entropy_q_r": -1.0}
    for name, wrong in nonsense.items():
        with pytest.raises(InputError, match=name):
            Hybrids(**{name: wrong})
