"""All five probes of one kind learned side by side, in one compiled program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from empo.nets import NetSettings, ordinary_networks
from empo.rl.algorithm import Algorithm
from empo.tasks.device import iterate, start
from empo.tasks.probes import TIME_LIMIT, Probe
from empo.tasks.task import Task

SMALL = NetSettings(hidden=(16, 16), activation="tanh", orthogonal=False, log_std=-1.5)


class Pupil(NamedTuple):
    """What became of an algorithm on each probe; every array of `learner` has an axis for them."""

    algorithm: Algorithm
    learner: Any
    probes: Sequence[Probe]

    def of(self, number: int) -> Any:
        return jax.tree.map(lambda x: x[number], self.learner)


def taught(
    build: Callable[..., Algorithm], settings: Any, probes: Sequence[Probe], n_steps: int
) -> Pupil:
    """Train on each probe for so many steps."""
    action = probes[0].task.action
    algorithm = build(settings, ordinary_networks(1, action, SMALL), n_steps)

    def learn(number, key):
        def reset(*, key):
            return jax.lax.switch(number, [_reset(probe) for probe in probes], key)

        def step(state, action, *, key):
            return jax.lax.switch(number, [_step(probe) for probe in probes], state, action, key)

        task = Task("probes", 1, action, TIME_LIMIT, reset, lambda state: state, step)
        run = start(algorithm, task, key=key)
        n_rounds = n_steps // algorithm.gather.steps_per_update
        body = lambda _, run: iterate(algorithm, task, run)[0]  # noqa: E731
        return jax.lax.fori_loop(0, n_rounds, body, run).learner

    keys = jax.random.split(jax.random.key(0), len(probes))
    # Most of the time goes into compiling, the rest is nothing.
    quick = jax.jit(jax.vmap(learn), compiler_options={"xla_backend_optimization_level": 0})
    return Pupil(algorithm, quick(jnp.arange(len(probes)), keys), probes)


def check_choices(pupil: Pupil, tolerance: float) -> None:
    """The best actions are those known."""
    for number, probe in enumerate(pupil.probes):
        for observation in map(jnp.array, probe.observations if probe.best else ()):
            found = pupil.algorithm.best(pupil.of(number), observation)
            np.testing.assert_allclose(
                found, probe.best(observation), atol=tolerance, err_msg=probe.task.name
            )


def check_values(
    pupil: Pupil, value: Callable[[Any, Any], Any], gamma: float, tolerance: float
) -> None:
    """value(learner, observation) is the one known."""
    for number, probe in enumerate(pupil.probes):
        for observation in map(jnp.array, probe.observations):
            found = value(pupil.of(number), observation)
            wanted = probe.value(observation, gamma)
            np.testing.assert_allclose(found, wanted, atol=tolerance, err_msg=probe.task.name)


def _reset(probe):
    return lambda key: probe.task.reset(key=key)


def _step(probe):
    def step(state, action, key):
        state, reward, terminated = probe.task.step(state, action, key=key)
        return state, jnp.float32(reward), terminated

    return step
