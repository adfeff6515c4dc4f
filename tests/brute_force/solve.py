"""Solving the equations: backward where time runs one way, by patient iteration elsewhere."""

from __future__ import annotations

import math
from typing import Any

from tests.brute_force.game import Game
from tests.brute_force.judge import Ahead, Judge, NoPower, Result

SETTLED = 1e-13
MOST_SWEEPS = 4000
RAMP = 0.5
"""Largest step of beta_r on its way up."""
DOUBLINGS = 6
"""How often beta_r doubles from 1 before it becomes infinite."""

Results = dict[str, Result]


class DidNotSettle(Exception):
    """Plain iteration found no fixed point: the judge has no opinion on this game."""


def solve(
    file: dict[str, Any], judge: type[Judge] = Judge, start: Results | None = None, **overrides: Any
) -> list[Results]:
    """The results per state, in a list over times: of one entry without a horizon.

    `start` replaces V_h^e = 0 and V_r = 0 as the first guess in a cyclic game.
    """
    game = Game(file, **overrides)
    by = judge(game)
    if game.theory["horizon"] is not None:
        return _with_horizon(by)
    if game.acyclic():
        return [_backward(by)]
    return [_iterated(by, start)]


def one_more_sweep(file: dict[str, Any], results: Results, **overrides: Any) -> Results:
    """Equations (1)-(9) once more, with the given results on their right sides."""
    by = Judge(Game(file, **overrides))
    return {state: _both(by, state, results.__getitem__) for state in results}


def _nothing(game: Game) -> Result:
    zero = {h: dict.fromkeys(game.goals(h), 0.0) for h in game.humans}
    return {"v_h_m": zero, "v_h_e": zero, "u_r": 0.0, "v_r": 0.0}


def _phase_1(by: Judge, state: str, ahead: Ahead) -> Result:
    """Equations (1)-(3) at one state."""
    q_h_m: Result = {}
    v_h_m: Result = {}
    pi_h: Result = {}
    for human in by.game.humans:
        q_h_m[human], v_h_m[human], pi_h[human] = {}, {}, {}
        for goal in by.game.goals(human):
            q = by.q_h_m(state, human, goal, ahead)
            pi = by.pi_h(state, human, goal, q)
            q_h_m[human][goal], pi_h[human][goal] = q, pi
            v_h_m[human][goal] = by.v_h_m(pi, q)
    return {"q_h_m": q_h_m, "pi_h": pi_h, "v_h_m": v_h_m}


def moves_of(by: Judge, state: str, pi_h: Result) -> dict[Any, dict[str, dict[str, float]]]:
    """Where each a_r leads: under None on average over goals, under (human, goal) given it."""
    average = {human: by.average_policy(human, pi_h[human]) for human in pi_h}
    robot = by.game.robot_actions(state)
    moves: dict[Any, Any] = {None: {a_r: by.move(state, a_r, average) for a_r in robot}}
    for human in pi_h:
        for goal, own in pi_h[human].items():
            policies = average | {human: own}
            moves[human, goal] = {a_r: by.move(state, a_r, policies) for a_r in robot}
    return moves


def _phase_2(by: Judge, state: str, moves: Any, beta_r: float, ahead: Ahead) -> Result:
    """Equations (4)-(9) at one state, in this order."""
    q_r = {a_r: by.q_r(move, ahead) for a_r, move in moves[None].items()}
    pi_r = by.pi_r(state, q_r, beta_r)
    v_h_e = {
        human: {
            goal: by.v_h_e(moves[human, goal], pi_r, human, goal, ahead)
            for goal in by.game.goals(human)
        }
        for human in by.game.humans
    }
    return {"q_r": q_r, "pi_r": pi_r, "v_h_e": v_h_e} | _valued(by, state, v_h_e, pi_r, q_r)


def _valued(by: Judge, state: str, v_h_e: Result, pi_r: Result, q_r: Result) -> Result:
    """Equations (7)-(9) and the power in bits."""
    x_h = {human: by.x_h(state, human, v_h_e[human]) for human in v_h_e}
    w_h = {human: math.log2(value) for human, value in x_h.items()}
    u_r = by.u_r(x_h)
    return {"x_h": x_h, "w_h": w_h, "u_r": u_r, "v_r": by.v_r(u_r, pi_r, q_r)}


def _both(by: Judge, state: str, ahead: Ahead) -> Result:
    """Equations (1)-(9) at one state whose future is known."""
    result = _phase_1(by, state, ahead)
    moves = moves_of(by, state, result["pi_h"])
    return result | _phase_2(by, state, moves, by.game.theory["beta_r"], ahead)


def _with_horizon(by: Judge) -> list[Results]:
    """Backward from time T, where all values are 0; only states reachable at that time."""
    end = _nothing(by.game)
    results: list[Results] = []
    ahead: Ahead = lambda _: end  # noqa: E731
    for layer in reversed(by.game.reachable_at()):
        results.insert(0, {state: _both(by, state, ahead) for state in layer})
        ahead = results[0].__getitem__
    return results


