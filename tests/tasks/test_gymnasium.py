"""Gymnasium tasks on the host: against Gymnasium's own vector environment, and made to fail."""

from __future__ import annotations

import sys
from typing import Any, ClassVar

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector import AutoresetMode

from empo.core.errors import InputError
from empo.core.spaces import Box, Discrete
from empo.tasks.frames import record_frames
from empo.tasks.gymmake import EnvironmentFailed
from empo.tasks.gymnasium import HostEnvs, spaces_of
from empo.tasks.gymspaces import decoder, encoder


class Counter(gymnasium.Env):
    """Counts its steps, pays the count, ends at `end`; can be told to misbehave at a step.

    The first observation is 100 + the number of the episode, so none looks like another's.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array"]}
    observation_space = spaces.Box(-np.inf, np.inf, (2,), np.float64)
    action_space = spaces.Discrete(3, start=5)
    frame = np.zeros((4, 6, 3), np.uint8)

    def __init__(self, end=4, bad=None, at=2, render_mode=None):
        self.end, self.bad, self.at, self.render_mode = end, bad, at, render_mode
        self.episode, self.taken = 0, []

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.episode += 1
        self.count = 0
        if self.bad == "reset":
            raise OSError("nobody at home")
        return np.array([100.0 + self.episode, 0.0]), {}

    def step(self, action):
        self.count += 1
        self.taken.append(action)
        observation, reward = np.array([0.0, self.count]), float(self.count)
        if self.count == self.at:
            match self.bad:
                case "raise":
                    raise ValueError("too\nhot")
                case "observation":
                    observation[1] = np.nan
                case "reward":
                    reward = np.inf
                case "shape":
                    observation = np.zeros(3)
        return observation, reward, self.count == self.end, False, {}

    def render(self):
        if self.bad == "render":
            raise RuntimeError("no OpenGL context")
        self.frame[:] = self.count  # painted over
        return self.frame if self.bad != "frame" else np.zeros((2, 2))


class Silent(Counter):
    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["ansi"]}


@pytest.fixture(autouse=True)
def registered():
    """The tests' own environments, with time limits of 6."""
    here = {"Counter": Counter, "Silent": Silent}
    for name, kind in here.items():
        gymnasium.register(f"tests/{name}-v0", kind, max_episode_steps=6)
    yield
    for name in here:
        del gymnasium.registry[f"tests/{name}-v0"]


def counters(n=1, **kwargs):
    return HostEnvs("tests/Counter-v0", n, 0, **kwargs)


def play(envs, n_steps):
    """Steps by a fixed rule."""
    rng = np.random.default_rng(1)
    steps = []
    for _ in range(n_steps):
        if isinstance(envs.action, Discrete):
            action = rng.integers(envs.action.n, size=envs.n_envs)
        else:
            action = rng.uniform(-1, 1, (envs.n_envs, len(envs.action.low))).astype(np.float32)
        steps.append(envs.step(action))
    return steps


def test_what_ends_is_terminated_and_its_last_observation_is_true():
    envs = counters(end=3)
    assert envs.reset().tolist() == [[101.0, 0.0]]
    one, two, three, four = (envs.step(np.array([0])) for _ in range(4))
    assert [s.terminated[0] for s in (one, two, three, four)] == [False, False, True, False]
    assert not any(s.truncated[0] for s in (one, two, three, four))
    assert two.observation.tolist() == two.next_observation.tolist() == [[0.0, 2.0]]
    assert three.next_observation.tolist() == [[0.0, 3.0]]
    assert three.observation.tolist() == [[102.0, 0.0]]
    assert four.next_observation.tolist() == [[0.0, 1.0]]


def test_what_a_time_limit_cuts_is_truncated_and_its_last_observation_is_true():
    envs = counters(end=99)
    envs.reset()
    steps = [envs.step(np.array([0])) for _ in range(7)]
    assert [bool(s.truncated[0]) for s in steps] == [False] * 5 + [True, False]
    assert not any(s.terminated[0] for s in steps)
    assert steps[5].next_observation.tolist() == [[0.0, 6.0]]
    assert steps[5].observation.tolist() == [[102.0, 0.0]]


def test_both_at_once_are_both_told():
    envs = counters(end=6)
    envs.reset()
    last = [envs.step(np.array([0])) for _ in range(6)][-1]
    assert (last.terminated[0], last.truncated[0], last.over[0]) == (True, True, True)


