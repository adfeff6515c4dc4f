"""The rules of grids and BushWorlds as plain loops over dictionaries; shares no code with empo."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from itertools import permutations, product
from typing import NamedTuple

GRID_STEPS = [(0, 0), (0, -1), (1, 0), (0, 1), (-1, 0)]
BUSH_STEPS = [(0, -1), (-1, 0), (0, 1), (1, 0), (0, 0)]


class Grid(NamedTuple):
    """A map. `doors` are (x, y, colour or None) of those that begin shut."""

    walls: set
    lava: set
    doorways: set
    keys: list
    doors: list
    bushes: list
    n_robots: int
    pushes: set
    random: bool


class State(NamedTuple):
    agents: tuple
    things: tuple
    holders: tuple
    opened: tuple
    cleared: tuple


def shift(cell, step, times=1):
    return cell[0] + times * step[0], cell[1] + times * step[1]


def door_at(grid, state, cell):
    """The number of a shut door in this cell, if there is one."""
    for number, (x, y, _) in enumerate(grid.doors):
        if (x, y) == cell and not state.opened[number]:
            return number
    return None


def has_bush(grid, state, cell):
    return any(b == cell and not c for b, c in zip(grid.bushes, state.cleared, strict=True))


def is_bare_floor(grid, state, cell):
    if cell in grid.walls or cell in grid.lava or cell in grid.doorways:
        return False
    if any((x, y) == cell for x, y, _ in grid.doors) or has_bush(grid, state, cell):
        return False
    for (x, y, _), holder in zip(grid.keys, state.holders, strict=True):
        if (x, y) == cell and holder is None:
            return False
    return cell not in state.agents and cell not in state.things


def wish(grid, state, agent, action):
    """What the agent would do alone: (cells it needs, things it pushes), or None."""
    if action == 0:
        return None
    step = GRID_STEPS[action]
    goal = shift(state.agents[agent], step)
    if goal in grid.walls or goal in state.agents or door_at(grid, state, goal) is not None:
        return None
    if has_bush(grid, state, goal) and agent >= grid.n_robots:
        return None
    needs, moved, cell = [goal], [], goal
    while cell in state.things:
        thing = state.things.index(cell)
        if (agent, thing) not in grid.pushes:
            return None
        moved.append(thing)
        cell = shift(cell, step)
        needs.append(cell)
    if moved and not is_bare_floor(grid, state, cell):
        return None
    return set(needs), moved


def outcomes(grid, state, actions):
    """{next state: probability}."""
    agents = range(len(actions))
    wishes = [wish(grid, state, i, actions[i]) for i in agents]
    orders = list(permutations(agents)) if grid.random else [tuple(agents)]
    result = defaultdict(Fraction)
    for order in orders:
        taken, winners = set(), []
        for i in order:
            if wishes[i] and not wishes[i][0] & taken:
                winners.append(i)
                taken |= wishes[i][0]
        result[follow(grid, state, actions, wishes, winners)] += Fraction(1, len(orders))
    return dict(result)


def follow(grid, state, actions, wishes, winners):
    """The state in which the winners have moved, and doors are opened by whoever can."""
    where, things = list(state.agents), list(state.things)
    holders, opened, cleared = list(state.holders), list(state.opened), list(state.cleared)
    for i in winners:
        step = GRID_STEPS[actions[i]]
        where[i] = shift(where[i], step)
        for thing in wishes[i][1]:
            things[thing] = shift(things[thing], step)
        for number, (x, y, _) in enumerate(grid.keys):
            on_it = (x, y) == where[i] and state.holders[number] is None
            if on_it and i not in state.holders:
                holders[number] = i
        for number, cell in enumerate(grid.bushes):
            if cell == where[i] and i < grid.n_robots:
                cleared[number] = True
    for i, action in enumerate(actions):
        door = door_at(grid, state, shift(state.agents[i], GRID_STEPS[action]))
        if door is not None and action != 0:
            lock = grid.doors[door][2]
            mine = [grid.keys[k][2] for k, holder in enumerate(state.holders) if holder == i]
            if lock is None or lock in mine:
                opened[door] = True
    return State(*map(tuple, (where, things, holders, opened, cleared)))


def bush_outcomes(width, height, most, n_robots, cells, densities, actions):
    """{(cells, densities): probability} of a BushWorld; densities are {cell: number}."""
    goals = []
    for cell, action in zip(cells, actions, strict=True):
        x, y = shift(cell, BUSH_STEPS[action])
        goals.append((x, y) if 0 <= x < width and 0 <= y < height else cell)
    first = {}
    for i, goal in enumerate(goals):
        if goal not in cells:
            first.setdefault(goal, i)
    after = dict(densities)
    moved = list(cells)
    chances = {}
    for goal, i in first.items():
        if i < n_robots:
            moved[i] = goal
            after[goal] = max(0, densities[goal] - 1)
        else:
            chances[i] = 1 - Fraction(densities[goal], most)
    for i in range(n_robots):
        if actions[i] == 4:
            after[cells[i]] = max(0, densities[cells[i]] - 1)
    result = defaultdict(Fraction)
    for luck in product([True, False], repeat=len(chances)):
        prob, where = Fraction(1), list(moved)
        for (i, chance), lucky in zip(chances.items(), luck, strict=True):
            prob *= chance if lucky else 1 - chance
            where[i] = goals[i] if lucky else cells[i]
        result[tuple(where), tuple(sorted(after.items()))] += prob
    return {key: prob for key, prob in result.items() if prob}
