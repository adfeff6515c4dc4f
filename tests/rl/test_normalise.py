"""Inputs of standard size; the nine code-level options, each of which changes something."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.errors import InputError
from empo.core.spaces import Discrete
from empo.nets import NetSettings, ordinary_networks
from empo.rl.algorithm import Acted, Algorithm, Replay, Rollout
from empo.rl.data import Steps
from empo.rl.normalise import (
    InputSettings,
    deviation,
    learned,
    normalised,
    totals_so_far,
    unknown,
)
from empo.rl.optim import Optim
from empo.rl.ppo import PPO, ppo
from empo.tasks.cartpole import CARTPOLE
from empo.tasks.device import gather, iterate, start
from tests.rl.drawn_steps import largest_difference

EVERYTHING = InputSettings(True, 1.5, True, 0.7)
SMALL = PPO(n_epochs=2, n_minibatches=2, rollout=Rollout(n_envs=4, n_steps=8, gamma=0.9))


def cartpole_ppo(settings=SMALL, nets=None):
    small = nets or NetSettings(hidden=(8,))
    return ppo(settings, ordinary_networks(4, Discrete(2), small), 32 * 10)


def echo(plan):
    """Learns the data themselves: whatever comes in can be looked at."""

    def update(learner, data, *, key):
        return data, {}

    def act(learner, observation, memory, *, key):
        return Acted(observation, jnp.zeros(()), memory)

    rows = (plan.n_steps, plan.n_envs) if isinstance(plan, Rollout) else (plan.batch_size,)
    empty = drawn(rows, seed=0)
    return Algorithm(lambda *, key: empty, act, lambda _, o: o, update, plan)


def drawn(shape, seed=1):
    rng = np.random.default_rng(seed)
    o, o_next = rng.normal([3.0, -2.0], [5.0, 0.1], (2, *shape, 2))
    reward, boundary = rng.normal(2.0, 30.0, shape), rng.random(shape) < 0.3
    zeros = np.zeros(shape)
    columns = (o, zeros, zeros, reward, np.full(shape, 0.9), boundary, o_next)
    return Steps(*(jnp.asarray(x, jnp.bool_ if x is boundary else jnp.float32) for x in columns))


PLAN = Rollout(n_envs=6, n_steps=40, gamma=0.9)


def fed(settings, *batches, plan=PLAN):
    algorithm = normalised(echo(plan), settings, 2)
    learner = algorithm.init(key=jax.random.key(0))
    for data in batches:
        learner, _ = algorithm.update(learner, data, key=jax.random.key(0))
    return algorithm, learner


def test_with_all_of_it_off_it_is_the_very_same_algorithm():
    algorithm = cartpole_ppo()
    assert normalised(algorithm, InputSettings(), 4) is algorithm


def test_statistics_of_batches_are_those_of_all_rows_together():
    rng = np.random.default_rng(0)
    parts = [rng.normal(3.0, 2.0, (n, 2)).astype(np.float32) for n in (1, 5, 100, 17)]
    statistics = unknown(2)
    for part in parts:
        statistics = learned(statistics, jnp.asarray(part))
    rows = np.concatenate(parts)
    assert statistics.number == len(rows)
    np.testing.assert_allclose(statistics.mean, rows.mean(0), rtol=1e-4)
    np.testing.assert_allclose(deviation(statistics), rows.std(0), rtol=1e-4)


def test_what_never_varies_is_centred_and_not_divided_by_0():
    statistics = learned(unknown(1), jnp.full((8, 1), 3.0))
    assert (statistics.mean[0], deviation(statistics)[0]) == (3.0, 1.0)


def test_observations_are_used_as_they_were_when_the_policy_acted():
    first, second = drawn((40, 6), 1), drawn((40, 6), 2)
    settings = InputSettings(normalise_observations=True)
    _, learner = fed(settings, first)
    np.testing.assert_array_equal(learner.inner.observation, first.observation)  # nothing known
    algorithm, learner = fed(settings, first, second)
    seen = np.asarray(first.observation).reshape(-1, 2)
    wanted = (second.observation - seen.mean(0).reshape(1, 1, 2)) / seen.std(0).reshape(1, 1, 2)
    np.testing.assert_allclose(learner.inner.observation, wanted, atol=1e-3)
    assert learner.inner.next_observation.std() < 1.3
    # The policy sees what it knows now.
    both = np.concatenate([seen, np.asarray(second.observation).reshape(-1, 2)])
    acted = algorithm.best(learner, jnp.array([1.0, 1.0]))
    np.testing.assert_allclose(acted, (1 - both.mean(0)) / both.std(0), atol=1e-3)


def test_observations_are_clipped():
    _, learner = fed(InputSettings(clip_observations=1.5), drawn((40, 6)))
    wanted = np.clip(drawn((40, 6)).observation, -1.5, 1.5)
    np.testing.assert_array_equal(learner.inner.observation, wanted)


def test_rewards_are_divided_by_the_deviation_of_discounted_sums_so_far():
    first, second = drawn((40, 6), 1), drawn((40, 6), 2)
    totals, now = [], np.zeros(6)
    for data in (first, second):
        for reward, boundary in zip(
            np.asarray(data.reward), np.asarray(data.boundary), strict=True
        ):
            now = 0.9 * now + reward
            totals.append(now)
            now = np.where(boundary, 0.0, now)
    _, learner = fed(InputSettings(scale_rewards=True), first, second)
    np.testing.assert_allclose(learner.total_now, now, rtol=1e-4)
    np.testing.assert_allclose(learner.inner.reward, second.reward / np.std(totals), rtol=1e-3)


def test_totals_begin_anew_after_a_cut():
    # 1, then 2 + 0.5 * 1 at the cut, then 4 alone.
    totals, now = totals_so_far(
        jnp.array([[1.0], [2.0], [4.0]]), jnp.array([[False], [True], [False]]), jnp.zeros(1), 0.5
    )
    assert totals[:, 0].tolist() == [1.0, 2.5, 4.0]
    assert now[0] == 4.0


def test_rewards_are_clipped():
    _, learner = fed(InputSettings(clip_rewards=2.0), drawn((40, 6)))
    np.testing.assert_array_equal(learner.inner.reward, np.clip(drawn((40, 6)).reward, -2, 2))


def test_samples_from_a_replay_are_normalised_but_their_rewards_cannot_be_scaled():
    plan = Replay(batch_size=50)
    settings = InputSettings(normalise_observations=True, clip_rewards=1.0)
    _, learner = fed(settings, drawn((50,), 1), drawn((50,), 1), plan=plan)
    assert abs(float(learner.inner.observation.mean())) < 1e-3
    assert learner.inner.reward.max() == 1.0
    with pytest.raises(InputError, match="scale_rewards"):
        normalised(echo(plan), InputSettings(scale_rewards=True), 2)


@pytest.mark.parametrize("wrong", [{"clip_observations": 0.0}, {"clip_rewards": -1.0}])
def test_limits_must_be_positive(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        InputSettings(**wrong)


def test_A06_the_first_ratio_is_exactly_1_also_after_the_statistics_have_moved():
    once = PPO(n_epochs=1, n_minibatches=1, optim=Optim(0.0), rollout=SMALL.rollout)
    algorithm = normalised(cartpole_ppo(once), EVERYTHING, 4)

    @jax.jit
    def run(key):
        run = start(algorithm, CARTPOLE, key=key)
        return jax.lax.scan(lambda run, _: iterate(algorithm, CARTPOLE, run)[:2], run, length=5)

    after, metrics = run(jax.random.key(0))
    np.testing.assert_allclose(metrics["kl"], 0.0, atol=1e-6)
    assert (metrics["clip_fraction"] == 0).all()
    assert after.learner.observation.number == 5 * 32
    assert deviation(after.learner.observation).min() < 0.5


PLAIN = (SMALL, NetSettings(hidden=(8,), activation="relu", orthogonal=False), InputSettings())
SWITCHES = {
    "value clipping": (replace(SMALL, value_clip=1e-6), None, None),
    "reward scaling": (None, None, InputSettings(scale_rewards=True)),
    "orthogonal initialisation": (None, NetSettings((8,), "relu", orthogonal=True), None),
    "annealing": (replace(SMALL, optim=Optim(anneal=1.0)), None, None),
    "reward clipping": (None, None, InputSettings(clip_rewards=0.5)),
    "observation normalisation": (None, None, InputSettings(normalise_observations=True)),
    "observation clipping": (None, None, InputSettings(clip_observations=0.02)),
    "tanh": (None, NetSettings((8,), "tanh", orthogonal=False), None),
    "global clipping": (replace(SMALL, optim=Optim(max_grad_norm=1e-4)), None, None),
}


def first_updates(settings, nets, inputs):
    algorithm = normalised(cartpole_ppo(settings, nets), inputs, 4)

    def run(key):
        run = start(algorithm, CARTPOLE, key=key)
        return jax.lax.fori_loop(0, 3, lambda _, run: iterate(algorithm, CARTPOLE, run)[0], run)

    learner = jax.jit(run)(jax.random.key(0)).learner
    return getattr(learner, "inner", learner).nets


@pytest.fixture(scope="module")
def plain():
    return first_updates(*PLAIN)


@pytest.mark.slow
@pytest.mark.parametrize("name", SWITCHES)
def test_E25_each_of_the_nine_code_level_options_is_a_switch_of_its_own(name, plain):
    chosen = zip(SWITCHES[name], PLAIN, strict=True)
    nets = first_updates(*(old if new is None else new for new, old in chosen))
    assert largest_difference(nets, plain) > 1e-6


def test_data_of_any_algorithm_can_be_gathered_with_it():
    algorithm = normalised(cartpole_ppo(), EVERYTHING, 4)
    run = start(algorithm, CARTPOLE, key=jax.random.key(0))

    def act(observation, memory, *, key):
        return algorithm.act(run.learner, observation, memory, key=key)

    _, data, _ = jax.jit(lambda run: gather(algorithm, CARTPOLE, act, run, key=run.key))(run)
    assert data.observation.shape == (8, 4, 4)
