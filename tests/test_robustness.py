"""Whatever the preset, the horizon and the world: a robot has settled, or its report says not."""

from __future__ import annotations

import math

import jax
import pytest
import yaml

import empo
from bench.games import HASTY, RICH
from empo.runs.advice import implied_errors
from empo.runs.robot_presets import PRESETS
from tests.runs.games import ferry

pytestmark = pytest.mark.slow

FEW = {
    "hidden": (8,),
    "pairs": 0,
    "n_envs": 4,
    "batch_size": 16,
    "n_places": 4,
    "warmup": 16,
    "capacity": 1_000,
    "n_evaluations": 10,
    "n_episodes": 16,
    "episode_steps": 8,
    **{f"warmup_{name}_steps": 50 for name in ("q_h_m", "v_h_e", "x_h", "u_r", "q_r", "v_r")},
    "beta_r_rampup_steps": 100,
}
N_UPDATES = 1_000
"""In all; at most 400 of them belong to the warm-up."""
WORLDS = {"ferry": ferry(beta_r=5.0), "rich": RICH, "hasty": HASTY}
SETTLED = 0.1
"""Error, as the residuals imply it, up to which a quantity counts as found (the advisor's)."""
NEAR = 0.5
"""Share of a uniform robot's distance up to which one that is said to have settled may be away."""


CASES = [
    (preset, (None, 3)[row % 2], (*WORLDS,)[row % len(WORLDS)])
    for row, preset in enumerate(PRESETS)
]
"""Every preset, with and without a horizon, and the worlds by turns: compiling takes long."""


@pytest.fixture(scope="module", autouse=True)
def _compiled_soon():
    """These programs are small, and each is used for a moment."""
    before = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", before)


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    folder = tmp_path_factory.mktemp("worlds")
    for name, world in WORLDS.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(world, sort_keys=False))
    return {name: str(folder / f"{name}.yaml") for name in WORLDS}


def trained(path, preset, horizon, **more):
    settings = {**FEW, "horizon": horizon, **more}
    if horizon is not None:
        settings["x_h_floor"] = 0.01  # shortly before the end nothing can be attained
    return empo.train(path, "q", preset=preset, n_seeds=5, steps=16 + 4 * N_UPDATES, **settings)


@pytest.mark.parametrize(("preset", "horizon", "world"), CASES)
def test_a_robot_has_settled_or_its_report_says_not(preset, horizon, world, paths):
    robot = trained(paths[world], preset, horizon)
    report = robot.report
    numbers = {name: x for name, x in report.items() if isinstance(x, float)}
    assert all(map(math.isfinite, numbers.values()))
    assert report["settled"] == (not report["advice"])
    residual = {
        name.removeprefix("residual_"): x
        for name, x in numbers.items()
        if name.startswith("residual_")
    }
    wrong_by = max(implied_errors(residual, robot.job.setup.theory).values())
    if report["settled"]:
        assert wrong_by <= SETTLED
        assert report["tv"] <= NEAR * report["tv_uniform"]
    if wrong_by > SETTLED:
        assert not report["settled"]


def test_where_beta_r_is_far_too_large_the_report_says_that_it_has_not_settled(paths):
    # Tables that are set to their targets go back and forth where sweeps do not contract.
    report = trained(paths["hasty"], "tabular", None, beta_r=100.0).report
    assert not report["settled"]
    assert report["advice"]
    assert report["lipschitz"] > 1
