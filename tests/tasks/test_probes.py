"""The probes' answers are right: values obey Bellman's equation and best actions are the maxima."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.spaces import Box, Discrete
from empo.tasks.probes import CONTINUOUS_PROBES, DISCRETE_PROBES, PROBES
from tests.tasks.probing import all_actions, backups, first_states

KEY = jax.random.key(0)
each_probe = pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.task.name)


def states_met(probe):
    """All states from the first to the last; the action does not matter to where one gets."""
    states = []
    for state in first_states(probe.task).values():
        terminated = False
        while not terminated:
            states.append(state)
            state, _, terminated = probe.task.step(state, all_actions(probe.task)[0], key=KEY)
    return states


@each_probe
def test_the_value_is_the_largest_backup(probe):
    for state in states_met(probe):
        backup, value = backups(probe, state, 0.7, key=KEY)
        assert backup.max() == pytest.approx(value, abs=1e-6)


@each_probe
def test_the_best_action_alone_has_the_largest_backup(probe):
    for state in states_met(probe):
        backup, _ = backups(probe, state, 0.7, key=KEY)
        is_best = backup >= backup.max() - 1e-7
        if probe.best is None:
            assert is_best.all()
        else:
            best = probe.best(probe.task.observe(state))
            assert is_best.sum() == 1
            np.testing.assert_allclose(all_actions(probe.task)[is_best][0], best, atol=1e-6)


@each_probe
def test_the_observations_are_those_met(probe):
    met = {tuple(np.asarray(probe.task.observe(state)).tolist()) for state in states_met(probe)}
    assert met == set(probe.observations)


def test_what_the_values_are():
    # By hand, at gamma = 0.7: 1; what is seen; 1 one step later and 1 now; 1; 1.
    wanted = [[1.0], [-1.0, 1.0], [0.7, 1.0], [1.0], [1.0, 1.0]]
    for probes in (DISCRETE_PROBES, CONTINUOUS_PROBES):
        found = [[probe.value(jnp.array(o), 0.7) for o in probe.observations] for probe in probes]
        for values, wanted_values in zip(found, wanted, strict=True):
            np.testing.assert_allclose(values, wanted_values, atol=1e-7)


def test_what_the_best_actions_are():
    # Action 1, or 1/2; the one on the side that is seen.
    for probes, wanted in (
        (DISCRETE_PROBES, [[1], [0, 1]]),
        (CONTINUOUS_PROBES, [[[0.5]], [[-0.5], [0.5]]]),
    ):
        found = [[p.best(jnp.array(o)).tolist() for o in p.observations] for p in probes if p.best]
        assert found == wanted


def test_there_are_five_of_each_kind():
    assert [type(probe.task.action) for probe in PROBES] == [Discrete] * 5 + [Box] * 5


def test_half_of_the_coins_show_heads():
    states = jax.vmap(lambda key: DISCRETE_PROBES[1].task.reset(key=key))(
        jax.random.split(jax.random.key(1), 10_000)
    )
    assert set(np.unique(states)) == {-1.0, 1.0}
    assert abs(states.mean()) < 0.03  # 3 standard deviations
