"""Studies that come with empo: a question, and the training runs that answer it.

A new one is an entry in `STUDIES`. Its variants differ from the first of them, or of their group,
in what their names say, and in nothing else; all start from the preset of their algorithm.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from typing import Any

from empo.core.errors import InputError
from empo.runs.actor_studies import ACTOR_STUDIES
from empo.runs.robot_studies import ROBOT_STUDIES
from empo.runs.variants import Study, Variant


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
    **ROBOT_STUDIES,
    **ACTOR_STUDIES,
}
"""By name."""
