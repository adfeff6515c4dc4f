"""World files as plain data that knows its lines, and a list of all that is wrong with them."""

from __future__ import annotations

import difflib
import math
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from empo.core.errors import InputError
from empo.worlds.yamltree import MAX_DEPTH, MAX_VALUES, Lines, Texts, parse

MAX_BYTES = 16 * 2**20
"""Largest file that is read."""
MAX_LISTED = 50
"""Problems that are spelt out; the rest are counted."""

Key = str | int
Where = Sequence[Key]
"""The way to a value: ("states", "s0", "next", 1, "to")."""


@dataclass(frozen=True)
class Document:
    """The content of a world file. Nothing in `data` may be changed: lines hang on identity."""

    name: str
    """How messages call it: the path as given."""
    path: Path | None
    data: Any
    """Mappings (keys are text), lists, text, int, float, bool, None."""
    _lines: Lines = field(default_factory=dict, repr=False)
    _texts: Texts = field(default_factory=dict, repr=False)

    def line(self, *keys: Key) -> int | None:
        """The line, from 1, of that value's key or list item, or of what is nearest around it.

        None where there is none: data that was built in Python.
        """
        value, line = self.data, 1 if self._lines else None
        for key in keys:
            line = self._lines.get(id(value), {}).get(key, line)
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                break
        return line

    def text(self, *keys: Key) -> str | None:
        """A scalar as it was written (`no`, `1`, `0.50`), so that any word can be a name.

        None for lists, mappings and nothing at all.
        """
        value, text = self.data, None
        for key in keys:
            text = self._texts.get(id(value), {}).get(key)
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                return None
        if (value is None and text is None) or isinstance(value, (dict, list)):
            return None
        return (str(value) if text is None else text) or None

    def with_names_as_text(self, is_name: Callable[[Where], bool]) -> Any:
        """The data, with the scalars in places for names as they were written.

        So it means the same when it is written to another file and read again: a state called
        1.50 is no longer the number 1.5.
        """
        return _respelled(self, self.data, (), is_name) if self._texts else self.data


def _respelled(
    document: Document, value: Any, where: tuple[Key, ...], is_name: Callable[[Where], bool]
) -> Any:
    if isinstance(value, dict):
        return {k: _respelled(document, v, (*where, k), is_name) for k, v in value.items()}
    if isinstance(value, list):
        return [_respelled(document, v, (*where, i), is_name) for i, v in enumerate(value)]
    return document.text(*where) if is_name(where) else value


def read_document(path: str | os.PathLike[str], what: str = "world") -> Document:
    """Read a YAML or JSON file; all but a mapping of text keys is refused with `InputError`.

    `what` it should hold is for messages.
    """
    name = os.fspath(path)
    data, lines, texts = parse(_read_text(Path(path), name, what), name)
    if data is None:
        raise InputError(f"{name}: the file is empty (wanted a {what} as YAML or JSON)")
    if not isinstance(data, dict):
        raise InputError(f"{name}: the file holds {describe(data)} (wanted a mapping: key: value)")
    return Document(name, Path(path), data, lines, texts)


def as_document(data: Mapping[str, Any], name: str = "world") -> Document:
    """A world that was built in Python, under the same rules as a file; numbers may be keys."""
    budget = [MAX_VALUES]
    return Document(name, None, _plain(data, name, MAX_DEPTH, budget))


