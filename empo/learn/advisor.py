"""What to change, by the document's table of symptoms, read off a training's last stage.

Four symptoms and, if there are none of them, whether the training has settled. Each threshold
stands here, or in `signals`, with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np

from empo.core.errors import InputError
from empo.learn.ladders import ALL_FASTER, FASTER_PATHWAY, SLOWER_Q_R, UNSTABLE, Change
from empo.learn.signals import FEW, NEGLIGIBLE, SMALL_LOSS, Trace, following, oscillation

SETTLED = 0.01
"""Change of pi_r (total variation in 100 updates) up to which it stands: one action in 100."""
RAPID = 0.05
"""Change of pi_r above which V_h^e aims, with a copy 100 updates old, at another robot."""
LARGE = 0.1
"""Error that matters: in log(-Q_r) it moves logits by beta_r / 10."""
FLAT = 0.1
"""Relative change of a loss, from half to half of the last two thirds, that is none."""
RISEN = 0.5
"""Relative rise of a loss, from the first to the last third, that noise does not make."""
SOFT, SHARP = 1.0, 5.0
"""beta_r up to which equal rates do, and from which on Q_r should be slow (the document)."""


class Traces(NamedTuple):
    """What was measured in the last stage, at equal intervals; an empty trace was not.

    Losses are mean squared errors of logarithms (or of V_h^e, which is at most 1), so that 1e-4 is
    an error of 1%; a linear loss is to be divided by the square of its quantity first. Changes are
    those in 100 updates.
    """

    q_r_loss: Trace = np.zeros(0)
    u_r_error: Trace = np.zeros(0)
    """Mean relative error of U_r, and so of what it is made from, for the present pi_r."""
    q_r_change: Trace = np.zeros(0)
    """Mean change of log(-Q_r)."""
    v_h_e_change: Trace = np.zeros(0)
    v_h_e_loss: Trace = np.zeros(0)
    policy_change: Trace = np.zeros(0)
    """Total variation of pi_r, a mean over states."""
    losses: Mapping[str, Trace] = MappingProxyType({})
    """Of every quantity that is learned."""
    residual: Mapping[str, float] = MappingProxyType({})
    """How wrong a quantity may be at the end, judged by how far it is from its equation."""
    beta_r: float = 0.0


@dataclass(frozen=True)
class Advice:
    """A symptom, what may be behind it, and what to change."""

    symptom: str
    cause: str
    evidence: str
    """The numbers, in a sentence."""
    change: Change

    @property
    def setting(self) -> str:
        """The names of the settings to change."""
        return ", ".join(self.change.settings)

    @property
    def direction(self) -> Literal["lower", "raise"]:
        """Which way."""
        return self.change.direction

    @property
    def sentence(self) -> str:
        """All of it, in plain words."""
        return (
            f"{self.symptom}. {self.evidence} Perhaps {self.cause}; try {self.change.said} "
            f"({self.direction} {self.setting})."
        )


def advise(traces: Traces) -> tuple[Advice, ...]:
    """What the symptoms call for; nothing if there are none, or too few points to see any.

    Where something swings, nothing is advised that speeds up Q_r. Whether training has settled is
    asked last, if no symptom tells more. Raises `InputError` if a trace holds what is no number.
    """
    _check(traces)
    unstable = [q_r_oscillates(traces), v_h_e_unstable(traces)]
    found = [*unstable, u_r_lags(traces)]
    if not any(unstable):
        found.append(all_plateau(traces))
    if not any(found):
        found.append(not_settled(traces))
    return tuple(advice for advice in found if advice is not None)


def q_r_oscillates(traces: Traces) -> Advice | None:
    """Q_r's loss swings with a period."""
    swing = oscillation(traces.q_r_loss)
    if swing is None:
        return None
    return Advice(
        "The loss of Q_r oscillates",
        "Q_r changes too fast for what it is learned from",
        f"It goes up and down by {swing.size:.0%} about every {swing.period} points.",
        SLOWER_Q_R,
    )


def u_r_lags(traces: Traces) -> Advice | None:
    """The error of U_r grows when, or soon after, Q_r moves."""
    error = traces.u_r_error
    if len(error) < FEW or np.quantile(error, 0.9) <= LARGE:
        return None
    lag = following(traces.q_r_change, error)
    if lag is None:
        return None
    return Advice(
        "U_r lags behind Q_r",
        "V_h^e, X_h and U_r learn too slowly to follow the robot",
        f"Its error, {np.median(error):.0%} in the middle, grows {_after(lag.shift)} Q_r moves "
        f"(correlation {lag.correlation:.2f}).",
        FASTER_PATHWAY,
    )


