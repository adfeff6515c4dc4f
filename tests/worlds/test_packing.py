"""States as integers."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empo.core.errors import InputError
from empo.worlds.packing import pack, strides, unpack


def test_by_hand():
    # Hours, minutes, seconds: 1:02:03 is 3600 + 120 + 3 seconds.
    clock = (24, 60, 60)
    assert strides(clock).tolist() == [3600, 60, 1]
    assert pack(np.array([1, 2, 3]), clock) == 3723
    assert unpack(np.int64(86399), clock).tolist() == [23, 59, 59]


@st.composite
def states_of_some_world(draw):
    sizes = tuple(draw(st.lists(st.integers(1, 2000), min_size=1, max_size=5)))
    row = st.tuples(*(st.integers(0, size - 1) for size in sizes))
    return sizes, np.array(draw(st.lists(row, min_size=1, max_size=6)), np.int32)


@settings(max_examples=100, deadline=None)
@given(states_of_some_world())
def test_codes_are_numbers_in_mixed_radix_and_lead_back(drawn):
    sizes, states = drawn
    codes = pack(states, sizes)
    for state, code in zip(states.tolist(), codes.tolist(), strict=True):
        wanted = 0
        for value, size in zip(state, sizes, strict=True):
            wanted = wanted * size + value
        assert code == wanted
    back = unpack(codes, sizes)
    assert back.dtype == np.int32
    np.testing.assert_array_equal(back, states)


def test_jax_and_numpy_agree_in_any_shape():
    sizes = (3, 5, 7)
    states = np.stack(np.unravel_index(np.arange(105), sizes), axis=-1).astype(np.int32)
    with jax.enable_x64(True):
        for shape in ((105,), (5, 21), (3, 5, 7)):
            codes = pack(jnp.asarray(states.reshape(*shape, 3)), sizes)
            np.testing.assert_array_equal(codes, np.arange(105).reshape(shape))
            np.testing.assert_array_equal(unpack(codes, sizes), states.reshape(*shape, 3))


def test_the_largest_world_uses_all_63_bits():
    sizes = (2,) * 62
    last = np.ones(62, np.int32)
    assert pack(last, sizes) == 2**62 - 1
    np.testing.assert_array_equal(unpack(pack(last, sizes), sizes), last)
    # 7^2 * 73 * 127 * 337 * 92737 * 649657 is 2^63 - 1.
    factors = (7, 7, 73, 127, 337, 92737, 649657)
    largest = np.array(factors) - 1
    assert pack(largest, factors) == 2**63 - 2
    np.testing.assert_array_equal(unpack(pack(largest, factors), factors), largest)


@pytest.mark.parametrize("sizes", [(2,) * 63, (2**31, 2**31, 2), (1000,) * 40])
def test_a_world_of_2_to_the_63_or_more_is_refused(sizes):
    with pytest.raises(InputError, match=r"2\^\d+ combinations of factors; at most 2\^63"):
        strides(sizes)
