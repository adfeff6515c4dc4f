"""Metrics read back: what was written, holes in it, damage."""

from __future__ import annotations

import math

import numpy as np
import pytest

from empo.core.errors import InputError
from empo.runs.history import Curve, read_history
from empo.runs.sinks import Sinks


def test_curves_are_what_was_written(tmp_path):
    with Sinks(tmp_path) as sinks:
        for step in (10, 20):
            for seed in (3, 4):
                sinks.write(step, seed, "train", {"kl": step + seed})
                sinks.write(step, seed, "evaluate", {"return_mean": seed, "returns": [step, seed]})
    history = read_history(tmp_path)
    assert history.seeds == (3, 4)
    assert history.names("train") == ("kl",)
    kl = history.curve("train", "kl")
    assert kl is not None
    np.testing.assert_array_equal(kl.steps, [10, 20])
    np.testing.assert_array_equal(kl.values, [[13, 23], [14, 24]])
    np.testing.assert_array_equal(history.episode_returns("first"), [[10, 3], [10, 4]])
    np.testing.assert_array_equal(history.episode_returns("last"), [[20, 3], [20, 4]])
    assert history.curve("train", "entropy") is None


def test_what_is_null_or_missing_has_no_number(tmp_path):
    with Sinks(tmp_path) as sinks:
        sinks.write(1, 0, "train", {"a": math.nan})
        sinks.write(1, 1, "train", {"a": 5})
        sinks.write(2, 0, "train", {"a": 6})
    curve = read_history(tmp_path).curve("train", "a")
    assert curve is not None
    np.testing.assert_array_equal(curve.values, [[np.nan, 6], [5, np.nan]])


def test_a_row_that_is_being_written_is_left_for_later(tmp_path):
    (tmp_path / "metrics.jsonl").write_text(
        '{"step": 1, "seed": 0, "kind": "train", "a": 2}\n{"step": 2, "see'
    )
    assert read_history(tmp_path).numbers["train"] == {"a": {(1, 0): 2}}


def test_numbers_are_held_until_the_next_and_begin_when_all_have_one():
    nan = np.nan
    curve = Curve(
        np.array([1, 2, 3, 4]), np.array([[nan, 5.0, nan, 6.0], [1.0, nan, nan, 2.0]])
    ).held()
    np.testing.assert_array_equal(curve.steps, [2, 3, 4])
    np.testing.assert_array_equal(curve.values, [[5, 5, 6], [1, 1, 2]])


def test_a_seed_without_any_number_leaves_nothing_to_hold():
    held = Curve(np.array([1, 2]), np.array([[np.nan, np.nan], [1.0, 2.0]])).held()
    assert held.values.shape == (2, 0)


def test_a_threshold_is_reached_first_where_the_curve_touches_it():
    curve = Curve(np.array([0, 10, 20]), np.array([[1.0, 5, 2], [5, 1, 5], [np.nan, 0, 4]]))
    np.testing.assert_array_equal(curve.steps_to(5), [10, 0, np.inf])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "line 2: is damaged"),
        ("[]", "line 2: is no row"),
        ('{"seconds": 1, "stage": "sweep"}', "line 2: is no row"),
        ('{"step": 1.5, "seed": 0, "kind": "train"}', "whole numbers"),
        ('{"step": 1, "seed": true, "kind": "train"}', "whole numbers"),
        ('{"step": 1, "seed": 0, "kind": "train", "kl": "big"}', "kl is 'big'"),
    ],
)
def test_damage_is_told_with_its_line(tmp_path, line, words):
    first = '{"step": 1, "seed": 0, "kind": "train", "a": 2}\n'
    (tmp_path / "metrics.jsonl").write_text(first + line + "\n")
    with pytest.raises(InputError, match=words):
        read_history(tmp_path)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_what_cannot_be_read_is_told(tmp_path, content):
    if content is not None:
        (tmp_path / "metrics.jsonl").write_bytes(content)
    with pytest.raises(InputError, match="cannot be read"):
        read_history(tmp_path)
