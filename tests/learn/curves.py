"""Curves that trainings could have left, with chosen courses and noise."""

from __future__ import annotations

import numpy as np

N = 100


def noise(key, size, n=N):
    """Factors around 1."""
    return np.exp(size * np.random.default_rng(key).normal(size=n))


def share(n=N):
    """How far along."""
    return np.arange(n) / n


def drift(key, size, memory, n=N):
    """Factors around 1 that change slowly: autoregressive logarithms."""
    normal = np.random.default_rng(key).normal(size=n) * np.sqrt(1 - memory**2)
    logs = np.zeros(n)
    for t in range(1, n):
        logs[t] = memory * logs[t - 1] + normal[t]
    return np.exp(size * logs)


def waves(key, size, period, n=N):
    """Factors that go up and down, beginning anywhere."""
    start = np.random.default_rng(key).uniform(0, 2 * np.pi)
    return np.exp(size * np.sin(2 * np.pi * np.arange(n) / period + start))


QUIET = {
    "noise at a floor": lambda key: 0.01 * noise(key, 0.3),
    "loud noise": lambda key: 0.01 * noise(key, 1.0),
    "a noisy decay": lambda key: np.exp(-4 * share()) * noise(key, 0.2),
    "a steep decay": lambda key: np.exp(-8 * share()) * noise(key, 0.3),
    "a decay as 1/t": lambda key: noise(key, 0.2) / (1 + np.arange(N)),
    "a fall of the learning rate": lambda key: np.where(share() < 0.7, 1, 0.05) * noise(key, 0.2),
    "a rise": lambda key: 0.1 * np.exp(2 * share()) * noise(key, 0.2),
    "a hump": lambda key: 0.1 * np.exp(2 * np.sin(np.pi * share())) * noise(key, 0.2),
    "a drift": lambda key: 0.1 * drift(key, 0.3, 0.5),
    "leaps": lambda key: 0.1 * noise(key, 0.1) * np.where(noise(key + 100, 1) > 5, 20, 1),
    "zeros": lambda key: np.zeros(N),
    "a constant": lambda key: np.full(N, 0.3),
    "a decay without noise": lambda key: np.exp(-4 * share()),
}
"""Nothing swings."""

SWINGING = {
    "to and fro": lambda key: 0.05 * np.exp(0.4 * (-1.0) ** np.arange(N)) * noise(key, 0.1),
    "waves of 5": lambda key: 0.05 * waves(key, 0.5, 5) * noise(key, 0.1),
    "waves of 9.3 in noise": lambda key: 0.05 * waves(key, 0.5, 9.3) * noise(key, 0.2),
    "waves of 20": lambda key: 0.05 * waves(key, 0.6, 20) * noise(key, 0.2),
    "waves on a decay": lambda key: np.exp(-3 * share()) * waves(key, 0.5, 8) * noise(key, 0.1),
    "waves that are no exponentials": lambda key: 1 + 0.8 * np.log(waves(key, 1, 7)),
    "damped waves": lambda key: 0.1 * waves(key, 1, 9) ** np.exp(-3 * share()) * noise(key, 0.1),
}
"""A learner whose steps are too large."""


def followed(key, shift=0, size=0.7, decay=2.0, size_of_noise=0.3, n=N):
    """A cause, and an effect that repeats its movements so many points later."""
    moves = np.log(drift(key, size, 0.3, n + shift))
    falls = np.exp(-decay * share(n))
    cause, effect = np.exp(moves[shift:]), np.exp(moves[:n])
    return falls * cause, falls * effect * noise(key + 1000, size_of_noise, n)