def test_returns_and_lengths_are_those_of_the_episode_that_is_over():
    envs = counters(end=4)
    envs.reset()
    steps = [envs.step(np.array([0])) for _ in range(8)]
    assert [s.episode_return[0] for s in steps] == [1, 3, 6, 10] * 2  # sums of the counts
    assert [s.episode_length[0] for s in steps] == [1, 2, 3, 4] * 2
    assert [bool(s.over[0]) for s in steps] == [False, False, False, True] * 2
    envs.step(np.array([0]))
    envs.reset()
    assert envs.step(np.array([0])).episode_return[0] == 1


def test_each_environment_begins_anew_by_itself():
    envs = HostEnvs("CartPole-v1", 4, 3)
    envs.reset()
    steps = play(envs, 120)
    assert len({tuple(s.over) for s in steps}) > 2
    ended = np.sum([np.where(s.over, s.episode_length, 0) for s in steps], axis=0)
    going_on = np.where(steps[-1].over, 0, steps[-1].episode_length)
    assert (ended + going_on).tolist() == [120] * 4
    assert (ended > 0).all()
    assert all(np.isclose(s.episode_return, s.episode_length).all() for s in steps)


@pytest.mark.parametrize("env_id", ["CartPole-v1", "Pendulum-v1", "FrozenLake-v1", "Taxi-v4"])
def test_steps_are_those_of_gymnasiums_own_vector_environment(env_id):
    kwargs = {"max_episode_steps": 30}
    envs = HostEnvs(env_id, 3, 7, **kwargs)
    mode = {"autoreset_mode": AutoresetMode.SAME_STEP}
    other = gymnasium.make_vec(env_id, 3, "sync", vector_kwargs=mode, **kwargs)
    space = other.single_observation_space
    size = envs.observation_size

    def vectors(seen):
        return np.array([spaces.flatten(space, one) for one in seen], np.float32).reshape(-1, size)

    seeds = np.random.SeedSequence(7).generate_state(3).tolist()
    np.testing.assert_array_equal(envs.reset(), vectors(other.reset(seed=seeds)[0]))
    rng, n_over = np.random.default_rng(0), 0
    for _ in range(70):
        if isinstance(envs.action, Discrete):
            action = rng.integers(envs.action.n, size=3)
        else:
            action = rng.uniform(-2, 2, (3, 1)).astype(np.float32)
        step = envs.step(action)
        seen, reward, terminated, truncated, info = other.step(action)
        np.testing.assert_array_equal(step.observation, vectors(seen))
        np.testing.assert_array_equal(step.reward, reward.astype(np.float32))
        np.testing.assert_array_equal(step.terminated, terminated)
        np.testing.assert_array_equal(step.truncated, truncated)
        for i in np.flatnonzero(step.over):
            final = vectors([info["final_obs"][i]])[0]
            np.testing.assert_array_equal(step.next_observation[i], final)
            n_over += 1
        going_on = ~step.over
        np.testing.assert_array_equal(step.next_observation[going_on], step.observation[going_on])
    assert n_over >= 3
    other.close()


def test_the_same_seed_gives_the_same_steps_and_a_reset_begins_them_again():
    def observations(envs, seed=None):
        return [envs.reset(seed), *(s.observation for s in play(envs, 60))]

    envs = HostEnvs("CartPole-v1", 3, 5)
    first = observations(envs)
    np.testing.assert_array_equal(first, observations(envs))
    np.testing.assert_array_equal(first, observations(HostEnvs("CartPole-v1", 3, 5)))
    np.testing.assert_array_equal(first, observations(HostEnvs("CartPole-v1", 3, 0), 5))
    assert (first[0] != observations(envs, 6)[0]).all()


def test_no_two_copies_begin_alike_not_even_of_neighbouring_seeds():
    begun = [row for seed in range(4) for row in HostEnvs("CartPole-v1", 4, seed).reset().tolist()]
    assert len({tuple(row) for row in begun}) == 16


def test_sizes_actions_and_time_limits_are_known():
    pole = HostEnvs("CartPole-v1", 1, 0)
    assert (pole.observation_size, pole.action, pole.time_limit) == (4, Discrete(2), 500)
    pendulum = HostEnvs("Pendulum-v1", 1, 0, max_episode_steps=9)
    assert pendulum.action == Box((-2.0,), (2.0,))
    assert pendulum.time_limit == 9
    assert pendulum.reset().dtype == np.float32
    for envs in (pole, pendulum):
        assert spaces_of(envs.env_id) == (envs.observation_size, envs.action)


