"""Soft policy iteration on tables (Haarnoja et al. 2018, section 4.1): what SAC approximates.

J(pi) = E[sum of gamma^t (r_t + alpha H(pi(s_t)))]. Evaluating pi exactly and then taking
pi(a | s) proportional to exp(Q(s, a) / alpha) never lowers Q anywhere, and converges to the pi that
is best in every state; there V(s) = alpha log of the sum of exp(Q(s, a) / alpha).
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.special import entr, logsumexp

from empo.core.types import Array, Bool, Float, Int, Scalar


class Tables(NamedTuple):
    """A decision process; what the probabilities of all next states lack to 1 is that of ending."""

    prob: Float[Array, "s a t"]
    reward: Float[Array, "s a"]
    gamma: Float[Array, ""]


class SoftSolution(NamedTuple):
    """Where the iteration stopped; `change` is the last one of Q, in the maximum."""

    pi: Float[Array, "s a"]
    q: Float[Array, "s a"]
    change: Float[Array, ""]
    n_rounds: Int[Array, ""]


def soft_value(
    q: Float[Array, "s a"], pi: Float[Array, "s a"], alpha: Scalar
) -> Float[Array, " s"]:
    """V(s) = E_pi[Q(s, a) - alpha log pi(a | s)]."""
    return jnp.sum(pi * q + alpha * entr(pi), axis=-1)


def soft_backup(
    tables: Tables, q: Float[Array, "s a"], pi: Float[Array, "s a"], alpha: Scalar
) -> Float[Array, "s a"]:
    """T^pi Q = r + gamma E[V(s')]."""
    return tables.reward + tables.gamma * tables.prob @ soft_value(q, pi, alpha)


def soft_optimal_value(q: Float[Array, "s a"], alpha: Scalar) -> Float[Array, " s"]:
    """V(s) of the best pi for this Q: alpha log of the sum of exp(Q(s, a) / alpha)."""
    return alpha * logsumexp(q / alpha, axis=-1)


def soft_optimal_backup(
    tables: Tables, q: Float[Array, "s a"], alpha: Scalar
) -> Float[Array, "s a"]:
    """Soft value iteration: r + gamma E[V(s')] with the best pi for this Q."""
    return tables.reward + tables.gamma * tables.prob @ soft_optimal_value(q, alpha)


def soft_evaluation(tables: Tables, pi: Float[Array, "s a"], alpha: Scalar) -> Float[Array, "s a"]:
    """Q of pi, the fixed point of T^pi, by one linear system."""
    step = tables.gamma * jnp.einsum("sa,sat->st", pi, tables.prob)
    income = soft_value(tables.reward, pi, alpha)
    value = jnp.linalg.solve(jnp.eye(len(income)) - step, income)
    return tables.reward + tables.gamma * tables.prob @ value


def soft_improvement(q: Float[Array, "s a"], alpha: Scalar) -> Float[Array, "s a"]:
    """The policy with the least KL to exp(Q / alpha), normalised: that one itself."""
    return jax.nn.softmax(q / alpha, axis=-1)


def soft_policy_iteration(
    tables: Tables, alpha: Scalar, *, tolerance: float = 1e-10, max_rounds: int = 1000
) -> SoftSolution:
    """From the uniform policy, until no Q changes by more than the tolerance."""

    def going_on(solution: SoftSolution) -> Bool[Array, ""]:
        return (solution.change > tolerance) & (solution.n_rounds < max_rounds)

    def improve(solution: SoftSolution) -> SoftSolution:
        pi = soft_improvement(solution.q, alpha)
        q = soft_evaluation(tables, pi, alpha)
        change = jnp.max(jnp.abs(q - solution.q))
        return SoftSolution(pi, q, change, solution.n_rounds + 1)

    uniform = jnp.full_like(tables.reward, 1 / tables.reward.shape[-1])
    q = soft_evaluation(tables, uniform, alpha)
    start = SoftSolution(uniform, q, jnp.full_like(q[0, 0], jnp.inf), jnp.int32(0))
    return jax.lax.while_loop(going_on, improve, start)
