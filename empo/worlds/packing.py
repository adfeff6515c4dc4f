"""States as integers: the factors of a state are the digits of one number in mixed radix."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from empo.core.errors import InputError
from empo.core.types import AnyArray, Int


def strides(cardinalities: tuple[int, ...]) -> np.ndarray:
    """The place value of each factor, the last one's being 1.

    Raises `InputError` if the codes do not fit into 63 bits.
    """
    if (size := math.prod(cardinalities)) >= 2**63:
        raise InputError(
            f"the world has 2^{math.log2(size):.0f} combinations of factors; at most 2^63 can be "
            f"enumerated (the factors have {', '.join(map(str, cardinalities))} values)"
        )
    return np.cumprod([1, *reversed(cardinalities[1:])], dtype=np.int64)[::-1].copy()


def pack(state: Int[AnyArray, "*b f"], cardinalities: tuple[int, ...]) -> Int[AnyArray, "*b"]:
    """The codes of states. On JAX arrays it needs 64-bit mode."""
    return (state.astype("int64") * _as_row(strides(cardinalities), state.ndim)).sum(-1)


def unpack(code: Int[AnyArray, "*b"], cardinalities: tuple[int, ...]) -> Int[AnyArray, "*b f"]:
    """The states with these codes."""
    row, sizes = (_as_row(x, code.ndim + 1) for x in (strides(cardinalities), cardinalities))
    return (code[..., None] // row % sizes).astype("int32")


def _as_row(values: Sequence[int] | np.ndarray, ndim: int) -> np.ndarray:
    return np.reshape(values, (1,) * (ndim - 1) + (-1,))
