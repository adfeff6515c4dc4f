"""What an update of Q_r heeds besides its targets: how far it may go, and the policy's entropy.

The quantity is one that is held as the logarithm of its size.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp

from empo.core.dists import Categorical
from empo.core.types import Array, Bool, Float
from empo.learn.settings import ClipSpace, Hybrids

Held = Float[Array, "n a"]


@dataclass(frozen=True)
class Restraint:
    """Nothing in it changes anything that is not asked for.

    A table's numbers are clipped one by one. A network's change together: its step is halved until
    nothing that it holds of the batch's places moves too far. Elsewhere it may.
    """

    most: float = math.inf
    """Most that a number may change in one update."""
    unit: ClipSpace = "log"
    """Which number: the logarithm, or the size itself."""
    cost: Callable[[Held], Float[Array, " n"]] | None = None
    """Of what is held of each place, besides the distance to targets."""

    @property
    def bounded(self) -> bool:
        """Is there a bound?"""
        return self.most < math.inf

    def measured(self, held: Held) -> Held:
        """What may not change by more than `most`."""
        return held if self.unit == "log" else jnp.exp(held)

    def clipped(self, held: Held, new: Held) -> Held:
        """old + clip(new - old, -most, most)."""
        old = self.measured(held)
        change = self.measured(new) - old
        far = old + jnp.clip(change, -self.most, self.most)
        # An infinite or vanishing size must not reach the logarithm where nothing is clipped.
        inside = jnp.abs(change) <= self.most
        return jnp.where(inside, new, far if self.unit == "log" else jnp.log(far))

    def share(self, held: Held, held_after: Callable[[Array], Held]) -> Float[Array, ""]:
        """The largest of 1, 1/2, 1/4 ... of a step with which nothing changes by more."""
        old = self.measured(held)

        def too_far(share: Array) -> Bool[Array, ""]:
            return jnp.any(jnp.abs(self.measured(held_after(share)) - old) > self.most)

        return jax.lax.while_loop(too_far, lambda share: share / 2, jnp.ones(()))

    def pull(self, held: Held) -> Held:
        """The gradient of the cost, in the units of a table.

        The loss of a network is a mean over the numbers of a place; a table moves each by itself.
        """
        assert self.cost is not None
        cost = self.cost
        return held.shape[1] * jax.grad(lambda held: jnp.sum(cost(held)))(held)


FREE = Restraint()


def restraint(
    hybrids: Hybrids, legal_r: Bool[Array, "n a"], counts: Bool[Array, " n"], beta_r: Array
) -> Restraint:
    """That of Q_r at n places, `counts` being where the robot's action makes a difference."""
    if hybrids.entropy_q_r == 0:
        return Restraint(hybrids.clip_q_r, hybrids.clip_q_r_in)

    def cost(held: Held) -> Float[Array, " n"]:
        return -hybrids.entropy_q_r * jnp.where(counts, entropy(held, legal_r, beta_r), 0.0)

    return Restraint(hybrids.clip_q_r, hybrids.clip_q_r_in, cost)


def entropy(held: Held, legal_r: Bool[Array, "n a"], beta_r: Array) -> Float[Array, " n"]:
    """H of the policy (5), whose logits are -beta_r log(-Q_r)."""
    return Categorical(jnp.where(legal_r, -beta_r * held, -jnp.inf)).entropy()
