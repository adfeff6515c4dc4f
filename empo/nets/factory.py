"""The networks that an algorithm may ask for, made to measure for one kind of task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import equinox as eqx
import jax.numpy as jnp

from empo.core.errors import InputError
from empo.core.spaces import ActionSpace, Box, Discrete
from empo.core.types import Array, Float
from empo.nets.heads import (
    CategoricalPolicy,
    DeterministicPolicy,
    GaussianPolicy,
    SquashedPolicy,
)
from empo.nets.mlp import MLP, Activation

Reader = Literal["embeddings", "rows"]
HIDDEN_SCALE = 2**0.5
"""Of orthogonal hidden layers (Engstrom et al. 2020, "Implementation matters")."""
POLICY_SCALE = 0.01
"""Of a policy's last layer: the first policy is nearly uniform."""
LAST_SCALE = 0.1
"""Of the last layer of networks of states: they differ little before they are learned."""


@dataclass(frozen=True)
class NetSettings:
    """Size and kind of all networks."""

    hidden: tuple[int, ...] = (64, 64)
    """Sizes of the hidden layers."""
    activation: Activation = "tanh"
    """Activation between the layers."""
    orthogonal: bool = True
    """Start from orthogonal matrices with scaled layers; otherwise from Glorot's uniform law."""
    layer_norm: bool = False
    """Normalise each hidden layer before its activation."""
    log_std: float = 0.0
    """Of a Gaussian policy at first, in units of half the action's range."""

    pairs: int = 50_000
    """Of a world's states: factors are read in pairs, too, with at most so many values each."""
    pair_width: int = 16
    """Numbers that stand for a pair of values."""
    reader: Reader = "embeddings"
    """Of a world's states: pairs have embeddings; or rows of numbers, one for each unit, and small
    factors are grouped. A step then moves the rows that were met, however many there are."""

    def __post_init__(self) -> None:
        if self.pairs < 0:
            raise InputError(f"pairs: found {self.pairs} (wanted at least 0)")
        if self.pair_width < 1:
            raise InputError(f"pair_width: found {self.pair_width} (wanted at least 1)")
        if any(size < 1 for size in self.hidden):
            raise InputError(f"hidden: found {self.hidden} (wanted sizes of at least 1)")
        for name, known in (("activation", Activation), ("reader", Reader)):
            found = getattr(self, name)
            if found not in get_args(known):
                raise InputError(
                    f"{name}: found {found!r} (wanted one of {', '.join(get_args(known))})"
                )


@dataclass(frozen=True)
class Networks:
    """Makers of networks, each from a random key. What they make takes ONE observation.

    `policy`        observation -> Distribution
    `value`         observation -> scalar
    `q`             observation -> one scalar per action (discrete); observation, action -> scalar
    `squashed`      observation -> SquashedGaussian (continuous) or Categorical
    `deterministic` observation -> action (continuous)
    """

    action: ActionSpace
    policy: Callable[[Array], Any]
    value: Callable[[Array], Any]
    q: Callable[[Array], Any]
    squashed: Callable[[Array], Any]
    deterministic: Callable[[Array], Any]


class Scalar(eqx.Module):
    """A network with one output, as a number: V(s), or Q(s, a) of a continuous action."""

    body: MLP

    def __call__(self, *inputs: Float[Array, " _"]) -> Float[Array, ""]:
        """The number; several inputs are joined to one vector."""
        return self.body(jnp.concatenate(inputs))[0]


def ordinary_networks(
    observation_size: int, action: ActionSpace, settings: NetSettings
) -> Networks:
    """Perceptrons for observations that are vectors."""

    def body(n_in: int, n_out: int, scale: float, key: Array) -> MLP:
        sizes = (n_in, *settings.hidden, n_out)
        scales = [*(HIDDEN_SCALE for _ in settings.hidden), scale]
        return MLP(
            sizes,
            settings.activation,
            scales=scales if settings.orthogonal else None,
            layer_norm=settings.layer_norm,
            key=key,
        )

    def policy(key: Array) -> CategoricalPolicy | GaussianPolicy:
        if isinstance(action, Discrete):
            return CategoricalPolicy(body(observation_size, action.n, POLICY_SCALE, key))
        n_actions = len(action.low)
        mean = body(observation_size, n_actions, POLICY_SCALE, key)
        return GaussianPolicy(mean, jnp.full(n_actions, settings.log_std), action)

    def squashed(key: Array) -> CategoricalPolicy | SquashedPolicy:
        if isinstance(action, Discrete):
            return policy(key)  # pyright: ignore[reportReturnType]
        return SquashedPolicy(
            body(observation_size, 2 * len(action.low), POLICY_SCALE, key), action
        )

    def deterministic(key: Array) -> DeterministicPolicy:
        box = continuous(action)
        return DeterministicPolicy(body(observation_size, len(box.low), POLICY_SCALE, key), box)

    def value(key: Array) -> Scalar:
        return Scalar(body(observation_size, 1, 1.0, key))

    def q(key: Array) -> MLP | Scalar:
        if isinstance(action, Discrete):
            return body(observation_size, action.n, 1.0, key)
        return Scalar(body(observation_size + len(action.low), 1, 1.0, key))

    return Networks(action, policy, value, q, squashed, deterministic)


def after_first(at_first: Float[Array, " o"], settings: NetSettings, *, key: Array) -> MLP:
    """The layers behind the first hidden one of a network of states; outputs begin near `at_first`.

    Raises `InputError` if there is no hidden layer.
    """
    if not settings.hidden:
        raise InputError("hidden: found no layer (wanted at least one, to read a state with)")
    scales = [*(HIDDEN_SCALE for _ in settings.hidden[1:]), LAST_SCALE]
    layers = MLP(
        (*settings.hidden, len(at_first)),
        settings.activation,
        scales=scales if settings.orthogonal else None,
        layer_norm=settings.layer_norm,
        key=key,
    )
    return eqx.tree_at(lambda net: net.layers[-1].bias, layers, at_first)


def continuous(action: ActionSpace) -> Box:
    """The action space as a box. Raises `InputError` if it is discrete."""
    if isinstance(action, Discrete):
        raise InputError(
            f"action space: {action.n} discrete actions "
            f"(wanted a continuous one: this algorithm differentiates through the action)"
        )
    return action
