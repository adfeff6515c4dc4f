"""A fingerprint of a world's rules: what was learned of one world must not be taken for another."""

from __future__ import annotations

import hashlib

import jax
import numpy as np

from empo.core.types import Array, Int
from empo.worlds.expand import expand, joint_actions
from empo.worlds.packing import pack, unpack
from empo.worlds.world import Model, Situation, World

_ABREAST = 16
"""States of each step of the walk."""
_STEPS = 4
_SCATTER = 2654435761
"""Knuth's multiplier, which makes of successive numbers any but successive joint actions."""
_DIGITS = 9
"""After the point, of probabilities and whatever else is no whole number."""


def rule_hash(world: World) -> str:
    """A sha256 of where play begins, of the model's tables, and of what it does with them.

    The last is noted on a walk that depends on nothing else: in some states that can be reached,
    where all joint actions lead and what the equations are told. So rules that changed in the code
    are noticed as well as those that changed in a file. Names count for nothing.
    """
    model = world.model
    with jax.enable_x64(True):
        found = {
            "sizes": (*model.cardinalities, model.n_actions_r, model.n_actions_h, model.n_humans),
            "initial": world.initial,
            "initial_prob": world.initial_prob,
        }
        for path, leaf in jax.tree_util.tree_leaves_with_path(model):
            found[f"table {jax.tree_util.keystr(path)}"] = leaf
        for step, codes in enumerate(_walk(world)):
            states = np.asarray(unpack(codes, model.cardinalities), np.int32)
            seen = expand(model, codes)._asdict() | _situations(model, states)._asdict()
            found |= {f"step {step} {name}": value for name, value in seen.items()}
    digest = hashlib.sha256()
    for name, value in found.items():
        array = _rounded(np.asarray(value))
        digest.update(f"{name} {array.dtype.name} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _walk(world: World) -> list[Int[np.ndarray, " s"]]:
    """Codes of the states of each step; each state follows one of the step before."""
    model = world.model
    n_joint = len(joint_actions(model)[0])
    first = np.resize(np.asarray(world.initial, np.int64), (_ABREAST, world.initial.shape[1]))
    steps = [np.asarray(pack(first, model.cardinalities))]
    for step in range(_STEPS - 1):
        after = expand(model, steps[-1])
        numbers = np.arange(_ABREAST) + _ABREAST * step
        rows = np.arange(_ABREAST), numbers * _SCATTER % (1 << 32) % n_joint
        likeliest = np.argmax(np.asarray(after.prob)[rows], axis=-1)
        steps.append(np.asarray(after.codes)[(*rows, likeliest)])
    return steps


@jax.jit
def _situations(model: Model, states: Int[Array, "s f"]) -> Situation:
    return jax.vmap(model.situation)(states)


def _rounded(array: np.ndarray) -> np.ndarray:
    """Whole numbers in 64 bits, others to so many digits: the same on every machine."""
    if array.dtype.kind != "f":
        return array.astype(np.int64)
    return np.round(array.astype(np.float64), _DIGITS) + 0.0  # no minus zero
