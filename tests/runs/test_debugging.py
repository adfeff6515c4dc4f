"""The checklist: cosines by hand, what is shared when updates are compared, whole runs of it."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.errors import InputError
from empo.core.spaces import Box, Discrete
from empo.rl.registry import RECIPES
from empo.runs.checkup import Batch, Checkup, Update, read_checkup, write_checkup
from empo.runs.debugging import (
    Checklist,
    check_up,
    given,
    learners,
    mean_cosine,
    networks,
    with_optimiser_of,
)
from empo.runs.targets import trainer_of
from empo.runs.trained import job_of
from empo.runs.watching import open_envs, random_actions, random_returns, watch
from empo.tasks.device import Run
from empo.tasks.host import HostRun

SMALL = Checklist(n_seeds=3, n_rows=2, n_mixing=1)


def job(target="task:cut-chain", algorithm="a2c"):
    settings = {"n_episodes": 4, "hidden": (), "n_envs": 2, "n_steps": 16, "orthogonal": False}
    return job_of(target, algorithm, n_steps=1000, settings=settings)


@pytest.fixture(scope="module")
def checkup() -> Checkup:
    return check_up(job(), SMALL)


def test_cosines_are_averaged_over_pairs():
    # cos 0, cos 45 degrees twice
    east, north, between = np.array([2.0, 0]), np.array([0, 3.0]), np.array([1.0, 1.0])
    assert mean_cosine([east, north, between]) == pytest.approx(2 * 2**-0.5 / 3)


def test_updates_without_a_direction_are_left_out():
    zero, one = np.zeros(2), np.ones(2)
    assert mean_cosine([zero, one, one]) == pytest.approx(1.0)
    assert mean_cosine([zero, zero, one]) is None


def test_four_times_the_data_makes_a_quarter_of_the_noise():
    # Signal of squared length 1, noise of variance n in all: cosines near 1 / (1 + n).
    random, size = np.random.default_rng(0), 4000
    signal = np.ones(size) / np.sqrt(size)
    for noise in (4.0, 1.0):
        spread = np.sqrt(noise / size)
        draws = [signal + random.normal(0, spread, size) for _ in range(30)]
        assert mean_cosine(draws) == pytest.approx(1 / (1 + noise), abs=0.02)


class Fake(NamedTuple):
    """A learner with a part that is data."""

    nets: Any
    queue: Any


def fakes(kind: str):
    """Runs of three seeds, with numbers that tell them apart."""
    seeds = jnp.arange(3.0)
    if kind == "device":
        return Run(Fake(seeds, 10 * seeds), (), (), (), jax.random.key(0), jnp.zeros(3, jnp.int32))
    key = jax.random.key(0)
    return tuple(HostRun(Fake(i, 10 * i), (), (), key, jnp.int32(0)) for i in seeds)


@pytest.mark.parametrize("kind", ["device", "host"])
def test_one_learner_is_given_to_all_seeds_but_data_stay_their_own(kind):
    run = fakes(kind)
    assert [(x.nets.item(), x.queue.item()) for x in learners(run)] == [(0, 0), (1, 10), (2, 20)]
    after = learners(given(run, learners(run)[1]))
    assert [(x.nets.item(), x.queue.item()) for x in after] == [(1, 0), (1, 10), (1, 20)]


class Wrapped(NamedTuple):
    """As a learner with normalised inputs."""

    inner: Any
    total_now: Any


def test_data_within_a_wrapped_learner_stay_its_own_too():
    seeds = jnp.arange(3.0)
    run = fakes("device")._replace(learner=Wrapped(Fake(seeds, 10 * seeds), 100 * seeds))
    _, _, last = learners(given(run, learners(run)[1]))
    assert (last.inner.nets, last.inner.queue, last.total_now) == (1, 20, 200)


class Moving(NamedTuple):
    """A learner with an optimiser."""

    nets: Any
    policy_optimiser: Any


def test_optimisers_begin_anew_before_updates_are_compared():
    fresh, trained = Wrapped(Moving(0, 1), 2), Wrapped(Moving(3, 4), 5)
    assert with_optimiser_of(fresh, trained) == Wrapped(Moving(3, 1), 5)


@pytest.mark.parametrize("algorithm", RECIPES)
def test_every_algorithm_has_networks_to_compare(algorithm):
    target = "task:pendulum" if algorithm in ("ddpg", "td3") else "task:cartpole"
    made = replace(job_of(target, algorithm, n_steps=20_000, settings={}), n_seeds=2)
    trainer = trainer_of(made)
    found = networks(trainer.learner(trainer.shape()))
    assert found
    assert all(jax.tree.leaves(net) for net in found.values())
    trainer.close()


@pytest.mark.slow
def test_where_updates_overlap_they_are_not_compared():
    settings = {"n_episodes": 2, "hidden": ()}
    checkup = check_up(job_of("task:cut-chain", "a3c", n_steps=2000, settings=settings), SMALL)
    assert checkup.batches == ()
    assert len(checkup.updates) == 2


def test_all_points_of_the_list_are_measured(checkup):
    assert len(checkup.untrained) == 3 * 4
    assert len(checkup.random) == 4
    assert all(1 <= watched.length <= 8 for watched in checkup.watched)  # as that task's limit
    stride = round(1000 // 32 * 0.05 / 2)
    assert [update.step for update in checkup.updates] == [32 * stride, 64 * stride]
    for name in ("entropy", "explained_variance", "grad_norm", "value_loss"):
        assert len(checkup.series(name)) == 2
    assert 0.3 < checkup.series("entropy")[0] < np.log(2)
    assert [(batch.factor, batch.size) for batch in checkup.batches] == [(1, 32), (4, 128)]
    for batch in checkup.batches:
        assert batch.alike.keys() == {"policy", "value"}
        assert all(-1 <= cosine <= 1 for cosine in batch.alike.values())
    assert [watched.n_updates for watched in checkup.watched] == [0, 2 * stride]
    assert {"returns", "entropy", "batch"} <= checkup.findings().keys()


def test_it_is_kept_and_read_back(checkup, tmp_path):
    assert read_checkup(tmp_path) is None
    write_checkup(tmp_path, checkup)
    assert read_checkup(tmp_path) == checkup


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["ppo", "impala"])
def test_the_same_job_gives_the_same_checkup(algorithm):
    first = check_up(job(algorithm=algorithm), SMALL)
    assert len(first.batches) == 2
    assert first == check_up(job(algorithm=algorithm), SMALL)


@pytest.mark.slow
def test_learners_from_replay_and_gymnasium_are_measured_too():
    settings = {"n_episodes": 2, "hidden": (8,), "warmup": 20, "batch_size": 8, "capacity": 2000}
    pendulum = job_of("gym:Pendulum-v1", "sac", n_steps=200, settings=settings)
    checkup = check_up(pendulum, SMALL)
    assert [batch.size for batch in checkup.batches] == [8, 32]
    assert "policy" in checkup.batches[0].alike
    assert max(checkup.random) < 0
    assert all(watched.length == 200 for watched in checkup.watched)


@pytest.mark.parametrize("target", ["task:cartpole", "gym:CartPole-v1"])
def test_random_actions_fare_as_is_known_of_cart_pole(target):
    # Mean 22.2, standard deviation 11.7 over 100,000 episodes of Gymnasium's; here 4 s.e. of 100.
    assert random_returns(target, 100, seed=0).mean() == pytest.approx(22.2, abs=4.7)


def test_random_actions_fill_their_space():
    random = np.random.default_rng(0)
    assert set(random_actions(Discrete(3), 100, random).tolist()) == {0, 1, 2}
    box = Box((-2.0, -np.inf), (2.0, np.inf))
    actions = random_actions(box, 1000, random)
    assert actions.shape == (1000, 2)
    np.testing.assert_allclose(actions.min(0), [-2, -1], atol=0.02)
    np.testing.assert_allclose(actions.max(0), [2, 1], atol=0.02)


def test_an_episode_is_watched_to_its_end():
    watched = watch("task:cartpole", lambda observation: 0, 7, seed=0)
    assert watched.n_updates == 7
    assert watched.total == watched.length < 12  # always pushed to one side it falls at once
    steps = [move.step for move in watched.moves]
    assert steps == [0, 1, 2, 3, watched.length - 2, watched.length - 1]
    assert all(move.action == (0.0,) and move.reward == 1 for move in watched.moves)


def test_environments_of_a_task_begin_anew_within_a_step():
    envs = open_envs("task:cartpole", 2, seed=0)
    observation = envs.reset()
    np.testing.assert_array_equal(envs.reset(), observation)
    for _ in range(30):
        stepped = envs.step(np.zeros(2, np.int64))
        assert (np.abs(stepped.observation[stepped.over]) <= 0.05).all()


def test_returns_that_never_differ_and_updates_of_chance_are_told():
    flat = Checkup("t", "ppo", 2, (1.0, 1.0), (1.0,), (), (), ())
    assert flat.findings()["returns"].suspect
    update = Update(1, {"entropy": 0.5})
    for small, large, words in ((0.02, 0.5, "larger batches"), (0.02, 0.05, "mostly chance")):
        batches = (Batch(1, 8, {"policy": small}, None), Batch(4, 32, {"policy": large}, None))
        finding = replace(flat, updates=(update,), batches=batches).findings()["batch"]
        assert finding.suspect
        assert words in finding.said


@pytest.mark.parametrize("content", ['{"format": "x"}', '{"format": "empo debug 1"}', "{"])
def test_a_damaged_file_is_refused(tmp_path, content):
    (tmp_path / "debug.json").write_text(content)
    with pytest.raises(InputError, match=r"debug\.json"):
        read_checkup(tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [("n_seeds", 1), ("n_rows", 0), ("n_mixing", -1), ("factor", 1), ("share", 0.0)],
)
def test_lists_that_cannot_be_measured_are_refused(name, value):
    with pytest.raises(InputError, match=name):
        Checklist(**{name: value})


def test_a_record_is_strict_json(checkup):
    json.dumps(asdict(checkup), allow_nan=False)
