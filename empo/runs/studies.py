"""Studies that come with empo: a question, and the training runs that answer it.

A new one is an entry in `STUDIES`. Its variants differ from the first of them in what their names
say, and in nothing else; all start from the preset of their algorithm for the target.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from empo.core.errors import InputError

LONG = 100_000
"""Environment steps of each seed on a target of which a study says nothing."""


@dataclass(frozen=True)
class Variant:
    """One way to train, for all seeds."""

    name: str
    """What the table calls it."""
    algorithm: str = "ppo"
    """Its algorithm."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """By name, what replaces settings of the preset."""


@dataclass(frozen=True)
class Study:
    """Variants of a training that are compared with the first of them."""

    question: str
    """What is asked, in a line."""
    steps: Mapping[str, int]
    """The targets, and for how many environment steps each seed is trained on them."""
    variants: tuple[Variant, ...]
    """What is trained; the first is what the others are compared with."""
    varied: str = "variant"
    """Heading of the variants' names."""

    def __post_init__(self) -> None:
        names = [variant.name for variant in self.variants]
        if len(names) < 2 or len({*names}) < len(names):
            raise InputError(f"study: found variants {names} (wanted two or more, named apart)")
        if not self.steps:
            raise InputError("study: found no targets (wanted at least one)")

    @property
    def targets(self) -> tuple[str, ...]:
        """Those that are trained on if none is chosen."""
        return tuple(self.steps)

    @property
    def reference(self) -> Variant:
        """What the others are compared with."""
        return self.variants[0]


def study(name: str) -> Study:
    """The study of that name. Raises `InputError` if there is none."""
    if name not in STUDIES:
        near = difflib.get_close_matches(name.lower(), STUDIES, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(STUDIES)}"
        raise InputError(f"study: found {name!r} ({hint})")
    return STUDIES[name]


_CODE_LEVEL: Mapping[str, tuple[str, Any, Any]] = {
    "value clipping": ("value_clip", 0.2, None),
    "reward scaling": ("scale_rewards", True, False),
    "reward clipping": ("clip_rewards", 10.0, math.inf),
    "observation normalisation": ("normalise_observations", True, False),
    "observation clipping": ("clip_observations", 10.0, math.inf),
    "orthogonal initialisation": ("orthogonal", True, False),
    "learning-rate annealing": ("anneal", 1.0, 0.0),
    "tanh (ReLU instead)": ("activation", "tanh", "relu"),
    "global gradient clipping": ("max_grad_norm", 0.5, math.inf),
}
"""The nine options of Engstrom et al. (2020): the setting, its value with and without."""


def _code_level() -> tuple[Variant, ...]:
    everything = {setting: on for setting, on, _ in _CODE_LEVEL.values()}
    return (
        Variant("nothing (all on)", settings=everything),
        *(
            Variant(name, settings={**everything, setting: off})
            for name, (setting, _, off) in _CODE_LEVEL.items()
        ),
    )


STUDIES: Mapping[str, Study] = {
    "code-level": Study(
        "Which of the nine code-level options of PPO matter, if one is left out at a time?",
        {"task:cartpole": 100_000, "task:pendulum": 200_000},
        _code_level(),
        "left out",
    ),
}
"""By name."""
