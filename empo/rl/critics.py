"""What the learners from replay share: several Q networks, their loss, their lagging copies."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from empo.core.types import Array, Float, Int
from empo.nets import Networks
from empo.rl.algorithm import Metrics
from empo.rl.data import Steps


def start_critics(networks: Networks, n_critics: int, *, key: Array) -> Any:
    """So many Q networks, as one whose arrays have an axis for them in front."""
    return jax.vmap(networks.q)(jax.random.split(key, n_critics))


def q_values(critics: Any, *inputs: Any) -> Float[Array, "critic n *a"]:
    """Every critic's Q of every row: of all discrete actions, or of the continuous one given."""
    return jax.vmap(lambda critic: jax.vmap(critic)(*inputs))(critics)


def q_taken(critics: Any, observation: Any, action: Array) -> Float[Array, "critic n"]:
    """Every critic's Q of one action in each row, be it discrete or continuous."""
    if jnp.issubdtype(action.dtype, jnp.integer):
        return of_action(q_values(critics, observation), action)
    return q_values(critics, observation, action)


def of_action(q: Float[Array, "*m n a"], action: Int[Array, " n"]) -> Float[Array, "*m n"]:
    """The column of each row that belongs to its action."""
    # A sum over a one-hot row has a far cheaper gradient than gathering.
    chosen = jnp.broadcast_to(jax.nn.one_hot(action, q.shape[-1], dtype=bool), q.shape)
    return jnp.sum(jnp.where(chosen, q, 0.0), axis=-1)


def bellman_target(data: Steps, value_next: Float[Array, " n"]) -> Float[Array, " n"]:
    """r + discount V(s'), which is r alone after a terminal step."""
    return data.reward + data.discount * value_next


def critic_loss(
    critics: Any, data: Steps, q_target: Float[Array, " n"]
) -> tuple[Float[Array, ""], Metrics]:
    """Sum over the critics of E[(Q - target)^2] / 2."""
    q = q_taken(critics, data.observation, data.action)
    error = q - q_target[None]
    loss = 0.5 * jnp.sum(jnp.mean(error**2, axis=-1))
    return loss, {
        "q_loss": loss,
        "q": jnp.mean(q),
        "td_error": jnp.mean(jnp.abs(error)),
    }