def test_worlds_are_tasks_too():
    envs = HostEnvs("empo/key-door-v0", 2, 0, player="robot", observation="one-hot")
    assert envs.action == Discrete(5)
    assert envs.reset().sum() == 2 * 4  # one for each factor
    assert envs.time_limit == 100
    assert envs.step(np.array([1, 2])).reward.tolist() == [0.0, 0.0]


def test_discrete_actions_are_counted_from_the_spaces_own_start():
    envs = counters(2)
    envs.reset()
    envs.step(np.array([0, 2]))
    assert [env.unwrapped.taken for env in envs._envs] == [[5], [7]]


def test_joint_actions_are_numbered_with_the_last_one_fastest():
    space = spaces.MultiDiscrete([2, 3], start=[0, 10])
    action, decode = decoder("x", space)
    assert action == Discrete(6)
    found = decode(np.arange(6)).tolist()
    assert found == [[0, 10], [0, 11], [0, 12], [1, 10], [1, 11], [1, 12]]
    assert all(space.contains(np.array(one)) for one in found)


def test_vectors_of_actions_get_the_spaces_shape_and_are_not_clipped():
    space = spaces.Box(np.array([[-1, -2], [-3, -np.inf]]), 1.0, (2, 2), np.float64)
    action, decode = decoder("x", space)
    assert action == Box((-1.0, -2.0, -3.0, -np.inf), (1.0,) * 4)
    (one,) = decode(np.array([[0, 5, 0.5, 1]], np.float32))
    assert (one.dtype, one.tolist()) == (np.float64, [[0.0, 5.0], [0.5, 1.0]])


def test_observations_become_vectors_by_parts():
    space = spaces.Dict(
        a=spaces.Discrete(3, start=1),
        b=spaces.Tuple([spaces.Box(0, 255, (2, 2), np.uint8), spaces.MultiDiscrete([2, 2])]),
    )
    size, encode = encoder("x", space)
    picture = np.array([[1, 2], [3, 255]], np.uint8)
    vector = encode({"a": 2, "b": (picture, np.array([1, 0]))})
    assert vector.tolist() == [0, 1, 0, 1, 2, 3, 255, 0, 1, 1, 0]
    assert size == 11


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (spaces.MultiDiscrete([65, 64]), "4,160 combinations .wanted at most 4,096"),
        (spaces.MultiBinary(3), "are not supported"),
        (spaces.Box(0, 9, (2,), np.int64), "are not supported"),
        (spaces.Dict(a=spaces.Discrete(2)), "are not supported"),
        (spaces.Box(0, 1, (0,), np.float32), "no components"),
    ],
)
def test_other_actions_are_refused(space, message):
    with pytest.raises(InputError, match=message):
        decoder("x", space)


def test_observations_without_a_fixed_size_are_refused():
    with pytest.raises(InputError, match="cannot be made vectors of one size"):
        encoder("x", spaces.Sequence(spaces.Discrete(2)))


@pytest.mark.parametrize(
    ("env_id", "kwargs", "message"),
    [
        ("CartPol-v1", {}, "no Gymnasium environment is called 'CartPol-v1' .did you mean CartPo"),
        ("CartPole-v9", {}, "did you mean CartPole-v"),
        ("empo/key-dor-v0", {}, "did you mean empo/key-door-v0"),
        ("zzz/qqq-v0", {}, "wanted one like CartPole-v1"),
        ("nowhere_at_all:Foo-v0", {}, "not installed .No module named 'nowhere_at_all'"),
        ("a b", {}, "Malformed"),
        ("CartPole-v1", {"colour": 3}, "unexpected keyword argument 'colour'"),
        ("empo/key-door-v0", {"goal": "99,9"}, "empo/key-door-v0: unknown goal"),
    ],
)
def test_environments_that_cannot_be_made(env_id, kwargs, message):
    with pytest.raises(InputError, match=message):
        HostEnvs(env_id, 1, 0, **kwargs)


