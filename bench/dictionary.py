"""The alternative: Phase 2 in plain Python over dictionaries, as one would first write it.

Backward induction on a game with a horizon and one outcome per joint action, one state, joint
action and goal at a time. Written for this comparison, and checked against empo's result.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from empo.solver import Solution
from empo.solver.problem import Problem
from empo.solver.sweep import situations

Game = list[dict[int, dict[str, Any]]]
"""For each time: state -> its goals' members, policies and successors."""


def as_dictionaries(solution: Solution, last_layers: int) -> Game:
    """The last layers of a solved game, and its end."""
    game = solution.game
    layers = [*game.layers[-last_layers:], game.end]
    kept = solution.values[-last_layers:]
    found: Game = []
    for i, layer in enumerate(layers):
        members = np.asarray(situations(game.world.model, layer.codes).members)
        states = {s: {"members": members[s].tolist()} for s in range(layer.n_states)}
        for s in range(layer.n_states) if i < last_layers else ():
            chunk = layer.chunks[s // len(layer.chunks[0].codes)]
            assert chunk.prob is None, "one outcome per joint action"
            states[s]["next"] = chunk.next[:, 0, s % len(chunk.codes)].tolist()
            states[s]["pi_h"] = kept[i].pi_h[s].tolist()
        found.append(states)
    return found


def solve(game: Game, problem: Problem) -> list[dict[int, float]]:
    """V_r of every state, for each time."""
    v_r = [dict.fromkeys(game[-1], 0.0)]
    v_h_e: dict[int, list[list[float]]] = {s: [] for s in game[-1]}
    arrived = {s: [list(map(float, row)) for row in game[-1][s]["members"]] for s in game[-1]}
    for states in reversed(game[:-1]):
        v_r.append({})
        v_h_e = {}
        for s, state in states.items():
            v_r[-1][s], v_h_e[s] = _solve_state(state, v_r[-2], arrived, problem)
        arrived = {
            s: [
                [1.0 if m else problem.theory.gamma_h * v for m, v in zip(*rows, strict=True)]
                for rows in zip(states[s]["members"], v_h_e[s], strict=True)
            ]
            for s in states
        }
    return v_r[::-1]


def _solve_state(
    state: dict[str, Any],
    v_r_next: dict[int, float],
    arrived: dict[int, list[list[float]]],
    problem: Problem,
) -> tuple[float, list[list[float]]]:
    theory, pi_h, n_humans = problem.theory, state["pi_h"], len(state["pi_h"])
    n_goals, n_actions = len(pi_h[0]), len(pi_h[0][0])
    n_robot = len(state["next"]) // n_actions**n_humans
    mean = [[sum(row[a] for row in pi) / n_goals for a in range(n_actions)] for pi in pi_h]
    joint = list(itertools.product(range(n_actions), repeat=n_humans))

    def after(a_r: int, place: int) -> int:
        return state["next"][a_r * len(joint) + place]

    q_r = []
    for a_r in range(n_robot):
        total = 0.0
        for place, a_h in enumerate(joint):
            chance = math.prod(mean[h][a] for h, a in enumerate(a_h))
            total += chance * theory.gamma_r * v_r_next[after(a_r, place)]
        q_r.append(total)
    if all(q == 0 for q in q_r):
        pi_r = [1 / n_robot] * n_robot
    else:
        weights = [(-q) ** -theory.beta_r for q in q_r]
        pi_r = [w / sum(weights) for w in weights]
    v_h_e = [[0.0] * n_goals for _ in range(n_humans)]
    for a_r, (place, a_h) in itertools.product(range(n_robot), enumerate(joint)):
        for h, g in itertools.product(range(n_humans), range(n_goals)):
            others = math.prod(mean[k][a] for k, a in enumerate(a_h) if k != h)
            chance = pi_r[a_r] * others * pi_h[h][g][a_h[h]]
            v_h_e[h][g] += chance * arrived[after(a_r, place)][h][g]
    x_h = [sum(v**theory.zeta for v in row) / n_goals for row in v_h_e]
    u_r = -((sum(x**-theory.xi for x in x_h) / n_humans) ** theory.eta)
    return u_r + sum(p * q for p, q in zip(pi_r, q_r, strict=True)), v_h_e
