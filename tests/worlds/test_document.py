"""Reading world files: data, lines, and everything that is refused."""

from __future__ import annotations

import json
import math

import pytest

from empo.core.errors import InputError
from empo.worlds.document import MAX_BYTES, Problems, as_document, read_document
from empo.worlds.yamltree import MAX_VALUES


def read(tmp_path, text):
    path = tmp_path / "w.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_document(path)


def refusal(tmp_path, text):
    with pytest.raises(InputError) as error:
        read(tmp_path, text)
    assert len(error.value.problems) == 1
    assert "\n" not in error.value.problems[0]
    return error.value.problems[0].removeprefix(str(tmp_path))


def test_words_and_numbers_are_read_as_people_mean_them(tmp_path):
    document = read(tmp_path, "a: [no, on, 1, 1e-3, .5, .inf, true, ~, '1', 2025-01-01, 010]\n")
    values = ["no", "on", 1, 0.001, 0.5, math.inf, True, None, "1", "2025-01-01", 10]
    assert document.data == {"a": values}
    assert [type(v) for v in document.data["a"]] == [type(v) for v in values]


def test_any_scalar_can_be_a_name_as_it_was_written(tmp_path):
    document = read(tmp_path, "1.50: {no: 010}\nb: [Yes, True, ~, '', 1e3]\nnull: {}\n")
    assert list(document.data) == ["1.50", "b", "null"]
    assert list(document.data["1.50"]) == ["no"]
    assert document.text("1.50", "no") == "010"
    assert [document.text("b", i) for i in range(5)] == ["Yes", "True", "~", None, "1e3"]
    assert document.text("null") is None


def test_json_is_read_by_the_same_road(tmp_path):
    data = {"a": [1, 2.5e-7, True, None, 'x\ty"\\ / é 😀'], "long key " * 9: {"b": []}}
    for text in (json.dumps(data), json.dumps(data, indent="\t", ensure_ascii=False)):
        assert read(tmp_path, text).data == data


def test_every_value_knows_its_line(tmp_path):
    text = "a: 1\n# comment\nb:\n  c:\n    - x\n    - {d: 1,\n       e: 2}\n"
    document = read(tmp_path, text)
    assert document.line() == 1
    assert document.line("b") == 3
    assert document.line("b", "c", 0) == 5
    assert document.line("b", "c", 1, "e") == 7
    assert document.line("b", "c", 1, "missing", "too") == 6, "the nearest thing around"


def test_modest_anchors_are_fine(tmp_path):
    document = read(tmp_path, "a: &x [1, 2]\nb: *x\nc: {d: &y word, e: *y}\n")
    assert document.data == {"a": [1, 2], "b": [1, 2], "c": {"d": "word", "e": "word"}}
    assert document.line("b") == 2


def test_anchors_that_explode_are_refused_quickly(tmp_path):
    lines = ["l0: &l0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 10)}]" for i in range(1, 30)]
    assert f"more than {MAX_VALUES:,} keys and values" in refusal(tmp_path, "\n".join(lines))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ": the file is empty"),
        ("# only a comment\n", ": the file is empty"),
        ("- 1\n- 2\n", "holds a list"),
        ("word", "the text 'word'"),
        ("a: 1\nb: ]\n", ":2: not valid YAML or JSON"),
        ('{"a": 1,\n "b" 2}', ":2: not valid"),
        ("a: 1\n b: 2\n", ":2: not valid"),
        ("a: 1\nb: 2\na: 3\n", ":3: the key 'a' stands here and in line 1"),
        ('{"a": 1, "a": 1}', "the key 'a' stands here and in line 1"),
        ("a: &x [*x]\n", "*x refers to something that contains it"),
        ("a: *x\n", "*x refers to an anchor that is not defined"),
        ("a: !!python/object:os.system {}\n", "'!!python/object:os.system' is not supported"),
        ("a: !!python/name:os.system\n", "is not supported"),
        ("a: !!binary aGk=\n", "'!!binary' is not supported"),
        ("<<: {a: 1}\n", "merge keys"),
        ("? [a, b]\n: 1\n", "a key must be text"),
        ("? {a: b}\n: 1\n", "a key must be text"),
        ("a: &x [1]\n*x : 1\n", "a key must be text"),
        ("? \n: 1\n", "a key is missing"),
        ("a: 1e999\n", "1e999 is too large"),
        ("a: 1\n---\na: 2\n", ":2: a second document"),
        ("a: " + "[" * 60 + "]" * 60, "nest deeper than 50"),
        ("a: " + "[" * 500_000, "nest deeper than 50"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "zero bytes"),
        (b"a: \xff\xfe", ":1: not a text file in UTF-8"),
        (b"a: 1\nb: \x01\n", ":2: not a text file: control characters"),
        ("a: 1".encode("utf-16"), "not a text file"),
        (b" " * (MAX_BYTES + 1), "larger than 16 MiB"),
        ("a: @x", "not valid"),
        ("a: \t- b\n\t- c", "not valid"),
        ("a: 'open", "not valid"),
        ('a: "\\ud800"', "not valid"),
        ("%YAML 9.9\n---\na: 1", "not valid"),
    ],
)
def test_refused_with_words_that_name_the_trouble(tmp_path, text, words):
    assert words in refusal(tmp_path, text)


