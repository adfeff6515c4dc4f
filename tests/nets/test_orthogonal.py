"""First weights: orthogonal, evenly spread, and there for many seeds at once."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.nets.weights import orthogonal as orthogonal_of

KEY = jax.random.key(0)


def orthogonal(*shape, key):
    return orthogonal_of([shape], key=key)[0]


@pytest.mark.parametrize("shape", [(64, 64), (3, 64), (64, 2), (1, 1)])
def test_rows_or_columns_are_orthonormal(shape):
    matrix = np.asarray(orthogonal(*shape, key=KEY), float)
    assert matrix.shape == shape
    gram = matrix @ matrix.T if shape[0] <= shape[1] else matrix.T @ matrix
    np.testing.assert_allclose(gram, np.eye(min(shape)), atol=2e-6)


def test_none_is_preferred():
    # Of uniform 2 x 2 ones half have determinant 1; every entry is 0 in the mean, 1/2 in square.
    n = 4000
    drawn = jax.vmap(lambda key: orthogonal(2, 2, key=key))(jax.random.split(KEY, n))
    matrices = np.asarray(drawn, float)
    half = 4 * 0.5 / np.sqrt(n)
    np.testing.assert_allclose(np.mean(np.linalg.det(matrices) > 0), 0.5, atol=half)
    np.testing.assert_allclose(matrices.mean(axis=0), np.zeros((2, 2)), atol=2 * half)
    np.testing.assert_allclose((matrices**2).mean(axis=0), np.full((2, 2), 0.5), atol=half)


def test_many_seeds_at_once_call_nothing_outside_the_program():
    # Library calls of a batch wait for threads that may all be waiting in such calls.
    many = jax.jit(jax.vmap(lambda key: orthogonal(8, 4, key=key)))
    text = many.lower(jax.random.split(KEY, 3)).compile().as_text()
    assert "lapack" not in text
    np.testing.assert_allclose(
        many(jax.random.split(KEY, 3))[1],
        orthogonal(8, 4, key=jax.random.split(KEY, 3)[1]),
        atol=1e-6,
    )
    assert jnp.all(jnp.isfinite(many(jax.random.split(KEY, 3))))


def test_layers_of_all_shapes_are_drawn_together():
    shapes = [(4, 64), (64, 64), (64, 2), (1, 1)]
    matrices = orthogonal_of(shapes, key=KEY)
    assert [matrix.shape for matrix in matrices] == shapes
    for matrix in (np.asarray(m, float) for m in matrices):
        gram = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
        np.testing.assert_allclose(gram, np.eye(len(gram)), atol=2e-6)