def _backward(by: Judge) -> Results:
    """Memoised recursion; an absorbing state is solved in closed form."""
    known: Results = {}

    def value(state: str) -> Result:
        if state not in known:
            absorbing = by.game.absorbing(state)
            known[state] = _absorbed(by, state) if absorbing else _both(by, state, value)
        return known[state]

    return {state: value(state) for state in by.game.reachable()}


def _absorbed(by: Judge, state: str) -> Result:
    """Here for ever: V = 1 in a goal, or 1 / (1 - gamma_h); V_r = U_r / (1 - gamma_r)."""
    game = by.game
    v_h: Result = {}
    for human in game.humans:
        v_h[human] = {}
        for goal in game.goals(human):
            member = float(state in game.members(human, goal))
            again = game.theory["gamma_h"] if game.repeat(human, goal) else 0.0
            v_h[human][goal] = member / (1 - again)
    pi_h = {human: {goal: {"pass": 1.0} for goal in v_h[human]} for human in v_h}
    q_h_m = {human: {goal: {"pass": v} for goal, v in v_h[human].items()} for human in v_h}
    result = _valued(by, state, v_h, {"pass": 1.0}, {"pass": 0.0})
    result |= {"q_h_m": q_h_m, "v_h_m": v_h, "v_h_e": v_h, "pi_h": pi_h, "pi_r": {"pass": 1.0}}
    result["v_r"] = result["u_r"] / (1 - game.theory["gamma_r"])
    return result | {"q_r": {"pass": by.q_r({state: 1.0}, lambda _: result)}}


def _iterated(by: Judge, start: Results | None) -> Results:
    """Phase 1 from 0; Phase 2 from beta_r = 0 with beta_r raised slowly."""
    human = _settle_phase_1(by)
    moves = {state: moves_of(by, state, human[state]["pi_h"]) for state in human}
    results = _uniform_robot(by, moves, start or dict.fromkeys(moves, _nothing(by.game)))
    target = by.game.theory["beta_r"]
    for beta_r in _ramp(target):
        try:
            results = _settle_phase_2(by, moves, beta_r, results, beta_r == target)
        except (NoPower, OverflowError) as error:
            # The robot leaves people no power in the end, which takes U_r to minus infinity.
            raise DidNotSettle(f"at beta_r = {beta_r}: {error}") from error
    return {state: human[state] | results[state] for state in human}


def _ramp(target: float) -> list[float]:
    if target == math.inf:
        return [2.0**k for k in range(DOUBLINGS + 1)] + [math.inf]
    steps = math.ceil(target / RAMP)
    return [target * k / steps for k in range(1, steps + 1)] if steps else [0.0]


def _settle_phase_1(by: Judge) -> Results:
    results = dict.fromkeys(by.game.reachable(), _nothing(by.game))
    for _ in range(MOST_SWEEPS):
        old = results
        results = {state: _phase_1(by, state, old.__getitem__) for state in old}
        if _change(results, old, "v_h_m") < SETTLED:
            return results
    raise DidNotSettle("phase 1")


def _uniform_robot(by: Judge, moves: Any, results: Results) -> Results:
    """beta_r = 0: the value of a fixed policy. V_h^e first, for U_r needs it to be above 0."""
    for _ in range(MOST_SWEEPS):
        old = results
        results = {state: old[state] | {"v_h_e": {}} for state in old}
        for state, of_state in moves.items():
            pi_r = by.pi_r(state, dict.fromkeys(of_state[None], -1.0), 0.0)
            for h in by.game.humans:
                results[state]["v_h_e"][h] = {
                    g: by.v_h_e(of_state[h, g], pi_r, h, g, old.__getitem__)
                    for g in by.game.goals(h)
                }
        if _change(results, old, "v_h_e") < SETTLED:
            return _settle_phase_2(by, moves, 0.0, results, True)
    raise DidNotSettle("uniform robot")


def _settle_phase_2(by: Judge, moves: Any, beta_r: float, results: Results, last: bool) -> Results:
    for _ in range(MOST_SWEEPS):
        old = results
        results = {s: _phase_2(by, s, moves[s], beta_r, old.__getitem__) for s in moves}
        v_r = max(abs(results[s]["v_r"] / old[s]["v_r"] - 1) if old[s]["v_r"] else 1 for s in old)
        if max(v_r, _change(results, old, "v_h_e")) < (SETTLED if last else 1e-6):
            return results
    raise DidNotSettle(f"phase 2 at beta_r = {beta_r}")


def _change(new: Results, old: Results, name: str) -> float:
    """The largest change of a human's value, relative where it is above 1."""
    return max(
        abs(value - old[s][name][h][g]) / max(1.0, abs(value))
        for s in new
        for h in new[s][name]
        for g, value in new[s][name][h].items()
    )
