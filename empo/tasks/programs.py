"""Compiled programs that are kept, and the time that compiling them took."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Any

import jax


def _options(level: int) -> Any:
    """On a processor, less work for the compiler: what it makes at level 1 is as fast for us."""
    return {"xla_backend_optimization_level": level} if jax.default_backend() == "cpu" else {}


class Programs:
    """Compiles each function when it is first called, for the shapes that it is called with."""

    def __init__(self) -> None:
        self.seconds = 0.0
        """Spent compiling."""
        self._compiled: dict[Hashable, Callable[..., Any]] = {}

    def once(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """function(*arguments), compiled in haste: for what is short and not called again."""
        begin = time.perf_counter()
        program = jax.jit(function).lower(*arguments).compile(_options(0))
        self.seconds += time.perf_counter() - begin
        return program(*arguments)

    def call(
        self, name: Hashable, function: Callable[..., Any], *arguments: Any, donate: bool = False
    ) -> Any:
        """function(*arguments); `donate` gives the first argument's memory away.

        `name` stands for the function and the shapes of its arguments.
        """
        return self.prepared(name, function, *arguments, donate=donate)(*arguments)

    def __getitem__(self, name: Hashable) -> Callable[..., Any]:
        """What was compiled under that name."""
        return self._compiled[name]

    def prepared(
        self, name: Hashable, function: Callable[..., Any], *arguments: Any, donate: bool = False
    ) -> Callable[..., Any]:
        """The function, compiled for arguments like these."""
        if name not in self._compiled:
            begin = time.perf_counter()
            jitted = jax.jit(function, donate_argnums=(0,) if donate else ())
            self._compiled[name] = jitted.lower(*arguments).compile(_options(1))
            self.seconds += time.perf_counter() - begin
        return self._compiled[name]
