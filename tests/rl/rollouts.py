"""Random rollouts with terminations and time limits; sums over them as the textbook writes them."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from empo.core.types import Array, Bool, Float

GAMMA = 0.9


class Rollout(NamedTuple):
    """In the order in which `gae` and its like take them."""

    reward: Float[Array, " t *n"]
    value: Float[Array, " t *n"]
    value_next: Float[Array, " t *n"]
    discount: Float[Array, " t *n"]
    boundary: Bool[Array, " t *n"]

    @property
    def without_value(self):
        """The arguments of whatever needs no v(s_t)."""
        return self.reward, self.value_next, self.discount, self.boundary

    def with_reward(self, reward):
        return self._replace(reward=reward)


def drawn(seed: int, *shape: int, cuts: float = 0.25) -> Rollout:
    """Terminations and time limits in equal parts. Inside a trajectory v' is v of the next row."""
    rng = np.random.default_rng(seed)
    reward, value, elsewhere = rng.normal(size=(3, *shape))
    boundary = rng.random(shape) < cuts
    terminated = boundary & (rng.random(shape) < 0.5)
    value_next = np.where(boundary, elsewhere, np.concatenate([value[1:], elsewhere[-1:]]))
    discount = np.where(terminated, 0.0, GAMMA)
    return Rollout(*map(jnp.asarray, (reward, value, value_next, discount, boundary)))


def uncut(seed: int, n_rows: int) -> Rollout:
    return drawn(seed, n_rows, cuts=0.0)


def n_step_target_in_loops(rollout: Rollout, n_steps: float) -> np.ndarray:
    """The definition, row by row: rewards forward until n, a cut or the end of the data; then v."""
    reward, _, value_next, discount, boundary = map(np.asarray, rollout)
    target = np.zeros_like(reward)
    n_rows = reward.shape[0]
    for index in np.ndindex(reward.shape):
        row, *column = index
        factor, steps = 1.0, 0
        while True:
            here = (row, *column)
            target[index] += factor * reward[here]
            factor *= discount[here]
            steps += 1
            if steps == n_steps or boundary[here] or row == n_rows - 1:
                target[index] += factor * value_next[here]
                break
            row += 1
    return target
