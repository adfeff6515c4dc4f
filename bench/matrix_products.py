"""How many floating point operations a program's matrix products take, from their shapes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import jax


def floating_point_operations(function: Callable[..., Any], *arguments: Any, trips: int) -> float:
    """Two for each product of two numbers; loops of unknown length are taken to make `trips`."""
    return _of(jax.make_jaxpr(function)(*arguments).jaxpr, trips)


def _of(jaxpr: Any, trips: int) -> float:
    return sum(_of_equation(equation, trips) for equation in jaxpr.eqns)


def _of_equation(equation: Any, trips: int) -> float:
    name, told = equation.primitive.name, equation.params
    if name == "dot_general":
        (summed, _), _ = told["dimension_numbers"]
        left = equation.invars[0].aval.shape
        return 2.0 * equation.outvars[0].aval.size * math.prod(left[axis] for axis in summed)
    inner = [_of(jaxpr, trips) for jaxpr in _inside(told)]
    if name == "cond":
        return max(inner)
    return sum(inner) * {"scan": told.get("length", 1), "while": trips}.get(name, 1)


def _inside(told: dict[str, Any]) -> Iterator[Any]:
    for value in told.values():
        for one in value if isinstance(value, tuple | list) else (value,):
            if hasattr(one, "eqns"):
                yield one
            elif hasattr(one, "jaxpr") and hasattr(one.jaxpr, "eqns"):
                yield one.jaxpr