def test_files_that_are_none(tmp_path):
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_document(tmp_path / "missing.yaml")
    with pytest.raises(InputError, match="is a folder"):
        read_document(tmp_path)
    with pytest.raises(InputError, match="is a device or a pipe"):
        read_document("/dev/null")
    with pytest.raises(InputError, match="cannot be read"):
        read_document("a\0b")
    with pytest.raises(InputError, match="cannot be read"):
        read_document(tmp_path / ("x" * 5000))


def test_bytes_order_mark_is_skipped(tmp_path):
    assert read(tmp_path, b"\xef\xbb\xbfa: 1").data == {"a": 1}


def test_python_data_goes_under_the_same_rules():
    document = as_document({"a": (1, 2), 3: {"b": 0.5}})
    assert document.data == {"a": [1, 2], "3": {"b": 0.5}}
    assert document.line("a") is None
    assert document.text("3", "b") == "0.5"
    with pytest.raises(InputError, match="must be text"):
        as_document({(1, 2): 3})  # pyright: ignore
    with pytest.raises(InputError, match="found 'object'"):
        as_document({"a": object()})
    with pytest.raises(InputError, match="two keys read the same among 1"):
        as_document({1: "a", "1": "b"})  # pyright: ignore
    ring: dict = {}
    ring["a"] = ring
    with pytest.raises(InputError, match="deeper than 50 levels"):
        as_document(ring)


def test_problems_name_file_line_and_path(tmp_path):
    problems = Problems(read(tmp_path, "name: x\nstates:\n  s0:\n    next: [{to: sx}]\n"))
    problems.raise_if_any()
    where = ("states", "s0", "next", 0, "to")
    problems.unknown(where, "state", "st1x", ["st0", "st1"])
    problems.unknown(where, "state", "zebra", ["st0", "st1"])
    problems.add(("states", "a.b"), "found 1", "wanted 2")
    problems.warn((), "odd")
    file = problems.document.name
    assert problems.errors == (
        f"{file}:2: states['a.b']: found 1 (wanted 2)",
        f"{file}:4: states.s0.next[0].to: unknown state 'st1x' (did you mean 'st1'?)",
        f"{file}:4: states.s0.next[0].to: unknown state 'zebra' (wanted one of st0, st1)",
    )
    assert problems.warnings == (f"{file}:1: odd",)
    with pytest.raises(InputError) as error:
        problems.raise_if_any()
    assert error.value.problems == problems.errors


def test_many_problems_are_counted_not_listed():
    problems = Problems(as_document({"a": 1}))
    for index in range(100_000):
        problems.unknown(("a",), "state", f"s{index}", [f"t{i}" for i in range(3)])
    assert len(problems.errors) == 51
    assert problems.errors[-1] == "world: and 99,950 more mistakes"


def test_values_are_checked_by_kind():
    problems = Problems(as_document({}))
    assert problems.number((), 0.5, 0, 1) == 0.5
    assert problems.number((), math.inf) == math.inf
    assert problems.whole((), 3, 1) == 3
    assert problems.mapping((), {"a": 1}) == {"a": 1}
    assert problems.sequence((), [1]) == [1]
    assert problems.n_errors == 0
    assert problems.number((), True) is None
    assert problems.number((), 2, 0, 1) is None
    assert problems.number((), math.nan) is None
    assert problems.number((), "1") is None
    assert problems.whole((), 1.0, 0) is None
    assert problems.whole((), 9, 0, 8) is None
    assert problems.mapping((), []) == {}
    assert problems.sequence((), {}) == []
    assert problems.n_errors == 8
