"""What people read fits their terminal, whatever the names in a world are."""

from __future__ import annotations

import math

import pytest

import empo
from empo.cli.summary import effort_lines, print_summary
from tests.runs.games import BUSH, ferry, solved_ferry

LONG = "an_unusually_long_name_without_any_blanks_in_it_that_goes_on_and_on_and_on_for_ever"


def widest(capsys) -> int:
    return max(map(len, capsys.readouterr().out.splitlines()))


def long_game(n_humans: int) -> dict:
    humans = [f"{LONG}_{number}" for number in range(n_humans)]
    act = {humans[0]: [f"{LONG}_sit", f"{LONG}_go"]}
    return {
        "name": LONG,
        "description": " ".join([LONG, "and [bold]words[/bold]"] * 5),
        "initial": LONG,
        "humans": {name: {"goals": {f"{LONG}_goal": ["end"]}} for name in humans},
        "theory": {"beta_r": 7.25, "gamma_h": 0.123456789},
        "states": {
            LONG: {
                "robot": [f"{LONG}_left", f"{LONG}_right"],
                "humans": act,
                "next": [{humans[0]: f"{LONG}_go", "to": "end"}, {"to": f"{LONG}_2"}],
            },
            f"{LONG}_2": {"next": [{"to": "end"}]},
            "end": {},
        },
    }


@pytest.mark.parametrize("n_humans", [1, 3, 4, 6])
def test_long_names_and_many_humans_fit(n_humans, capsys):
    print_summary(empo.solve(long_game(n_humans)))
    assert widest(capsys) <= 80


def test_words_in_brackets_are_words(capsys):
    print_summary(empo.solve(long_game(1)))
    assert "[bold]words[/bold]" in capsys.readouterr().out


def test_a_long_episode_is_shortened(capsys):
    game = {
        "name": "ring",
        "initial": "s0",
        "theory": {"gamma_h": 0.7, "gamma_r": 0.7},
        "humans": {"ann": {"goals": {"far": ["s59"]}}},
        "states": {f"s{i}": {"next": [{"to": f"s{(i + 1) % 60}"}]} for i in range(60)},
    }
    print_summary(empo.solve(game))
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    steps = [row for row in rows if len(row) == 6 and row[1] == "pass"]
    assert [row[0] for row in steps] == [*map(str, [*range(1, 25), *range(55, 60)])]
    assert ["..."] in rows


def test_power_along_the_way_is_that_of_the_solution(capsys):
    solution = empo.solve(BUSH)
    print_summary(solution)
    out = capsys.readouterr().out
    start = solution.power(solution.world.initial[0])["Hu"]
    (line,) = [line for line in out.splitlines() if "at the start" in line]
    assert line.split()[-1] == f"{math.log2(start):.2f}"
    assert "the bush at 1,0 is cleared" in out or "the bush at 0,1 is cleared" in out


def test_settings_that_are_not_the_defaults_are_told():
    lines = effort_lines(solved_ferry())
    assert "theory: gamma_h=0.5, gamma_r=0.5, beta_h=1.0, beta_r=inf" in lines
    solution = empo.solve(ferry(), horizon=2, x_h_floor=0.5)
    assert any("one sweep backward over 2 steps" in line for line in effort_lines(solution))


@pytest.mark.slow
def test_several_solutions_are_told():
    # THEORY.md, section 4: three solutions at this beta_h.
    solution = empo.solve("two-state", beta_h=0.2, repeat=8)
    (line,) = [line for line in effort_lines(solution) if "(1)-(3)" in line]
    assert line.startswith(f"equations (1)-(3) have {solution.effort.n_phase1_solutions} solutions")
    assert solution.effort.n_phase1_solutions >= 2
