"""Workers in threads: alone one is A2C to the last bit; several lag by as much as is logged."""

from __future__ import annotations

import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.errors import InputError
from empo.nets import NetSettings, ordinary_networks
from empo.rl.a2c import A2C, a2c
from empo.rl.a3c import A3C, a3c
from empo.rl.algorithm import Algorithm, Replay, Rollout
from empo.rl.halves import Halves, of_data
from empo.rl.impala import Impala, impala
from empo.rl.optim import Optim
from empo.tasks.asynchronous import AsynchronousTrainer
from empo.tasks.cartpole import CARTPOLE
from empo.tasks.device import Ended
from empo.tasks.device_trainer import DeviceTrainer
from empo.tasks.master import Master, Sent
from empo.tasks.places import Threads, WorkerFailed, WorkerLost
from empo.tasks.trainer import Diverged

N_STEPS = 4000
WORKER = A2C(rollout=Rollout(n_envs=4, n_steps=5), optim=Optim(3e-3, anneal=1.0))


def networks():
    return ordinary_networks(4, CARTPOLE.action, NetSettings(hidden=(8,)))


def crew(n_workers, seeds=(0,), worker=WORKER):
    halves = a3c(A3C(n_workers, worker), networks(), N_STEPS)
    return AsynchronousTrainer(halves, CARTPOLE, seeds, n_workers)


def leaves(tree):
    return [np.asarray(x) for x in jax.tree.leaves(tree)]


@pytest.mark.parametrize("seeds", [(3,), (3, 4)])
def test_A15_one_worker_is_a2c_bit_for_bit(seeds):
    synchronous = DeviceTrainer(a2c(WORKER, networks(), N_STEPS), CARTPOLE, seeds)
    asynchronous = crew(1, seeds)
    assert asynchronous.exact
    one, other = synchronous.start(), asynchronous.start()
    for n in (1, 30, 20):
        one, chunk = synchronous.advance(one, n)
        other, of_crew = asynchronous.advance(other, n)
        for a, b in zip(
            leaves(synchronous.learner(one)), leaves(asynchronous.learner(other)), strict=True
        ):
            np.testing.assert_array_equal(a, b)
        assert synchronous.n_steps(one) == asynchronous.n_steps(other)
        assert (of_crew.metrics["staleness_max"] == 0).all()
        np.testing.assert_array_equal(chunk.n_ended, of_crew.n_ended)
        np.testing.assert_allclose(chunk.metrics["entropy"], of_crew.metrics["entropy"], rtol=1e-6)


def test_several_workers_make_exactly_the_updates_asked_for_and_learn():
    trainer = crew(3)
    assert not trainer.exact
    run, chunk = trainer.advance(trainer.start(), 60)
    assert trainer.n_steps(run) == 60 * 20
    assert len(run.workers) == 3
    # Each worker's environments have moved on, and no two are alike.
    stepped = [int(worker.n_steps) for worker in run.workers]
    assert sum(stepped) == 60 * 20
    angles = [np.asarray(worker.episodes.state.angle) for worker in run.workers]
    assert not np.array_equal(angles[0], angles[1])
    assert np.isfinite(chunk.metrics["grad_norm"]).all()
    assert chunk.n_ended[0] > 0
    assert trainer.judge(trainer.learner(run), 3, seed=0).returns.shape == (1, 3)


def counting_master(n_updates=100):
    """Its learner is the number of messages applied."""
    return Master(jnp.int32(0), lambda learner, message, key: (learner + message, {}), n_updates)


NOTHING = Ended(*(jnp.zeros(()) for _ in Ended._fields))
ONE = Sent(jnp.int32(1), jax.random.key(0), NOTHING)


@pytest.mark.parametrize("delay", [0, 1, 7])
def test_A16_staleness_is_the_number_of_updates_made_in_between(delay):
    master = counting_master()
    _, version = master.claim()
    for _ in range(delay):
        master.submit(ONE, master.claim()[1])
    master.submit(ONE, version)
    assert master.staleness == [0] * delay + [delay]
    assert master.learner == delay + 1


def test_A16_a_worker_that_is_held_up_is_logged_as_stale(monkeypatch):
    trainer = crew(2)
    run = trainer.start()
    original, others_done, n_others = Master.submit, threading.Event(), 12
    slow = {}

    def submit(master, sent, version):
        slow.setdefault("thread", threading.get_ident())
        if slow["thread"] == threading.get_ident() and not others_done.is_set():
            assert others_done.wait(timeout=60)
        original(master, sent, version)
        if master.version >= n_others:
            others_done.set()

    monkeypatch.setattr(Master, "submit", submit)
    _, chunk = trainer.advance(run, n_others + 1)
    assert chunk.metrics["staleness_max"] == n_others


def test_no_more_messages_are_made_than_were_asked_for():
    master = counting_master(2)
    assert master.claim() is not None
    assert master.claim() is not None
    assert master.claim() is None
    master = counting_master(2)
    master.stop()
    assert master.claim() is None


