"""The warm-up as a table: rows of stages, read by one program at every update.

The stages are those of the seeds' document on time scales: V_h^e alone, then X_h, U_r, Q_r and V_r
join, then beta_r rises from 0, then all is learned with falling rates. Before them stands Phase 1.
Theory: Borkar 2008, chapter 6; Konda and Tsitsiklis 2000; Heusel et al. 2017 (two time scales);
Gidel et al. 2019 and Mescheder et al. 2018 (when equal rates may do).
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from empo.core.errors import InputError
from empo.core.types import AnyArray, Array, Bool, Float, Int, Scalar
from empo.learn.settings import QUANTITIES, Law, Ramp, RobotSettings

NAMES = ("phase-1", "v_h_e", "x_h", "u_r", "q_r", "v_r", "ramp", "full")
"""Of the stages; all but the first are S4's stages 0 ... 6."""
PHASE_1 = 0
RAMP = NAMES.index("ramp")
FULL = NAMES.index("full")
ROBOT = ("q_r", "v_r")
"""The slow side of the two time scales; the other quantities of Phase 2 evaluate."""


class Stages(NamedTuple):
    """One row for each stage, absent ones with no updates; `q` runs over `QUANTITIES`."""

    begin: Int[AnyArray, " row"]
    """The update with which the stage begins..."""
    end: Int[AnyArray, " row"]
    """...and the one before which it ends."""
    moves: Bool[AnyArray, "row q"]
    """Which quantities are learned."""
    decays: Bool[AnyArray, " row"]
    """Do learning rates fall?"""


class Moment(NamedTuple):
    """What the table says of one update."""

    stage: Int[Array, ""]
    phase_1: Bool[Array, ""]
    """Is this an update of Phase 1?"""
    moves: Bool[Array, " q"]
    beta_share: Float[Array, ""]
    """The effective beta_r as a share of its value."""
    rate: Float[Array, " q"]
    """Learning rates."""
    done: Float[Array, ""]
    """Share of the whole training that is done."""


def stage_table(settings: RobotSettings, n_updates: int) -> Stages:
    """The stages of a run of so many updates.

    Raises `InputError` if the warm-up leaves nothing for full training.
    """
    learned, warm_up = settings.learned(), settings.warm_up
    lengths = [getattr(warm_up, f"warmup_{q}_steps") * (q in learned) for q in QUANTITIES]
    lengths.append(warm_up.beta_r_rampup_steps)
    if sum(lengths) >= n_updates:
        per_update = settings.gather.steps_per_update / settings.gather.n_updates
        raise InputError(
            f"steps: found {n_updates * per_update:,.0f}, which are {n_updates:,} updates (wanted "
            f"more than {sum(lengths) * per_update:,.0f}: the stages of the warm-up take "
            f"{sum(lengths):,} updates)"
        )
    ends = np.cumsum([*lengths, n_updates - sum(lengths)])
    phase_2 = np.array([q in learned for q in QUANTITIES])
    phase_2[PHASE_1] = False
    upto = np.arange(len(QUANTITIES))
    moves = [(upto == 0) & (q == 0) if q == 0 else phase_2 & (upto <= q) for q in upto]
    return Stages(
        begin=np.concatenate([[0], ends[:-1]]).astype(np.int32),
        end=ends.astype(np.int32),
        moves=np.array([*moves, phase_2, phase_2]),
        decays=np.array([name in ("phase-1", "full") for name in NAMES]),
    )


def moment(stages: Stages, settings: RobotSettings, n_done: Int[Array, ""]) -> Moment:
    """What is done in the update that follows after `n_done` of them."""
    begin, end = jnp.asarray(stages.begin), jnp.asarray(stages.end)
    stage = jnp.sum(n_done >= end[:-1])
    warm_up, so_far = settings.warm_up, n_done - begin[stage]
    length = end[stage] - begin[stage]
    share = so_far / jnp.maximum(length, 1)
    turn = so_far % warm_up.robot_every == 0
    robot = np.array([q in ROBOT for q in QUANTITIES])
    phase_1 = stage == PHASE_1
    if warm_up.prior_every and "q_h_m" in settings.learned():
        phase_1 |= so_far % warm_up.prior_every == warm_up.prior_every - 1
    first = np.arange(len(QUANTITIES)) == PHASE_1
    rates = settings.rates
    base = jnp.array([rates.of(q) for q in QUANTITIES], jnp.float32)
    falls = decay(rates.law, so_far, length, rates.decay_from, rates.final_rate)
    return Moment(
        stage=stage,
        phase_1=phase_1,
        moves=jnp.where(phase_1, first, jnp.asarray(stages.moves)[stage] & (turn | ~robot)),
        beta_share=jnp.where(
            stage == RAMP, ramp(share, settings.warm_up.ramp), stage == FULL
        ).astype(jnp.float32),
        rate=base * jnp.where(jnp.asarray(stages.decays)[stage], falls, 1.0),
        done=n_done / end[-1],
    )


def ramp(share: Float[Array, ""], shape: Ramp) -> Float[Array, ""]:
    """From 0 at share 0 to 1 at share 1: a line, or sigmoid(6 (share - 1/2)) stretched to both."""
    if shape == "linear":
        return share
    low, high = _sigmoid(-3.0), _sigmoid(3.0)
    return (_sigmoid(6 * (share - 0.5)) - low) / (high - low)


def decay(
    law: Law, t: Int[Array, ""], length: Int[Array, ""], start: float, final: float
) -> Float[Array, ""]:
    """The share of a learning rate left after t of `length` updates.

    1 until `start` of them, then c / (c + t') or sqrt of that, with c such that `final` is left at
    the end. The law 1/t satisfies Robbins and Monro's conditions, 1/sqrt(t) does not: the sum of
    its squares diverges.
    """
    if law == "constant":
        return jnp.ones_like(t, jnp.float32)
    power = 1.0 if law == "inverse-time" else 0.5
    fall = final ** (-1 / power) - 1
    beyond = jnp.maximum(t - start * length, 0) / jnp.maximum((1 - start) * length, 1)
    return (1 + fall * beyond) ** -power


def _sigmoid(x: Scalar) -> Array:
    return 1 / (1 + jnp.exp(-jnp.asarray(x, jnp.float32)))
