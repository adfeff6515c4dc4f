"""What runs in a worker's own process: a program that came as bytes. It imports no Ray.

The program is XLA's, so the process needs neither the task nor the algorithm, and what it computes
is what a thread of the master's process would.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.export
import jax.numpy as jnp
import numpy as np

from empo.core.cache import keep_compiled_programs
from empo.core.keys import plain, plain_leaves, rebuilt
from empo.tasks.programs import Programs


class Shipped(NamedTuple):
    """A function as it can be sent: a program for processors, of plain arrays."""

    program: bytes
    used: tuple[int, ...]
    """Those of its arguments' arrays that it needs; of a learner it is the least part."""
    result: Any
    """What it returns, as a pytree of shapes and types."""

    def arrays(self, *arguments: Any) -> list[np.ndarray]:
        """What is to be sent for a call."""
        leaves = jax.tree.leaves(arguments)
        return [np.asarray(plain(leaves[number])) for number in self.used]


def shipped(function: Any, *arguments: Any) -> Shipped:
    """The function, for arguments like these."""
    result = jax.eval_shape(function, *arguments)

    def on_arrays(*arrays: Any) -> list[Any]:
        return plain_leaves(function(*rebuilt(arrays, arguments)))

    shapes = [jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in plain_leaves(arguments)]
    program = jax.export.export(jax.jit(on_arrays), platforms=("cpu",))(*shapes)
    return Shipped(bytes(program.serialize()), tuple(program.module_kept_var_idx), result)


class RemoteWorker:
    """Does pieces of work; it remembers nothing from one to the next."""

    def __init__(self, program: bytes, used: Sequence[int], wide: bool) -> None:
        """`used` as `Shipped` has it; `wide`: numbers may have 64 bits."""
        jax.config.update("jax_platforms", "cpu")
        jax.config.update("jax_enable_x64", wide)
        keep_compiled_programs()
        loaded = jax.export.deserialize(bytearray(program))
        shapes = [jax.ShapeDtypeStruct(aval.shape, aval.dtype) for aval in loaded.in_avals]
        self._program = Programs().prepared("work", loaded.call, *shapes)
        self._used = {number: place for place, number in enumerate(used)}
        self._blank = [
            None if number in self._used else jnp.zeros(shape.shape, shape.dtype)
            for number, shape in enumerate(shapes)
        ]

    def pid(self) -> int:
        """Its process; by answering, it says that it is ready."""
        return os.getpid()

    def work(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The program's results."""
        every = [
            arrays[self._used[number]] if blank is None else blank
            for number, blank in enumerate(self._blank)
        ]
        return [np.asarray(result) for result in self._program(*every)]
