"""What an algorithm learns from: columns of steps, whoever took them and whatever paid for them.

Nothing here asks where a reward comes from or why a trajectory was cut. Ordinary tasks copy the
reward in; the robot's learner fills it from slow networks when the data is used.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax

from empo.core.types import AnyArray, Bool, Float


class Steps(NamedTuple):
    """Steps with axes `t n` in front (trajectories of n worlds) or just `n` (a sample).

    Observations and actions are pytrees; each step is complete in itself, also at a cut.
    """

    observation: Any
    action: Any
    log_prob: Float[AnyArray, "*tn"]
    """Of the action under the policy that took it."""
    reward: Float[AnyArray, "*tn"]
    discount: Float[AnyArray, "*tn"]
    """gamma, or 0 after a terminal step: what the next state's value is multiplied with."""
    boundary: Bool[AnyArray, "*tn"]
    """Does the next row belong to another trajectory? True at every cut, terminal or not."""
    next_observation: Any
    """The true one, also where the next row begins anew."""


def flat(data: Any) -> Any:
    """Merge the first two axes of every array: trajectories become one sample."""
    return jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), data)
