"""Writes the tables of settings in the guide from the dataclasses themselves.

Run from the project's root: python docs/algorithms/settings_tables.py. What stands between a line
`<!-- settings: empo.rl.ppo.PPO -->` and the next `<!-- end -->` is replaced. With "by group" each
group of settings has a table of its own, and settings that mean nothing there are left out after a
"without": `<!-- settings: a.b.C by group without x, y -->`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import Field, fields, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from empo.cli.flags import field_docs

HERE = Path(__file__).parent
PAGES = (*sorted(HERE.glob("*.md")), HERE.parent / "learning.md")
MARKED = re.compile(
    r"(<!-- settings: (\S+)( by group)?(?: without ([\w, ]+))? -->\n).*?(<!-- end -->)", re.DOTALL
)
Row = tuple[Field[Any], Any, str]
"""A setting, its value and what it means."""
HEAD = "| setting | default | meaning |\n|---|---|---|\n"


def with_tables(page: str) -> str:
    """The page with each of its tables as the dataclass now has it."""

    def anew(found: re.Match[str]) -> str:
        head, path, by_group, without, end = found.groups()
        tables = tables_by_group if by_group else table
        return f"{head}\n{tables(settings_named(path), (without or '').split(', '))}\n{end}"

    return MARKED.sub(anew, page)


def settings_named(path: str) -> type[Any]:
    """The dataclass of that name, as empo.rl.ppo.PPO."""
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)


def table(settings: type[Any], without: Collection[str] = ()) -> str:
    """One row for each setting, those of the groups within included."""
    return _of_rows(rows_of(settings()), without)


def tables_by_group(settings: type[Any], without: Collection[str] = ()) -> str:
    """The settings that are in no group, then those of each group below what it is about."""
    made = settings()
    groups = [value for f in fields(made) if is_dataclass(value := getattr(made, f.name))]
    parts = [_of_rows(own_rows(made), without)]
    for group in groups:
        about = " ".join((group.__doc__ or "").split())
        parts.append(f"{about}\n\n{_of_rows(rows_of(group), without)}")
    return "\n".join(parts)


def _of_rows(rows: Iterable[Row], without: Collection[str]) -> str:
    told = (
        f"| `{f.name}` | {spelled(value)} | {doc.replace('|', chr(92) + '|')} |"
        for f, value, doc in rows
        if f.name not in without
    )
    return HEAD + "\n".join(told) + "\n"


def rows_of(settings: Any) -> Iterator[Row]:
    """Each setting with its value and its docstring; the algorithm's own come first."""
    yield from own_rows(settings)
    for f in fields(settings):
        if is_dataclass(group := getattr(settings, f.name)):
            yield from rows_of(group)


def own_rows(settings: Any) -> Iterator[Row]:
    """Those of settings that are in no group."""
    docs = all_docs(type(settings))
    for f in fields(settings):
        if not is_dataclass(value := getattr(settings, f.name)):
            yield f, value, " ".join(docs[f.name].split())


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
    for path in PAGES:
        before = path.read_text(encoding="utf-8")
        after = with_tables(before)
        if after != before:
            path.write_text(after, encoding="utf-8")
            print(path)
