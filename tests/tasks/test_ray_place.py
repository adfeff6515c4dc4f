"""Workers as processes of a local Ray cluster: the same bits, and they may be killed."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import numpy as np
import pytest

from empo.core.errors import InputError
from empo.rl.a2c import a2c
from empo.tasks.cartpole import CARTPOLE
from empo.tasks.device_trainer import DeviceTrainer
from empo.tasks.ray_cluster import imported
from tests.tasks.test_asynchronous import N_STEPS, WORKER, crew, leaves, networks


def in_processes(n_workers):
    from empo.tasks.ray_place import RayPlace

    trainer = crew(n_workers)
    trainer.place = RayPlace("local", n_workers)
    return trainer


def test_without_ray_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"pip install 'empo\[ray\]'"):
        imported()


def test_nobody_is_told_of_its_use():
    pytest.importorskip("ray")
    imported()
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"


@pytest.mark.slow
def test_A15_one_process_is_a2c_bit_for_bit():
    pytest.importorskip("ray")
    synchronous = DeviceTrainer(a2c(WORKER, networks(), N_STEPS), CARTPOLE, (0,))
    asynchronous = in_processes(1)
    try:
        one, other = synchronous.start(), asynchronous.start()
        for n in (1, 30):
            one, _ = synchronous.advance(one, n)
            other, chunk = asynchronous.advance(other, n)
            assert chunk.metrics["workers_lost"] == 0
        for a, b in zip(
            leaves(synchronous.learner(one)), leaves(asynchronous.learner(other)), strict=True
        ):
            np.testing.assert_array_equal(a, b)
    finally:
        asynchronous.close()


@pytest.mark.slow
def test_processes_may_be_killed_again_and_again():
    pytest.importorskip("ray")
    trainer, killed, over = in_processes(2), [], threading.Event()

    def kill():
        while len(killed) < 4 and not over.is_set():
            time.sleep(1.0)
            pids = [pid for pid in trainer.place.pids.values() if pid not in killed]
            if pids:
                killed.append(pids[-1])
                os.kill(pids[-1], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    try:
        run = trainer.start()
        run, chunk = trainer.advance(run, 10)
        killer.start()
        lost = n_updates = 0
        while killer.is_alive():
            run, chunk = trainer.advance(run, 100)
            lost += int(chunk.metrics["workers_lost"][0])
            n_updates += 100
        # Every piece of work that was lost was done again: all updates were made.
        assert trainer.n_steps(run) == (n_updates + 10) * 20
        run, chunk = trainer.advance(run, 200)
        lost += int(chunk.metrics["workers_lost"][0])
        assert len(killed) == 4
        assert 3 <= lost <= 4  # who was killed last may not have been missed yet
    finally:
        over.set()
        trainer.close()


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("127.0.0.1:1", r"found no cluster at '127\.0\.0\.1:1': Connection refused"),
        ("everywhere", r"found 'everywhere' \(wanted local, auto or HOST:PORT\)"),
        ("here:there", r"found 'here:there'"),
    ],
)
def test_what_is_no_cluster_is_told_at_once(address, told):
    pytest.importorskip("ray")
    from empo.tasks.ray_cluster import Cluster

    with pytest.raises(InputError, match=told):
        Cluster(address, 1)
