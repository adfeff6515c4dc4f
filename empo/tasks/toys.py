"""Tiny tasks that each show one effect: what a baseline is for, a policy with two peaks, a cut."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from empo.core.spaces import Discrete
from empo.core.types import Array, Float, Int, Scalar
from empo.tasks.probes import (
    BETWEEN_ONES,
    TIME_LIMIT,
    TWO_ACTIONS,
    Probe,
    Step,
    coin,
    nothing,
    one_step,
    seen,
    worth,
)
from empo.tasks.task import Task

# One state, a continuous action, rewards that are all positive: without a baseline every action
# that happens to be sampled is made more probable, and the policy swings to and fro.
LEVEL, AIM = 10.0, 0.5


def one_state_reward(_state: Float[Array, " o"], action: Float[Array, " a"]) -> Float[Array, ""]:
    """10 - (a - 1/2)^2."""
    return LEVEL - (action[0] - AIM) ** 2


ONE_STATE = Probe(
    one_step("one-state", BETWEEN_ONES, nothing, one_state_reward),
    ((0.0,),),
    worth(LEVEL),
    lambda observation: jnp.full_like(observation, AIM),
)

# A kicker shoots, and the goalkeeper always jumps to the right. Who shoots either way half of the
# time has V = 1/2 and advantages A(left) = 1/2, A(right) = -1/2.
LEFT, RIGHT = 0, 1


def goal_scored(state: Float[Array, " o"], action: Int[Array, ""]) -> Float[Array, ""]:
    """1 for a goal."""
    return jnp.where(action == LEFT, 1.0, jnp.zeros_like(state[0]))


PENALTY = Probe(
    one_step("penalty", TWO_ACTIONS, nothing, goal_scored),
    ((0.0,),),
    worth(1.0),
    lambda _: jnp.int32(LEFT),
)

# Two passages, the left one a little better: a normal law fits around one of them only.
PASSAGES = ((-0.5, 1.0), (0.5, 0.9))
"""Where they are, and what they pay."""
PASSAGE_WIDTH = 0.1
N_DIRECTIONS = 21
"""Of the discrete form: -1, -0.9, ..., 1."""


def two_passages_q(action: Float[Array, ""]) -> Float[Array, ""]:
    """Q(a) = exp(-(a + 1/2)^2 / (2 w^2)) + 0.9 exp(-(a - 1/2)^2 / (2 w^2)), w = 0.1."""
    return sum(
        (pay * jnp.exp(-0.5 * ((action - where) / PASSAGE_WIDTH) ** 2) for where, pay in PASSAGES),
        start=jnp.zeros_like(action),
    )


def direction(action: Int[Array, ""]) -> Float[Array, ""]:
    """The continuous action that a discrete one stands for."""
    return 2.0 * action / (N_DIRECTIONS - 1) - 1.0


TWO_PASSAGES = Probe(
    one_step("two-passages", BETWEEN_ONES, nothing, lambda _, action: two_passages_q(action[0])),
    ((0.0,),),
    worth(1.0),
    lambda observation: jnp.full_like(observation, PASSAGES[0][0]),
)
TWO_PASSAGES_DISCRETE = Probe(
    one_step(
        "two-passages-discrete",
        Discrete(N_DIRECTIONS),
        nothing,
        lambda _, action: two_passages_q(direction(action)),
    ),
    ((0.0,),),
    worth(1.0),
    lambda _: jnp.int32(5),
)

# What the first of three steps decides is paid at the third: whoever weighs an action by the reward
# of its own step learns nothing.
FIRST, SECOND, THIRD = 0.0, 0.5, 1.0


def _begin(**_: Array) -> Float[Array, " o"]:
    return jnp.array([FIRST, 0.0])


def _choose_and_wait(state: Float[Array, " o"], action: Int[Array, ""], **_: Array) -> Step:
    """The state is how far one is and what was chosen: -1 or 1, 0 before."""
    stage, chosen = state
    chosen = jnp.where(stage == FIRST, 2.0 * action - 1.0, chosen)
    over = stage == THIRD
    after = jnp.stack([jnp.minimum(stage + SECOND, THIRD), chosen])
    return after, jnp.where(over, chosen, 0.0), over


DELAYED_CHOICE = Probe(
    Task("delayed-choice", 2, TWO_ACTIONS, TIME_LIMIT, _begin, seen, _choose_and_wait),
    ((FIRST, 0.0),),
    lambda observation, gamma: gamma**2 * jnp.ones_like(observation[0]),
    lambda _: jnp.int32(1),
)

# Two states that follow one another at random, whatever one does. Most episodes are cut in one of
# them; the others end. Who takes a cut for an end values the states too low, who takes an end for a
# cut too high.
SWITCH, END = 0.3, 0.05
"""Probabilities of passing to the other state, and of ending, at each step."""
CUT_AFTER = 8


def _pass_on(state: Float[Array, " o"], _action: Int[Array, ""], *, key: Array) -> Step:
    """The state is 1, which pays 1, or -1, which pays nothing."""
    key_switch, key_end = jax.random.split(key)
    after = jnp.where(jax.random.bernoulli(key_switch, SWITCH), -state, state)
    return after, jnp.maximum(state[0], 0.0), jax.random.bernoulli(key_end, END)


def cut_chain_value(observation: Float[Array, " o"], gamma: Scalar) -> Float[Array, ""]:
    """V(+-1) = (1 / (1 - c) +- 1 / (1 - c (1 - 2 p))) / 2, c = gamma (1 - end), p = switch.

    Half the sum and half the difference of the two Bellman equations.
    """
    c = gamma * (1 - END)
    return 0.5 * (1 / (1 - c) + observation[0] / (1 - c * (1 - 2 * SWITCH)))


CUT_CHAIN = Probe(
    Task("cut-chain", 1, TWO_ACTIONS, CUT_AFTER, coin, seen, _pass_on),
    ((-1.0,), (1.0,)),
    cut_chain_value,
    None,
)

TOYS = (ONE_STATE, PENALTY, TWO_PASSAGES, TWO_PASSAGES_DISCRETE, DELAYED_CHOICE, CUT_CHAIN)
