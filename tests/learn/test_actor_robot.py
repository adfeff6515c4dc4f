"""Robots whose policy an actor of `rl` learns: the order of things, and what is refused."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.errors import InputError
from empo.learn.actor_settings import ActorSettings
from empo.learn.registry import robot_names, robot_recipe
from empo.learn.settings import Exploration, Pace
from empo.rl.a2c import A2C, a2c
from empo.rl.algorithm import Rollout
from empo.rl.ppo import PPO
from empo.rl.registry import RECIPES, Recipe
from empo.rl.sac import SAC
from tests.learn.actors import trainer_of


def leaves(tree):
    return [np.asarray(x) for x in jax.tree.leaves(tree)]


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(leaves(a), leaves(b), strict=True))


def test_A27_the_actor_waits_for_the_ramp_and_its_judges_for_it():
    """16 updates of evaluators, two for each of the actor's, come before the ramp."""
    trainer = trainer_of("ppo", frozen_for=3)
    run = trainer.start()
    for count in range(1, 13):
        before = jax.tree.map(np.array, run.learner)  # its memory is given away
        run, chunk = trainer.advance(run, 1)
        now = run.learner
        assert int(now.evaluators.n_updates) == 2 * count
        assert not same(before.evaluators.kept, now.evaluators.kept)
        moved = not same(before.actor, now.actor)
        assert moved == (count > 8), count
        judged_anew = not same(before.evaluators.policy, now.evaluators.policy)
        assert judged_anew == (count == 12), count  # at 9 beta_r is 0, and the policy uniform
        assert np.isfinite(chunk.metrics["actor_policy_loss"]).all()


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", robot_names()[1:])
def test_every_actor_of_rl_learns_in_a_world(algorithm):
    trainer = trainer_of(algorithm)
    run, _ = trainer.advance(trainer.start(), 10)
    run, chunk = trainer.advance(run, 10)
    assert all(np.isfinite(x).all() for x in leaves(run.learner))
    assert chunk.metrics["stage"].max() == 7
    found = trainer.judge(trainer.learner(run), 4, seed=0)
    report = found.report()
    assert 0 < report["tv_uniform"] < 1
    assert 0 <= report["tv"] <= 1
    assert report["residual_pi_r"] >= 0


@pytest.mark.slow
def test_what_is_added_to_rl_can_be_had_in_worlds(monkeypatch):
    """A new algorithm, known to the registry of `rl` alone."""
    monkeypatch.setitem(RECIPES, "my-own", Recipe(A2C, a2c))
    assert "my-own" in robot_names()
    trainer = trainer_of("my-own")
    _, chunk = trainer.advance(trainer.start(), 12)
    assert np.isfinite(chunk.metrics["actor_policy_loss"]).all()


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [(3,), (3, 4)])
def test_A15_one_worker_is_a2c_bit_for_bit_in_a_world(seeds):
    """The policy, the values and all that the evaluators know."""
    synchronous = trainer_of("a2c", seeds=seeds)
    asynchronous = trainer_of("a3c", seeds=seeds, of_actor={"n_workers": 1})
    one, other = synchronous.start(), asynchronous.start()
    for n in (5, 10, 5):
        one, _ = synchronous.advance(one, n)
        other, chunk = asynchronous.advance(other, n)
        assert same(one.learner, other.learner)
        assert (chunk.metrics["staleness_max"] == 0).all()


@pytest.mark.slow
def test_A06_the_ratio_of_the_first_minibatch_is_1():
    """So nothing is clipped, and KL is 0, where there is one pass over one minibatch."""
    trainer = trainer_of("ppo", of_actor={"n_epochs": 1, "n_minibatches": 1})
    run, _ = trainer.advance(trainer.start(), 10)
    _, chunk = trainer.advance(run, 4)
    assert (chunk.metrics["actor_clip_fraction"] == 0).all()
    np.testing.assert_allclose(chunk.metrics["actor_kl"], 0, atol=1e-10)


@pytest.mark.slow
def test_A32_rollouts_of_the_past_are_weighed():
    """With one remembered it is the plain actor; with more, data are as old as is told."""
    plain, one, many = (trainer_of("ppo", remembered=n) for n in (1, 1, 6))
    runs = [trainer.advance(trainer.start(), 16) for trainer in (plain, one, many)]
    assert same(runs[0][0].learner, runs[1][0].learner)
    age = runs[2][1].metrics["replay_age"]
    assert (age > 0.5).all()
    assert (age < 5).all()


def test_what_does_not_go_together_is_refused():
    for wrong, said in (
        ({"exploration": Exploration(epsilon_r=0.1)}, "epsilon_r"),
        ({"exploration": Exploration(epsilon_r=0.0, bonus="count")}, "bonus"),
        ({"reward": "u_r"}, "goal_steps 1"),
        ({"reward": "relative", "pace": Pace(goal_steps=1)}, "epsilon_h 0"),
        ({"reward": "money"}, "reward: found 'money'"),
        ({"head": "gaussian"}, "head: found 'gaussian'"),
        ({"frozen_for": 0}, "frozen_for"),
        ({"evaluator_updates": 0}, "evaluator_updates"),
        ({"reward_lambda": 2.0}, "reward_lambda"),
        ({"places_remembered": 1}, "capacity"),
    ):
        with pytest.raises(InputError, match=said):
            ActorSettings(PPO(rollout=Rollout(4, 8)), **wrong)
    calm = {"pace": Pace(goal_steps=1), "exploration": Exploration(0.0, 0.0)}
    with pytest.raises(InputError, match="sums along trajectories"):
        ActorSettings(SAC(), reward="relative", **calm)
    with pytest.raises(InputError, match="replay buffer"):
        ActorSettings(SAC(), remembered=2)


@pytest.mark.parametrize("name", ["dqn", "ddpg", "td3"])
def test_actors_without_chance_are_refused(name):
    with pytest.raises(InputError, match="no policy with chance"):
        robot_recipe(name)


@pytest.mark.slow
def test_A27_thawing_brings_no_nan():
    trainer = trainer_of("a2c", frozen_for=7, n_updates=30)
    run, _ = trainer.advance(trainer.start(), 30)
    assert all(np.isfinite(x).all() for x in leaves(run.learner))
    policy = trainer.weights(run.learner, 0)["policy"]
    assert not same(policy, run.learner.evaluators.policy)  # 28 is a multiple of 7, 30 is none


@pytest.mark.slow
def test_returns_and_advantages_are_paid_too():
    calm = {"pace": Pace(goal_steps=1), "exploration": Exploration(0.0, 0.0)}
    for reward in ("u_r", "relative"):
        trainer = trainer_of("ppo", reward=reward, **calm)
        run, chunk = trainer.advance(trainer.start(), 14)
        assert all(jnp.isfinite(x).all() for x in leaves(run.learner))
        assert np.isfinite(chunk.metrics["actor_value_loss"]).all()
