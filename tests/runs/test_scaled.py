"""Games with all power multiplied: every value changes by the law, the robot's policy does not."""

from __future__ import annotations

import numpy as np
import pytest

import empo
from empo.core.errors import InputError
from empo.runs.scaled import scaled, scaled_file
from empo.worlds.load import load


@pytest.mark.parametrize("factor", [0.1, 3.0])
def test_A24_power_is_multiplied_and_the_policy_stays(factor):
    world = load("norm-commit")
    theory = {"beta_r": 5.0, "gamma_r": 0.9, "xi": 0.7, "eta": 1.3}
    plain = empo.solve(world, **theory)
    times = empo.solve(load(scaled(world, factor)), **theory)
    for one, other in zip(plain.values, times.values, strict=True):
        np.testing.assert_allclose(other.v_h_e, one.v_h_e, rtol=1e-6)
        np.testing.assert_allclose(other.x_h, factor * one.x_h, rtol=1e-6)
        np.testing.assert_allclose(other.q_r, factor ** (-0.7 * 1.3) * one.q_r, rtol=1e-5)
        np.testing.assert_allclose(other.pi_r, one.pi_r, atol=1e-6)


def test_A24_the_file_is_written_once_and_read_as_the_game(tmp_path):
    path = scaled_file(load("norm"), 0.3, tmp_path / "worlds")
    first = load(path)
    assert first.name == "norm-times-0.3"
    assert scaled_file(load("norm"), 0.3, tmp_path / "worlds") == path
    np.testing.assert_allclose(
        np.asarray(first.model.goals.weight), 0.3 * np.asarray(load("norm").model.goals.weight)
    )


@pytest.mark.parametrize("name", ["bush-line", "key-door"])
def test_A24_what_cannot_be_scaled_is_refused(name):
    with pytest.raises(InputError, match=name):
        scaled(load(name), 0.5)
