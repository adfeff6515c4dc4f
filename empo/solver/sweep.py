"""One sweep of the equations over a chunk of states.

The equations themselves stand in `empo.theory`, each for one state; here they are `vmap`ped over
blocks of states, small enough that a block's expected values over joint actions and goals stay in
the processor's cache. Nothing of size states x joint actions x goals is ever held.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from empo.core.types import AnyArray, Array, Float, Int
from empo.theory import (
    Parameters,
    cautious_q,
    effective_value,
    goal_average,
    goal_backup,
    human_policy,
    human_power,
    human_value,
    robot_policy,
    robot_q,
    robot_reward,
    robot_value,
)
from empo.worlds.packing import unpack
from empo.worlds.tabular import Chunk
from empo.worlds.world import Model, Situation

_CACHED = 1 << 17
"""Numbers that a block's expected goal values may take: 1 MiB."""
_LARGEST_BLOCK = 64
_UNROLLED = 64
"""Gathers written out one by one; more are looped over..."""
_WORTH_UNROLLING = 8192
"""...and so are those over fewer states than this, for which compiling would take longer."""


class Weights(NamedTuple):
    """How goals and humans are weighed: the two aggregations, and the draw of goals in (4), (6)."""

    goal: Float[AnyArray, "h g"]
    """In equation (7)."""
    goal_prob: Float[AnyArray, "h g"]
    """Proportional to w_g; each row sums to 1."""
    human: Float[AnyArray, " h"]
    """In equation (8)."""


class Phase1(NamedTuple):
    """What humans do: equations (1)-(3); only `pi_h` where the prior is given."""

    q_h_m: Float[Array, "s h g a_h"] | None
    pi_h: Float[Array, "s h g a_h"]
    v_h_m: Float[Array, "s h g"] | None
    b_h_m: Float[Array, "s h g"] | None
    """B_{V_h^m}(s, g): what arriving in s is worth to the states before."""


class Phase2(NamedTuple):
    """What the robot does and what humans can attain: equations (4)-(9)."""

    q_r: Float[Array, "s a_r"]
    pi_r: Float[Array, "s a_r"]
    v_h_e: Float[Array, "s h g"]
    b_h_e: Float[Array, "s h g"]
    """B_{V_h^e}(s, g)."""
    x_h: Float[Array, "s h"]
    u_r: Float[Array, " s"]
    v_r: Float[Array, " s"]


def expected_next(
    next_states: Int[Array, "a k s"], prob: Float[Array, "a k s"] | None, v: Float[Array, " n"]
) -> Float[Array, "a s"]:
    """E_{s'} v(s') for each joint action, by unrolled gathers that run along the states.

    With outcomes and actions leading, each gather reads its indices and probabilities as one
    stream, and the values stay in cache. Indices must be in range: they are not checked.
    """
    n_actions, n_outcomes, n_states = next_states.shape

    def of_action(targets: Array, weights: Array | None) -> Array:
        values = [_take(v, target) for target in targets]
        if weights is None:
            return values[0]
        return sum((w * x for w, x in zip(weights, values, strict=True)), start=jnp.zeros(()))

    if n_actions * n_outcomes > _UNROLLED or n_states < _WORTH_UNROLLING:
        return jax.lax.map(lambda action: of_action(*action), (next_states, prob))
    return jnp.stack(
        [of_action(next_states[a], None if prob is None else prob[a]) for a in range(n_actions)]
    )


@jax.jit
def phase1(
    model: Model,
    parameters: Parameters,
    chunk: Chunk,
    b_next: Float[Array, "n h g"],
    first_goal: Int[Array, ""] | int,
) -> Phase1:
    """Equations (1)-(3) on a chunk, for a block of goals.

    `b_next` holds B_{V_h^m}(s', g) of all states s' and of as many goals as it has, from
    `first_goal` on.
    """
    n_goals = b_next.shape[2]

    def of_state(next_states: Array, prob: Array | None, code: Array) -> Phase1:
        situation = model.situation(unpack(code, model.cardinalities))
        habit, members, repeat = (
            jax.lax.dynamic_slice_in_dim(jnp.asarray(x), first_goal, n_goals, axis=1)
            for x in (situation.habit, situation.members, model.goals.repeat)
        )
        expected = by_players(model, _expected_rows(next_states, prob, b_next))
        beta_h, nu_h = human_settings(situation, parameters)
        q_h_m, pi_h, v_h_m = [], [], []
        for h in range(model.n_humans):
            q = cautious_q(expected[..., h, :], situation.legal_r, situation.beliefs[h], h)
            pi = human_policy(q, habit[h], situation.legal_h[h], beta_h[h], nu_h[h])
            q_h_m.append(jnp.where(situation.legal_h[h], q, 0.0))
            pi_h.append(pi)
            v_h_m.append(human_value(pi, q))
        b_h_m = goal_backup(jnp.stack(v_h_m), members, repeat, parameters.gamma_h)
        return Phase1(jnp.stack(q_h_m), jnp.stack(pi_h), jnp.stack(v_h_m), b_h_m)

    return _over_states(model, of_state, chunk, chunk.codes)


