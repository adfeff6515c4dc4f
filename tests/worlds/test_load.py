"""Finding worlds by name, path or content; and the page about them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import empo
from empo.core.errors import InputError
from empo.worlds import check, load, shipped
from empo.worlds.load import _guess

PAGE = Path(__file__).parents[2] / "docs" / "worlds.md"


def test_every_shipped_world_loads_by_its_name_and_has_it():
    assert {"key-door", "commitment", "two-state"} <= set(shipped())
    for name, path in shipped().items():
        report = check(name)
        assert report.errors == ()
        assert report.world is not None
        assert report.world.name == path.stem == name
        assert report.world.description
        assert check(path).errors == ()


def test_a_wrong_name_gets_the_nearest_ones():
    with pytest.raises(InputError, match=r"neither a file nor a shipped world .did you mean pill"):
        load("pil")
    with pytest.raises(InputError, match=r"shipped are .*boxes.*two-state"):
        load("qqqq")
    assert "did you mean" in check("comitment").errors[0]


def test_what_looks_like_a_path_is_one(tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"pill\.yaml: cannot be read"):
        load(tmp_path / "pill.yaml")
    with pytest.raises(InputError, match=r"pill\.yml: cannot be read"):
        load("pill.yml")
    monkeypatch.chdir(tmp_path)
    Path("pill").write_text("name: mine\ninitial: a\nhumans: {h: {goals: {g: [a]}}}\nstates: {a: }")
    assert load("pill").name == "mine", "a file goes before a shipped world of that name"
    Path("norm").mkdir()
    assert load("norm").name == "norm", "a folder does not"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({"states": {}}, "game"),
        ({}, "game"),
        ({"map": "#h.\n#r."}, "grid"),
        ({"map": 3}, "grid"),
        ({"map": "r..h", "legend": {}}, "grid"),
        ({"map": "Hu Ro 01"}, "bushworld"),
        ({"map": ". Ro", "B": 1}, "bushworld"),
        ({"map": "We We\nAy .."}, "multigrid"),
        ({"map": "WeWe\nAy.."}, "multigrid"),
        ({"map": "Hu Ro", "orientations": []}, "multigrid"),
    ],
)
def test_content_decides_where_the_kind_is_missing(data, kind):
    assert _guess(data) == kind


def example() -> str:
    return re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.S)[0]


def test_the_first_game_of_the_page_works_as_told(tmp_path):
    path = tmp_path / "doors.yaml"
    path.write_text(example())
    assert check(path).errors == check(path).warnings == ()
    assert empo.solve(path).policy("hall")["ask"] == 1


def test_the_messages_of_the_page_are_those_one_gets(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wrong = example().replace("to: asked}", "to: aksed}").replace("den: 0.1}", "den: 0.2}")
    Path("doors.yaml").write_text(wrong)
    assert "\n".join(check("doors.yaml").errors) in PAGE.read_text()


def test_the_table_of_settings_on_the_page_is_true():
    theory = empo.Theory()
    rows = dict.fromkeys(vars(theory))
    for names, _, default in re.findall(
        r"^\| (`.*?`) \| (.*?) \| (.*?) \|$", PAGE.read_text(), re.M
    ):
        for name in re.findall(r"`(\w+)`", names):
            if name in rows:
                rows[name] = default.strip("`")
    found = {name: {"null": None}.get(text, text) for name, text in rows.items()}
    wanted = {
        k: v if v is None or isinstance(v, str) else f"{v:g}" for k, v in vars(theory).items()
    }
    assert found == wanted
