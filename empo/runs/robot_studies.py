"""Studies of learning a robot: what the seeds' document on time scales claims, put to the test.

Both worlds are small enough for an exact solution: one with a horizon, one that never ends. People
act as the exact solution has them, so that Phase 1 adds no error of its own, and networks are
small. Settings that a study does not vary are `COMMON` to all of its variants.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from empo.runs.measures import LEARNED_LIPSCHITZ, LIPSCHITZ
from empo.runs.variants import Study, Variant

N_ENVS, SEEN_FIRST = 16, 640
"""Worlds in parallel, each a step at every update; and steps before the first update."""


def _steps(n_updates: int) -> Mapping[str, int]:
    """The worlds, and environment steps of each seed."""
    return dict.fromkeys(("bush-corridor", "bush-line"), SEEN_FIRST + N_ENVS * n_updates)


WARM_UP: Mapping[str, int] = {
    "warmup_v_h_e_steps": 1_000,
    "warmup_x_h_steps": 1_000,
    "warmup_q_r_steps": 1_000,
    "beta_r_rampup_steps": 2_000,
}
"""The document's own lengths, of the quantities that are learned."""


def _times(factor: float) -> dict[str, int]:
    return {name: round(factor * length) for name, length in WARM_UP.items()}


PHASE_2 = ("v_h_e", "x_h", "u_r", "q_r", "v_r")
COMMON: Mapping[str, Any] = {
    "prior": "computed",
    "hidden": (32, 32),
    "n_envs": N_ENVS,
    "batch_size": 32,
    "warmup": SEEN_FIRST,
    "n_places": 16,
    "n_episodes": 64,
    **_times(0.5),
    **{f"lr_{name}": 1e-3 for name in PHASE_2},
    **{f"slow_{name}": 20 for name in PHASE_2},
}
"""Settings of all variants: the document's rates times ten, its warm-up halved and its copies for
targets five times as often, unless those are what is asked about."""

EVALUATOR = ("lr_v_h_e", "lr_x_h", "lr_u_r")
"""Rates of what leads to U_r."""
ROBOT = ("lr_q_r", "lr_v_r")
EQUAL: Mapping[str, float] = dict.fromkeys((*EVALUATOR, *ROBOT), 1e-4)
TIME_SCALES: Mapping[str, Mapping[str, float]] = {
    "equal": EQUAL,
    "U_r pathway fast": {**EQUAL, **dict.fromkeys(EVALUATOR, 1e-3)},
    "Q_r fast": {**EQUAL, **dict.fromkeys(ROBOT, 1e-3)},
}
"""The document's three experiments, with its numbers."""


def _varying(*variants: tuple[str, Mapping[str, Any]], group: str = "") -> Iterable[Variant]:
    """A variant for each name, with what it sets beside what is common to all."""
    return (Variant(name, "q", {**COMMON, **settings}, group) for name, settings in variants)


def _time_scales() -> Iterable[Variant]:
    for beta_r in (0.0, 1.0, 5.0, 10.0, 20.0):
        yield from _varying(
            *(
                (name, {**WARM_UP, **rates, "beta_r": beta_r})
                for name, rates in TIME_SCALES.items()
            ),
            group=f"beta_r {beta_r:g}",
        )


ROBOT_STUDIES: Mapping[str, Study] = {
    "timescales": Study(
        "Does it help to learn V_h^e, X_h and U_r ten times as fast as Q_r, and harm to do the "
        "reverse, the more so the more decisive the robot is?",
        _steps(8_000),
        tuple(_time_scales()),
        "learning rates",
        along="beta_r",
    ),
    "contraction": Study(
        "Do the coupled equations contract less, and are they learned worse, the more decisive "
        "the robot is?",
        _steps(5_000),
        tuple(
            _varying(
                *(
                    (f"beta_r {beta_r:g}", {"beta_r": beta_r})
                    for beta_r in (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
                )
            )
        ),
        "decisiveness",
        along="beta_r",
        more=(LIPSCHITZ, LEARNED_LIPSCHITZ),
    ),
    "targets": Study(
        "Do sampled targets cost accuracy beside expected ones, and is it better to compare "
        "logarithms or the numbers themselves?",
        _steps(5_000),
        tuple(
            _varying(
                *(
                    (f"{expectation}, {space}", {"expectation": expectation, "loss_space": space})
                    for expectation in ("exact", "sampled")
                    for space in ("log", "linear")
                )
            )
        ),
        "targets and where they are compared",
    ),
    "frequency": Study(
        "Is it the same to update Q_r five times less often, and to learn it with a fifth of the "
        "rate?",
        _steps(5_000),
        tuple(
            _varying(
                ("neither", {}),
                ("Q_r every 5th update", {"robot_every": 5}),
                ("Q_r with a fifth of the rate", {"lr_q_r": 2e-4, "lr_v_r": 2e-4}),
            )
        ),
        "separation",
    ),
    "warmup": Study(
        "Is the warm-up needed, how long must it be, and does it matter how beta_r rises or "
        "whether the replay is cleared after that?",
        _steps(11_000),
        tuple(
            _varying(
                ("the document's", WARM_UP),
                ("none", _times(0.0)),
                ("half as long", _times(0.5)),
                ("twice as long", _times(2.0)),
                ("ramp in a straight line", {**WARM_UP, "ramp": "linear"}),
                ("replay cleared after the ramp", {**WARM_UP, "clear_replay": True}),
            )
        ),
        "warm-up",
    ),
}
"""By name, as the numbers of the document have them."""
