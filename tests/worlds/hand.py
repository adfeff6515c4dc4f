"""Worlds written as plain tables, right or wrong, and a plain search through any world."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from empo.worlds.tabular import TabularGame
from empo.worlds.world import Goals, Situation, World

State = tuple[int, ...]
Joint = tuple[int, ...]
Leads = dict[Joint, dict[State, float]]
"""Where the legal joint actions lead from a state."""


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["next", "prob", "legal_r"],
    meta_fields=["cardinalities"],
)
@dataclass(frozen=True, eq=False)
class HandModel:
    """One human who can only pass and wants any state; tables over the numbers of states."""

    next: Any
    """(s, a_r, k, f)"""
    prob: Any
    """(s, a_r, k)"""
    legal_r: Any
    """(s, a_r)"""
    cardinalities: tuple[int, ...]

    n_humans = 1
    n_actions_h = 1

    @property
    def n_actions_r(self) -> int:
        return self.next.shape[1]

    @property
    def goals(self) -> Goals:
        return Goals(jnp.ones((1, 1)), jnp.zeros((1, 1), bool))

    def number(self, state):
        found = 0
        for value, size in zip(state, self.cardinalities, strict=True):
            found = found * size + value
        return found

    def outcomes(self, state, a_r, a_h):
        s = self.number(state)
        return jnp.asarray(self.next)[s, a_r], jnp.asarray(self.prob, float)[s, a_r]

    def situation(self, state):
        return Situation(
            legal_r=jnp.asarray(self.legal_r)[self.number(state)],
            legal_h=jnp.ones((1, 1), bool),
            members=jnp.ones((1, 1), bool),
            power=jnp.zeros(1),
            beta_h=jnp.full(1, jnp.nan),
            nu_h=jnp.full(1, jnp.nan),
            habit=jnp.ones((1, 1, 1)),
            beliefs=jnp.ones((1, 1, 1)),
        )


class HandWorld(World):
    """Actions are their numbers."""

    def robot_action(self, state, action):
        return str(action)

    def human_action(self, state, human, action):
        return "pass"


def hand_world(
    next_states: Any,
    prob: Any = None,
    cardinalities: State | None = None,
    legal: Any = None,
    initial: Any = ((0,),),
    initial_prob: Any = (1.0,),
) -> World:
    """A world from `next_states` (s, a_r, k) or (s, a_r, k, f); without `prob`, k = 1."""
    table = np.asarray(next_states, np.int32)
    table = table[..., None] if table.ndim == 3 else table
    chances = np.ones(table.shape[:3]) if prob is None else np.asarray(prob, float)
    legal_r = np.ones(table.shape[:2], bool) if legal is None else np.asarray(legal, bool)
    model = HandModel(table, chances, legal_r, cardinalities or (len(table),))
    return HandWorld(
        name="hand",
        description="",
        model=model,
        initial=np.asarray(initial, np.int32),
        initial_prob=np.asarray(initial_prob, float),
        humans=("h",),
        goals=(("any",),),
    )


class Searcher:
    """The outcomes of a world, one joint action at a time."""

    def __init__(self, world: World) -> None:
        self.world, self.model = world, world.model
        self.outcomes = jax.jit(self.model.outcomes)
        self.situation = jax.jit(self.model.situation)

    def leads(self, state: State) -> Leads:
        """By the definitions: legal actions of all, equal outcomes added, none of probability 0."""
        vector = np.array(state, np.int32)
        situation = self.situation(vector)
        legal = [np.flatnonzero(row).tolist() for row in np.asarray(situation.legal_h)]
        legal = [np.flatnonzero(situation.legal_r).tolist(), *legal]
        found: Leads = {}
        for joint in itertools.product(*legal):
            a_r, a_h = np.int32(joint[0]), np.array(joint[1:], np.int32)
            where: dict[State, float] = {}
            for after, chance in zip(*self.outcomes(vector, a_r, a_h), strict=True):
                if chance > 0:
                    key = tuple(np.asarray(after).tolist())
                    where[key] = where.get(key, 0.0) + float(chance)
            found[joint] = where
        return found

    def initial(self) -> set[State]:
        pairs = zip(self.world.initial.tolist(), self.world.initial_prob, strict=True)
        return {tuple(state) for state, chance in pairs if chance > 0}


def search(world: World, horizon: int | None = None) -> list[dict[State, Leads]]:
    """All states that can be reached, with where they lead; with a horizon, per time."""
    with jax.enable_x64(True):
        by, times = Searcher(world), []
        frontier = by.initial()
        for _ in range(horizon or 1):
            known: dict[State, Leads] = {}
            queue = sorted(frontier)
            for state in queue:
                known[state] = by.leads(state)
                if horizon is None:
                    reached = sorted({s for where in known[state].values() for s in where})
                    queue.extend(s for s in reached if s not in frontier)
                    frontier.update(reached)
            times.append(known)
            frontier = {s for leads in known.values() for where in leads.values() for s in where}
        return times


def read_back(game: TabularGame) -> list[dict[State, Leads]]:
    """The same from the tables of a compiled game, of all joint actions, legal or not."""
    model = game.world.model
    sizes = (model.n_actions_r, *(model.n_actions_h,) * model.n_humans)
    joints = [tuple(map(int, joint)) for joint in np.ndindex(sizes)]
    vectors = [[tuple(s) for s in game.states(i).tolist()] for i in range(len(game.layers))]
    everything = [state for layer in vectors for state in layer]
    end = [tuple(s) for s in unpacked(game, game.end.codes)]
    found: list[dict[State, Leads]] = []
    for i, layer in enumerate(game.layers):
        behind = everything if game.order != "horizon" else [*vectors, end][i + 1]
        rows = [row for chunk in layer.chunks for row in chunk_rows(chunk)]
        known = {
            state: {
                joint: added(behind, where) for joint, where in zip(joints, rows[n], strict=True)
            }
            for n, state in enumerate(vectors[i])
        }
        found.append(known)
    return found if game.order == "horizon" else [{k: v for d in found for k, v in d.items()}]


def unpacked(game: TabularGame, codes: np.ndarray) -> list[list[int]]:
    """States by repeated division."""
    states = []
    for code in codes.tolist():
        state = []
        for size in reversed(game.world.model.cardinalities):
            code, value = divmod(code, size)
            state.append(value)
        states.append(state[::-1])
    return states


def chunk_rows(chunk: Any) -> list[list[list[tuple[int, float]]]]:
    """Per state and joint action, pairs (index, probability)."""
    n_joint, n_outcomes, n_states = chunk.next.shape
    prob = np.ones(chunk.next.shape) if chunk.prob is None else chunk.prob
    return [
        [[(int(chunk.next[a, k, s]), float(prob[a, k, s])) for k in range(n_outcomes)]
         for a in range(n_joint)]
        for s in range(n_states)
    ]  # fmt: skip


def added(behind: list[State], where: list[tuple[int, float]]) -> dict[State, float]:
    """Distinct outcomes must be distinct in the table, but for padding of probability 0."""
    found: dict[State, float] = {}
    for index, chance in where:
        if chance > 0:
            assert behind[index] not in found, "equal outcomes stand apart"
            found[behind[index]] = chance
        else:
            assert behind[index] == behind[where[0][0]], "padding repeats the first outcome"
    return found
