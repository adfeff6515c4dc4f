"""Counting the operations of matrix products, beside counts by hand."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from bench.matrix_products import floating_point_operations

SQUARE, TALL = jnp.ones((4, 4)), jnp.ones((7, 4))
ONE = 2 * 7 * 4 * 4
"""TALL @ SQUARE: 28 sums of four products."""


def count(function, *arguments):
    return floating_point_operations(function, *arguments, trips=3)


def test_a_product_counts_two_for_each_pair_of_numbers():
    assert count(lambda x, y: x @ y, TALL, SQUARE) == ONE
    assert count(jax.vmap(lambda row, y: y.T @ row, in_axes=(0, None)), TALL, SQUARE) == ONE
    assert count(lambda x: x + 1, TALL) == 0


def test_programs_within_programs_count_as_often_as_they_run():
    product = jax.jit(lambda x: x @ SQUARE)
    assert count(product, TALL) == ONE
    many = lambda x: jax.lax.scan(lambda x, _: (product(x), None), x, length=5)[0]  # noqa: E731
    assert count(many, TALL) == 5 * ONE
    until = lambda x: jax.lax.while_loop(lambda x: jnp.sum(x) < 9, product, x)  # noqa: E731
    assert count(until, TALL) == 3 * ONE
    branch = lambda x: jax.lax.cond(x[0, 0] > 0, lambda x: product(product(x)), product, x)  # noqa: E731
    assert count(branch, TALL) == 2 * ONE


def test_a_gradient_takes_a_product_for_each_side():
    # The product itself, and the gradient's product with the transpose of either.
    gradient = jax.value_and_grad(lambda x, y: jnp.sum((x @ y) ** 2), argnums=(0, 1))
    assert count(gradient, TALL, SQUARE) == 3 * ONE
