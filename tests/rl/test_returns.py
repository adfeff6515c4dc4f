"""Returns, targets and advantages: by hand, by their sums, and at the ends of lambda and n."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empo.core.errors import InputError
from empo.rl import returns
from tests.rl.rollouts import GAMMA, Rollout, drawn, n_step_target_in_loops, uncut

SHAPES = [(1,), (6,), (19, 3), (11, 2, 2)]

reward_to_go = jax.jit(returns.reward_to_go)
whole_return = jax.jit(returns.whole_return)
discount_so_far = jax.jit(returns.discount_so_far)
n_step_target = jax.jit(returns.n_step_target, static_argnames="n_steps")
n_step_advantage = jax.jit(returns.n_step_advantage, static_argnames="n_steps")
gae = jax.jit(returns.gae)
td_lambda_target = jax.jit(returns.td_lambda_target)


@pytest.fixture(autouse=True)
def _in_64_bits():
    with jax.enable_x64(True):
        yield


def close(found, wanted, tolerance=1e-12):
    np.testing.assert_allclose(np.asarray(found), wanted, rtol=0, atol=tolerance)


def rows(*columns):
    """A rollout of one trajectory, from Python's numbers."""
    *numbers, boundary = columns
    return Rollout(*(jnp.array(x, float) for x in numbers), jnp.array(boundary))


def test_reward_to_go_by_hand():
    # 1 + .9 (2 + .9 * 4), then 2 + .9 * 4, then 4 and a termination; then 8 and a time limit where
    # v = 10, which gives 8 + .9 * 10; the data ends after 16 with v = 20: 16 + .9 * 20.
    rollout = rows(
        [1, 2, 4, 8, 16],
        [0] * 5,
        [99, 99, 99, 10, 20],
        [0.9, 0.9, 0, 0.9, 0.9],
        [False, False, True, True, False],
    )
    close(reward_to_go(*rollout.without_value), [6.04, 5.6, 4, 17, 34])


def test_whole_return_stands_at_every_row_of_its_trajectory():
    # Two steps to a termination: 1 + .5 * 2. Then three until the data ends: 4 + .5 * 8 + .25 * 16.
    boundary = jnp.array([False, True, False, False, False])
    discount = jnp.array([0.5, 0.0, 0.5, 0.5, 0.5])
    reward = jnp.array([1.0, 2.0, 4.0, 8.0, 16.0])
    close(whole_return(reward, jnp.zeros(5), discount, boundary), [2, 2, 12, 12, 12])
    close(discount_so_far(discount, boundary), [1, 0.5, 1, 0.5, 0.25])


@pytest.mark.parametrize("shape", SHAPES)
def test_rewards_discounted_from_the_start_sum_to_the_whole_return(shape):
    rollout = drawn(3, *shape)
    nothing = jnp.zeros(shape)
    whole = whole_return(rollout.reward, nothing, rollout.discount, rollout.boundary)
    paid = np.asarray(discount_so_far(rollout.discount, rollout.boundary) * rollout.reward)
    boundary = np.asarray(rollout.boundary)
    for column in np.ndindex(shape[1:]):
        start = 0
        for row in range(shape[0]):
            if boundary[row, *column] or row == shape[0] - 1:
                trajectory = (slice(start, row + 1), *column)
                close(whole[trajectory], np.full(row + 1 - start, paid[trajectory].sum()))
                start = row + 1


@pytest.mark.parametrize("shape", [(1,), (11, 2, 2)])
@pytest.mark.parametrize("n_steps", [1, 2, 5, 11, 100, math.inf])
def test_A17_n_step_targets_are_their_definition(shape, n_steps):
    rollout = drawn(1, *shape)
    close(
        n_step_target(*rollout.without_value, n_steps=n_steps),
        n_step_target_in_loops(rollout, n_steps),
    )


def test_A17_one_step_is_the_one_step_target_and_infinitely_many_are_monte_carlo():
    rollout = drawn(2, 30, 4)
    reward, value_next, discount, _ = rollout.without_value
    close(n_step_target(*rollout.without_value, n_steps=1), reward + discount * value_next, 1e-10)
    close(
        n_step_target(*rollout.without_value, n_steps=math.inf),
        reward_to_go(*rollout.without_value),
        1e-10,
    )
    close(n_step_target(*rollout.without_value, n_steps=29.0), n_step_target_in_loops(rollout, 29))


