"""Returns, targets and advantages of recorded trajectories (Sutton and Barto, chapters 3, 7, 12).

Time `t` leads, all further axes `n` are trajectories side by side. Every row holds one step:

- `discount` is gamma, or 0 after a step into a terminal state;
- `boundary` is True where the next row does not continue this one: after a termination, and after
  a time limit. The end of the data needs no mark;
- `value` is v(observation), `value_next` is v(the observation that truly followed), also where a
  time limit cut the trajectory and the next row shows another one.

So what lies beyond a cut, or beyond the data, is judged by `discount * value_next`: nothing after a
termination, v after a time limit. Zeros for `value_next` leave it out.

All functions can be differentiated, and none stops a gradient: whoever fits a target does.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from empo.core.errors import InputError
from empo.core.types import Array, Bool, Float, Int, Scalar
from empo.rl.recurrence import backward_sum


def reward_to_go(
    reward: Float[Array, " t *n"],
    value_next: Float[Array, " t *n"],
    discount: Float[Array, " t *n"],
    boundary: Bool[Array, " t *n"],
) -> Float[Array, " t *n"]:
    """G_t = r_t + discount_t G_{t+1}: what follows from row t on, v standing for all beyond a cut.

    Note: G_t counts discounts from row t. As a weight in a policy gradient of the return from the
    first row it is to be multiplied by `discount_so_far`, which most leave out.
    """
    beyond = beyond_data(value_next, discount, boundary)
    return backward_sum(reward + beyond, jnp.where(boundary, 0.0, discount))


def whole_return(
    reward: Float[Array, " t *n"],
    value_next: Float[Array, " t *n"],
    discount: Float[Array, " t *n"],
    boundary: Bool[Array, " t *n"],
) -> Float[Array, " t *n"]:
    """R(tau) = sum of (discount_0 ... discount_{t-1}) r_t, at every row of the trajectory tau."""
    to_go = reward_to_go(reward, value_next, discount, boundary)
    return jnp.take_along_axis(to_go, _row_of_start(boundary), axis=0)


def discount_so_far(
    discount: Float[Array, " t *n"], boundary: Bool[Array, " t *n"]
) -> Float[Array, " t *n"]:
    """discount_0 ... discount_{t-1}, counted from the first row of each trajectory."""

    def step(product, row):
        discount, boundary = row
        return jnp.where(boundary, 1.0, product * discount), product

    return jax.lax.scan(step, jnp.ones_like(discount[0]), (discount, boundary))[1]


def n_step_target(
    reward: Float[Array, " t *n"],
    value_next: Float[Array, " t *n"],
    discount: Float[Array, " t *n"],
    boundary: Bool[Array, " t *n"],
    n_steps: float,
) -> Float[Array, " t *n"]:
    """G_t^(n) = r_t + ... + gamma^(n-1) r_{t+n-1} + gamma^n v(s_{t+n}).

    A cut or the end of the data shortens n. `n_steps` = 1 gives the one-step target r + gamma v',
    inf gives the `reward_to_go`.
    """
    if not (n_steps >= 1 and (math.isinf(n_steps) or n_steps == int(n_steps))):
        raise InputError(f"n_steps must be a whole number >= 1, or inf, got {n_steps}")
    if n_steps >= reward.shape[0]:
        return reward_to_go(reward, value_next, discount, boundary)
    last = trajectory_ends(boundary)

    def one_more(_, target):
        return reward + discount * jnp.where(last, value_next, next_rows(target))

    one_step = reward + discount * value_next
    return jax.lax.fori_loop(1, int(n_steps), one_more, one_step)


def n_step_advantage(
    reward: Float[Array, " t *n"],
    value: Float[Array, " t *n"],
    value_next: Float[Array, " t *n"],
    discount: Float[Array, " t *n"],
    boundary: Bool[Array, " t *n"],
    n_steps: float,
) -> Float[Array, " t *n"]:
    """A_t^(n) = G_t^(n) - v(s_t), the sum of gamma^i delta_{t+i} over i < n."""
    return n_step_target(reward, value_next, discount, boundary, n_steps) - value


def gae(
    reward: Float[Array, " t *n"],
    value: Float[Array, " t *n"],
    value_next: Float[Array, " t *n"],
    discount: Float[Array, " t *n"],
    boundary: Bool[Array, " t *n"],
    lambda_: Scalar,
) -> Float[Array, " t *n"]:
    """A_t = sum over l of (gamma lambda)^l delta_{t+l}, delta = r + gamma v' - v.

    Generalised advantage estimation (Schulman 2016, equation 16). With n rows before the cut this
    is (1 - lambda) sum over k < n of lambda^(k-1) A^(k), plus lambda^(n-1) A^(n).
    """
    delta = reward + discount * value_next - value
    return backward_sum(delta, jnp.where(boundary, 0.0, discount * lambda_))


def td_lambda_target(
    reward: Float[Array, " t *n"],
    value: Float[Array, " t *n"],
    value_next: Float[Array, " t *n"],
    discount: Float[Array, " t *n"],
    boundary: Bool[Array, " t *n"],
    lambda_: Scalar,
) -> Float[Array, " t *n"]:
    """The lambda-return, v(s_t) + A_t of `gae` (Sutton and Barto, section 12.1)."""
    return value + gae(reward, value, value_next, discount, boundary, lambda_)


def beyond_data(
    value_next: Float[Array, " t *n"],
    discount: Float[Array, " t *n"],
    boundary: Bool[Array, " t *n"],
) -> Float[Array, " t *n"]:
    """discount v' at the last rows of trajectories, where it stands for all that follows."""
    return jnp.where(trajectory_ends(boundary), discount * value_next, 0.0)


def trajectory_starts(boundary: Bool[Array, " t *n"]) -> Bool[Array, " t *n"]:
    """The first rows of trajectories: that of the data, and each after a boundary."""
    return jnp.concatenate([jnp.ones_like(boundary[:1]), boundary[:-1]])


def _row_of_start(boundary: Bool[Array, " t *n"]) -> Int[Array, " t *n"]:
    row = jax.lax.broadcasted_iota(jnp.int32, boundary.shape, 0)
    return jax.lax.cummax(jnp.where(trajectory_starts(boundary), row, 0), axis=0)


def trajectory_ends(boundary: Bool[Array, " t *n"]) -> Bool[Array, " t *n"]:
    """The last rows of trajectories, the end of the data included."""
    return jnp.concatenate([boundary[:-1], jnp.ones_like(boundary[-1:])])


def next_rows(x: Float[Array, " t *n"]) -> Float[Array, " t *n"]:
    """Row t + 1 at row t; the last row repeats itself."""
    return jnp.concatenate([x[1:], x[-1:]])
