"""Compiled programs that are kept, and the time that compiling them took."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Any

import jax


class Programs:
    """Compiles each function when it is first called, for the shapes that it is called with."""

    def __init__(self) -> None:
        self.seconds = 0.0
        """Spent compiling."""
        self._compiled: dict[Hashable, Callable[..., Any]] = {}

    def call(
        self, name: Hashable, function: Callable[..., Any], *arguments: Any, donate: bool = False
    ) -> Any:
        """function(*arguments); `donate` gives the first argument's memory away.

        `name` stands for the function and the shapes of its arguments.
        """
        if name not in self._compiled:
            begin = time.perf_counter()
            jitted = jax.jit(function, donate_argnums=(0,) if donate else ())
            self._compiled[name] = jitted.lower(*arguments).compile()
            self.seconds += time.perf_counter() - begin
        return self._compiled[name](*arguments)