@pytest.mark.parametrize("n_steps", [0, -1, 2.5, math.nan, -math.inf])
def test_n_must_be_a_whole_number(n_steps):
    with pytest.raises(InputError, match="n_steps must be a whole number >= 1, or inf"):
        n_step_target(*drawn(0, 3).without_value, n_steps=n_steps)


def test_C08_D06_a_termination_bootstraps_0_and_a_time_limit_v():
    # V(s0) = 3, R = 1, V(s1) = 10, gamma = .9: -3 + 1 + 9 = 7 if s1 goes on, -3 + 1 = -2 if not.
    terminated = rows([1], [3], [10], [0], [True])
    truncated = rows([1], [3], [10], [GAMMA], [True])
    inside = rows([1, 0], [3, 10], [10, 0], [GAMMA, GAMMA], [False, False])
    for lambda_ in (0.0, 0.95, 1.0):
        close(gae(*terminated, lambda_), [-2])
        close(gae(*truncated, lambda_), [7])
    close(gae(*inside, 0.0)[0], 7)


def test_D05_a_penalty_kick_at_a_keeper_who_always_goes_right():
    # The kicker goes left or right with .5 each. Left scores (1), right is saved (0): V = .5.
    q, pi = np.array([1.0, 0.0]), np.array([0.5, 0.5])
    v = pi @ q
    assert v == 0.5
    kicks = rows([q], [[v, v]], [[7, 7]], [[0, 0]], [[True, True]])
    close(gae(*kicks, 0.95), [[0.5, -0.5]], 0.0)


def test_D06_without_a_discount_the_advantage_is_r_plus_the_gain_in_v():
    close(gae(*rows([2], [5], [4], [1], [False]), 0.0), [2 + 4 - 5])


@pytest.mark.parametrize("n_steps", [1, 2, 3, 7, math.inf])
def test_D08_the_advantage_of_k_steps_is_the_sum_of_k_deltas(n_steps):
    n_rows = 12
    rollout = uncut(5, n_rows)
    delta = np.asarray(rollout.reward + GAMMA * rollout.value_next - rollout.value)
    wanted = [
        sum(GAMMA ** (i - t) * delta[i] for i in range(t, int(min(n_rows, t + n_steps))))
        for t in range(n_rows)
    ]
    close(n_step_advantage(*rollout, n_steps=n_steps), wanted, 1e-12)


@given(
    seed=st.integers(0, 2**32 - 1),
    n_rows=st.sampled_from([1, 5, 17]),
    lambda_=st.floats(0, 1),
    cuts=st.sampled_from([0.0, 0.2, 1.0]),
)
@settings(max_examples=60, deadline=None)
def test_D09_F10_gae_weighs_all_k_step_advantages_and_the_last_takes_the_rest(
    seed, n_rows, lambda_, cuts
):
    rollout = drawn(seed, n_rows, cuts=cuts)
    boundary = np.asarray(rollout.boundary)
    value = np.asarray(rollout.value)
    advantages = [n_step_target_in_loops(rollout, k) - value for k in range(1, n_rows + 1)]
    wanted = np.zeros(n_rows)
    for row in range(n_rows):
        ends = [t for t in range(row, n_rows) if boundary[t] or t == n_rows - 1]
        n_left = ends[0] - row + 1
        for k in range(1, n_left + 1):
            weight = (1 - lambda_) * lambda_ ** (k - 1) if k < n_left else lambda_ ** (k - 1)
            wanted[row] += weight * advantages[k - 1][row]
    close(gae(*rollout, lambda_), wanted, 1e-11)


@pytest.mark.parametrize("shape", SHAPES)
def test_D12_lambda_0_is_delta_and_lambda_1_is_monte_carlo_less_v(shape):
    rollout = drawn(7, *shape)
    delta = rollout.reward + rollout.discount * rollout.value_next - rollout.value
    close(gae(*rollout, 0.0), delta, 1e-14)  # compiled sums round otherwise
    monte_carlo = reward_to_go(*rollout.without_value) - rollout.value
    close(gae(*rollout, 1.0), monte_carlo, 1e-13)


