"""Rows of the report's tables, as text."""

from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np

from empo.solver import Solution
from empo.views.markup import symbol
from empo.views.story import Story

_MOST_PATH = 14
_MOST_ALL = 40
_EXTREMES = 3

_MEANING = {
    "gamma_h": ("γ_h", "humans' discount factor"),
    "gamma_r": ("γ_r", "robot's discount factor"),
    "beta_h": ("β_h", "humans' rationality"),
    "nu_h": ("ν_h", "weight of humans' habits"),
    "beta_r": ("β_r", "robot's decisiveness"),
    "zeta": ("ζ", "preference for reliability"),
    "xi": ("ξ", "inequality aversion between humans"),
    "eta": ("η", "inequality aversion over time"),
    "goal_aggregation": ("", "over goals"),
    "human_aggregation": ("", "over humans"),
    "horizon": ("T", "horizon"),
    "x_h_floor": ("", "least X_h"),
}
_EQUATIONS = {
    "q_h_m": ("(1)", "Q_h^m"),
    "pi_h": ("(2)", "π_h"),
    "v_h_m": ("(3)", "V_h^m"),
    "q_r": ("(4)", "Q_r"),
    "pi_r": ("(5)", "π_r"),
    "v_h_e": ("(6)", "V_h^e"),
    "x_h": ("(7)", "X_h"),
    "u_r": ("(8)", "U_r"),
    "v_r": ("(9)", "V_r"),
}

Rows = list[list[str]]


def ranked_states(story: Story) -> list[tuple[str, Rows]]:
    """Tables of states under their headings: all of a small world; else the path and extremes."""
    solution = story.solution
    game = solution.game
    if game.horizon is None and game.n_states <= _MOST_ALL:
        places = [(i, p) for i, layer in enumerate(game.layers) for p in range(layer.n_states)]
        places.sort(key=lambda place: -solution.values[place[0]].u_r[place[1]])
        return [("All states, most total power first", _rows(solution, places))]
    steps = _thinned(story.n_valued)
    path = [game.find(story.path.states[step], story.time(step)) for step in steps]
    some = "" if len(steps) == story.n_valued else ", some steps"
    tables = [(f"Along the path{some}", _rows(solution, path))]
    for heading, sign in (("Most total power", -1.0), ("Least total power", 1.0)):
        tables.append((heading, _rows(solution, _extremes(solution, sign))))
    return tables


def theory_rows(solution: Solution) -> Rows:
    """Symbol, meaning and value of each setting."""
    rows = []
    for name, value in asdict(solution.theory).items():
        letter, meaning = _MEANING[name]
        rows.append([symbol(letter), symbol(meaning), _setting(value)])
    return [*rows, [symbol("π_h"), "how humans act", solution.prior]]


def equation_rows(solution: Solution) -> Rows:
    """Each equation's number, quantity and residual; nothing after a backward sweep."""
    found = solution.effort.residuals
    return [
        [number, symbol(quantity), f"{found[name]:.1e}"]
        for name, (number, quantity) in _EQUATIONS.items()
        if name in found
    ]


def _rows(solution: Solution, places: list[tuple[int, int]]) -> Rows:
    game, world = solution.game, solution.world
    rows = []
    for layer, place in places:
        values, state = solution.values[layer], game.state(layer, place)
        action = int(np.argmax(values.pi_r[place]))
        time = f"t={layer} " if game.horizon is not None else ""
        rows.append(
            [
                time + world.state_name(state),
                f"{world.robot_action(state, action)} {values.pi_r[place, action]:.0%}",
                *(f"{bits:.3f}" for bits in np.log2(values.x_h[place])),
                f"{values.u_r[place]:.4g}",
                f"{values.v_r[place]:.4g}",
            ]
        )
    return rows


def _extremes(solution: Solution, sign: float) -> list[tuple[int, int]]:
    """The states with the largest or least U_r of all; one pass over arrays."""
    best = []
    for layer, values in enumerate(solution.values):
        ranked = sign * values.u_r
        few = min(_EXTREMES, len(ranked))
        places = np.argpartition(ranked, few - 1)[:few]
        best += [(float(ranked[place]), layer, int(place)) for place in places]
    return [(layer, place) for _, layer, place in sorted(best)[:_EXTREMES]]


def _thinned(n: int) -> list[int]:
    """All of 0 ... n - 1, or about equally many of them."""
    return sorted(set(np.linspace(0, n - 1, min(n, _MOST_PATH)).round().astype(int).tolist()))


def _setting(value: object) -> str:
    if value is None:
        return "none"
    return "∞" if value == math.inf else f"{value:g}" if isinstance(value, float) else str(value)
