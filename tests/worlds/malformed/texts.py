"""Files that are not even YAML or JSON with a mapping in it."""

from __future__ import annotations

import gzip
import random

_NOISE = random.Random(7).randbytes(5000).replace(b"\0", b"\1")

TEXTS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "the file is empty"),
    "only a comment": (b"# nothing\n", "the file is empty"),
    "only null": (b"null\n", "the file is empty"),
    "a list": (b"- name: x\n", "holds a list"),
    "a word": (b"name\n", "the text 'name'"),
    "a number": (b"17\n", "the number 17"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "zero bytes"),
    "a program": (b"\x7fELF\x02\x01\x01\0\0\0", "zero bytes"),
    "packed": (gzip.compress(b"name: x" * 100, mtime=0), "not a text file"),
    "noise": (_NOISE, "not a text file"),
    "UTF-16": ("name: x".encode("utf-16"), "not a text file"),
    "Latin-1": ("name: Müller\n".encode("latin-1"), "not a text file in UTF-8"),
    "half a character": ("name: ü".encode()[:-1], "not a text file in UTF-8"),
    "a bell": (b"name: x\ninitial: \x07\n", ":2: not a text file"),
    "a tab": (b"name: x\nstates:\n\ts0: {}\n", ":3: not valid YAML or JSON"),
    "open bracket": (b"states: [a, b\n", "not valid YAML or JSON"),
    "open brace": (b'{"name": "x", "states": {', "not valid YAML or JSON"),
    "open quote": (b"name: 'x\n", "not valid YAML or JSON"),
    "JSON without a comma": (b'{"name": "x"\n "initial": "a"}', ":2: not valid YAML or JSON"),
    "bad indent": (b"name: x\n  initial: s0\n", ":2: not valid YAML or JSON"),
    "a wild percent": (b"name: %x\n%y\n", "not valid YAML or JSON"),
    "a bad escape": (b'name: "\\q"\n', "not valid YAML or JSON"),
    "half a surrogate": (b'{"name": "\\ud83d"}', "not valid YAML or JSON"),
    "two documents": (b"name: x\n---\nname: y\n", ":2: a second document"),
    "a key twice": (b"name: x\ninitial: a\nname: y\n", ":3: the key 'name' stands here and in"),
    "a JSON key twice": (b'{"name": "x", "name": "y"}', "the key 'name' stands here and in"),
    "a list as a key": (b"? [a]\n: 1\n", "a key must be text"),
    "a mapping as a key": (b"{{a: b}: 1}\n", "a key must be text"),
    "no key": (b"? \n: 1\n", "a key is missing"),
    "a Python object": (b"!!python/object/apply:os.system ['true']\n", "is not supported"),
    "a Python name": (b"name: !!python/name:os.system\n", "is not supported"),
    "an own tag": (b"name: !secret x\n", "the tag '!secret' is not supported"),
    "binary data": (b"name: !!binary aGVsbG8=\n", "'!!binary' is not supported"),
    "merge key": (b"a: &a {b: 1}\nc: {<<: *a}\n", "merge keys"),
    "unknown anchor": (b"a: *nothing\n", "*nothing refers to an anchor that is not defined"),
    "anchor in itself": (b"a: &a {b: *a}\n", "*a refers to something that contains it"),
    "endless number": (b"a: 1e400\n", "1e400 is too large"),
    "deep lists": (b"a: " + b"[" * 1000 + b"]" * 1000, "nest deeper than"),
    "deep mappings": (b'{"a":' * 1000 + b"1" + b"}" * 1000, "nest deeper than"),
    "deep blocks": (
        b"".join(b" " * i + b"a:\n" for i in range(1000)),
        "nest deeper than",
    ),
}
