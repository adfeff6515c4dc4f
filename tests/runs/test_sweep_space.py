"""What a sweep chooses: all of a grid, fair draws, and Optuna's choices taken up again."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from empo.core.errors import InputError
from empo.runs.sweep_space import Chance, Choices, Grid, Optuna, Range, holds

SPACE = {
    "learning_rate": Range(1e-5, 1e-1, log=True),
    "n_epochs": Range(2, 4, whole=True),
    "share": Range(-1.0, 1.0),
    "hidden": Choices(((64,), (64, 64))),
}


def test_a_grid_varies_the_last_setting_fastest():
    grid = Grid({"a": Choices((1, 2)), "b": Choices((3, 4))})
    assert [grid.propose(n) for n in range(grid.n_trials)] == [
        {"a": 1, "b": 3},
        {"a": 1, "b": 4},
        {"a": 2, "b": 3},
        {"a": 2, "b": 4},
    ]


def test_chance_draws_evenly_within_the_ranges():
    drawn = [Chance(SPACE, 600, seed=0).propose(n) for n in range(600)]
    assert all(holds(SPACE, one) for one in drawn)
    rates = np.log10([one["learning_rate"] for one in drawn])
    # In decades as in straight lines: quarters of the range get quarters of the draws.
    for values, low, high in ((rates, -5, -1), ([one["share"] for one in drawn], -1, 1)):
        counts = np.histogram(values, 4, (low, high))[0]
        assert counts.sum() == 600
        assert (abs(counts - 150) < 45).all()  # four standard deviations
    epochs = [one["n_epochs"] for one in drawn]
    assert {type(n) for n in epochs} == {int}
    assert all(abs(epochs.count(n) - 200) < 50 for n in (2, 3, 4))
    assert all(abs(sum(one["hidden"] == h for one in drawn) - 300) < 50 for h in ((64,), (64, 64)))


def test_chance_depends_on_seed_and_number_alone():
    one = Chance(SPACE, 5, seed=1)
    assert one.propose(3) == Chance(SPACE, 9, seed=1).propose(3)
    assert one.propose(3) != Chance(SPACE, 5, seed=2).propose(3)
    assert one.propose(3) != one.propose(2)


def test_the_ends_of_a_range_belong_to_it():
    for among in (Range(1e-5, 1e-1, log=True), Range(2, 4, whole=True), Range(-1.0, 1.0)):
        assert among.at(0.0) == among.low
        assert among.at(1.0) == pytest.approx(among.high)
    assert Range(1, 8, log=True, whole=True).at(1.0) == 8


def test_settings_from_elsewhere_are_told_apart():
    good = {"learning_rate": 1e-3, "n_epochs": 3, "share": 0.0, "hidden": (64,)}
    assert holds(SPACE, good)
    assert not holds(SPACE, {**good, "hidden": (32,)})
    assert not holds(SPACE, {**good, "n_epochs": 5})
    assert not holds(SPACE, {"n_epochs": 3})


def test_optuna_finds_what_is_good_and_takes_up_what_it_has_chosen():
    pytest.importorskip("optuna")

    def merit(chosen):
        return -abs(np.log10(chosen["learning_rate"]) + 2) - (chosen["hidden"] == (64,))

    search = Optuna(SPACE, 40, 0, {}, parallel=False)
    drawn = {}
    for number in range(40):
        drawn[number] = search.propose(number)
        assert holds(SPACE, drawn[number])
        search.tell(number, None if number == 5 else merit(drawn[number]))
    scores = [merit(drawn[number]) for number in range(40)]
    assert np.mean(scores[25:]) > np.mean(scores[:10]) + 0.5
    assert max(scores) > -0.3
    again = Optuna(SPACE, 40, 0, drawn, parallel=True)
    for number in range(40):
        assert again.propose(number) == drawn[number]
        again.tell(number, scores[number])


def test_without_optuna_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(InputError, match=r"pip install 'empo\[optuna\]'"):
        Optuna(SPACE, 3, 0, {}, parallel=False)
