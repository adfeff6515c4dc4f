"""What the robot's actor is paid, computed when data is used: by evaluators that move on slowly.

For a state s let S(a) = -beta_r log(-Q_r(s, a)) - log pi(a | s). Equation (5) is the policy with
the same S for all that is legal, and the one that maximises E_pi S, whose gradient is
E_pi[S grad log pi]. So an actor whose reward is S(a) - E_pi S and whose discount is 0 comes to rest
there and nowhere else, and there no action is better paid than another: nothing is left to chance.

power      S with Q_r as learned
relative   S with the first-order change of log(-Q_r): advantages over E_pi Q_r, generalised (GAE)
           from U_r(s_t) + gamma_r V_r(s_{t+1}) - V_r(s_t) along trajectories, divided by it
u_r        U_r(s_t), discounted by gamma_r: returns are equation (9); the best policy is greedy
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from empo.core.types import Array, Bool, Float, Int
from empo.learn.actor_settings import Reward
from empo.learn.problem import Place, Problem
from empo.learn.quantities import Quantities, Values, Weights
from empo.rl.data import Steps
from empo.rl.returns import gae


class Pay(NamedTuple):
    """Two columns of the actor's data."""

    reward: Float[Array, "*tn"]
    discount: Float[Array, "*tn"]


def payment(
    quantities: Quantities,
    problem: Problem,
    weights: Weights,
    data: Steps,
    a_r: Int[Array, "*tn"],
    beta_r: Float[Array, ""],
    *,
    reward: Reward,
    lambda_: float,
    soft: bool,
) -> Pay:
    """The pay of the robot's actions `a_r`. An algorithm that is `soft` adds entropy by itself."""
    places, after = data.observation.place, data.next_observation.place

    def at(place: Place) -> Values:
        return quantities.at(problem, weights, place, beta_r)

    def over(function: Callable[[Place], Any]) -> Callable[[Place], Any]:
        return over_steps(function, a_r.ndim)

    here: Values = over(at)(places)
    if reward == "u_r":
        return Pay(here.u_r, problem.parameters.gamma_r * over(problem.ahead)(after))
    legal = over(lambda place: jnp.asarray(problem.model.situation(place.state).legal_r))(places)
    counts = over(problem.counts)(places)
    entropic = jnp.zeros_like(here.pi_r) if soft else surprise(here.pi_r)
    nothing = jnp.zeros_like(data.log_prob)
    if reward == "power":
        cost = jnp.log(jnp.where(counts[..., None], -here.q_r, 1.0))
        return Pay(_chosen(centred(entropic - beta_r * cost, here.pi_r, legal), a_r), nothing)
    v_r_next = over(lambda place: at(place).v_r)(after)
    advantage = _advantages(problem, here, v_r_next, data, lambda_)
    relative = jnp.where(counts, advantage / jnp.where(counts, here.u_r - here.v_r, 1.0), 0.0)
    told = _chosen(centred(entropic, here.pi_r, legal), a_r)
    return Pay(beta_r * relative + told, nothing)


def over_steps(function: Callable[[Place], Any], n_axes: int) -> Callable[[Place], Any]:
    """The function of places that have so many axes in front."""
    for _ in range(n_axes):
        function = jax.vmap(function)
    return function


def _advantages(
    problem: Problem, here: Values, v_r_next: Float[Array, "t n"], data: Steps, lambda_: float
) -> Float[Array, "t n"]:
    """Generalised, of V_r, with the reward of the state that is left: U_r(s_t)."""
    gamma_r = jnp.full_like(v_r_next, problem.parameters.gamma_r)
    return gae(here.u_r, here.v_r, v_r_next, gamma_r, data.boundary, lambda_)


def surprise(pi_r: Float[Array, "*n a_r"]) -> Float[Array, "*n a_r"]:
    """-log pi, and 0 for what is never done."""
    return -jnp.log(jnp.where(pi_r > 0, pi_r, 1.0))


def centred(
    x: Float[Array, "*n a_r"], pi_r: Float[Array, "*n a_r"], legal: Bool[Array, "*n a_r"]
) -> Float[Array, "*n a_r"]:
    """x - E_pi x."""
    x = jnp.where(legal, x, 0.0)
    return x - jnp.sum(pi_r * x, axis=-1, keepdims=True)


def _chosen(x: Float[Array, "*n a_r"], a_r: Int[Array, "*n"]) -> Float[Array, "*n"]:
    return jnp.take_along_axis(x, a_r[..., None], axis=-1)[..., 0]
