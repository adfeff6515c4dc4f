"""Microseconds of RLax's GAE and V-trace; settings as in `returns_data`.

RLax takes ratios, not their logarithms, and knows terminations only. Its functions are for one
trajectory and are mapped over the columns, as its documentation does.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import rlax
from protocol import answer, settings
from returns_data import LAMBDA, Data, data, timed


def advantages(given: Data):
    values = jnp.concatenate([given.value, given.value_next[-1:]])
    one = jax.vmap(rlax.truncated_generalized_advantage_estimation, (1, 1, None, 1), 1)
    return one(given.reward, given.discount, LAMBDA, values)


def targets(given: Data):
    ratio = jnp.exp(given.log_rho)
    one = jax.vmap(rlax.vtrace, 1, 1)
    errors = one(given.value, given.value_next, given.reward, given.discount, ratio)
    return given.value + errors


def corrected(given: Data):
    ratio = jnp.exp(given.log_rho)
    one = jax.vmap(rlax.vtrace_td_error_and_advantage, 1, 1)
    found = one(given.value, given.value_next, given.reward, given.discount, ratio)
    return given.value + found.errors, found.pg_advantage


def main(told: dict) -> None:
    works = {"gae": advantages, "vtrace targets": targets, "vtrace": corrected}
    answer(**{name: timed(work, data(told), told["n_calls"]) for name, work in works.items()})


main(settings())
