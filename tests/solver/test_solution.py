"""Solutions on disk and in the hands of people: complete, or a clear error."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import empo
from empo.core.errors import InputError
from empo.core.store import read_arrays, write_arrays
from empo.solver.solution import Solution
from empo.worlds.load import load
from tests.solver.drawn import File


def corridor(kind: str) -> File:
    """Ann walks from left to right where the robot lets her."""
    names = ["left", "middle", "right"]
    states: File = {
        name: {
            "robot": ["help", "hinder"],
            "humans": {"ann": ["walk", "stay"]},
            "next": [
                {"robot": "help", "ann": "walk", "to": {after: 0.9, name: 0.1}},
                {"to": name if kind == "cyclic" else after},
            ],
        }
        for name, after in itertools.pairwise(names)
    }
    back = {"next": [{"to": {"left": 0.5, "right": 0.5}}]} if kind == "cyclic" else {}
    if kind != "cyclic":
        states["left"]["next"][0]["to"] = {"middle": 0.9, "right": 0.1}
        states["middle"]["next"][0]["to"] = "right"
    theory = {"gamma_h": 0.8, "gamma_r": 0.7, "beta_r": math.inf if kind == "acyclic" else 4}
    return {
        "name": f"corridor, {kind}",
        "initial": "left",
        "theory": theory | ({"horizon": 3} if kind == "horizon" else {}),
        "humans": {"ann": {"goals": {"a": ["middle"], "b": ["right"], "c": names}}},
        "states": states | {"right": back},
    }


KINDS = ("cyclic", "acyclic", "horizon")


@pytest.fixture(scope="module", params=KINDS)
def solution(request) -> Solution:
    return empo.solve(corridor(request.param))


def same(found: Solution, wanted: Solution) -> None:
    for name in ("theory", "prior", "effort"):
        assert getattr(found, name) == getattr(wanted, name)
    assert found.game.order == wanted.game.order
    assert found.game.n_transitions == wanted.game.n_transitions
    for ours, theirs in zip(found.values, wanted.values, strict=True):
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(a, b)
            assert (a is None) == (b is None)
    for time in range(found.game.horizon or 1):
        assert found.to_dict(time) == wanted.to_dict(time)


def test_what_was_saved_is_loaded(solution, tmp_path):
    solution.save(tmp_path)
    same(Solution.load(tmp_path), solution)


def test_a_prior_that_was_given_is_saved_too(tmp_path):
    room = {
        "kind": "grid",
        "name": "room",
        "map": "h.\n.r",
        "goals": [{"cell": [1, 0]}, {"cell": [0, 0]}],
        "theory": {"horizon": 2, "x_h_floor": 0.1},
    }
    solution = empo.solve(room, prior="shortest-path")
    assert solution.values[0].v_h_m is None
    solution.save(tmp_path)
    same(Solution.load(tmp_path), solution)


def test_several_solutions_of_phase_1_are_saved(tmp_path):
    solution = empo.solve("two-state", repeat=2)
    assert solution.effort.n_phase1_solutions == 2
    solution.save(tmp_path)
    same(Solution.load(tmp_path), solution)


def test_quantities_that_were_not_kept_are_left_out(solution, tmp_path):
    small = Solution(
        solution.game,
        solution.theory,
        solution.prior,
        tuple(values._replace(q_h_m=None, pi_h=None) for values in solution.values),
        solution.effort,
    )
    small.save(tmp_path)
    found = Solution.load(tmp_path)
    same(found, small)
    at_left = found.at("left")
    assert at_left.keys() == solution.at("left").keys() - {"q_h_m", "pi_h"}
    assert found.policy("left") == solution.policy("left") == at_left["pi_r"]
    assert found.power("left") == solution.power("left") == at_left["x_h"]


def damaged(folder: Path, **changes: Any) -> None:
    """Write the files anew with a manifest that is whole and says something else."""
    arrays, manifest = read_arrays(folder, "values")
    manifest |= changes
    kept = {key: value for key, value in manifest.items() if value is not ...}
    write_arrays(folder, "values", arrays, kept)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"theory": ...}, "manifest values.json is damaged.*theory"),
        ({"effort": ...}, "manifest values.json is damaged.*effort"),
        ({"format": ...}, "manifest values.json is damaged.*format"),
        ({"n_layers": 7}, "manifest values.json is damaged.*codes"),
        ({"n_layers": "two"}, "manifest values.json is damaged"),
        ({"effort": {"speed": 3}}, "manifest values.json is damaged"),
        ({"theory": {"charm": 3}}, "manifest values.json is damaged"),
        ({"world": "{"}, "manifest values.json is damaged"),
        ({"format": 2}, "format 2"),
    ],
)
def test_a_manifest_that_says_something_else_is_refused(solution, tmp_path, changes, said):
    solution.save(tmp_path)
    damaged(tmp_path, **changes)
    with pytest.raises(InputError, match=said):
        Solution.load(tmp_path)


@pytest.mark.parametrize("name", ["values.json", "values.safetensors"])
def test_a_file_that_is_missing_or_cut_short_is_named(solution, tmp_path, name):
    solution.save(tmp_path)
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=name):
        Solution.load(tmp_path)
    path.unlink()
    with pytest.raises(InputError, match=f"{name}: cannot be read"):
        Solution.load(tmp_path)


def test_a_world_from_python_has_to_be_given_again(tmp_path):
    from_file = load(corridor("cyclic"))
    from_python = type(from_file)(**{**vars(from_file), "data": None})
    solution = empo.solve(from_python)
    solution.save(tmp_path)
    with pytest.raises(InputError, match="corridor, cyclic came from Python: pass it as `world`"):
        Solution.load(tmp_path)
    same(Solution.load(tmp_path, world=from_python), solution)


def test_a_state_that_is_not_there_is_named(solution):
    with pytest.raises(InputError, match="nowhere"):
        solution.at("nowhere")
    outside = solution.states()[0] + 100
    for ask in (solution.at, solution.policy, solution.power):
        with pytest.raises(InputError, match=r"state \[10.*\] cannot be reached"):
            ask(outside)


def test_a_time_that_is_not_there_is_named():
    solution = empo.solve(corridor("horizon"))
    assert solution.at("left", time=0)["pi_r"]
    with pytest.raises(InputError, match=r"right cannot be reached at time 0"):
        solution.at("right", time=0)
    for time in (-1, 3):
        with pytest.raises(InputError, match=rf"time must be 0 \.\.\. 2, got {time}"):
            solution.at("left", time=time)
    with pytest.raises(InputError, match=r"time must be 0 \.\.\. 2, got 3"):
        solution.to_dict(time=3)


def test_a_state_is_found_by_name_and_by_vector(solution):
    names = [solution.world.state_name(state) for state in solution.states()]
    described = solution.to_dict()["states"]
    assert list(described) == names
    for name, state in zip(names, solution.states(), strict=True):
        assert solution.at(name) == solution.at(state) == described[name]
    only_right = {"pass": 1.0}
    assert "right" not in names or solution.policy("right") == only_right
