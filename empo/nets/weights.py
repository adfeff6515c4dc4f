"""First weights of all layers of a network at once, so that programs that begin runs are short."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.types import Array, Float

Shapes = Sequence[tuple[int, int]]


def orthogonal(shapes: Shapes, *, key: Array) -> list[Float[Array, "i o"]]:
    """Random matrices whose rows, or columns if these are fewer, are orthogonal and of length 1.

    Uniform among all such (Mezzadri 2007): Gram and Schmidt's procedure on normal vectors, each
    made orthogonal twice, which is enough for rounding errors. LAPACK's QR is no way to do it: of
    several seeds at once, its calls may wait for one another for ever where there are few cores.
    """
    sizes = [tuple(sorted(shape)) for shape in shapes]
    n_rows, length = (max(size[axis] for size in sizes) for axis in (0, 1))
    # Matrices of all shapes go through one loop, each padded with zeros to the largest.
    wanted = np.stack(
        [np.outer(np.arange(n_rows) < n, np.arange(length) < n_columns) for n, n_columns in sizes]
    )
    drawn = jnp.where(wanted, jax.random.normal(key, (len(sizes), n_rows, length)), 0.0)

    padding = jnp.asarray(~wanted[:, :, :1])

    def add(number: Array, rows: Float[Array, "m r c"]) -> Float[Array, "m r c"]:
        row = drawn[:, number]
        for _ in range(2):
            row = row - jnp.einsum("mr,mrc->mc", jnp.einsum("mrc,mc->mr", rows, row), rows)
        norm = jnp.linalg.norm(row, axis=-1, keepdims=True)
        # The norm of padding is 0, and it stays 0.
        return rows.at[:, number].set(row / jnp.where(padding[:, number], 1.0, norm))

    rows = jax.lax.fori_loop(0, n_rows, add, jnp.zeros_like(drawn))
    cut = [matrix[:n, :n_columns] for matrix, (n, n_columns) in zip(rows, sizes, strict=True)]
    return [
        matrix if n_in <= n_out else matrix.T
        for matrix, (n_in, n_out) in zip(cut, shapes, strict=True)
    ]


def glorot(shapes: Shapes, *, key: Array) -> list[Float[Array, "i o"]]:
    """Uniform between +- sqrt(6 / (i + o)) (Glorot and Bengio 2010)."""
    drawn = jax.random.uniform(key, (sum(i * o for i, o in shapes),), minval=-1.0, maxval=1.0)
    matrices, begin = [], 0
    for n_in, n_out in shapes:
        unit = drawn[begin : begin + n_in * n_out].reshape(n_in, n_out)
        matrices.append((6 / (n_in + n_out)) ** 0.5 * unit)
        begin += n_in * n_out
    return matrices
