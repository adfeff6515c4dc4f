"""Bias and variance of the score-function gradient, in a process of two states.

The gradient of the expected sum of T rewards, by the logits of a policy that is a table, is

    E sum over t of grad log pi(a_t|s_t) w_t,

with the whole return for w_t, the rewards to go from t on, or those less V_t(s_t). A discount below
1 in the rewards to go lowers the variance, and the expectation is that gradient no more.
Variances are measured on sampled trajectories, means are exact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from empo.rl.returns import reward_to_go, whole_return


@dataclass(frozen=True)
class Process:
    """States s, actions a, and a policy."""

    prob: np.ndarray
    """Axes s a s'."""
    reward: np.ndarray
    """Axes s a."""
    pi: np.ndarray
    """Axes s a."""
    start: np.ndarray
    """Axis s."""


class Paths(NamedTuple):
    """Trajectories side by side; axes t n."""

    states: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray


def lamp(persistence: float) -> Process:
    """A lamp that pays 1 per step while it is lit; the second action makes light likelier.

    Light and dark remember themselves for about 1 / (1 - persistence) steps, and so long it takes
    until an action has paid.
    """
    often, push = 0.5 * (1 + persistence), 0.03
    on = np.array([[1 - often - push, 1 - often + push], [often - push, often + push]])
    return Process(
        np.stack([1 - on, on], axis=-1),
        np.array([[0.0, 0.0], [1.0, 1.0]]),
        np.full((2, 2), 0.5),
        np.array([0.5, 0.5]),
    )


QUICK, SLOW = lamp(0.5), lamp(0.9)
"""Rewards that come within two steps, and such that come within ten."""


def sampled(process: Process, n_steps: int, n: int, seed: int) -> Paths:
    """n trajectories by chance."""
    random = np.random.default_rng(seed)

    def draw(prob: np.ndarray) -> np.ndarray:
        return np.sum(np.cumsum(prob, axis=-1)[..., :-1] < random.random((n, 1)), axis=-1)

    state, states, actions = draw(np.broadcast_to(process.start, (n, len(process.start)))), [], []
    for _ in range(n_steps):
        states.append(state)
        actions.append(draw(process.pi[state]))
        state = draw(process.prob[state, actions[-1]])
    s, a = np.array(states), np.array(actions)
    return Paths(s, a, process.reward[s, a])


def values_to_go(process: Process, n_steps: int, gamma: float) -> tuple[np.ndarray, np.ndarray]:
    """V_t(s) and Q_t(s, a) with n_steps - t steps to go, nothing after."""
    v, q = [np.zeros(len(process.start))], []
    for _ in range(n_steps):
        q.append(process.reward + gamma * process.prob @ v[-1])
        v.append(np.sum(process.pi * q[-1], axis=-1))
    return np.array(v[:0:-1]), np.array(q[::-1])


def expected_gradient(process: Process, n_steps: int, gamma: float) -> np.ndarray:
    """The mean of the gradient from rewards to go with this discount; axes s a. Exact."""
    _, q = values_to_go(process, n_steps, gamma)
    visited, total = process.start, np.zeros_like(process.pi)
    for t in range(n_steps):
        advantage = q[t] - np.sum(process.pi * q[t], axis=-1, keepdims=True)
        total += visited[:, None] * process.pi * advantage
        visited = np.einsum("s,sa,sat->t", visited, process.pi, process.prob)
    return total


def gradients(process: Process, paths: Paths, weight: np.ndarray) -> np.ndarray:
    """sum over t of grad log pi(a_t|s_t) w_t of each trajectory; axes n s a.

    By the logits of state s it is the chosen action's unit vector less pi(.|s), where s_t = s.
    """
    n_states, n_actions = process.pi.shape
    total = np.zeros((paths.states.shape[1], n_states, n_actions))
    for state, action, w in zip(paths.states, paths.actions, weight, strict=True):
        score = np.eye(n_actions)[action] - process.pi[state]
        total += np.eye(n_states)[state][:, :, None] * (w[:, None] * score)[:, None, :]
    return total


def whole(process: Process, paths: Paths, gamma: float) -> np.ndarray:
    """The whole return."""
    return np.asarray(whole_return(*_columns(paths, gamma)), float)


def to_go(process: Process, paths: Paths, gamma: float) -> np.ndarray:
    """The rewards to go."""
    return np.asarray(reward_to_go(*_columns(paths, gamma)), float)


def less_value(process: Process, paths: Paths, gamma: float) -> np.ndarray:
    """The rewards to go, less their mean V_t(s_t)."""
    v, _ = values_to_go(process, len(paths.states), gamma)
    return to_go(process, paths, gamma) - np.take_along_axis(v, paths.states, axis=1)


Weight = Callable[[Process, Paths, float], np.ndarray]
WEIGHTS: dict[str, Weight] = {
    "whole return": whole,
    "rewards to go": to_go,
    "rewards to go less V": less_value,
}


def variance(samples: np.ndarray) -> float:
    """The variances of all entries of the gradient, summed."""
    return float(np.sum(np.var(samples, axis=0)))


def by_steps(process: Process, lengths: Sequence[int], n: int, seed: int) -> dict[str, list[float]]:
    """Variance for each number of steps T, by what weighs the scores."""
    found: dict[str, list[float]] = {name: [] for name in WEIGHTS}
    for n_steps in lengths:
        paths = sampled(process, n_steps, n, seed)
        for name, weight in WEIGHTS.items():
            found[name].append(variance(gradients(process, paths, weight(process, paths, 1.0))))
    return found


class Discounted(NamedTuple):
    """Of the gradient with a discount, beside the true one; in units of the true one's length."""

    bias: np.ndarray
    """Length of the mean error, for each discount."""
    deviation: dict[str, np.ndarray]
    """Root of the variance of one trajectory's gradient, by what weighs the scores."""

    def error(self, weight: str, n: int) -> np.ndarray:
        """Root mean squared error of the mean of n trajectories."""
        return np.sqrt(self.bias**2 + self.deviation[weight] ** 2 / n)


def by_discount(
    process: Process, gammas: Sequence[float], n_steps: int, n: int, seed: int
) -> Discounted:
    """Bias, exact, and deviation, measured."""
    true = expected_gradient(process, n_steps, 1.0)
    length = float(np.linalg.norm(true))
    bias = [np.linalg.norm(expected_gradient(process, n_steps, g) - true) for g in gammas]
    paths = sampled(process, n_steps, n, seed)
    deviation = {
        name: np.array(
            [
                variance(gradients(process, paths, WEIGHTS[name](process, paths, g))) ** 0.5
                for g in gammas
            ]
        )
        / length
        for name in ("rewards to go", "rewards to go less V")
    }
    return Discounted(np.array(bias) / length, deviation)


def slope(x: Sequence[float], y: Sequence[float]) -> float:
    """The power of x that y grows with."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def _columns(paths: Paths, gamma: float) -> tuple[jnp.ndarray, ...]:
    rewards = jnp.asarray(paths.rewards, jnp.float32)
    return (
        rewards,
        jnp.zeros_like(rewards),
        jnp.full_like(rewards, gamma),
        jnp.zeros(rewards.shape, bool),
    )
