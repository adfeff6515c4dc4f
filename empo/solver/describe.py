"""The quantities of one state under the names that people gave to actions, humans and goals."""

from __future__ import annotations

from typing import Any

import numpy as np

from empo.solver.problem import Values
from empo.theory import power_in_bits
from empo.worlds.world import Situation, World


def describe(
    world: World, state: np.ndarray, situation: Situation, values: Values
) -> dict[str, Any]:
    """One state's entry of `solution.json`. Quantities that were not kept are left out."""

    def per_human(x: np.ndarray) -> dict[str, float]:
        return {name: float(x[h]) for h, name in enumerate(world.humans)}

    def per_goal(x: np.ndarray) -> dict[str, dict[str, float]]:
        return {
            name: {goal: float(x[h, g]) for g, goal in enumerate(world.goals[h])}
            for h, name in enumerate(world.humans)
        }

    def per_action(x: np.ndarray) -> dict[str, dict[str, dict[str, float]]]:
        found = {}
        for h, name in enumerate(world.humans):
            legal = np.flatnonzero(situation.legal_h[h])
            actions = [world.human_action(state, h, a) for a in legal.tolist()]
            rows = x[h, : len(world.goals[h]), legal].T.tolist()
            own = (dict(zip(actions, row, strict=True)) for row in rows)
            found[name] = dict(zip(world.goals[h], own, strict=True))
        return found

    def per_robot_action(x: np.ndarray) -> dict[str, float]:
        legal = np.flatnonzero(situation.legal_r).tolist()
        return {world.robot_action(state, a): float(x[a]) for a in legal}

    found: dict[str, Any] = {
        "q_r": per_robot_action(values.q_r),
        "pi_r": per_robot_action(values.pi_r),
        "u_r": float(values.u_r),
        "v_r": float(values.v_r),
        "x_h": per_human(values.x_h),
        "w_h": per_human(np.asarray(power_in_bits(values.x_h))),
    }
    for name, arrange in (
        ("v_h_e", per_goal),
        ("v_h_m", per_goal),
        ("q_h_m", per_action),
        ("pi_h", per_action),
    ):
        if (x := getattr(values, name)) is not None:
            found[name] = arrange(x)
    return found
