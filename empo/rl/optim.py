"""Gradient steps: Adam with global clipping, annealing and weight decay."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import optax

from empo.core.types import Array, Float, Int
from empo.rl.algorithm import at_least, within

FEW_WEIGHTS = 40_000
"""Up to here one long vector is cheaper to step than many arrays; beyond, copying costs more."""


@dataclass(frozen=True)
class Optim:
    """How networks follow their gradients."""

    learning_rate: float = 3e-4
    """Step size of Adam (Kingma and Ba 2015)."""
    anneal: float = 0.0
    """Share of the step size lost, in a straight line, by the end of training: 1 ends at 0."""
    max_grad_norm: float = 0.5
    """Gradients of a greater norm, over all networks together, are scaled down to it; or inf."""
    weight_decay: float = 0.0
    """Decoupled (Loshchilov and Hutter 2019): weights lose this times the step size per step."""
    adam_epsilon: float = 1e-5
    """Added to Adam's denominator."""

    def __post_init__(self) -> None:
        at_least("learning_rate", self.learning_rate, 0.0)
        within("anneal", self.anneal, 0.0, 1.0)
        at_least("max_grad_norm", self.max_grad_norm, 0.0)
        at_least("weight_decay", self.weight_decay, 0.0)
        at_least("adam_epsilon", self.adam_epsilon, 0.0)


def optimiser(settings: Optim, n_updates: int) -> optax.GradientTransformation:
    """Adam as set; `n_updates` gradient steps make a whole training run."""
    rate = settings.learning_rate
    if settings.anneal:
        rate = optax.linear_schedule(rate, rate * (1 - settings.anneal), max(n_updates, 1))
    adam = optax.adamw(rate, eps=settings.adam_epsilon, weight_decay=settings.weight_decay)
    if math.isfinite(settings.max_grad_norm):
        adam = optax.chain(optax.clip_by_global_norm(settings.max_grad_norm), adam)
    return _flattened_if_small(adam)


def descend(
    optimiser: optax.GradientTransformation, gradient: Any, state: Any, nets: Any
) -> tuple[Any, Any, Float[Array, ""]]:
    """One step: the networks, the optimiser's state and the gradient's norm before clipping."""
    update, state = optimiser.update(gradient, state, nets)
    return optax.apply_updates(nets, update), state, optax.tree.norm(gradient)


def polyak(nets: Any, slow: Any, tau: float) -> Any:
    """theta_slow <- tau theta + (1 - tau) theta_slow."""
    return jax.tree.map(lambda new, old: tau * new + (1 - tau) * old, nets, slow)


def follow(nets: Any, slow: Any, tau: float, n_updates: Int[Array, ""], every: int) -> Any:
    """The slow networks after so many updates: they move with every `every`-th of them.

    tau = 1 copies (hard updates); a small tau with `every` = 1 is Polyak's average (soft ones).
    """
    if every == 1:
        return polyak(nets, slow, tau)
    return jax.lax.cond(n_updates % every == 0, lambda: polyak(nets, slow, tau), lambda: slow)


def _flattened_if_small(inner: optax.GradientTransformation) -> optax.GradientTransformation:
    flat = optax.flatten(inner)

    def choice(params: Any) -> optax.GradientTransformation:
        return flat if 0 < sum(map(jnp.size, jax.tree.leaves(params))) <= FEW_WEIGHTS else inner

    def init(params: Any) -> Any:
        return choice(params).init(params)

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        return choice(updates).update(updates, state, params)

    return optax.GradientTransformation(init, update)
