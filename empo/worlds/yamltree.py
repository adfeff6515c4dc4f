"""YAML and JSON text to plain data, with a line for every value and nothing that can explode.

One road for both, since JSON is (nearly) a subset of YAML. Scalars follow YAML 1.2: only `true`
and `false` are truth values and only decimal numbers are numbers, so names such as `no`, `on`
or `2025-01-01` stay what was written. Keys are always text. No tag can make anything else.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable
from typing import Any

import yaml

from empo.core.errors import InputError

MAX_VALUES = 400_000
"""Keys and values of a file after its anchors are expanded; checked within 5 s and 1 GiB."""
MAX_DEPTH = 50
"""Lists and mappings within each other; no world needs more than ten."""

Lines = dict[int, dict[Hashable, int]]
Texts = dict[int, dict[Hashable, str]]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_WORDS = {"": None, "~": None, ".NaN": math.nan} | {
    spelling: value
    for word, value in {
        "null": None,
        "true": True,
        "false": False,
        ".inf": math.inf,
        "+.inf": math.inf,
        "-.inf": -math.inf,
        ".nan": math.nan,
    }.items()
    for spelling in (word, word.title(), word.upper())
}
_SURROGATES = re.compile(r"(?<!\\)\\u([dD][89aAbB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


class _Open:
    """A list or mapping whose end has not been read yet."""

    __slots__ = ("anchor", "data", "key", "line", "lines", "size", "texts")

    def __init__(self, data: list[Any] | dict[str, Any], anchor: str | None, line: int) -> None:
        self.data = data
        self.anchor = anchor
        self.line = line
        self.key: str | None = None
        self.size = 1
        self.lines: dict[Hashable, int] = {}
        self.texts: dict[Hashable, str] = {}


def parse(text: str, name: str) -> tuple[Any, Lines, Texts]:
    """The data of a YAML or JSON text, the lines of its values and unusual spellings.

    `lines[id(container)][key]` is the line (from 1) of a list item or of a mapping's key;
    `texts[id(container)][key]` is a scalar as written, where `str` of its value is not that.
    Raises `InputError` with one line that starts with `name`.
    """
    builder = _Builder(name)
    try:
        for event in yaml.parse(_join_surrogates(text), Loader=_LOADER):
            builder.take(event)
    except yaml.reader.ReaderError as error:
        position = error.position if isinstance(error.position, int) else 0
        line = text.encode()[:position].count(b"\n") + 1
        raise InputError(f"{name}:{line}: not a text file: {error.reason}") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{name}:{mark.line + 1}" if mark else name
        raise InputError(f"{where}: not valid YAML or JSON: {_complaint(error)}") from None
    return builder.data, builder.lines, builder.texts


def _complaint(error: yaml.MarkedYAMLError) -> str:
    parts = (error.context, error.problem)
    return ", ".join(" ".join(part.split()) for part in parts if part)


def _join_surrogates(text: str) -> str:
    r"""JSON writes characters beyond the first plane as two `\u` halves, which YAML lacks."""
    if "\\u" not in text:
        return text

    def join(found: re.Match[str]) -> str:
        pair = bytes.fromhex(found[1] + found[2])
        return pair.decode("utf-16-be")

    return _SURROGATES.sub(join, text)


class _Builder:
    """Puts parser events together; everything that could grow without bound is counted."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.data: Any = None
        self.lines: Lines = {}
        self.texts: Texts = {}
        self.documents = 0
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Any, int, str | None] | None] = {}

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            value, text = self._scalar(event)
            if event.anchor:
                self.anchors[event.anchor] = (value, 1, text)
            self._place(value, 1, text, _line(event))
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self._open(event)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self._close()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self._refuse(_line(event), "a second document starts here; a file holds one")

    def _refuse(self, line: int, what: str) -> None:
        raise InputError(f"{self.name}:{line}: {what}")

    def _open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        line = _line(event)
        self._check_tag(event, ("map", "seq"))
        parent = self.stack[-1] if self.stack else None
        if parent is not None and isinstance(parent.data, dict) and parent.key is None:
            self._refuse(line, "a key must be text, not a list or a mapping")
        if len(self.stack) >= MAX_DEPTH:
            self._refuse(line, f"lists and mappings nest deeper than {MAX_DEPTH} levels")
        data: list[Any] | dict[str, Any] = {}
        if isinstance(event, yaml.SequenceStartEvent):
            data = []
        if event.anchor:
            self.anchors[event.anchor] = None
        self.stack.append(_Open(data, event.anchor, line))

    def _close(self) -> None:
        done = self.stack.pop()
        if done.lines:
            self.lines[id(done.data)] = done.lines
        if done.texts:
            self.texts[id(done.data)] = done.texts
        if done.anchor:
            self.anchors[done.anchor] = (done.data, done.size, None)
        self._place(done.data, done.size, None, done.line)

    def _alias(self, event: yaml.AliasEvent) -> None:
        line, anchor = _line(event), event.anchor
        if anchor not in self.anchors:
            self._refuse(line, f"*{anchor} refers to an anchor that is not defined above")
        known = self.anchors[anchor]
        if known is None:
            self._refuse(line, f"*{anchor} refers to something that contains it (recursion)")
        else:
            value, size, text = known
            self._place(value, size, text, line)

    def _place(self, value: Any, size: int, text: str | None, line: int) -> None:
        """Put a finished value where it belongs; `size` counts it with anchors expanded."""
        if not self.stack:
            self.data = value
            return
        into = self.stack[-1]
        into.size += size
        if into.size > MAX_VALUES:
            self._refuse(line, f"more than {MAX_VALUES:,} keys and values with anchors expanded")
        key: Hashable
        if isinstance(into.data, list):
            key = len(into.data)
            into.data.append(value)
        elif into.key is None:
            self._key(into, value, text, line)
            return
        else:
            key, into.key = into.key, None
            into.data[key] = value
        into.lines.setdefault(key, line)
        if text is not None:
            into.texts[key] = text

    def _key(self, into: _Open, value: Any, text: str | None, line: int) -> None:
        if isinstance(value, (dict, list)):
            self._refuse(line, "a key must be text, not a list or a mapping")
        key = text if text is not None else str(value)
        if key == "":
            self._refuse(line, "a key is missing before ':'")
        if key == "<<":
            self._refuse(line, "merge keys (<<) are not supported: repeat the keys")
        if key in into.lines:
            first = into.lines[key]
            self._refuse(line, f"the key {key[:60]!r} stands here and in line {first}")
        into.lines[key] = line
        into.key = key

    def _scalar(self, event: yaml.ScalarEvent) -> tuple[Any, str | None]:
        """The value, and how it was written where `str(value)` would not say so."""
        text = event.value
        self._check_tag(event, ("str",))
        if event.tag or not event.implicit[0]:
            return text, None
        value: Any = text
        if text in _WORDS:
            value = _WORDS[text]
        elif _INTEGER.match(text):
            value = int(text)
        elif _FLOAT.match(text):
            value = float(text)
            if math.isinf(value):
                self._refuse(_line(event), f"the number {text[:40]} is too large")
        return value, text if str(value) != text else None

    def _check_tag(self, event: yaml.NodeEvent, allowed: tuple[str, ...]) -> None:
        tag = getattr(event, "tag", None)
        if tag and tag not in ("!", *(f"tag:yaml.org,2002:{name}" for name in allowed)):
            short = tag.replace("tag:yaml.org,2002:", "!!")[:60]
            self._refuse(_line(event), f"the tag {short!r} is not supported: write plain values")


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1