@pytest.mark.parametrize("lambda_", [0.0, 0.3, 0.95, 1.0])
def test_td_lambda_targets_mix_v_and_the_next_target(lambda_):
    # Sutton and Barto (12.20): G_t = r + gamma ((1 - lambda) v' + lambda G_{t+1}).
    rollout = drawn(8, 25)
    target = np.asarray(td_lambda_target(*rollout, lambda_))
    reward, _, value_next, discount, boundary = map(np.asarray, rollout)
    ahead = np.append(target[1:], 0)
    last = boundary | (np.arange(25) == 24)
    mixed = np.where(last, value_next, (1 - lambda_) * value_next + lambda_ * ahead)
    close(target, reward + discount * mixed)


ESTIMATORS = {
    "gae": lambda rollout: gae(*rollout, 0.95),
    "td_lambda_target": lambda rollout: td_lambda_target(*rollout, 0.95),
    "reward_to_go": lambda rollout: reward_to_go(*rollout.without_value),
    "whole_return": lambda rollout: whole_return(*rollout.without_value),
    "n_step_target": lambda rollout: n_step_target(*rollout.without_value, n_steps=3),
    "n_step_advantage": lambda rollout: n_step_advantage(*rollout, n_steps=5),
}


@pytest.mark.parametrize("estimate", ESTIMATORS.values(), ids=ESTIMATORS)
@pytest.mark.parametrize("terminated", [True, False])
def test_D11_nothing_leaks_from_one_episode_into_the_one_before(estimate, terminated):
    # Episodes of 4 rows with auto-reset between; the last 8 rows are changed beyond recognition.
    n_rows = 16
    boundary = jnp.arange(n_rows) % 4 == 3
    discount = jnp.where(boundary & terminated, 0.0, GAMMA)
    rollout = uncut(9, n_rows)._replace(boundary=boundary, discount=discount)
    later = jnp.arange(n_rows) >= 8
    changed = Rollout(*(jnp.where(later, 1e6 - 7 * x, x) for x in rollout[:3]), discount, boundary)
    before, after = estimate(rollout), estimate(changed)
    np.testing.assert_array_equal(before[:8], after[:8])
    assert np.all(before[8:] != after[8:])


@pytest.mark.parametrize("estimate", ESTIMATORS.values(), ids=ESTIMATORS)
def test_D11_episodes_in_a_row_are_what_each_is_alone(estimate):
    rollout = drawn(10, 20, cuts=0.0)
    boundary = np.arange(20) % 5 == 4
    terminal = np.isin(np.arange(20), [4, 14])
    discount = jnp.asarray(np.where(terminal, 0.0, GAMMA))
    rollout = rollout._replace(discount=discount, boundary=jnp.asarray(boundary))
    episodes = [
        Rollout(*(x[start : start + 5] for x in map(np.asarray, rollout)))
        for start in range(0, 20, 5)
    ]
    alone = [estimate(Rollout(*map(jnp.asarray, episode))) for episode in episodes]
    close(estimate(rollout), np.concatenate(alone))


@pytest.mark.parametrize("estimate", ESTIMATORS.values(), ids=ESTIMATORS)
def test_trajectories_side_by_side_are_what_each_is_alone(estimate):
    rollout = drawn(11, 17, 3)
    together = estimate(rollout)
    for column in range(3):
        alone = Rollout(*(jnp.asarray(np.asarray(x)[:, column]) for x in rollout))
        close(together[:, column], estimate(alone))


@pytest.mark.parametrize("estimate", ESTIMATORS.values(), ids=ESTIMATORS)
def test_gradients_pass_through_compiled_and_are_right(estimate):
    rollout = drawn(12, 11)
    direction = jnp.asarray(np.random.default_rng(0).normal(size=(2, 11)))

    def along(step):
        moved = rollout._replace(
            reward=rollout.reward + step * direction[0],
            value_next=rollout.value_next + step * direction[1],
        )
        return estimate(moved)

    # All are affine in rewards and values, so that a difference over any distance is the slope.
    slope = jax.jit(jax.jacrev(along))(0.3)
    close(slope, along(1.0) - along(0.0), 1e-11)


def test_in_32_bits_gae_stays_within_rounding():
    exact = drawn(13, 128, 4)
    rounded = Rollout(*(x.astype(jnp.float32) for x in exact[:4]), exact.boundary)
    found = gae(*rounded, 0.95)
    assert found.dtype == jnp.float32
    close(found, gae(*exact, 0.95), 1e-5)
