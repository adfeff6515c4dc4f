"""The types of settings, by name, and values of them from files."""

from __future__ import annotations

import math
import types
from dataclasses import is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

_NAMES = {
    int: "a whole number",
    float: "a number",
    str: "text",
    bool: "true or false",
    tuple: "a list of whole numbers",
    type(None): "nothing",
}


def setting_kinds(setup: Any) -> dict[str, Any]:
    """The type of each setting of a `Setup`, those of the groups within its groups included."""
    found: dict[str, Any] = {}
    for group in setup.groups().values():
        found |= _kinds_of(group)
    return found


def read_setting(value: Any, kind: Any) -> Any:
    """The value as the setting has it. Raises `ValueError` if it is of another type."""
    for one in _options(kind):
        if _is(value, one):
            return _as(value, one)
    raise ValueError(value)


def is_number(kind: Any) -> bool:
    """Can the setting be a number, whole or not?"""
    return bool({int, float} & {*_options(kind)})


def wanted(kind: Any) -> str:
    """The type in words."""
    return " or ".join(
        " or ".join(map(str, get_args(one)))
        if get_origin(one) is Literal
        else _NAMES[get_origin(one) or one]
        for one in _options(kind)
    )


def _kinds_of(group: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, kind in get_type_hints(type(group)).items():
        value = getattr(group, name)
        found |= _kinds_of(value) if is_dataclass(value) else {name: kind}
    return found


def _options(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)


def _is(value: Any, kind: Any) -> bool:
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    if get_origin(kind) is tuple:
        return isinstance(value, list | tuple) and all(_is(item, int) for item in value)
    if kind is float:
        return value == "inf" or (isinstance(value, int | float) and not isinstance(value, bool))
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)


def _as(value: Any, kind: Any) -> Any:
    if get_origin(kind) is tuple:
        return tuple(value)
    if kind is float:
        return math.inf if value == "inf" else float(value)
    return value
