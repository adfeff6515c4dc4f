"""Reading a report as a browser would, with nothing but the standard library."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

SVG = "{http://www.w3.org/2000/svg}"
_VOID = {"meta", "input", "br", "img", "link"}


class Page(HTMLParser):
    """Collects tags, attributes and text; `balanced` if every element is closed in order."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.source = source
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.balanced = True
        self.words: list[str] = []
        self.feed(source)
        self.close()
        self.balanced = self.balanced and not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.balanced = False

    def handle_data(self, data):
        if self.open[-1:] not in (["script"], ["style"]):
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words))

    @property
    def pictures(self) -> list[ElementTree.Element]:
        """All inline vector pictures, read as XML."""
        found = re.findall(r"<svg .*?</svg>", self.source, re.DOTALL)
        return [ElementTree.fromstring(svg) for svg in found]

    def with_tag(self, wanted: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.tags if tag == wanted]


def titles(picture: ElementTree.Element) -> list[str]:
    return [title.text or "" for title in picture.iter(f"{SVG}title")]


def texts(picture: ElementTree.Element) -> list[str]:
    return [text.text or "" for text in picture.iter(f"{SVG}text")]
