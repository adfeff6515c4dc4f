"""docs/requirements.md names every requirement, and tests that there are."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from empo.learn import stages

TESTS = Path(__file__).parent
DOCS = TESTS.parent / "docs"
LISTED = (DOCS / "requirements.md").read_text("utf-8")

WHOLE_PARTS = {"A": 36, "B": 27, "C": 20, "D": 45, "E": 26, "F": 28}
WANTED = [f"{part}{n:02}" for part, last in WHOLE_PARTS.items() for n in range(1, last + 1)]

ROWS = re.findall(r"^\| ([A-F]\d\d) \| ([^|]+) \| (.*) \|$", LISTED, re.MULTILINE)
NAMED = re.findall(r"`([\w/]+\.py)::(\w+)`", LISTED)

CITED = {
    "ppo": "1707.06347",
    "a3c": "1602.01783",
    "a2c": "1506.02438",
    "impala": "1802.01561",
}


def functions(file):
    tree = ast.parse((TESTS / file).read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_requirement_has_one_row_in_order():
    assert [row for row, _, _ in ROWS] == WANTED


@pytest.mark.parametrize("file", sorted({file for file, _ in NAMED}))
def test_every_test_that_is_named_exists(file):
    named = {name for other, name in NAMED if other == file}
    assert named <= functions(file)


@pytest.mark.parametrize(("row", "cell"), [(row, cell) for row, _, cell in ROWS])
def test_a_row_names_its_tests_or_says_that_it_is_open(row, cell):
    assert ("::test_" in cell) or cell.startswith("open"), row


def test_tests_that_are_called_by_a_row_are_named_there():
    # A03 at the beginning of a name says what the test checks, if A03 is a row.
    cells = {row: cell for row, _, cell in ROWS}
    for file, name in NAMED:
        said = re.match(r"test_((?:[A-F]\d\d_)+)", name)
        for row in said[1].strip("_").split("_") if said else ():
            assert f"{file}::{name}" in cells[row], f"{name} is not named in row {row}"


@pytest.mark.parametrize("page", CITED)
def test_A36_the_pages_cite_the_papers(page):
    text = (DOCS / "algorithms" / f"{page}.md").read_text("utf-8")
    assert f"https://arxiv.org/abs/{CITED[page]}" in text


TIME_SCALES = {
    "Borkar": 2008,
    "Konda and Tsitsiklis": 2000,
    "Heusel et al.": 2017,
    "Gidel et al.": 2019,
    "Mescheder et al.": 2018,
}


@pytest.mark.parametrize("authors", TIME_SCALES)
def test_B27_guide_and_code_cite_the_papers_on_time_scales(authors):
    year = TIME_SCALES[authors]
    references = (DOCS / "learning.md").read_text("utf-8").partition("## References")[2]
    assert f"{authors} ({year})" in references
    assert f"{authors} {year}" in " ".join((stages.__doc__ or "").split())
