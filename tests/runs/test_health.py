"""What is judged suspicious in a training run, by numbers made for it."""

from __future__ import annotations

import numpy as np
import pytest

from empo.runs.health import HEALTH, findings, medians
from empo.runs.history import read_history
from empo.runs.sinks import Sinks
from tests.runs.trainings import write_training


def judged(name: str, numbers: list[float]):
    (quantity,) = (quantity for quantity in HEALTH if name in quantity.names)
    return quantity.judge(np.array(numbers))


@pytest.mark.parametrize(
    ("name", "numbers", "words"),
    [
        ("entropy", [0.69, 0.001, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], "all but gone"),
        ("kl", [0.01, 0.5, 0.6], "steps are large"),
        ("kl", [0.0, 1e-9, 0.0], "does not move"),
        ("clip_fraction", [0.1, 0.5, 0.6], "fewer epochs"),
        ("explained_variance", [0.9, 0.9, 0.9, -0.2], "no better than a constant"),
        ("grad_norm", [1.0, 1.1, 0.9, 30.0], "jumps"),
    ],
)
def test_what_goes_wrong_is_told(name, numbers, words):
    finding = judged(name, numbers)
    assert finding.suspect
    assert words in finding.said


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("entropy", [0.69, 0.6, 0.5, 0.3, 0.1, 0.01]),  # gone, but late
        ("entropy", [1.4, 0.5, 0.0, -0.5, -1.0, -1.2, -1.4, -1.5]),  # differential: any sign
        ("kl", [0.01, 0.3, 0.02]),
        ("clip_fraction", [0.1, 0.2]),
        ("explained_variance", [-3.0, 0.1, 0.5, 0.9]),
        ("grad_norm", [0.0, 0.0, 0.0]),
        ("value_loss", [5.0, 50.0]),
    ],
)
def test_what_is_common_is_not_suspected(name, numbers):
    assert not judged(name, numbers).suspect


def test_seeds_are_judged_by_their_median(tmp_path):
    with Sinks(tmp_path) as sinks:
        for seed, kl in enumerate((0.5, 0.01, 0.02)):
            sinks.write(1, seed, "train", {"kl": kl, "entropy": np.nan})
            sinks.write(2, seed, "train", {"kl": np.nan if seed else 0.03})
    history = read_history(tmp_path)
    np.testing.assert_array_equal(medians(history, "kl"), [0.02, 0.03])
    assert findings(history).keys() == {"kl"}  # of entropy there is no number


def test_a_healthy_run_is_found_healthy(tmp_path):
    found = findings(read_history(write_training(tmp_path)))
    assert found.keys() >= {"entropy", "kl", "clip_fraction", "explained_variance", "grad_norm"}
    assert not any(finding.suspect for finding in found.values())
