"""The local Lipschitz constant of the coupled equations (4)-(9), at what was learned.

The operator is the solver's: from what arriving in the next states is worth, B_{V_h^e} as a share
of the most it can be and log(-V_r), to the same of the states before them; pi_h is as learned. Its
derivative enters by Jacobian-vector products alone.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from empo.core.types import Array, Float, Int
from empo.learn.exact_targets import backup
from empo.learn.gap import Described, describe
from empo.learn.problem import Place, Problem
from empo.learn.quantities import Quantities, Weights, power_of
from empo.solver import Solution, verify
from empo.solver.cyclic import Cyclic, pack_robot
from empo.solver.problem import Problem as Enumerated
from empo.solver.sweep import by_players, situations
from empo.tasks.programs import Programs
from empo.theory import (
    effective_value,
    goal_average,
    goal_backup,
    robot_policy,
    robot_q,
    robot_reward,
    robot_value,
)

SMALL, ITERATIONS, FEWER_ITERATIONS = 1_000, 24, 10
"""States of a game up to which the power method makes as many iterations as the solver does; as
this is done at every judgement, it makes fewer beyond."""
N_PLACES = 64
"""Places from which a step is looked at, where not all states are."""
MOST_NEXT = 1024
"""Fewer places, if more next ones than these would have to be looked at."""
N_DIRECTIONS = 8
"""Changes of the weights of which combinations are tried."""
INDEPENDENT = 1e-4
"""A combination that changes less than this share of the most is rounding in 32 bits."""


def lipschitz(
    quantities: Quantities,
    problem: Problem,
    weights: Weights,
    places: Place,
    solution: Solution | None,
    programs: Programs,
) -> float | None:
    """The spectral radius where the game was enumerated, else the largest growth that is found.

    A game that ends, or never comes back, has the spectral radius 0: there, too, it is the growth.
    None where the operator has no finite derivative.
    """
    if solution is not None and solution.game.order == "cyclic" and solution.game.layers[0].chunks:
        return spectral_radius(quantities, problem, weights, solution, programs)
    return growth(quantities, problem, weights, places, programs)


def spectral_radius(
    quantities: Quantities,
    problem: Problem,
    weights: Weights,
    solution: Solution,
    programs: Programs,
) -> float | None:
    """Of the Jacobian at all states of a cyclic game, as the solver estimates it."""
    cyclic = Cyclic(Enumerated(solution.game, solution.theory, solution.prior))
    states = solution.game.states(0).astype(np.int32)
    places = Place(states, np.zeros(len(states), np.int32))
    told = describe(quantities, problem, weights, places, programs)
    iterations = ITERATIONS if len(states) <= SMALL else FEWER_ITERATIONS
    with jax.enable_x64(True):
        pi_h, x = point_of(cyclic, told)
        return verify.lipschitz(cyclic, pi_h, x, iterations)


def point_of(cyclic: Cyclic, told: Described) -> tuple[list[Array], np.ndarray]:
    """What was learned of all states as the solver has it: pi_h, and its vector of unknowns."""
    model, gamma_h = cyclic.problem.model, cyclic.problem.theory.gamma_h
    size = len(cyclic.layer.chunks[0].codes)
    row = np.minimum(np.arange(cyclic.n_rows), cyclic.layer.n_states - 1).reshape(-1, size)
    v_h_e, v_r, pi_h = (
        np.asarray(x, np.float64)[row] for x in (told.values.v_h_e, told.values.v_r, told.pi_h)
    )
    repeat = jnp.asarray(model.goals.repeat)
    arrived = jax.vmap(goal_backup, in_axes=(0, 0, None, None))

    def b_h_e(place: int, codes: Int[Array, " s"]) -> Array:
        members = situations(model, codes).members
        return arrived(jnp.asarray(v_h_e[place]), members, repeat, gamma_h)

    parts = cyclic.map(lambda place, chunk: b_h_e(place, chunk.codes))
    return [jnp.asarray(x) for x in pi_h], pack_robot(cyclic, parts, [jnp.asarray(x) for x in v_r])


def growth(
    quantities: Quantities,
    problem: Problem,
    weights: Weights,
    places: Place,
    programs: Programs,
) -> float | None:
    """How much a change of what is learned can grow in one step: a lower bound of the norm.

    Of combinations of random changes of the weights the one that grows most, from the next places,
    weighed by how probable they are, to some of those given; means of squares over both.
    """
    before_last = np.inf if problem.horizon is None else problem.horizon - 1
    rows = np.flatnonzero(np.asarray(places.time) < before_last)
    if not len(rows):
        return 0.0  # Only last steps, which lead to nothing.
    first = jax.tree.map(lambda x: np.asarray(x)[0], places)
    n_next = jax.eval_shape(problem.following, first).prob.size
    n_places = min(max(MOST_NEXT // n_next, 1), N_PLACES)
    chosen = rows[np.linspace(0, len(rows) - 1, n_places).round().astype(int)]
    some = jax.tree.map(lambda x: np.asarray(x)[chosen], places)
    before, after = programs.call("growth", partial(_changes, quantities, problem), weights, some)
    return _largest(np.asarray(before, np.float64), np.asarray(after, np.float64))


class _Step(NamedTuple):
    """A step of the operator: the unknowns of n places from those of all next ones."""

    b_next: Float[Array, "n j k h g"]
    v_r_next: Float[Array, "n j k"]
    b_h_e: Float[Array, "n h g"]
    v_r: Float[Array, " n"]


def _changes(
    quantities: Quantities, problem: Problem, weights: Weights, places: Place
) -> tuple[Float[Array, "d d"], Float[Array, "d d"]]:
    """Products of the changes that directions make, at the next places and at these."""
    moved, again = ravel_pytree({n: w for n, w in weights.items() if not n.startswith("q_h")})
    n_places = len(places.time)

    def step(moved: Array) -> tuple[_Step, Array]:
        found = {**weights, **again(moved)}
        return jax.vmap(lambda place: _step(quantities, problem, found, place))(places)

    def of_direction(key: Array) -> tuple[Array, Array]:
        direction = jax.random.normal(key, moved.shape)
        here, change, share = jax.jvp(step, (moved,), (direction,), has_aux=True)
        before = _relative(problem, here.b_next, here.v_r_next, change.b_next, change.v_r_next)
        after = _relative(problem, here.b_h_e, here.v_r, change.b_h_e, change.v_r)
        led_to = (share > 0)[..., None]
        return jnp.where(led_to, before * jnp.sqrt(share)[..., None], 0.0).ravel(), after.ravel()

    keys = jax.random.split(jax.random.key(0), N_DIRECTIONS)
    before, after = jax.lax.map(of_direction, keys)
    return before @ before.T / n_places, after @ after.T / n_places


def _step(
    quantities: Quantities, problem: Problem, weights: Weights, place: Place
) -> tuple[_Step, Float[Array, "j k"]]:
    """The step to ONE place, and how probable each of the next ones is."""
    model, parameters = problem.model, problem.parameters
    situation, after = model.situation(place.state), problem.following(place)

    def arriving(place: Place) -> tuple[Array, Array]:
        there = quantities.at(problem, weights, place, jnp.asarray(parameters.beta_r))
        return backup(problem, place, there.v_h_e), there.v_r

    b_next, v_r_next = jax.vmap(jax.vmap(arriving))(after.places)
    pi_h = quantities.pi_h(problem, weights, place)
    pi_h_mean = goal_average(pi_h, problem.weights.goal_prob)

    def average(x: Array, pi_r: Array) -> Array:
        return pi_r @ robot_q(by_players(model, x), pi_h_mean, 1.0)

    v_r_expected = jnp.sum(after.prob * v_r_next, axis=1)
    q_r = robot_q(by_players(model, v_r_expected), pi_h_mean, parameters.gamma_r)
    pi_r = robot_policy(q_r, situation.legal_r, parameters.beta_r)
    split = by_players(model, jnp.sum(after.prob[..., None, None] * b_next, axis=1))
    v_h_e = [
        effective_value(split[..., h, :], pi_r, pi_h[h], pi_h_mean, h)
        for h in range(model.n_humans)
    ]
    x_h = power_of(problem, situation, jnp.stack(v_h_e))
    u_r = robot_reward(x_h, problem.weights.human, parameters.xi, parameters.eta)
    found = backup(problem, place, jnp.stack(v_h_e)), robot_value(u_r, pi_r, q_r)
    # A mean changes with each of its terms by as much as the term is probable.
    share = jax.grad(average)(jnp.zeros_like(v_r_expected), pi_r)
    return _Step(b_next, v_r_next, *found), share[:, None] * after.prob


def _relative(
    problem: Problem, b: Array, v_r: Array, d_b: Array, d_v_r: Array
) -> Float[Array, "*n c"]:
    """Changes as the solver measures them: of shares of the most, and of log(-V_r)."""
    again = 1 / (1 - problem.parameters.gamma_h)
    most = jnp.where(jnp.asarray(problem.model.goals.repeat), again, 1.0)
    scale = jnp.where(problem.weights.goal_prob > 0, 1 / most, 0.0)
    of_goals = (d_b * jnp.broadcast_to(scale, d_b.shape)).reshape(*v_r.shape, -1)
    return jnp.concatenate([of_goals, (d_v_r / v_r)[..., None]], axis=-1)


def _largest(before: Float[np.ndarray, "d d"], after: Float[np.ndarray, "d d"]) -> float | None:
    """The largest ratio of lengths that a combination has after and before."""
    if not (np.isfinite(before).all() and np.isfinite(after).all()):
        return None
    size, direction = np.linalg.eigh(before)
    kept = size > INDEPENDENT * size[-1]
    if not kept.any():
        return 0.0
    unit = direction[:, kept] / np.sqrt(size[kept])
    return float(np.sqrt(max(np.linalg.eigvalsh(unit.T @ after @ unit)[-1], 0.0)))
