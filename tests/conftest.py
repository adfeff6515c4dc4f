"""Settings of all tests: the processor, no implicit broadcasting, types checked at run time."""

from __future__ import annotations

import jax
from beartype import BeartypeConf, beartype
from jaxtyping import install_import_hook

THEORY = "human power robot"
WORLDS = (
    "agents bushmodel compile contests expand goals grid gridbuild gridworld layering moves "
    "packing pixels placed priors statenames stepping tabular terrain world"
)
RL = (
    "baselines critics ddpg dqn importance noise off_policy_actor_critic off_policy_gradient optim "
    "recurrence replay returns sac soft_policy_iteration vtrace"
)
NETS = "heads mlp"
TASKS = (
    "acrobot cartpole episodes frames gymmake gymnasium gymspaces mountain_car pendulum probes "
    "registry task toys"
)
RUNS = "checkup compare health history sinks stats studies studying"
VIEWS = "charts learning study"
CHECKED = [
    "empo.core",
    "empo.solver",
    *(f"empo.theory.{name}" for name in THEORY.split()),
    *(f"empo.worlds.{name}" for name in WORLDS.split()),
    *(f"empo.nets.{name}" for name in NETS.split()),
    *(f"empo.rl.{name}" for name in RL.split()),
    *(f"empo.tasks.{name}" for name in TASKS.split()),
    *(f"empo.runs.{name}" for name in RUNS.split()),
    *(f"empo.views.{name}" for name in VIEWS.split()),
]
"""Where annotations are checked at every call, the axes of arrays included.

What reads files and settings is left out: it takes whatever there is, and says more of a wrong type
than a check would. So is `worlds.table`, a pytree that need not hold arrays.
"""

typechecker = beartype(conf=BeartypeConf(is_pep484_tower=True))
"""A whole number is a number, too."""

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_numpy_rank_promotion", "raise")
install_import_hook(CHECKED, f"{__name__}.typechecker")
