"""One episode of a solved world: what happens if the robot acts as it is most likely to.

A rollout needs the solution and the world's dynamics only, so one from a run folder will do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import jax
import numpy as np

from empo.runs.behaviour import human_policies
from empo.solver import Solution
from empo.worlds.world import World

Choice = Callable[[np.ndarray, np.random.Generator], int]
"""Picks an index by probabilities."""


def most_likely(prob: np.ndarray, rng: np.random.Generator) -> int:  # noqa: ARG001
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

    def until_repeated(self) -> Rollout:
        """The part before a state comes back for the first time; all of it if none does."""
        _, first = np.unique(self.states, axis=0, return_index=True)
        is_new = np.isin(np.arange(len(self.states)), first)
        n_steps = self.n_steps if is_new.all() else int(np.argmin(is_new)) - 1
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
    """Follow the solution for `n_steps`, or until a finite horizon ends.

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
    x_h.append(_power_at(solution, states[-1], n_steps))
    return Rollout(
        world=world,
        goals=goals,
        states=np.array(states, np.int32),
        actions_r=np.array(actions_r, np.int32),
        prob_r=np.array(prob_r, float),
        actions_h=np.array(actions_h, np.int32).reshape(n_steps, len(goals)),
        x_h=np.array(x_h),
    )


def likely_path(solution: Solution, n_steps: int = 100) -> Rollout:
    """The most likely episode in which each human pursues the goal that is hardest to attain.

    Everybody does what is most likely, and so does chance. The path ends before a state would come
    back, for then it would go round for ever.
    """
    goals = hardest_goals(solution)
    path = rollout(solution, n_steps, goals=goals, others=most_likely)
    return path if solution.game.horizon is not None else path.until_repeated()


def hardest_goals(solution: Solution) -> tuple[int, ...]:
    """For each human the goal with the least V_h^e > 0 where play begins; without V_h^e, the last.

    On a grid that is a far place, so that people have somewhere to go.
    """
    world = solution.world
    layer, place = solution.game.find(world.initial[int(np.argmax(world.initial_prob))])
    v_h_e = solution.values[layer].v_h_e
    if v_h_e is None:
        return tuple(len(names) - 1 for names in world.goals)
    return tuple(
        int(np.argmin(np.where(own[: len(names)] > 0, own[: len(names)], np.inf)))
        for own, names in zip(v_h_e[place], world.goals, strict=True)
    )


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


@jax.jit
def _outcomes(model, state, a_r, a_h):
    return model.outcomes(state, a_r, a_h)


def _power_at(solution: Solution, state: np.ndarray, time: int) -> np.ndarray:
    if time == solution.game.horizon:
        return np.full(solution.world.model.n_humans, np.nan)
    layer, place = solution.game.find(state, time)
    return solution.values[layer].x_h[place]