def v_h_e_unstable(traces: Traces) -> Advice | None:
    """The loss or the values of V_h^e are restless while pi_r changes rapidly."""
    loss, moving = traces.v_h_e_loss, traces.policy_change
    if min(len(loss), len(moving)) < FEW or np.median(moving) <= RAPID:
        return None
    if np.quantile(loss, 0.9) <= SMALL_LOSS:
        return None
    said = _restless(traces)
    if said is None:
        return None
    return Advice(
        "V_h^e is unstable",
        "the robot's policy changes faster than V_h^e can follow",
        f"{said}, while pi_r changes {np.median(moving):.0%} of its actions in 100 updates.",
        SLOWER_Q_R,
    )


def all_plateau(traces: Traces) -> Advice | None:
    """No loss has fallen in the last two thirds, and no residual is small.

    Learning rates that fall towards the end take noise with them: what stays flat then is not its
    level, but a distance still to go.
    """
    losses, residual = traces.losses, traces.residual
    if not losses or not set(losses) <= set(residual):
        return None
    if not all(len(loss) >= FEW and _flat(loss) for loss in losses.values()):
        return None
    least = min(residual[name] for name in losses)
    if least <= LARGE:
        return None
    return Advice(
        "All losses stopped falling early",
        "the learning rates are too small",
        f"None has changed by {FLAT:.0%} since the first third, yet every quantity may be wrong "
        f"by {least:.2g} or more.",
        ALL_FASTER,
    )


def not_settled(traces: Traces) -> Advice | None:
    """At the end pi_r still moves, or a residual is large; what to do depends on beta_r."""
    moving = traces.policy_change
    last = float(np.median(moving[-max(3, len(moving) // 10) :])) if len(moving) >= FEW else 0.0
    worst = max(traces.residual, key=lambda name: traces.residual[name], default="")
    residual = traces.residual.get(worst, 0.0)
    if last <= SETTLED and residual <= LARGE:
        return None
    said = [f"pi_r still changes {last:.1%} of its actions in 100 updates"] * (last > SETTLED)
    said += [f"{worst} may be wrong by {residual:.2g}"] * (residual > LARGE)
    evidence = f"At the end {' and '.join(said)}, with beta_r = {traces.beta_r:g}."
    cause, change = _by_beta(traces.beta_r, moves=last > SETTLED)
    return Advice("The training has not settled", cause, evidence, change)


def _restless(traces: Traces) -> str | None:
    loss = traces.v_h_e_loss
    swing = oscillation(loss)
    if swing is not None:
        return f"Its loss goes up and down by {swing.size:.0%} about every {swing.period} points"
    third = len(loss) // 3
    first, last = float(np.median(loss[:third])), float(np.median(loss[-third:]))
    if last > (1 + RISEN) * first:
        return f"Its loss rose from {first:.2g} to {last:.2g}"
    for name, trace in (("loss", loss), ("change", traces.v_h_e_change)):
        lag = following(traces.policy_change, trace)
        if lag is not None:
            return f"Its {name} grows {_after(lag.shift)} pi_r moves ({lag.correlation:.2f})"
    return None


def _flat(loss: Trace) -> bool:
    since = loss[len(loss) // 3 :] + NEGLIGIBLE
    half = len(since) // 2
    before, after = np.median(since[:half]), np.median(since[half:])
    return bool(abs(np.log(after / before)) < FLAT)


def _by_beta(beta_r: float, moves: bool) -> tuple[str, Change]:
    if beta_r <= SOFT or (beta_r < SHARP and not moves):
        return "it needs more or larger steps, at rates as equal as they are", ALL_FASTER
    if beta_r < SHARP:
        return "Q_r began to learn from quantities that were not ready", UNSTABLE[0]
    if moves:
        return "so sharp a robot overreacts to small changes of Q_r", SLOWER_Q_R
    return "so sharp a robot needs V_h^e, X_h and U_r to be faster than Q_r", FASTER_PATHWAY


def _after(shift: int) -> str:
    return "when" if shift == 0 else f"{shift} points after" if shift > 1 else "1 point after"


def _check(traces: Traces) -> None:
    named = {name: trace for name, trace in traces._asdict().items() if np.ndim(trace) == 1}
    named |= {f"loss of {name}": trace for name, trace in traces.losses.items()}
    for name, trace in named.items():
        wrong = np.flatnonzero(~(np.isfinite(trace) & (trace >= 0)))
        if len(wrong):
            raise InputError(
                f"{name}: found {trace[wrong[0]]} at point {wrong[0]} (wanted numbers from 0 on)"
            )
    for name, residual in traces.residual.items():
        if not residual >= 0:
            raise InputError(f"residual of {name}: found {residual} (wanted a number from 0 on)")
    pairs = (("q_r_change", "u_r_error"), ("policy_change", "v_h_e_loss", "v_h_e_change"))
    for pair in pairs:
        found = {len(named[name]) for name in pair} - {0}
        if len(found) > 1:
            raise InputError(f"{', '.join(pair)}: found {sorted(found)} points (wanted one number)")
