"""Tables and networks: what one update changes, by how much, and what it leaves alone."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.errors import InputError
from empo.learn.estimators import LARGEST_TABLE, Batch, mean_of_equals, network, table
from empo.learn.forms import magnitude, share
from empo.nets import NetSettings

SIZES = (3, 4)
FORMS = {
    "share": share(np.ones(2), 0.5),
    "log": magnitude("log"),
    "linear": magnitude("linear"),
}
NETS = {
    "network": NetSettings(hidden=(16, 16)),
    "network of rows": NetSettings(hidden=(16, 16), reader="rows"),
}
KINDS = {"table": table} | {
    name: lambda sizes, shape, form, first=None, nets=nets: network(sizes, shape, form, nets, first)
    for name, nets in NETS.items()
}
FACTORS = jnp.array([[0, 1], [2, 3], [0, 1], [1, 0]], jnp.int32)
TARGET = jnp.array([[0.2, 0.4], [0.3, 0.9], [0.6, 0.4], [0.5, 0.1]])
WEIGHT = jnp.array([[1.0, 1.0], [1.0, 0.0], [3.0, 0.0], [0.0, 0.0]])


def estimator_of(kind, form):
    return KINDS[kind](SIZES, (2,), FORMS[form])


def held(estimator, kept):
    return np.asarray(jax.vmap(estimator.at, in_axes=(None, 0))(kept.now, FACTORS))


def test_the_mean_of_equal_rows_is_weighted_and_each_of_them_has_it():
    # Row 1 has targets 0.2 and, three times as heavy, 0.6: (0.2 + 3 * 0.6) / 4 = 0.5.
    row = jnp.array([1, 7, 1, 2])
    mean, learnt = mean_of_equals(row, Batch(FACTORS, TARGET, WEIGHT))
    np.testing.assert_array_equal(learnt, [[1, 1], [1, 0], [1, 1], [0, 0]])
    np.testing.assert_allclose(mean, [[0.5, 0.4], [0.3, 0], [0.5, 0.4], [0, 0]], rtol=1e-6)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("rate", [1.0, 0.25])
def test_a_table_goes_a_share_of_the_way_to_the_mean(form, rate):
    estimator = estimator_of("table", form)
    kept = estimator.start(key=jax.random.key(0))
    before = held(estimator, kept)
    kept, _ = estimator.improve(kept, Batch(FACTORS, TARGET, WEIGHT), jnp.float32(rate))
    mean = np.array([[0.5, 0.4], [0.3, 1.0], [0.5, 0.4], [1.0, 1.0]])
    if form == "log":
        wanted = before + rate * (np.log(mean) - before)
    elif form == "linear":
        wanted = np.log(np.exp(before) + rate * (mean - np.exp(before)))
    else:
        wanted = before + rate * (mean - before)
    wanted = np.where([[1, 1], [1, 0], [1, 1], [0, 0]], wanted, before)
    np.testing.assert_allclose(held(estimator, kept), wanted, rtol=1e-5, atol=1e-6)


def test_a_table_leaves_all_other_rows_alone_bit_for_bit():
    estimator = estimator_of("table", "share")
    kept = estimator.start(key=jax.random.key(0))
    after, _ = estimator.improve(kept, Batch(FACTORS, TARGET, WEIGHT), jnp.float32(1.0))
    changed = np.any(np.asarray(after.now) != np.asarray(kept.now), axis=-1)
    assert set(np.flatnonzero(changed)) == {0 * 4 + 1, 2 * 4 + 3}
    np.testing.assert_array_equal(after.slow, kept.slow)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", KINDS)
def test_B15_a_rate_of_0_freezes_bit_for_bit(kind, form):
    estimator = estimator_of(kind, form)
    kept = estimator.start(key=jax.random.key(0))
    after = kept
    for _ in range(3):
        after, _ = estimator.improve(after, Batch(FACTORS, TARGET, WEIGHT), jnp.float32(0.0))
    if form != "linear" or kind != "table":
        jax.tree.map(np.testing.assert_array_equal, after.now, kept.now)
    np.testing.assert_allclose(held(estimator, after), held(estimator, kept), rtol=1e-6, atol=1e-7)
    jax.tree.map(np.testing.assert_array_equal, after.slow, kept.slow)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_has_no_weight_has_no_influence(kind, form):
    estimator = estimator_of(kind, form)
    kept = estimator.start(key=jax.random.key(0))
    strange = jnp.where(WEIGHT > 0, TARGET, jnp.nan)
    results = [
        estimator.improve(kept, Batch(FACTORS, target, WEIGHT), jnp.float32(0.1))
        for target in (TARGET, strange)
    ]
    jax.tree.map(np.testing.assert_array_equal, *results)
    assert all(np.all(np.isfinite(x)) for x in jax.tree.leaves(results[1]))


@pytest.mark.parametrize("kind", KINDS)
def test_without_any_weight_nothing_moves(kind):
    estimator = estimator_of(kind, "log")
    kept = estimator.start(key=jax.random.key(0))
    batch = Batch(FACTORS, TARGET, jnp.zeros_like(WEIGHT))
    after, metrics = estimator.improve(kept, batch, jnp.float32(1.0))
    jax.tree.map(np.testing.assert_array_equal, after.now, kept.now)
    assert float(metrics["loss"]) == float(metrics["grad_norm"]) == 0


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", KINDS)
def test_predictions_are_told_in_the_units_of_targets(kind, form):
    # Of three places 0.2, 0.4 and 0.3 count, whose mean is 0.3; at first a half of the most, 1, is
    # held of a share, and 1 of a size.
    estimator = estimator_of(kind, form)
    rows = np.array([0, 1, 3])
    batch = Batch(FACTORS[rows], TARGET[rows], WEIGHT[rows])
    kept = estimator.start(key=jax.random.key(0))
    improve = jax.jit(estimator.improve)
    kept, told = improve(kept, batch, jnp.float32(1.0 if kind == "table" else 1e-2))
    assert float(told["target"]) == pytest.approx(0.3)
    if kind == "table":
        assert float(told["prediction"]) == pytest.approx(0.5 if form == "share" else 1.0)
    for _ in range(1 if kind == "table" else 300):
        kept = kept._replace(slow=kept.now)
        kept, told = improve(kept, batch, jnp.float32(1.0 if kind == "table" else 1e-2))
    assert float(told["prediction"]) == pytest.approx(0.3, rel=0.01)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", NETS)
def test_a_network_learns_where_there_is_weight(kind, form):
    estimator = estimator_of(kind, form)
    batch = Batch(FACTORS, TARGET, WEIGHT)

    @jax.jit
    def learn(key):
        step = lambda kept, _: (estimator.improve(kept, batch, jnp.float32(3e-3))[0], None)  # noqa: E731

        def follow(kept, _):
            kept, _ = step(kept, None)
            return kept._replace(slow=kept.now), None

        return jax.lax.scan(follow, estimator.start(key=key), None, 1500)[0]

    found = held(estimator, learn(jax.random.key(0)))
    # Equal places hold a mean: of the targets, or of their logarithms.
    if form == "log":
        wanted = np.log(np.array([[0.2**0.25 * 0.6**0.75, 0.4], [0.3, 1]]))
    else:
        wanted = np.array([[0.5, 0.4], [0.3, 1]])
        wanted = np.log(wanted) if form == "linear" else wanted
    np.testing.assert_allclose(found[0], wanted[0], atol=5e-3)
    np.testing.assert_allclose(found[1, 0], wanted[1, 0], atol=5e-3)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_starting_value_for_each_place_is_what_is_held_at_first(kind, form):
    def first(factors):
        return 0.3 + 0.1 * factors.astype(float)

    made = KINDS[kind](SIZES, (2,), FORMS[form])
    begun = KINDS[kind](SIZES, (2,), FORMS[form], first)
    key = jax.random.key(3)
    found, plain = (held(e, e.start(key=key)) for e in (begun, made))
    wanted = 0.3 + 0.1 * np.asarray(FACTORS)
    if kind == "table":
        np.testing.assert_allclose(found, wanted, rtol=1e-6)
        return
    # A network is as far from it, in outputs, as it is from its one value without.
    write = jax.vmap(FORMS[form].write)
    at_first = np.broadcast_to(FORMS[form].at_first, wanted.shape)
    if form == "share":
        np.testing.assert_allclose(
            write(found) - write(wanted), write(plain) - write(at_first), atol=1e-5
        )
    else:
        np.testing.assert_allclose(found - wanted, plain - at_first, atol=1e-5)


def test_too_large_a_table_is_refused_with_its_size():
    with pytest.raises(InputError, match=r"found 1,000,000 combinations of factors with 300"):
        table((1000, 1000), (300,), FORMS["log"])
    assert LARGEST_TABLE < 1000 * 1000 * 300
