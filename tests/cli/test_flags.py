"""From settings to flags and back."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Literal

import pytest

from empo.cli.flags import field_docs, given, parse, read_value, settings_flags
from empo.core.errors import InputError
from empo.solver import Options
from empo.theory import Theory

SettingFlags = settings_flags(Theory, lambda f: f"default: {f.default}")


@dataclass
class Flags:
    theory: SettingFlags = field(default_factory=SettingFlags)  # pyright: ignore


def read(*arguments):
    return given((parse(Flags, "solve", arguments, "").theory, Theory))[0]


@pytest.mark.parametrize("settings", [Theory, Options])
def test_every_setting_has_a_docstring(settings):
    docs = field_docs(settings)
    assert docs.keys() == {f.name for f in fields(settings)}
    assert all(docs.values())


def test_docstrings_are_those_below_the_fields():
    assert field_docs(Theory)["nu_h"] == "Weight of the humans' habits, in [0, 1]."


def test_only_what_is_given_counts():
    assert read() == {}
    assert read("--gamma-h", "0.99") == {"gamma_h": 0.99}
    assert read("--gamma_h=0.5", "--horizon", "none") == {"gamma_h": 0.5, "horizon": None}
    assert read("--beta-r", "inf", "--beta-h", "0") == {"beta_r": math.inf, "beta_h": 0.0}
    assert read("--goal-aggregation", "mean", "--x-h-floor", "1e-3", "--horizon", "12") == {
        "goal_aggregation": "mean",
        "x_h_floor": 1e-3,
        "horizon": 12,
    }


def test_a_negative_number_is_a_value_and_not_a_flag():
    assert read("--beta-h", "-1") == {"beta_h": -1.0}


def test_all_values_of_the_wrong_type_are_told_at_once():
    with pytest.raises(InputError) as error:
        read("--gamma-h", "high", "--horizon", "1.5", "--goal-aggregation", "max", "--xi", "2")
    assert error.value.problems == (
        "--gamma-h: found 'high' (wanted a number)",
        "--goal-aggregation: found 'max' (wanted sum or mean)",
        "--horizon: found '1.5' (wanted a whole number or none)",
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--gama-h", "1"], "unknown flag '--gama-h' (did you mean --gamma-h?); see empo solve"),
        (["--gama-h=1"], "unknown flag '--gama-h=1' (did you mean --gamma-h?)"),
        (["stray"], "unexpected argument 'stray'; see empo solve --help"),
        (["--xi"], "Missing value for argument '--xi'"),
    ],
)
def test_what_cannot_be_parsed_is_one_line(arguments, words, capsys):
    with pytest.raises(InputError) as error:
        parse(Flags, "solve", arguments, "")
    (problem,) = error.value.problems
    assert words in problem
    assert "\n" not in problem
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("text", "hint", "value"),
    [
        ("3", int, 3),
        ("none", int | None, None),
        ("None", float | None, None),
        ("1e-9", float, 1e-9),
        ("a", Literal["a", "b"], "a"),
    ],
)
def test_values_are_read_by_type(text, hint, value):
    assert read_value(text, hint) == value


@pytest.mark.parametrize(("text", "hint"), [("none", float), ("c", Literal["a", "b"]), ("", int)])
def test_values_of_another_type_are_refused(text, hint):
    with pytest.raises(ValueError):
        read_value(text, hint)
