"""Tiny Markov decision processes in numpy: exact values, exact gradients, all trajectories."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np


@dataclass(frozen=True)
class Mdp:
    prob: np.ndarray
    """Axes s a s'."""
    reward: np.ndarray
    """Axes s a s'."""
    gamma: float

    @property
    def reward_mean(self) -> np.ndarray:
        return np.sum(self.prob * self.reward, axis=-1)


class Trajectories(NamedTuple):
    """All that are possible, side by side, each with its probability."""

    states: np.ndarray
    """Axes t n, one row more than there are steps."""
    actions: np.ndarray
    reward: np.ndarray
    prob: np.ndarray
    """Axis n."""

    @property
    def unmarked(self):
        """No row is a cut."""
        return jnp.zeros(self.actions.shape, bool)


def drawn_mdp(seed: int, n_states: int = 2, n_actions: int = 2, gamma: float = 0.9) -> Mdp:
    rng = np.random.default_rng(seed)
    shape = (n_states, n_actions, n_states)
    prob = rng.dirichlet(np.ones(n_states), shape[:2])
    return Mdp(prob, rng.normal(size=shape), gamma)


def drawn_policy(seed: int, n_states: int = 2, n_actions: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(n_actions), n_states)


def state_values(mdp: Mdp, pi: np.ndarray) -> np.ndarray:
    """V^pi by one linear system."""
    step = np.einsum("sa,sat->st", pi, mdp.prob)
    reward = np.sum(pi * mdp.reward_mean, axis=-1)
    return np.linalg.solve(np.eye(len(pi)) - mdp.gamma * step, reward)


def action_values(mdp: Mdp, v: np.ndarray) -> np.ndarray:
    return mdp.reward_mean + mdp.gamma * mdp.prob @ v


def values_to_go(mdp: Mdp, pi: np.ndarray, n_steps: int) -> tuple[np.ndarray, np.ndarray]:
    """V_t and Q_t with n_steps - t steps left and nothing after; V has a row more."""
    v = [np.zeros(len(pi))]
    q = []
    for _ in range(n_steps):
        q.append(action_values(mdp, v[-1]))
        v.append(np.sum(pi * q[-1], axis=-1))
    return np.array(v[::-1]), np.array(q[::-1])


def all_trajectories(mdp: Mdp, pi: np.ndarray, start: np.ndarray, n_steps: int) -> Trajectories:
    n_states, n_actions = pi.shape
    paths = product(range(n_states), *([range(n_actions), range(n_states)] * n_steps))
    path = np.array(list(paths)).T
    states, actions = path[0::2], path[1::2]
    here, there = states[:-1], states[1:]
    prob = start[states[0]] * np.prod(pi[here, actions] * mdp.prob[here, actions, there], axis=0)
    return Trajectories(states, actions, mdp.reward[here, actions, there], prob)


def sampled(
    mdp: Mdp, pi: np.ndarray, start: np.ndarray, n_steps: int, n: int, seed: int
) -> Trajectories:
    """n trajectories by chance; their `prob` is 1/n each."""
    rng = np.random.default_rng(seed)

    def draw(prob):
        return np.sum(np.cumsum(prob, -1)[..., :-1] < rng.random((n, 1)), -1)

    states, actions = [draw(np.broadcast_to(start, (n, len(start))))], []
    for _ in range(n_steps):
        actions.append(draw(pi[states[-1]]))
        states.append(draw(mdp.prob[states[-1], actions[-1]]))
    s, a = np.array(states), np.array(actions)
    return Trajectories(s, a, mdp.reward[s[:-1], a, s[1:]], np.full(n, 1 / n))


def softmax_scores(pi: np.ndarray, trajectories: Trajectories) -> np.ndarray:
    """grad of log pi(a_t|s_t) by the logits of all states; axes t n s a."""
    n_states, n_actions = pi.shape
    here = np.eye(n_states)[trajectories.states[:-1]]
    done = np.eye(n_actions)[trajectories.actions]
    return here[..., None] * (done - pi[trajectories.states[:-1]])[..., None, :]


def gradient_samples(pi: np.ndarray, trajectories: Trajectories, weight) -> np.ndarray:
    """sum over t of grad log pi(a_t|s_t) weight_t, for each trajectory; axes n s a."""
    return np.einsum("tnsa,tn->nsa", softmax_scores(pi, trajectories), np.asarray(weight))


def mean_and_variance(samples: np.ndarray, prob: np.ndarray) -> tuple[np.ndarray, float]:
    """The mean of vectors, and the sum of the variances of their entries."""
    mean = np.tensordot(prob, samples, axes=1)
    return mean, float(prob @ np.sum((samples - mean) ** 2, axis=tuple(range(1, samples.ndim))))


def exact_gradient(mdp: Mdp, pi: np.ndarray, start: np.ndarray, n_steps: int) -> np.ndarray:
    """Of the expected return of n steps, by the logits: differentiated, not sampled."""

    def expected_return(logits):
        policy = jax.nn.softmax(logits, axis=-1)
        v = jnp.zeros(len(start))
        for _ in range(n_steps):
            v = jnp.sum(policy * (mdp.reward_mean + mdp.gamma * mdp.prob @ v), axis=-1)
        return start @ v

    return np.asarray(jax.grad(expected_return)(jnp.log(pi)))
