"""How a training run is doing, judged by the numbers that go wrong first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from empo.core.types import Float
from empo.runs.history import History

_FEW_NATS = 0.02
"""Entropy of a policy that has decided nearly everything: a choice of two at 99.7 to 0.3%."""
_FAR = 0.1
"""KL of an update beyond which ratios of old to new probabilities vary by tens of percent."""
_STILL = 1e-6
"""KL of an update that changes nothing to speak of."""
_OFTEN = 0.35
"""Clip fraction: over a third of the data pays no further."""
_JUMP = 10.0
"""Largest gradient over the median one."""


@dataclass(frozen=True)
class Finding:
    """What was found of a quantity, in a sentence; `suspect` if one should look into it."""

    said: str
    suspect: bool = False


@dataclass(frozen=True)
class Quantity:
    """Something that is measured while training."""

    names: tuple[str, ...]
    """In the metrics; what is drawn together has one scale."""
    title: str
    meaning: str
    """What it says and what to look for, in plain words."""
    judge: Callable[[Float[np.ndarray, " point"]], Finding]
    """From the numbers of a run, in order."""


def medians(history: History, name: str) -> Float[np.ndarray, " point"]:
    """The median over seeds at each row, where there is one."""
    curve = history.curve("train", name)
    if curve is None:
        return np.zeros(0)
    known = np.isfinite(curve.values).any(axis=0)
    return np.nanmedian(curve.values[:, known], axis=0)


def findings(history: History) -> dict[str, Finding]:
    """What is found of each of `HEALTH` that the run measured, by the name in the metrics."""
    found = {}
    for quantity in HEALTH:
        for name in quantity.names:
            numbers = medians(history, name)
            if len(numbers):
                found[name] = quantity.judge(numbers)
    return found


def _entropy(numbers: np.ndarray) -> Finding:
    first, last = float(numbers[0]), float(numbers[-1])
    said = f"From {first:.3g} to {last:.3g} nats."
    early = np.flatnonzero(np.abs(numbers) < _FEW_NATS)
    if len(early) and early[0] < len(numbers) / 4 and abs(first) > _FEW_NATS:
        warning = "It is all but gone in the first quarter: more entropy bonus or smaller steps?"
        return Finding(f"{said} {warning}", suspect=True)
    return Finding(said)


def _kl(numbers: np.ndarray) -> Finding:
    middle, top = float(np.median(numbers)), float(numbers.max())
    said = f"{middle:.2g} in the middle, {top:.2g} at most."
    if middle > _FAR:
        return Finding(f"{said} The steps are large: a smaller learning rate?", suspect=True)
    if top < _STILL:
        return Finding(f"{said} The policy does not move: a larger learning rate?", suspect=True)
    return Finding(said)


def _clip_fraction(numbers: np.ndarray) -> Finding:
    middle = float(np.median(numbers))
    said = f"{middle:.1%} in the middle."
    if middle > _OFTEN:
        advice = "Much of each batch pays no further: fewer epochs or smaller steps?"
        return Finding(f"{said} {advice}", suspect=True)
    return Finding(said)


def _explained_variance(numbers: np.ndarray) -> Finding:
    end = float(np.median(numbers[-max(1, len(numbers) // 4) :]))
    said = f"{end:.2f} in the last quarter."
    if end <= 0:
        advice = "The critic is no better than a constant: is it learning at all?"
        return Finding(f"{said} {advice}", suspect=True)
    return Finding(said)


def _grad_norm(numbers: np.ndarray) -> Finding:
    middle, top = float(np.median(numbers)), float(numbers.max())
    said = f"{middle:.2g} in the middle, {top:.2g} at most."
    if middle > 0 and top > _JUMP * middle:
        return Finding(f"{said} There are jumps: look at the batches before them.", suspect=True)
    return Finding(said)


def _course(numbers: np.ndarray) -> Finding:
    return Finding(f"From {numbers[0]:.3g} to {numbers[-1]:.3g}.")


HEALTH = (
    Quantity(
        ("entropy",),
        "Entropy of the actions",
        "How much is left to chance, in nats. It should fall slowly: if it drops to zero early, "
        "the policy has stopped exploring; if it never falls, nothing is being decided.",
        _entropy,
    ),
    Quantity(
        ("kl",),
        "Step of the policy (KL)",
        "How far each update moves the policy. Around 0.01 is common. Far above 0.1 the data no "
        "longer describe the policy; near zero it stands still.",
        _kl,
    ),
    Quantity(
        ("clip_fraction",),
        "Clip fraction",
        "The share of actions whose probability has changed by more than the clip allows. Above "
        "a third, the steps are too large.",
        _clip_fraction,
    ),
    Quantity(
        ("explained_variance",),
        "Explained variance of the critic",
        "How much of the difference between returns the critic foresees: 1 is all of it, 0 is no "
        "better than a constant, below 0 is worse than that.",
        _explained_variance,
    ),
    Quantity(
        ("grad_norm",),
        "Norm of the gradient",
        "Before it is cut to its greatest norm. Jumps by a factor of ten or more are a warning.",
        _grad_norm,
    ),
    Quantity(
        ("value_loss", "q_loss", "critic_loss"),
        "Loss of the critic",
        "Squared errors of predicted returns, so it may well rise as returns do.",
        _course,
    ),
    Quantity(
        ("policy_loss",),
        "Loss of the policy",
        "Its level says little, since it is measured against a critic that moves. A sudden change "
        "of its spread says that something in the training has changed.",
        _course,
    ),
)
"""The diagnostics of a training run; those without numbers in the metrics are left out."""
