"""What every way of training offers to whoever runs it, for one or several seeds at once."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.errors import EmpoError
from empo.core.types import Array, Bool, Float
from empo.rl.algorithm import Replay, Rollout


class Diverged(EmpoError):
    """A number that is none, or infinite, has come up among those that are learned."""


class Chunk(NamedTuple):
    """What several updates brought: for each seed the mean over them, by name."""

    metrics: dict[str, Float[np.ndarray, " seed"]]
    n_ended: Float[np.ndarray, " seed"]
    """Episodes that ended."""


class Verdict(Protocol):
    """What is found out about each seed's learner by playing fresh episodes."""

    @property
    def score(self) -> Float[np.ndarray, " seed"]:
        """By which the best learner is chosen."""
        ...

    def row(self, number: int) -> dict[str, Any]:
        """Everything about one seed, by name."""
        ...


class Judged(NamedTuple):
    """The undiscounted returns and the lengths of fresh episodes, played without exploring."""

    returns: Float[np.ndarray, "seed episode"]
    lengths: Float[np.ndarray, "seed episode"]

    @property
    def score(self) -> Float[np.ndarray, " seed"]:
        """The mean return."""
        return self.returns.mean(axis=1)

    def row(self, number: int) -> dict[str, Any]:
        """Everything about one seed, by name."""
        returns = self.returns[number]
        return {
            "return_mean": float(returns.mean()),
            "return_min": float(returns.min()),
            "return_max": float(returns.max()),
            "length_mean": float(self.lengths[number].mean()),
            "returns": returns.tolist(),
        }


class Trainer(Protocol):
    """A run in progress is a pytree of arrays that its trainer makes and moves on.

    Everything later is determined by it where `exact`; elsewhere its environments begin anew.
    """

    n_seeds: int
    exact: bool

    @property
    def compile_seconds(self) -> float:
        """Spent compiling so far."""
        ...

    def n_updates(self, n_steps: int) -> int:
        """Updates that use at most so many environment steps, at least one."""
        ...

    def start(self) -> Any:
        """A run before its first update."""
        ...

    def shape(self) -> Any:
        """A run as a pytree of shapes and types, found without any work."""
        ...

    def advance(self, run: Any, n_updates: int) -> tuple[Any, Chunk]:
        """Make so many updates; the old `run` is used up. Raises `Diverged`."""
        ...

    def n_steps(self, run: Any) -> int:
        """Environment steps so far, of each seed."""
        ...

    def learner(self, run: Any) -> Any:
        """What has been learned, one pytree for all seeds."""
        ...

    def judge(self, learner: Any, n_episodes: int, *, seed: int) -> Verdict:
        """Play fresh episodes."""
        ...

    def act(self, learner: Any, observation: np.ndarray, number: int) -> np.ndarray:
        """What the learner of that seed, counted from 0, does at ONE observation."""
        ...

    def pick(self, chosen: np.ndarray, learner: Any, other: Any) -> Any:
        """For each seed the first learner where `chosen`, else the other."""
        ...

    def close(self) -> None:
        """Let go of environments."""
        ...


def updates_within(plan: Rollout | Replay, n_steps: int) -> int:
    """Rounds of learning that use at most so many environment steps, warm-up included; or one."""
    rounds = n_steps // plan.steps_per_update
    if isinstance(plan, Replay):
        rounds -= warmup_rounds(plan)
    return max(rounds, 1)


def warmup_rounds(plan: Replay) -> int:
    """Rounds of gathering before the first one of learning."""
    return -(-plan.warmup // plan.steps_per_update)


def all_finite(tree: Any) -> Bool[Array, ""]:
    """Are all numbers of all arrays finite?"""
    leaves = [x for x in jax.tree.leaves(tree) if jnp.issubdtype(x.dtype, jnp.floating)]
    return jnp.stack([jnp.all(jnp.isfinite(x)) for x in leaves]).all()


def check_finite(learner: Any, n_steps: int) -> None:
    """Raise `Diverged`, which names the first tensor that is not finite."""
    for path, leaf in jax.tree_util.tree_leaves_with_path(learner):
        if not jnp.issubdtype(leaf.dtype, np.floating):
            continue
        values = np.asarray(leaf)
        wrong = ~np.isfinite(values)
        if wrong.any():
            raise Diverged(
                f"step {n_steps:,}: {tensor_name(path)} holds {values[wrong][0]} "
                f"in {wrong.sum():,} of {values.size:,} places (wanted finite numbers; "
                f"a smaller learning rate may help; the last checkpoint is intact)"
            )


def tensor_name(path: tuple[Any, ...]) -> str:
    """A leaf's place in its pytree, as in nets.policy.body.layers.0.weight."""
    return ".".join(_word(entry) for entry in path)


def _word(entry: Any) -> str:
    for attribute in ("name", "key", "idx"):
        if hasattr(entry, attribute):
            return str(getattr(entry, attribute))
    return str(entry)
