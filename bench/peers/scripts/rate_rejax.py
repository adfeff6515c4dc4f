"""Steps per second of an algorithm of rejax, once compiled; evaluations are left out.

Settings: `algorithm`, `steps` of a spell, `n_spells`, `seed`, `n_seeds`, `arguments`.
"""

from __future__ import annotations

import time

import jax
import jax.numpy as jnp
import rejax
from protocol import answer, peak_mib, settings, spells


def main(told: dict) -> None:
    learner = getattr(rejax, told["algorithm"]).create(
        **told["arguments"],
        total_timesteps=told["steps"],
        eval_freq=told["steps"],
        skip_initial_evaluation=True,
    )
    learner = learner.replace(eval_callback=lambda _learner, _state, _key: jnp.zeros(()))
    keys = jax.random.split(jax.random.key(told["seed"]), told["n_seeds"])

    def train(state):
        return learner.train(train_state=state)[0]

    if told["n_seeds"] == 1:
        state, train = jax.jit(learner.init_state)(keys[0]), jax.jit(train)
    else:
        state, train = jax.jit(jax.vmap(learner.init_state))(keys), jax.jit(jax.vmap(train))
    begin = time.perf_counter()
    compiled = train.lower(state).compile()
    compile_seconds = time.perf_counter() - begin
    state = jax.block_until_ready(compiled(state))  # fills the memory of past steps

    def spell() -> None:
        nonlocal state
        state = jax.block_until_ready(compiled(state))

    answer(
        spells=spells(told["n_spells"], told["steps"] * told["n_seeds"], spell),
        compile_seconds=compile_seconds,
        peak_mib=peak_mib(),
    )


main(settings())
