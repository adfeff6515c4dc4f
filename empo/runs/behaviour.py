"""How humans act in one state of a solution, also where that was not kept for want of memory."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.errors import InputError
from empo.core.types import Float
from empo.solver import Solution
from empo.solver.sweep import given_prior, phase1, situations
from empo.theory import goal_backup
from empo.worlds.expand import expand
from empo.worlds.tabular import Chunk


def human_policies(solution: Solution, layer: int, place: int) -> Float[np.ndarray, "h g a_h"]:
    """pi_h of the state at that place of a layer.

    If the solution does not hold pi_h, it is computed anew from V_h^m of the next states. Raises
    `InputError` if that was not kept either.
    """
    kept = solution.values[layer].pi_h
    if kept is not None:
        return kept[place]
    code = solution.game.layers[layer].codes[place : place + 1]
    model, parameters = solution.world.model, solution.theory.parameters
    with jax.enable_x64(True):
        if solution.prior != "computed":
            no_moves = np.zeros((0, 0, 1), np.int32)
            return np.asarray(given_prior(model, parameters, Chunk(code, no_moves, None)))[0]
        successors = expand(model, code)
        known, index = np.unique(np.asarray(successors.codes[0]), return_inverse=True)
        joint = successors.codes.shape[1:]
        prob = np.asarray(successors.prob[0])[..., None]
        chunk = Chunk(code, index.reshape(*joint, 1).astype(np.int32), prob)
        b_next = _arriving(solution, layer, known)
        return np.asarray(phase1(model, parameters, chunk, b_next, 0).pi_h)[0]


def _arriving(solution: Solution, layer: int, codes: np.ndarray) -> Float[np.ndarray, "s h g"]:
    """B_{V_h^m} of states that come next, padded to a fixed number so that one program serves."""
    game, model = solution.game, solution.world.model
    rows = 1 << max(3, (len(codes) - 1).bit_length())
    codes = np.pad(codes, (0, rows - len(codes)), mode="edge")
    v_h_m = np.zeros((rows, *model.goals.weight.shape))
    time = layer + 1 if game.order == "horizon" else 0
    if time != game.horizon:
        for row, code in enumerate(codes.tolist()):
            v_h_m[row] = _kept_v_h_m(solution, code, game.layers_at(time))
    members = situations(model, codes).members
    repeat = jnp.asarray(model.goals.repeat)
    backup = jax.vmap(goal_backup, in_axes=(0, 0, None, None))
    return np.asarray(backup(jnp.asarray(v_h_m), members, repeat, solution.theory.gamma_h))


def _kept_v_h_m(solution: Solution, code: int, layers: range) -> np.ndarray:
    for layer in layers:
        place = solution.game.layers[layer].find(code)
        if place is None:
            continue
        kept = solution.values[layer].v_h_m
        if kept is None:
            raise InputError(
                f"{solution.world.name}: there was no memory to keep what the humans do; "
                f"solve with a larger memory_gib"
            )
        return kept[place]
    raise InputError(f"{solution.world.name}: a state that comes next is not in the solution")