def test_what_is_missing_is_named_with_its_remedy(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("gymnasium.envs.mujoco")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mujoco", None)
    with pytest.raises(InputError, match=r"Hopper-v5: mujoco is not .*pip install empo\[mujoco\]"):
        HostEnvs("Hopper-v5", 1, 0)


def test_an_environment_that_fails_is_named_with_its_step():
    envs = counters(3, bad="raise", at=2)
    envs.reset()
    envs.step(np.array([0, 0, 0]))
    envs._envs[0].unwrapped.bad = envs._envs[1].unwrapped.bad = None
    with pytest.raises(
        EnvironmentFailed, match="environment 2 failed at step 2: ValueError: too h"
    ):
        envs.step(np.array([0, 0, 0]))
    with pytest.raises(EnvironmentFailed, match="environment 0 failed at its reset: OSError: nob"):
        counters(bad="reset").reset()
    envs = counters(end=3)
    envs.reset()
    envs._envs[0].unwrapped.bad = "reset"
    with pytest.raises(EnvironmentFailed, match="environment 0 failed at step 3: OSError"):
        [envs.step(np.array([0])) for _ in range(3)]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("observation", r"environment 1 failed at step 2: observation\[1\] is nan"),
        ("reward", "environment 1 failed at step 2: reward is inf"),
        ("shape", "environment 1 failed at step 2: ValueError: the observation has 3 components"),
    ],
)
def test_numbers_that_make_no_sense_are_told(bad, message):
    envs = counters(2, bad=bad)
    envs.reset()
    envs._envs[0].unwrapped.bad = None
    envs.step(np.array([0, 0]))
    with pytest.raises(EnvironmentFailed, match=message):
        envs.step(np.array([0, 0]))


@pytest.mark.parametrize(
    ("env_id", "action", "message"),
    [
        ("CartPole-v1", [0], "wanted actions for 2 environments, got an array of shape .1,."),
        ("CartPole-v1", [0, 2], r"actions must be 0 \.\.\. 1, got 0 \.\.\. 2"),
        ("CartPole-v1", [0.0, 1.0], "wanted a whole number for each environment, got an array of"),
        ("Pendulum-v1", [0.0, 1.0], "wanted actions of 1 numbers each"),
        ("Pendulum-v1", [[0.0], [np.nan]], r"action\[0\] for environment 1 is nan"),
    ],
)
def test_actions_that_do_not_fit_are_told(env_id, action, message):
    envs = HostEnvs(env_id, 2, 0)
    envs.reset()
    with pytest.raises(InputError, match=message):
        envs.step(np.array(action))


def test_wrong_settings_are_told():
    with pytest.raises(InputError, match="n_envs must be at least 1, got 0"):
        HostEnvs("CartPole-v1", 0, 0)
    with pytest.raises(InputError, match="seed must be at least 0, got -1"):
        HostEnvs("CartPole-v1", 1, -1)
    with pytest.raises(InputError, match="seed must be at least 0, got -2"):
        counters().reset(-2)


def test_frames_show_one_episode_from_its_beginning_to_its_end():
    seen = []

    def act(observation):
        seen.append(observation)
        return 1

    frames = record_frames("tests/Counter-v0", act, 0, end=3)
    assert [int(frame[0, 0, 0]) for frame in frames] == [0, 1, 2, 3]
    assert [observation.tolist() for observation in seen] == [[101, 0], [0, 1], [0, 2]]
    assert seen[0].dtype == np.float32
    assert len(record_frames("tests/Counter-v0", lambda _: 0, 0, end=99)) == 7
    assert len(record_frames("tests/Counter-v0", lambda _: 0, 0, end=99, n_steps=2)) == 3


def test_frames_of_worlds():
    frames = record_frames("empo/key-door-v0", lambda _: 2, 0, n_steps=3)
    assert [frame.shape for frame in frames] == [frames[0].shape] * 4
    assert (frames[0] != frames[1]).any()


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        ("render", EnvironmentFailed, "cannot be drawn: RuntimeError: no OpenGL .*MUJOCO_GL=egl"),
        ("frame", EnvironmentFailed, "wanted frames of uint8 .y, x, 3., got an array of float64"),
        ("raise", EnvironmentFailed, "failed at step 2: ValueError: too hot"),
        ("reset", EnvironmentFailed, "failed at its reset: OSError"),
    ],
)
def test_frames_that_cannot_be_had(bad, error, message):
    with pytest.raises(error, match=message):
        record_frames("tests/Counter-v0", lambda _: 0, 0, bad=bad)


def test_environments_without_pictures_cannot_be_drawn():
    with pytest.raises(
        InputError, match="wanted the render mode rgb_array, but it renders as ansi"
    ):
        record_frames("tests/Silent-v0", lambda _: 0, 0)
    with pytest.raises(InputError, match=r"empo/menu-v0 cannot be drawn: .*renders nothing"):
        record_frames("empo/menu-v0", lambda _: 0, 0)


def test_what_drawing_needs_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pygame", None)
    with pytest.raises(InputError, match=r"not installed .pygame is not installed.*pip install"):
        record_frames("CartPole-v1", lambda _: 0, 0)
