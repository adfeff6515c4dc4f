"""Pieces of HTML: everything that comes from a world is escaped here."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from empo.views.drawing import Drawing
from empo.views.svg import to_svg


def section(heading: str, *parts: str) -> str:
    """A card of the page; empty if nothing is in it."""
    inside = "\n".join(part for part in parts if part)
    return f"<section>\n<h2>{escape(heading)}</h2>\n{inside}\n</section>" if inside else ""


def figure(
    drawing: Drawing, caption: str = "", css_class: str = "", heading: str = "", share: str = ""
) -> str:
    """A picture with its caption; tall ones are kept from filling the screen."""
    most = min(760.0, 640.0 * drawing.width / drawing.height, 110.0 * drawing.width)
    bounds = {
        "scene": f"max-width:{most:.0f}px",
        "graph": f"max-width:{drawing.width:.0f}px;min-width:{0.56 * drawing.width:.0f}px",
    }
    top = f"<h3>{escape(heading)}</h3>" if heading else ""
    below = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    svg = to_svg(drawing, css_class, share)
    bounds["bars"] = f"max-width:{drawing.width:.0f}px"
    if css_class in bounds:
        svg = f'<div class="bounded" style="{bounds[css_class]}">{svg}</div>'
    inside = f'<div class="scroll">{svg}</div>' if css_class == "graph" else svg
    return f"<figure>{top}{inside}{below}</figure>"


def in_two_widths(draw: Callable[[float], Drawing]) -> str:
    """A figure for wide screens and one for narrow ones, of which the page shows one."""
    wide, narrow = to_svg(draw(900.0), "wide"), to_svg(draw(460.0), "narrow")
    return f"<figure>{wide}{narrow}</figure>"


def tiles(facts: Mapping[str, str]) -> str:
    """Key numbers side by side."""
    pairs = (
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
        for name, value in facts.items()
    )
    return f'<dl class="tiles">{"".join(pairs)}</dl>'


def table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = (), mono: int = -1
) -> str:
    """A table; `numbers` are the columns set flush right, `mono` one of names typed as they are."""

    def kind(i: int) -> str:
        return ' class="n"' if i in numbers else ' class="state"' if i == mono else ""

    head = "".join(f'<th scope="col"{kind(i)}>{text}</th>' for i, text in enumerate(_cells(heads)))
    lines = "".join(
        f"<tr>{''.join(f'<td{kind(i)}>{cell}</td>' for i, cell in enumerate(_cells(row)))}</tr>"
        for row in rows
    )
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


class Raw(str):
    """Text that is HTML already."""


def symbol(name: str) -> Raw:
    """A quantity's name with its subscript and superscript: V_h^e."""
    below = re.sub(r"_(\w)", r"<sub>\1</sub>", escape(name))
    return Raw(re.sub(r"\^(\w)", r"<sup>\1</sup>", below))


def meter(value: float, text: str) -> Raw:
    """A number between 0 and 1 with a small bar."""
    width = 100 * min(max(value, 0.0), 1.0)
    bar = f'<span class="meter" aria-hidden="true"><i style="width:{width:.1f}%"></i></span>'
    return Raw(f"{bar}{escape(text)}")


def inlined(path: Path, mime: str) -> str:
    """A file as a data URL."""
    return f"data:{mime};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _cells(row: Sequence[str]) -> list[str]:
    return [cell if isinstance(cell, Raw) else escape(cell) for cell in row]
