"""A world as a device task: one agent moves all players, since their policies are learned, too."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from empo.core.spaces import Discrete
from empo.core.types import Array, Bool, Float, Int
from empo.learn.problem import Place, Problem
from empo.learn.settings import Pace
from empo.rl.data import Steps
from empo.tasks.task import Task
from empo.worlds.expand import joint_actions
from empo.worlds.world import World


class Seen(NamedTuple):
    """Where the players are and what the humans want."""

    place: Place
    goals: Int[Array, " h"]
    """The goal that each human pursues."""
    clock: Int[Array, ""]
    """Steps since they chose it."""
    limit: Int[Array, ""]
    """Steps after which the episode is cut."""


def world_task(world: World, problem: Problem, pace: Pace) -> Task:
    """Episodes of a world. An action is a joint action, in the order of `joint_actions`.

    A player for whom that is illegal does the first legal action instead, as with random play.
    Rewards are 0: what the robot is after is computed from what it has learned.
    """
    model = problem.model
    a_r, a_h = joint_actions(model)

    def reset(*, key: Array) -> Seen:
        key_state, key_goals, key_limit = jax.random.split(key, 3)
        first = jax.random.choice(
            key_state, len(world.initial), p=jnp.asarray(world.initial_prob, jnp.float32)
        )
        state = jnp.asarray(world.initial, jnp.int32)[first]
        place = Place(state, jnp.int32(0))
        limit = episode_length(problem, pace, key=key_limit)
        return Seen(place, drawn_goals(problem, key=key_goals), jnp.int32(0), limit)

    def step(seen: Seen, action: Array, *, key: Array) -> tuple[Seen, Array, Bool[Array, ""]]:
        key_outcome, key_goals = jax.random.split(key)
        situation = model.situation(seen.place.state)
        robot = _legal(situation.legal_r, jnp.asarray(a_r)[action])
        humans = jax.vmap(_legal)(situation.legal_h, jnp.asarray(a_h)[action])
        place = sampled_next(problem, seen.place, robot, humans, key=key_outcome)
        anew = seen.clock + 1 >= pace.goal_steps
        goals = jnp.where(anew, drawn_goals(problem, key=key_goals), seen.goals)
        clock = jnp.where(anew, 0, seen.clock + 1)
        return Seen(place, goals, clock, seen.limit), jnp.zeros(()), jnp.bool_(False)

    return Task(
        name=world.name,
        observation_size=len(problem.cardinalities),
        action=Discrete(len(a_r)),
        time_limit=lambda seen: seen.limit,
        reset=reset,
        observe=lambda seen: seen,
        step=step,
    )


def blank_step(problem: Problem) -> Steps:
    """A row of data as such a task gives it, with nothing in it."""
    whole = jnp.int32(0)
    state = jnp.zeros(len(problem.model.cardinalities), jnp.int32)
    goals = jnp.zeros(problem.model.n_humans, jnp.int32)
    seen = Seen(Place(state, whole), goals, whole, whole)
    number = jnp.float32(0)
    return Steps(seen, whole, number, number, number, jnp.bool_(False), seen)


def episode_length(problem: Problem, pace: Pace, *, key: Array) -> Int[Array, ""]:
    """The horizon; where there is none, a number of steps whose logarithm is uniform."""
    if problem.horizon is not None:
        return jnp.int32(problem.horizon)
    low, high = jnp.log(pace.shortest_episode), jnp.log(pace.longest_episode)
    return jnp.round(jnp.exp(jax.random.uniform(key, minval=low, maxval=high))).astype(jnp.int32)


def sampled_next(
    problem: Problem,
    place: Place,
    a_r: Int[Array, ""],
    a_h: Int[Array, " h"],
    *,
    key: Array,
) -> Place:
    """A next place, drawn as the world has it."""
    states, prob = problem.model.outcomes(place.state, a_r, a_h)
    total = jnp.cumsum(prob.astype(jnp.float32))
    # The first whose cumulative probability is above a number below the total: never one of 0.
    chosen = jnp.argmax(total > jax.random.uniform(key) * total[-1])
    return Place(states[chosen].astype(jnp.int32), problem.later(place))


def drawn_goals(problem: Problem, *, key: Array) -> Int[Array, " h"]:
    """A goal for each human, drawn by its weight."""
    return drawn(problem.weights.goal_prob, key=key)


def drawn(prob: Float[Array, "h x"], *, key: Array) -> Int[Array, " h"]:
    """One choice of each row, which need not sum to 1."""
    prob = jnp.asarray(prob)
    total = jnp.cumsum(prob, axis=-1)
    chance = jax.random.uniform(key, (len(prob), 1)) * total[:, -1:]
    return jnp.argmax(total > chance, axis=-1)


def joint_index(problem: Problem, a_r: Int[Array, ""], a_h: Int[Array, " h"]) -> Int[Array, ""]:
    """The place of a joint action among all."""
    model = problem.model
    index = a_r
    for human in range(model.n_humans):
        index = index * model.n_actions_h + a_h[human]
    return index


def _legal(legal: Bool[Array, " a"], action: Int[Array, ""]) -> Int[Array, ""]:
    return jnp.where(legal[action], action, jnp.argmax(legal))
