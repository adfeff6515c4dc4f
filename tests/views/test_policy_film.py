"""The film of a policy: frames of the environment that the target is, or equals."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from empo.core.errors import InputError
from empo.views.policy_film import drawable_id, write_policy_film
from tests.views.films import frames as shown_frames


@pytest.fixture
def frames(monkeypatch):
    """Odd frames that grow lighter, and what was asked for."""
    asked = []

    def record_frames(env_id, act, seed, *, n_steps):
        asked.append((env_id, act(np.zeros(4))))
        return [np.full((33, 47, 3), 40 * i, np.uint8) for i in range(6)]

    monkeypatch.setattr("empo.tasks.frames.record_frames", record_frames)
    return asked


def trained(target="task:cartpole", returns=((1.0, 2.0), (3.0, 4.0))):
    """Two seeds, each of which acts by its number."""
    return SimpleNamespace(
        job=SimpleNamespace(target=target),
        trainer=SimpleNamespace(act=lambda learner, observation, number: (learner, number)),
        learner="learner",
        judged=None if returns is None else SimpleNamespace(returns=np.array(returns)),
    )


def test_the_film_has_all_frames_and_shows_the_best_seed(tmp_path, frames):
    path = write_policy_film(tmp_path, trained())
    assert path == tmp_path / "policy.mp4"
    shown = shown_frames(path)
    assert shown.shape == (6, 32, 46, 3)
    brightness = shown.mean(axis=(1, 2, 3))
    np.testing.assert_allclose(brightness, 40 * np.arange(6), atol=8)
    assert frames == [("CartPole-v1", ("learner", 1))]


def test_without_a_judgement_the_first_seed_is_shown(tmp_path, frames):
    write_policy_film(tmp_path, trained("gym:Thing-v3", None))
    assert frames == [("Thing-v3", ("learner", 0))]


def test_what_cannot_be_drawn_has_no_film(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise InputError("Thing-v3 cannot be drawn")

    monkeypatch.setattr("empo.tasks.frames.record_frames", refuse)
    assert write_policy_film(tmp_path, trained("gym:Thing-v3")) is None
    assert write_policy_film(tmp_path, trained("task:cut-chain")) is None
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("target", "env_id"),
    [
        ("task:cartpole", "CartPole-v1"),
        ("gym:Pendulum-v1", "Pendulum-v1"),
        ("task:cut-chain", None),
    ],
)
def test_device_tasks_are_drawn_as_what_they_equal(target, env_id):
    assert drawable_id(target) == env_id
