"""A page from its sections: one HTML file with everything in it."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from empo.core.store import write_text


def write_page(path: Path, title: str, parts: Iterable[str]) -> Path:
    """Write it; empty sections are left out. Raises `InputError` if the disk refuses."""
    page = Template(_template("page.html")).substitute(
        title=escape(title),
        style=_template("page.css"),
        script=_template("page.js"),
        body="\n".join(part for part in parts if part),
    )
    write_text(path, page)
    return path


def _template(name: str) -> str:
    return files("empo.views").joinpath("templates", name).read_text(encoding="utf-8")