def _read_text(path: Path, name: str, what: str) -> str:
    try:
        if path.is_dir():
            raise InputError(f"{name}: is a folder (wanted a {what} file)")
        if path.exists() and not path.is_file():
            raise InputError(f"{name}: is a device or a pipe (wanted a {what} file)")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{name}: cannot be read: {reason}") from None
    if len(content) > MAX_BYTES:
        raise InputError(f"{name}: larger than {MAX_BYTES >> 20} MiB, the limit for {what} files")
    if b"\0" in content:
        raise InputError(f"{name}: not a text file: it holds zero bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(f"{name}:{line}: not a text file in UTF-8: {error.reason}") from None


def _plain(value: Any, name: str, depth: int, budget: list[int]) -> Any:
    """A copy in plain types: numpy numbers, tuples and the like become what files hold."""
    budget[0] -= 1
    if depth < 0 or budget[0] < 0:
        raise InputError(f"{name}: deeper than {MAX_DEPTH} levels or over {MAX_VALUES:,} values")
    if isinstance(value, Mapping):
        plain = {_plain_key(k, name): _plain(v, name, depth - 1, budget) for k, v in value.items()}
        if len(plain) < len(value):
            raise InputError(f"{name}: two keys read the same among {listed(plain)}")
        return plain
    if isinstance(value, (list, tuple, set, frozenset)):
        items = sorted(value) if isinstance(value, (set, frozenset)) else value
        return [_plain(item, name, depth - 1, budget) for item in items]
    if isinstance(value, (str, bool, int, float)) or value is None:
        return value
    if hasattr(value, "tolist"):
        return _plain(value.tolist(), name, depth - 1, budget)
    raise InputError(f"{name}: found {type(value).__name__!r} (wanted plain data)")


def _plain_key(key: Any, name: str) -> str:
    if isinstance(key, str) or (isinstance(key, int) and not isinstance(key, bool)):
        return str(key)
    raise InputError(f"{name}: the key {key!r} must be text or a whole number")


def describe(value: Any) -> str:
    """What was found, in words: the text 'abc', the number 3, a list, a mapping, nothing."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text {shorten(value)!r}"
    return "a list" if isinstance(value, list) else "a mapping"


def shorten(text: str, limit: int = 60) -> str:
    """The text, cut where it gets too long for one line."""
    return text if len(text) <= limit else text[: limit - 3] + "..."


def listed(names: Iterable[str], limit: int = 8) -> str:
    """The first few names, as in "a, b, c, ..."."""
    names = list(names)
    shown = [shorten(name, 30) for name in names[:limit]]
    return ", ".join(shown + ["..."] * (len(names) > limit)) or "none at all"


class Problems:
    """Collects all that is wrong with a document, so that it is told at once.

    `errors` and `warnings` are lists of lines such as
    `game.yaml:12: states.s0.next[1].to: unknown state 'sx' (did you mean 's1'?)`.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.n_errors = 0
        self._n_warnings = 0
        self._errors: list[tuple[int, str]] = []
        self._warnings: list[tuple[int, str]] = []

    @property
    def errors(self) -> tuple[str, ...]:
        """What makes the file useless, by line; beyond `MAX_LISTED` only a number."""
        return _with_rest(self.document.name, self._errors, self.n_errors, "mistakes")

    @property
    def warnings(self) -> tuple[str, ...]:
        """What may be meant as it stands."""
        return _with_rest(self.document.name, self._warnings, self._n_warnings, "warnings")

    def add(self, where: Where, found: str, wanted: str = "") -> None:
        """Something is wrong: what was found there, and what was wanted instead."""
        self.n_errors += 1
        if self.n_errors <= MAX_LISTED:
            self._errors.append(self._line(where, found, wanted))

    def warn(self, where: Where, found: str, wanted: str = "") -> None:
        """Something is odd."""
        self._n_warnings += 1
        if self._n_warnings <= MAX_LISTED:
            self._warnings.append(self._line(where, found, wanted))

    def raise_if_any(self) -> None:
        """Raise `InputError` with all errors, if there are any."""
        if self.n_errors:
            raise InputError(self.errors)

    def unknown(self, where: Where, kind: str, name: str, known: Iterable[str]) -> None:
        """Add: no `kind` (state, action, key, ...) of this name; says what is near it."""
        if self.n_errors >= MAX_LISTED:
            self.n_errors += 1
            return
        known = list(known)
        near = difflib.get_close_matches(name[:100], known[:2000], n=1)
        if near:
            wanted = f"did you mean {shorten(near[0])!r}?"
        else:
            wanted = f"wanted one of {listed(known)}" if known else "there are none"
        self.add(where, f"unknown {kind} {shorten(name)!r} ({wanted})")

    def keys(self, where: Where, found: Mapping[str, Any], allowed: Iterable[str]) -> None:
        """Add every key that does not belong there."""
        allowed = list(allowed)
        for key in found:
            if key not in allowed:
                self.unknown((*where, key), "key", key, allowed)

    def mapping(self, where: Where, value: Any, what: str = "key: value") -> dict[str, Any]:
        """The value if it is a mapping; else add a problem and give an empty one."""
        if isinstance(value, dict):
            return value
        self.add(where, f"found {describe(value)}", f"wanted a mapping: {what}")
        return {}

    def sequence(self, where: Where, value: Any, what: str = "values") -> list[Any]:
        """The value if it is a list; else add a problem and give an empty one."""
        if isinstance(value, list):
            return value
        self.add(where, f"found {describe(value)}", f"wanted a list of {what}")
        return []

    def number(
        self, where: Where, value: Any, low: float = -math.inf, high: float = math.inf
    ) -> float | None:
        """The value if it is a number in that range; else add a problem and give None."""
        bounded = low > -math.inf or high < math.inf
        wanted = "a number" + f" from {low:g} to {high:g}" * bounded
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or not low <= value <= high:
            self.add(where, f"found {describe(value)}", f"wanted {wanted}")
        else:
            return float(value)
        return None

    def whole(self, where: Where, value: Any, low: int, high: int | None = None) -> int | None:
        """The value if it is a whole number in range; else add a problem and give None."""
        if isinstance(value, bool) or not isinstance(value, int):
            found = f"found {describe(value)}"
        elif value < low or (high is not None and value > high):
            found = f"found the number {value}"
        else:
            return value
        upper = "" if high is None else f", at most {high}"
        self.add(where, found, f"wanted a whole number, at least {low}{upper}")
        return None

    def _line(self, where: Where, found: str, wanted: str) -> tuple[int, str]:
        line = self.document.line(*where)
        start = self.document.name if line is None else f"{self.document.name}:{line}"
        place = f" {path_text(where)}:" if where else ""
        return line or 0, f"{start}:{place} {found}" + (f" ({wanted})" if wanted else "")


def _with_rest(name: str, lines: list[tuple[int, str]], count: int, what: str) -> tuple[str, ...]:
    texts = [text for _, text in sorted(lines, key=lambda line: line[0])]
    rest = count - len(texts)
    return (*texts, f"{name}: and {rest:,} more {what}") if rest else tuple(texts)


def path_text(where: Where) -> str:
    """The way to a value as people write it: states.s0.next[1].to."""
    parts: list[str] = []
    for key in where:
        if isinstance(key, int):
            parts.append(f"[{key}]")
        elif re.fullmatch(r"[\w -]{1,60}", key):
            parts.append(f".{key}")
        else:
            parts.append(f"[{shorten(key)!r}]")
    return "".join(parts).removeprefix(".")
