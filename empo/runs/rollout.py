"""One episode of a solved world: what happens if the robot acts as it is most likely to.

A rollout needs the solution and the world's dynamics only, so one from a run folder will do.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import jax
import numpy as np

from empo.runs.behaviour import human_policies
from empo.solver import Solution
from empo.worlds.world import World

Choice = Callable[[np.ndarray, np.random.Generator], int]
"""Picks an index by probabilities."""


def most_likely(prob: np.ndarray, rng: np.random.Generator) -> int:
    """The index of the largest probability; the first of several."""
    return int(np.argmax(prob >= np.max(prob) - 1e-12))


def drawn(prob: np.ndarray, rng: np.random.Generator) -> int:
    """An index at random."""
    return int(rng.choice(len(prob), p=prob / prob.sum()))


@dataclass(frozen=True)
class Rollout:
    """States s_0 ... s_T and the T steps between them."""

    world: World
    goals: tuple[int, ...]
    """The goal that each human pursues throughout."""
    states: np.ndarray
    """int32 (t + 1, f)"""
    actions_r: np.ndarray
    """The robot's joint action at each step, (t,)."""
    prob_r: np.ndarray
    """pi_r of that action, (t,)."""
    actions_h: np.ndarray
    """(t, h)"""
    x_h: np.ndarray
    """The humans' power in each state, (t + 1, h); nan at the end of a finite horizon."""

    @property
    def n_steps(self) -> int:
        """Number of steps, T."""
        return len(self.actions_r)

    @property
    def w_h(self) -> np.ndarray:
        """Power in bits, (t + 1, h)."""
        return np.log2(self.x_h)

    def cut(self, n_steps: int) -> Rollout:
        """The first `n_steps` steps."""
        return replace(
            self,
            states=self.states[: n_steps + 1],
            actions_r=self.actions_r[:n_steps],
            prob_r=self.prob_r[:n_steps],
            actions_h=self.actions_h[:n_steps],
            x_h=self.x_h[: n_steps + 1],
        )


def rollout(
    solution: Solution,
    n_steps: int,
    *,
    goals: Sequence[int] | None = None,
    robot: Choice = most_likely,
    others: Choice = drawn,
    seed: int = 0,
) -> Rollout:
    """Follow the solution for `n_steps`, until a finite horizon ends or nothing can ever change.

    `robot` picks the robot's actions by pi_r; `others` picks where play begins, the humans' actions
    by pi_h for their goals, and what happens by chance. A human's goal is drawn by weight unless
    `goals` names one for each. Raises `InputError` where the humans' policies cannot be known.
    """
    world, game, rng = solution.world, solution.game, np.random.default_rng(seed)
    goals = _drawn_goals(world, rng) if goals is None else tuple(goals)
    n_steps = n_steps if game.horizon is None else min(n_steps, game.horizon)
    states = [world.initial[others(world.initial_prob, rng)]]
    x_h, actions_r, prob_r, actions_h = [], [], [], []
    for time in range(n_steps):
        state = states[-1]
        layer, place = game.find(state, time)
        values = solution.values[layer]
        pi_h = human_policies(solution, layer, place)
        a_r = robot(values.pi_r[place], rng)
        a_h = [others(pi_h[h, g], rng) for h, g in enumerate(goals)]
        x_h.append(values.x_h[place])
        actions_r.append(a_r)
        prob_r.append(values.pi_r[place, a_r])
        actions_h.append(a_h)
        states.append(_step(world, state, a_r, a_h, lambda prob: others(prob, rng)))
        if (states[-1] == state).all() and _is_absorbing(world, state):
            break
    x_h.append(_power_at(solution, states[-1], len(actions_r)))
    return Rollout(
        world=world,
        goals=goals,
        states=np.array(states, np.int32),
        actions_r=np.array(actions_r, np.int32),
        prob_r=np.array(prob_r, float),
        actions_h=np.array(actions_h, np.int32),
        x_h=np.array(x_h),
    )


def likely_path(solution: Solution, n_steps: int = 60, *, seed: int = 0) -> Rollout:
    """What the robot most likely does while people pursue goals that are neither easy nor hard.

    Ends when everybody has been where they want to be.
    """
    goals = middling_goals(solution)
    path = rollout(solution, n_steps, goals=goals, seed=seed)
    model, humans = solution.world.model, range(len(goals))
    with jax.enable_x64(True):
        inside = [
            np.asarray(_situation(model, state)[0])[humans, goals] for state in path.states[1:]
        ]
    attained = np.logical_or.accumulate(np.array(inside), axis=0).all(axis=1)
    return path.cut(int(np.argmax(attained)) + 1) if attained.any() else path


def middling_goals(solution: Solution) -> tuple[int, ...]:
    """For each human the goal with the median V_h^e where play begins, among those above 0.

    Goals that nobody can attain make people aimless, and easy ones leave the robot nothing to do.
    Without V_h^e, the middle one of the list.
    """
    world = solution.world
    layer, place = solution.game.find(world.initial[int(np.argmax(world.initial_prob))])
    v_h_e = solution.values[layer].v_h_e
    if v_h_e is None:
        return tuple(len(names) // 2 for names in world.goals)
    return tuple(_median(own[: len(g)]) for own, g in zip(v_h_e[place], world.goals, strict=True))


def _median(values: np.ndarray) -> int:
    """The place of the lower median of what is above 0; 0 if nothing is."""
    order = np.argsort(values, kind="stable")[np.count_nonzero(values <= 0) :]
    return int(order[(len(order) - 1) // 2]) if len(order) else 0


def _drawn_goals(world: World, rng: np.random.Generator) -> tuple[int, ...]:
    weights = np.asarray(world.model.goals.weight, float)
    return tuple(drawn(weight, rng) for weight in weights)


def _step(
    world: World,
    state: np.ndarray,
    a_r: int,
    a_h: Sequence[int],
    choose: Callable[[np.ndarray], int],
) -> np.ndarray:
    """The next state; outcomes that are the same state are one outcome."""
    with jax.enable_x64(True):
        found, prob = _outcomes(world.model, state, np.int32(a_r), np.array(a_h, np.int32))
    states, where = np.unique(np.asarray(found), axis=0, return_inverse=True)
    return states[choose(np.bincount(where.ravel(), np.asarray(prob)))]


def _is_absorbing(world: World, state: np.ndarray) -> bool:
    """Does every joint action lead back here?"""
    with jax.enable_x64(True):
        _, legal_r, legal_h = _situation(world.model, state)
        legal = [np.flatnonzero(row) for row in (legal_r, *legal_h)]
        for a_r, *a_h in itertools.product(*legal):
            found, prob = _outcomes(world.model, state, np.int32(a_r), np.array(a_h, np.int32))
            if (np.asarray(found)[np.asarray(prob) > 0] != state).any():
                return False
    return True


@jax.jit
def _outcomes(model, state, a_r, a_h):
    return model.outcomes(state, a_r, a_h)


@jax.jit
def _situation(model, state):
    situation = model.situation(state)
    return situation.members, situation.legal_r, situation.legal_h


def _power_at(solution: Solution, state: np.ndarray, time: int) -> np.ndarray:
    if time == solution.game.horizon:
        return np.full(solution.world.model.n_humans, np.nan)
    layer, place = solution.game.find(state, time)
    return solution.values[layer].x_h[place]
