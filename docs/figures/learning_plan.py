"""What is trained for the pages in docs/algorithms: every algorithm on the tasks that suit it.

Each with the settings that `empo train` has for it, so that what is measured is what one gets; the
variants change what their names say, and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

THRESHOLDS = {"task:cartpole": 475.0, "task:acrobot": -100.0, "task:pendulum": -200.0}
"""Return from which on a task counts as solved; Gymnasium has none for Pendulum."""
N_SEEDS = 5
SPI = "soft-policy-iteration"
"""It has no environment: its picture is of tables."""

_ROLLOUTS = {"task:cartpole": 150_000, "task:acrobot": 100_000, "task:pendulum": 200_000}
_REPLAY = {"task:cartpole": 30_000, "task:pendulum": 8_000}
_POLE = ("task:cartpole",)
_DISCRETE = ("task:cartpole", "task:acrobot")
_ALL = ("task:cartpole", "task:acrobot", "task:pendulum")

_BUDGETS: dict[str, tuple[Mapping[str, int], tuple[str, ...]]] = {
    "reinforce": (_ROLLOUTS, _DISCRETE),
    "q-actor-critic": (_ROLLOUTS, _POLE),
    "a2c": (_ROLLOUTS, _ALL),
    "a3c": (_ROLLOUTS, _POLE),
    "off-policy-gradient": (_ROLLOUTS, _POLE),
    "impala": (_ROLLOUTS, _DISCRETE),
    "ball-step": (_ROLLOUTS, _POLE),
    "npg": (_ROLLOUTS, _DISCRETE),
    "trpo": (_ROLLOUTS, _ALL),
    "adaptive-trpo": (_ROLLOUTS, _POLE),
    "ppo": (_ROLLOUTS, _ALL),
    "off-policy-actor-critic": ({"task:cartpole": 10_000}, _POLE),
    "dqn": (_REPLAY, _POLE),
    "ddpg": (_REPLAY, ("task:pendulum",)),
    "td3": (_REPLAY, ("task:pendulum",)),
    "sac": (_REPLAY, ("task:pendulum",)),
}
"""Environment steps of each seed, by task, and the tasks."""

_INF = math.inf
_PENALTY = {"kl_coef": 1.0, "kl_target": 0.01}
_VARIANTS: dict[tuple[str, str], dict[str, dict[str, Any]]] = {
    ("reinforce", "task:cartpole"): {
        "baseline none": {"baseline": "none"},
        "baseline mean": {"baseline": "mean"},
        "baseline leave-one-out": {"baseline": "leave-one-out"},
        "baseline optimal": {"baseline": "optimal"},
    },
    ("a2c", "task:cartpole"): {
        # A single advantage has no spread to be standardised by.
        "online": {"n_envs": 1, "n_steps": 1, "standardise": False, "learning_rate": 5e-4},
        "by the episode": {"n_envs": 1, "n_steps": 500},
    },
    ("impala", "task:cartpole"): {"lag 8": {"lag": 8}},
    ("ppo", "task:cartpole"): {
        "penalty": {"clip": _INF, **_PENALTY},
        "clip and penalty": _PENALTY,
        "clip, penalty, entropy": {**_PENALTY, "entropy_coef": 0.005},
    },
    ("off-policy-gradient", "task:cartpole"): {"full product": {"full_product": True}},
    ("sac", "task:pendulum"): {
        "one critic": {"n_critics": 1},
        "with a V network": {"separate_value": True},
    },
}
_PLAIN = {
    "reinforce": "baseline value",
    "a2c": "8 environments, 5 steps",
    "impala": "lag 1",
    "ppo": "clip",
    "off-policy-gradient": "per decision",
    "sac": "twin critics",
}
"""What tells an algorithm as it comes from its variants."""


@dataclass(frozen=True)
class Course:
    """One training run of several seeds."""

    algorithm: str
    target: str
    steps: int
    variant: str = ""
    """Empty for the settings that the algorithm comes with."""
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> str:
        """Its place among the runs."""
        words = [self.target.partition(":")[2], self.algorithm, *self.variant.split()]
        return "-".join(words).replace(",", "")

    @property
    def label(self) -> str:
        """Its name beside its variants."""
        varied = (self.algorithm, self.target) in _VARIANTS
        return self.variant or (_PLAIN[self.algorithm] if varied else self.algorithm)


def plan() -> list[Course]:
    """All courses; those of an algorithm and a task stand together, the plain one first."""
    courses = []
    for algorithm, (budget, targets) in _BUDGETS.items():
        for target in targets:
            courses.append(Course(algorithm, target, budget[target]))
            for name, settings in _VARIANTS.get((algorithm, target), {}).items():
                courses.append(Course(algorithm, target, budget[target], name, settings))
    return courses