@jax.jit
def given_prior(model: Model, parameters: Parameters, chunk: Chunk) -> Float[Array, "s h g a_h"]:
    """pi_h where it is not computed but given by the world: the shortest-path prior."""

    def of_state(code: Array) -> Array:
        state = unpack(code, model.cardinalities)
        beta_h, _ = human_settings(model.situation(state), parameters)
        return model.shortest_path(state, beta_h)  # pyright: ignore[reportAttributeAccessIssue]

    return jax.vmap(of_state)(chunk.codes)


@jax.jit
def phase2(
    model: Model,
    parameters: Parameters,
    weights: Weights,
    chunk: Chunk,
    pi_h: Float[Array, "s h g a_h"],
    b_next: Float[Array, "n h g"],
    v_r_next: Float[Array, " n"],
    pi_r: Float[Array, "s a_r"] | None = None,
) -> Phase2:
    """Equations (4)-(9) on a chunk. `b_next` and `v_r_next` hold B_{V_h^e}(s', g) and V_r(s').

    A `pi_r` that is given takes the place of equation (5).
    """

    def of_state(
        next_states: Array,
        prob: Array | None,
        code: Array,
        pi_h: Array,
        v_r_expected: Array,
        pi_r: Array | None,
    ) -> Phase2:
        situation = model.situation(unpack(code, model.cardinalities))
        pi_h_mean = goal_average(pi_h, weights.goal_prob)
        q_r = robot_q(by_players(model, v_r_expected), pi_h_mean, parameters.gamma_r)
        if pi_r is None:
            pi_r = robot_policy(q_r, situation.legal_r, parameters.beta_r)
        expected = by_players(model, _expected_rows(next_states, prob, b_next))
        v_h_e = jnp.stack(
            [
                effective_value(expected[..., h, :], pi_r, pi_h[h], pi_h_mean, h)
                for h in range(model.n_humans)
            ]
        )
        x_h = human_power(v_h_e, weights.goal, situation.power, parameters.zeta)
        x_h = jnp.maximum(x_h, parameters.x_h_floor)
        u_r = robot_reward(x_h, weights.human, parameters.xi, parameters.eta)
        v_r = robot_value(u_r, pi_r, q_r)
        repeat = jnp.asarray(model.goals.repeat)
        b_h_e = goal_backup(v_h_e, situation.members, repeat, parameters.gamma_h)
        return Phase2(q_r, pi_r, v_h_e, b_h_e, x_h, u_r, v_r)

    v_r_expected = expected_next(chunk.next, chunk.prob, v_r_next).T
    return _over_states(model, of_state, chunk, chunk.codes, pi_h, v_r_expected, pi_r)


@jax.jit
def situations(model: Model, codes: Int[Array, " s"]) -> Situation:
    """What the world says of each state by itself."""
    return jax.vmap(lambda code: model.situation(unpack(code, model.cardinalities)))(codes)


def _over_states(
    model: Model, of_state: Callable[..., Any], chunk: Chunk, *per_state: Array | None
) -> Any:
    """Apply `of_state(next, prob, *per_state)` to every state of the chunk, block by block."""
    n_joint, _, n_states = chunk.next.shape
    fitting = max(1, _CACHED // (n_joint * model.goals.weight.size))
    block = min(1 << (fitting.bit_length() - 1), _LARGEST_BLOCK, n_states)

    def of_block(begin: Array) -> Any:
        def cut(x: Array, axis: int) -> Array:
            return jax.lax.dynamic_slice_in_dim(x, begin, block, axis)

        prob = None if chunk.prob is None else cut(chunk.prob, 2)
        axes = (2, None if prob is None else 2, *(None if x is None else 0 for x in per_state))
        rest = (None if x is None else cut(x, 0) for x in per_state)
        return jax.vmap(of_state, in_axes=axes)(cut(chunk.next, 2), prob, *rest)

    blocks = jax.lax.map(of_block, jnp.arange(0, n_states, block))
    return jax.tree.map(lambda x: x.reshape(n_states, *x.shape[2:]), blocks)


def _expected_rows(
    next_states: Int[Array, "a k"], prob: Float[Array, "a k"] | None, b_next: Float[Array, "n h g"]
) -> Float[Array, "a h g"]:
    if prob is None:
        return _take(b_next, next_states[:, 0])
    columns = zip(next_states.T, prob.T, strict=True)
    terms = (weight[:, None, None] * _take(b_next, target) for target, weight in columns)
    return sum(terms, start=jnp.zeros(()))


def by_players(model: Model, x: Float[Array, " a *x"]) -> Float[Array, " a_r *a_H"]:
    """Split the axis of joint actions into one for each player."""
    players = (model.n_actions_r, *(model.n_actions_h,) * model.n_humans)
    return x.reshape(*players, *x.shape[1:])


def human_settings(
    situation: Situation, parameters: Parameters
) -> tuple[Float[Array, " h"], Float[Array, " h"]]:
    """beta_h and nu_h of each human: the state's own where it has some."""
    beta_h = jnp.where(jnp.isnan(situation.beta_h), parameters.beta_h, situation.beta_h)
    nu_h = jnp.where(jnp.isnan(situation.nu_h), parameters.nu_h, situation.nu_h)
    return beta_h, nu_h


def _take(table: Float[Array, " n *x"], index: Int[Array, "*i"]) -> Float[Array, "*i *x"]:
    return table.at[index].get(mode="promise_in_bounds")