def test_a_worker_that_fails_is_reported_with_its_error(monkeypatch):
    trainer = crew(2)
    run = trainer.start()
    original = Master.submit

    def submit(master, sent, version):
        if master.version >= 3:  # two may be past this line at once
            raise FloatingPointError("a gradient of a strange kind")
        original(master, sent, version)

    monkeypatch.setattr(Master, "submit", submit)
    with pytest.raises(WorkerFailed, match=r"worker .* of 2.*strange kind") as failed:
        trainer.advance(run, 50)
    assert isinstance(failed.value.__cause__, FloatingPointError)
    # No thread is left behind, and the run can be taken up again from where it was.
    assert not [t for t in threading.enumerate() if t.name.startswith("worker")]
    monkeypatch.setattr(Master, "submit", original)
    assert trainer.n_steps(trainer.advance(run, 5)[0]) == 5 * 20


class Perilous(Threads):
    """Every third piece of work is lost, and the worker with it."""

    def __init__(self):
        super().__init__()
        self.n_asked = self.n_replaced = 0

    def work(self, number, learner, worker):
        self.n_asked += 1
        if self.n_asked % 3 == 0:
            raise WorkerLost("it fell off a cliff")
        return super().work(number, learner, worker)

    def replace(self, number):
        self.n_replaced += 1


def test_A15_a_worker_that_is_lost_again_and_again_costs_time_and_no_bit():
    safe, perilous = crew(1), crew(1)
    perilous.place = Perilous()
    one, _ = safe.advance(safe.start(), 20)
    other, chunk = perilous.advance(perilous.start(), 20)
    for a, b in zip(leaves(safe.learner(one)), leaves(perilous.learner(other)), strict=True):
        np.testing.assert_array_equal(a, b)
    # Of 29 pieces of work the 3rd, 6th, ... 27th are lost, and 20 arrive.
    assert chunk.metrics["workers_lost"] == chunk.metrics["messages_lost"] == 9


def test_what_is_lost_is_asked_for_again_unless_it_is_enough():
    master = counting_master(1)
    assert master.claim() is not None
    assert not master.wants_more
    master.lose()
    assert master.wants_more
    assert master.claim() is not None
    master.stop()
    master.lose()
    assert master.claim() is None
    assert master.n_lost == 2


def test_a_run_goes_on_with_more_workers_or_fewer():
    two, three, one = crew(2), crew(3), crew(1)
    run = two.start()._replace(n_updates=jnp.int32(6))
    more, fewer = three.crewed(run), one.crewed(run)
    assert jax.tree.structure(more) == jax.tree.structure(three.shape())
    assert jax.tree.structure(fewer) == jax.tree.structure(one.shape())
    assert jax.tree.structure(run) == jax.tree.structure(three.shape(2))
    # Those who stay are where they were; who is new begins, and is none of the others.
    for kept in (more.workers[1], run.workers[1]):
        np.testing.assert_array_equal(
            jax.random.key_data(kept.key), jax.random.key_data(run.workers[1].key)
        )
    fresh, old = (np.asarray(more.workers[i].episodes.state.angle) for i in (2, 0))
    assert not np.array_equal(fresh, old)
    assert three.n_steps(three.advance(more, 3)[0]) == 9 * 20
    assert one.n_steps(fewer) == 6 * 20


def test_numbers_that_are_none_are_reported():
    wild = A2C(rollout=WORKER.rollout, optim=Optim(float("inf")))
    trainer = crew(2, worker=wild)
    with pytest.raises(Diverged, match="nets"):
        trainer.advance(trainer.start(), 20)


def test_impalas_workers_send_data_and_their_ratios_tell_how_far_they_lag():
    settings = Impala(lag=0, rollout=WORKER.rollout, optim=Optim(1e-2))
    halves = of_data(impala(settings, networks(), N_STEPS))
    alone = AsynchronousTrainer(halves, CARTPOLE, (0,), 1)
    _, chunk = alone.advance(alone.start(), 40)
    assert abs(chunk.metrics["kl"][0]) < 1e-6
    several = AsynchronousTrainer(halves, CARTPOLE, (0,), 3)
    _, chunk = several.advance(several.start(), 60)
    assert np.isfinite(chunk.metrics["kl"]).all()
    assert (chunk.metrics["kl"][0] > 1e-6) == (chunk.metrics["staleness_max"][0] > 0)


def test_what_learns_from_a_replay_is_refused():
    algorithm = a2c(WORKER, networks(), N_STEPS)
    of_replay = Algorithm(algorithm.init, algorithm.act, algorithm.best, algorithm.update, Replay())
    with pytest.raises(InputError, match="replay"):
        Halves(of_replay, lambda _, data: data, algorithm.update)
    with pytest.raises(InputError, match="n_workers"):
        crew(0)
