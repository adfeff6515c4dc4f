"""Steps measured by how far they move a policy's choices, not its parameters (Kakade 2001).

All is about one flat vector theta of a policy's parameters (`ravel_pytree`). F is the Fisher matrix
E[score score'], which is the Hessian of KL(pi_old, pi) where pi = pi_old. It is never built: what
is needed of it are products F v.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from empo.core.types import Array, Bool, Float, Scalar

Vector = Float[Array, " p"]
Product = Callable[[Vector], Vector]
"""v -> M v, for a symmetric matrix M."""


def mean_kl(policy_old: Any, policy: Any, observation: Any) -> Float[Array, ""]:
    """E[KL(pi_old, pi)] over states the old policy came to; `policy_old` are distributions."""
    return jnp.mean(policy_old.kl(jax.vmap(policy)(observation)))


def fisher_product(policy: Any, observation: Any, damping: float = 0.0) -> Product:
    """v -> F v + damping v, with F = E[J' M J] over the observations.

    J is the derivative of the distribution's parameters by theta, M the Hessian of KL by them. That
    is the whole Hessian of KL by theta: what is missing is multiplied by KL's gradient, which is 0.
    """
    theta, unravel = ravel_pytree(policy)
    here, push = jax.linearize(lambda theta: jax.vmap(unravel(theta))(observation), theta)
    pull = jax.linear_transpose(push, theta)

    def curve(tangent: Any) -> Any:
        by_parameters = jax.grad(lambda there: jnp.mean(here.kl(there)))
        return jax.jvp(by_parameters, (here,), (tangent,))[1]

    def product(v: Vector) -> Vector:
        (moved,) = pull(curve(push(v)))
        return moved + damping * v

    return product


def conjugate_gradient(
    product: Product, b: Vector, n_steps: int, tolerance: float = 1e-10
) -> Vector:
    """x with M x = b for a positive definite M, after `n_steps` steps (Hestenes and Stiefel 1952).

    It stays where it is once the squared residual is at most `tolerance` times that of x = 0, or
    where M turns out not to be positive definite.
    """
    enough = tolerance * jnp.vdot(b, b)

    def step(_: int, carry: tuple[Vector, Vector, Vector, Array]) -> tuple[Vector, ...]:
        x, residual, direction, square = carry
        image = product(direction)
        bend = jnp.vdot(direction, image)
        going = (square > enough) & (bend > 0)
        length = jnp.where(going, square / jnp.where(going, bend, 1.0), 0.0)
        residual = residual - length * image
        square_next = jnp.vdot(residual, residual)
        ratio = jnp.where(going, square_next / jnp.where(going, square, 1.0), 0.0)
        return (
            x + length * direction,
            residual,
            jnp.where(going, residual + ratio * direction, direction),
            jnp.where(going, square_next, square),
        )

    start = (jnp.zeros_like(b), b, b, jnp.vdot(b, b))
    return jax.lax.fori_loop(0, n_steps, step, start)[0]


def longest_step(product: Product, direction: Vector, delta: Scalar) -> Vector:
    """The step d along `direction` with d'F d / 2 = delta, to second order its KL; 0 stays 0.

    Along F^-1 g it is sqrt(2 delta / (g' F^-1 g)) F^-1 g (Schulman et al. 2015, appendix C). No
    multiplier is left in it: whatever scales the direction cancels.
    """
    bend = jnp.vdot(direction, product(direction))
    some = bend > 0
    return jnp.where(some, jnp.sqrt(2 * delta / jnp.where(some, bend, 1.0)), 0.0) * direction


def longest_in_ball(gradient: Vector, epsilon: Scalar) -> Vector:
    """The step d that gains most among those with d'd <= epsilon; 0 if there is nothing to gain.

    From the Lagrangian g'd - lambda (d'd - epsilon): d = g / (2 lambda), so d'd = epsilon.
    """
    square = jnp.vdot(gradient, gradient)
    some = square > 0
    return jnp.where(some, jnp.sqrt(epsilon / jnp.where(some, square, 1.0)), 0.0) * gradient


def newton_step(objective: Callable[[Vector], Array], theta: Vector, n_steps: int) -> Vector:
    """-H^-1 g, to the top of the parabola that touches `objective` at theta, where it is concave.

    Note: the sign is that of maximising too; +H^-1 g would go downhill there.
    """
    gradient, push = jax.linearize(jax.grad(objective), theta)
    return conjugate_gradient(lambda v: -push(v), gradient, n_steps)


def backtracked(
    acceptable: Callable[[Vector], Bool[Array, ""]],
    theta: Vector,
    step: Vector,
    *,
    shrink: float,
    n_tries: int,
) -> tuple[Vector, Float[Array, ""]]:
    """theta + shrink^k step with the least k < n_tries that is acceptable, and shrink^k.

    If none is, theta and 0.
    """

    def going_on(carry: tuple[Array, Array]) -> Array:
        tries, share = carry
        return (tries < n_tries) & ~acceptable(theta + share * step)

    def shorter(carry: tuple[Array, Array]) -> tuple[Array, Array]:
        tries, share = carry
        return tries + 1, shrink * share

    start = (jnp.int32(0), jnp.ones((), theta.dtype))
    tries, share = jax.lax.while_loop(going_on, shorter, start)
    share = jnp.where(tries < n_tries, share, 0.0)
    return theta + share * step, share


def penalty_constant(gamma: float, largest_advantage: Scalar) -> Scalar:
    """C = 4 epsilon gamma / (1 - gamma)^2, epsilon = max |A|: how much KL can cost.

    J(pi_new) >= J(pi_old) + surrogate gain - C max KL (Schulman et al. 2015, theorem 1), in returns
    whose discounted visits of states sum to 1 / (1 - gamma).
    """
    return 4 * largest_advantage * gamma / (1 - gamma) ** 2
