"""From settings dataclasses to flags, and from flags to the settings that were given.

A setting's flag has its name, its docstring and its type; a flag that is not given leaves the
setting to whoever else has a say. Values are read here and not by the parser, so that all that is
wrong is told at once and in the same words everywhere.
"""

from __future__ import annotations

import ast
import contextlib
import difflib
import inspect
import io
import itertools
import re
import types
from collections.abc import Callable, Collection, Sequence
from dataclasses import Field, field, fields, is_dataclass, make_dataclass
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import tyro

from empo.core.errors import InputError

_TRUTH = {"true": True, "yes": True, "false": False, "no": False}
_METAVARS = {int: "N", float: "X", str: "TEXT", bool: "yes|no", tuple: "N,N,..."}
_NAMES = {
    int: "a whole number",
    float: "a number",
    str: "text",
    bool: "yes or no",
    tuple: "whole numbers with commas between",
    type(None): "none",
}

_OTHER_NAMES = {"n_workers": "workers"}
"""Of flags that are not called as their settings are."""

Flags = TypeVar("Flags")
Positional = tyro.conf.Positional


def parse(kind: type[Flags], command: str, arguments: Sequence[str], teaching: str) -> Flags:
    """The arguments of a command; `teaching` is its help, above the list of flags.

    Raises `InputError` for unknown flags and missing values, and `SystemExit` after `--help`.
    """
    if {"-h", "--help"} & {*arguments}:
        print(teaching, end="\n\n")  # the parser would undo the line breaks
        _parse(kind, command, arguments)
    complaint = io.StringIO()
    try:
        # With both redirected the complaint has no colours and plain rules.
        with contextlib.redirect_stderr(complaint), contextlib.redirect_stdout(io.StringIO()):
            flags, unknown = _parse(kind, command, arguments)
    except SystemExit:
        raise InputError(f"{_said(complaint.getvalue())}; see empo {command} --help") from None
    if unknown:
        raise InputError(f"{_unknown(kind, unknown[0])}; see empo {command} --help")
    return flags


def _parse(
    kind: type[Flags], command: str, arguments: Sequence[str]
) -> tuple[Flags, Sequence[str]]:
    return tyro.cli(
        kind,
        prog=f"empo {command}",
        description="",
        args=list(arguments),
        return_unknown_args=True,
        config=(tyro.conf.FlagCreatePairsOff, tyro.conf.OmitArgPrefixes),
    )


def settings_flags(
    settings: type,
    otherwise: Callable[[Field[Any]], str],
    without: Collection[str] = (),
) -> type[Any]:
    """A dataclass with a flag for each of the settings, to be a field of a command's flags.

    `otherwise` says what holds where the flag is not given. Settings `without` have none, and
    neither have groups of settings within: they have flags of their own.
    """
    hints, docs = get_type_hints(settings), field_docs(settings)
    flags = [
        (f.name, _flag(f.name, hints[f.name], docs[f.name], otherwise(f)), field(default=None))
        for f in fields(settings)
        if not is_dataclass(hints[f.name]) and f.name not in without
    ]
    return make_dataclass(f"{settings.__name__}Flags", flags)


def given(*groups: tuple[Any, type]) -> list[dict[str, Any]]:
    """For each pair of flags and settings, the values of the settings whose flags were given.

    Raises `InputError` that lists all flags of the wrong type.
    """
    problems: list[str] = []
    found = [_given(flags, settings, problems) for flags, settings in groups]
    if problems:
        raise InputError(problems)
    return found


def _given(flags: Any, settings: type, problems: list[str]) -> dict[str, Any]:
    found = {}
    for name, hint in get_type_hints(settings).items():
        text = getattr(flags, name, None)
        if text is None:
            continue
        try:
            found[name] = read_value(text, hint)
        except (ValueError, KeyError):
            flag = "--" + _called(name).replace("_", "-")
            problems.append(f"{flag}: found {text!r} (wanted {_wanted(hint)})")
    return found


def read_value(text: str, hint: Any) -> Any:
    """The text as a value of that type. Raises `ValueError` if it is none."""
    kinds = _kinds(hint)
    if type(None) in kinds and text.lower() == "none":
        return None
    kind = kinds[0]
    if get_origin(kind) is Literal:
        if text not in get_args(kind):
            raise ValueError(text)
        return text
    if get_origin(kind) is tuple:
        return tuple(int(part) for part in text.split(",") if part.strip())
    return _TRUTH[text.lower()] if kind is bool else kind(text)


def field_docs(kind: type) -> dict[str, str]:
    """The docstring below each field of a dataclass, those of its bases included."""
    inherited = [field_docs(base) for base in reversed(kind.__bases__) if is_dataclass(base)]
    return {name: doc for docs in (*inherited, _own_docs(kind)) for name, doc in docs.items()}


def _own_docs(kind: type) -> dict[str, str]:
    try:
        source = inspect.getsource(kind)
    except OSError:  # a class made at runtime, as of an actor's settings, which has no text
        return {}
    (definition,) = ast.parse(inspect.cleandoc(source)).body
    assert isinstance(definition, ast.ClassDef)
    return {
        place.target.id: inspect.cleandoc(str(doc.value.value))
        for place, doc in itertools.pairwise(definition.body)
        if isinstance(place, ast.AnnAssign)
        and isinstance(place.target, ast.Name)
        and isinstance(doc, ast.Expr)
        and isinstance(doc.value, ast.Constant)
    }


def _flag(name: str, hint: Any, doc: str, otherwise: str) -> Any:
    kinds = _kinds(hint)
    choices = get_args(kinds[0]) if get_origin(kinds[0]) is Literal else ()
    word = "|".join(choices) or _METAVARS[get_origin(kinds[0]) or kinds[0]]
    metavar = word + "|none" * (type(None) in kinds)
    settings = tyro.conf.arg(
        name=_called(name), metavar=metavar, help=doc, help_behavior_hint=f"({otherwise})"
    )
    return Annotated[str | None, settings]


def _called(setting: str) -> str:
    """The name of a setting's flag."""
    return _OTHER_NAMES.get(setting, setting.strip("_"))


def _wanted(hint: Any) -> str:
    kinds = _kinds(hint)
    words = [
        " or ".join(get_args(kind))
        if get_origin(kind) is Literal
        else _NAMES[get_origin(kind) or kind]
        for kind in kinds
    ]
    return " or ".join(words)


def _kinds(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _unknown(kind: type, argument: str) -> str:
    if not argument.startswith("-"):
        return f"unexpected argument {argument!r}"
    known = [f"--{_called(name).replace('_', '-')}" for name in _names(kind)]
    near = difflib.get_close_matches(argument.split("=")[0], known, n=1)
    return f"unknown flag {argument!r}" + (f" (did you mean {near[0]}?)" if near else "")


def _names(kind: type) -> list[str]:
    """The names of all fields, also of those that are dataclasses themselves."""
    hints = get_type_hints(kind)
    nested = (
        _names(hints[f.name]) if is_dataclass(hints[f.name]) else [f.name] for f in fields(kind)
    )
    return [name for names in nested for name in names]


def _said(complaint: str) -> str:
    """What the parser said between two rules, in one line."""
    lines = [line.strip() for line in complaint.splitlines()]
    rules = [number for number, line in enumerate(lines) if line and not line.strip("-")]
    body = lines[rules[0] + 1 : rules[1]] if len(rules) > 1 else lines
    said = " ".join(" ".join(body).split()).rstrip(". ")
    missing = re.match(r"Missing from [^:]*: (\S+)", said)
    return f"{missing[1]} is missing" if missing else said
