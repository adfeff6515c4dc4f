"""What a robot has rarely done: a bonus on its actions that sends it where little is known.

It is added to the logits of the policy by which data are gathered. Nothing that is learned reads
it, so the solution sought stays the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import optax

from empo.core.types import Array, Float, Int
from empo.learn.once import hashed
from empo.learn.problem import Place, Problem
from empo.learn.settings import Exploration
from empo.nets import NetSettings, factor_net

SLOTS = 1 << 16
"""Rows of the table of counts; places with one hash are counted together."""
FEATURES = 16
"""Numbers that are guessed for each action."""
RATE = 1e-3
"""Step size of Adam for who guesses them."""


@dataclass(frozen=True)
class Novelty:
    """`start(key=)` gives a memory; `bonus(memory, place)` is at least 0 for each robot action.

    `update(memory, places, a_r)` remembers what was done at n places.
    """

    start: Callable[..., Any]
    bonus: Callable[[Any, Place], Float[Array, " a_r"]]
    update: Callable[[Any, Place, Int[Array, " n"]], Any]


def novelty(problem: Problem, exploration: Exploration) -> Novelty:
    """As the settings have it."""
    makers = {"none": _nothing, "count": _counts, "distillation": _distillation}
    return makers[exploration.bonus](problem)


def _nothing(problem: Problem) -> Novelty:
    def start(*, key: Array) -> Any:
        return ()

    def bonus(memory: Any, place: Place) -> Array:
        return jnp.zeros(problem.model.n_actions_r)

    def update(memory: Any, places: Place, a_r: Array) -> Any:
        return memory

    return Novelty(start, bonus, update)


def _counts(problem: Problem) -> Novelty:
    """1 / sqrt(1 + N), with N how often the action was met there (Bellemare et al. 2016)."""

    def slots(places: Place) -> Array:
        return hashed(jax.vmap(problem.factors)(places)) % SLOTS

    def bonus(counts: Array, place: Place) -> Array:
        (slot,) = slots(jax.tree.map(lambda x: x[None], place))
        return 1 / jnp.sqrt(1 + counts[slot])

    def start(*, key: Array) -> Array:
        return jnp.zeros((SLOTS, problem.model.n_actions_r))

    def update(counts: Array, places: Place, a_r: Array) -> Array:
        return counts.at[slots(places), a_r].add(1.0)

    return Novelty(start, bonus, update)


def _distillation(problem: Problem) -> Novelty:
    """How badly a network guesses what another, random one says (Burda et al. 2019)."""
    adam = optax.adam(RATE)
    n_actions = problem.model.n_actions_r
    settings = NetSettings(hidden=(64,), pairs=0)

    def net(key: Array) -> Any:
        return factor_net(problem.cardinalities, jnp.zeros(n_actions * FEATURES), settings, key=key)

    def start(*, key: Array) -> Any:
        guessed, guess = (net(k) for k in jax.random.split(key))
        return guessed, guess, adam.init(guess)

    def errors(guessed: Any, guess: Any, place: Place) -> Float[Array, " a_r"]:
        factors = problem.factors(place)
        miss = guess(factors) - jax.lax.stop_gradient(guessed(factors))
        return jnp.mean(miss.reshape(n_actions, FEATURES) ** 2, axis=-1)

    def update(memory: Any, places: Place, a_r: Int[Array, " n"]) -> Any:
        guessed, guess, state = memory

        def loss(guess: Any) -> Array:
            of_all = jax.vmap(lambda place: errors(guessed, guess, place))(places)
            return jnp.mean(of_all[jnp.arange(len(a_r)), a_r])

        step, state = adam.update(jax.grad(loss)(guess), state)
        return guessed, optax.apply_updates(guess, step), state

    def bonus(memory: Any, place: Place) -> Array:
        return jnp.sqrt(errors(memory[0], memory[1], place))

    return Novelty(start, bonus, update)
