"""The pages on algorithms say what is: their tables, commands, examples, links and figures."""

from __future__ import annotations

import ast
import re
import shlex
import sys
from pathlib import Path

import pytest

from empo.cli import train
from empo.learn.registry import robot_recipe
from empo.rl.registry import RECIPES
from empo.runs.jobs import job_of
from empo.runs.setup import setting_names

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted((DOCS / "algorithms").glob("*.md"))
RUN_BY_HAND = ("progress", "out", "overwrite", "seed", "n_seeds")
"""Arguments of `empo.train` that are no settings."""

for scripts in ("algorithms", "figures"):
    sys.path.append(str(DOCS / scripts))

import learning_plan  # noqa: E402
import settings_tables  # noqa: E402

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
each_algorithm = pytest.mark.parametrize("name", RECIPES)


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.M)


def commands():
    return [
        line
        for page in PAGES
        for block in blocks(page, "")
        for line in block.splitlines()
        if line.startswith("empo ")
    ]


def examples():
    """Positional arguments and keywords of every call of empo.train."""
    for page in PAGES:
        for block in blocks(page, "python"):
            for node in ast.walk(ast.parse(block)):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "empo.train":
                    words = [ast.literal_eval(word) for word in node.args]
                    yield words, {str(k.arg): ast.literal_eval(k.value) for k in node.keywords}


@pytest.mark.parametrize("page", settings_tables.PAGES, ids=lambda page: page.stem)
def test_tables_of_settings_are_those_of_the_dataclasses(page):
    text = page.read_text("utf-8")
    assert settings_tables.with_tables(text) == text, (
        "run python docs/algorithms/settings_tables.py"
    )


def test_a_table_is_written_anew_where_it_is_marked_and_nowhere_else():
    page = "a\n<!-- settings: empo.rl.noise.Noise -->\nstale\n<!-- end -->\nb\n"
    found = settings_tables.with_tables(page)
    assert found.startswith("a\n<!-- settings: empo.rl.noise.Noise -->\n")
    assert found.endswith("<!-- end -->\nb\n")
    assert "stale" not in found
    assert "| `theta` | 0.15 | Rate at which it returns to 0;" in found
    assert settings_tables.with_tables("no marks") == "no marks"


def test_settings_that_mean_nothing_are_left_out_of_a_table():
    page = "<!-- settings: empo.rl.noise.Noise without theta, sigma -->\n<!-- end -->"
    found = settings_tables.with_tables(page)
    assert re.findall(r"^\| `(\w+)` \|", found, re.MULTILINE) == ["dt"]


def test_every_setting_of_a_robots_training_stands_in_the_guide():
    text = (DOCS / "learning.md").read_text("utf-8")
    (table,) = re.findall(r"<!-- settings: \S+RobotSettings .*?<!-- end -->", text, re.DOTALL)
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", table, re.MULTILINE)
    made = job_of("key-door", preset="equal", settings={}).setup.algorithm
    assert {name for name, _ in rows} == setting_names(made) - robot_recipe("q").idle
    assert dict(rows)["lr_q_r"] == f"{made.rates.lr_q_r:g}"
    assert dict(rows)["n_envs"] == str(made.gather.n_envs)


def test_settings_that_are_inherited_keep_their_docstrings():
    docs = settings_tables.all_docs(settings_tables.settings_named("empo.rl.ddpg.TD3"))
    assert docs["n_critics"].startswith("Q networks")
    assert "`policy_every` | 2" in settings_tables.table(
        settings_tables.settings_named("empo.rl.ddpg.TD3")
    )


@each_algorithm
def test_every_algorithm_has_its_page_with_its_settings(name):
    page = (DOCS / "algorithms" / f"{name}.md").read_text("utf-8")
    kind = RECIPES[name].settings
    assert f"<!-- settings: {kind.__module__}.{kind.__name__} -->" in page
    assert f"--algorithm {name}" in page
    assert f"(../figures/learning/{name}.png)" in page
    index = (DOCS / "algorithms" / "README.md").read_text("utf-8")
    assert f"| `{name}` |" in index
    assert f"({name}.md)" in index


@pytest.mark.parametrize("command", commands())
def test_commands_are_understood(command, monkeypatch):
    jobs = []
    monkeypatch.setattr(train, "run_job", lambda job, folder, **_: jobs.append(job))
    monkeypatch.setattr(train, "finish", lambda *_, **__: None)
    program, name, *arguments = shlex.split(command, comments=True)
    if arguments[-1] == "--help" or "NAME" in arguments:
        return
    assert (program, name) == ("empo", "train")
    assert train.run(arguments) == 0
    assert len(jobs) == 1


@pytest.mark.parametrize(("words", "keywords"), list(examples()))
def test_examples_have_settings_that_there_are(words, keywords):
    target, algorithm = words
    settings = {k: v for k, v in keywords.items() if k not in RUN_BY_HAND}
    job = job_of(target, algorithm, n_steps=settings.pop("steps", 100_000), settings=settings)
    assert job.algorithm == algorithm


@each_page
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text("utf-8")):
        place = (page.parent / link).resolve()
        if "figures/learning/" in link and link.endswith(".png"):
            drawn = {course.algorithm for course in learning_plan.plan()}
            assert place.stem in drawn | {learning_plan.SPI, "which-one"}
        else:
            assert place.exists(), link


@each_page
def test_formulas_are_closed_and_no_line_of_them_begins_a_list_or_a_table(page):
    parts = page.read_text("utf-8").split("$$")
    assert len(parts) % 2 == 1
    for formula in parts[1::2]:
        assert not any(re.match(r"\s*([-+*=>#|]|\d+\.)", x) for x in formula.split("\n")[1:])
