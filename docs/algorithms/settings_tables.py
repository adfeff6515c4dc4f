"""Writes the tables of settings in docs/algorithms/*.md from the dataclasses themselves.

Run from the project's root: python docs/algorithms/settings_tables.py. What stands between a line
`<!-- settings: empo.rl.ppo.PPO -->` and the next `<!-- end -->` is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import Field, fields, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from empo.cli.flags import field_docs

HERE = Path(__file__).parent
MARKED = re.compile(r"(<!-- settings: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
HEAD = "| setting | default | meaning |\n|---|---|---|\n"


def with_tables(page: str) -> str:
    """The page with each of its tables as the dataclass now has it."""
    return MARKED.sub(lambda m: f"{m[1]}\n{table(settings_named(m[2]))}\n{m[3]}", page)


def settings_named(path: str) -> type[Any]:
    """The dataclass of that name, as empo.rl.ppo.PPO."""
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)


def table(settings: type[Any]) -> str:
    """One row for each setting, those of the groups within included."""
    rows = (
        f"| `{f.name}` | {spelled(value)} | {doc.replace('|', chr(92) + '|')} |"
        for f, value, doc in rows_of(settings())
    )
    return HEAD + "\n".join(rows) + "\n"


def rows_of(settings: Any) -> Iterator[tuple[Field[Any], Any, str]]:
    """Each setting with its value and its docstring; the algorithm's own come first."""
    docs = all_docs(type(settings))
    groups = []
    for f in fields(settings):
        value = getattr(settings, f.name)
        if is_dataclass(value):
            groups.append(value)
        else:
            yield f, value, " ".join(docs[f.name].split())
    for group in groups:
        yield from rows_of(group)


def all_docs(settings: type[Any]) -> dict[str, str]:
    """The docstring of each field, taken from where it was written first."""
    docs: dict[str, str] = {}
    for kind in reversed(settings.__mro__):
        if is_dataclass(kind):
            docs |= field_docs(kind)
    return docs


def spelled(value: Any) -> str:
    """As one would write it on the command line."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    for path in sorted(HERE.glob("*.md")):
        before = path.read_text(encoding="utf-8")
        after = with_tables(before)
        if after != before:
            path.write_text(after, encoding="utf-8")
            print(path)
