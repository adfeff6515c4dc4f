"""What to change when a training is unstable or too slow: ladders, to be climbed rung by rung."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from empo.learn.settings import RobotSettings

PATHWAY = ("lr_v_h_e", "lr_x_h", "lr_u_r")
ALL_RATES = (*PATHWAY, "lr_q_r", "lr_v_r")
ALL_STAGES = tuple(f"warmup_{q}_steps" for q in ("v_h_e", "x_h", "u_r", "q_r", "v_r"))


@dataclass(frozen=True)
class Change:
    """Something to try: settings, and the factor by which to multiply them."""

    said: str
    """In plain words."""
    settings: tuple[str, ...]
    factor: float

    @property
    def direction(self) -> Literal["lower", "raise"]:
        """Do the settings fall or rise?"""
        return "raise" if self.factor > 1 else "lower"


FASTER = 3.0
"""For rates: half a power of ten. How far to go the document says of Q_r alone."""
TWICE = 2.0
"""For times."""

SLOWER_Q_R = Change("a fifth, then a tenth, of Q_r's learning rate", ("lr_q_r",), 1 / 5)
FASTER_PATHWAY = Change("V_h^e, X_h and U_r learning faster, and Q_r as before", PATHWAY, FASTER)
ALL_FASTER = Change("all learning rates higher, their ratios kept", ALL_RATES, FASTER)

UNSTABLE = (
    Change("longer stages of the warm-up", ALL_STAGES, TWICE),
    Change("a slower ramp of beta_r", ("beta_r_rampup_steps",), TWICE),
    SLOWER_Q_R,
    Change("targets that follow Q_r less often", ("slow_q_r",), TWICE),
)
"""What to try one after the other if a training is unstable."""

TOO_SLOW = (
    ALL_FASTER,
    FASTER_PATHWAY,
    Change("shorter stages of the warm-up, if all is stable", ALL_STAGES, 1 / TWICE),
)
"""What to try one after the other if a training is too slow."""


def take(change: Change, settings: RobotSettings) -> RobotSettings:
    """The settings after a change. Whole numbers are rounded, and a stage of 0 stays left out.

    A lagging copy that follows by Polyak's tau gets a smaller tau where a longer interval is meant.
    """
    for group in ("rates", "slow", "warm_up"):
        old = getattr(settings, group)
        named = [name for name in change.settings if hasattr(old, name)]
        new = {name: _multiplied(name, getattr(old, name), change.factor) for name in named}
        settings = replace(settings, **{group: replace(old, **new)})
    return settings


def _multiplied(name: str, old: Any, factor: float) -> Any:
    if name.startswith("lr_"):
        return old * factor
    if name.startswith("slow_") and old < 1:
        return old / factor
    return round(old * factor) if old * factor >= 1 else old
