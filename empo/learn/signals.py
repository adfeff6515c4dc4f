"""Does a trace swing, and does one follow another? Questions to numbers measured one by one.

A falling course is taken off, and what is left is correlated with itself, or with another.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from empo.core.types import Float

Trace = Float[np.ndarray, " point"]
Lags = Float[np.ndarray, " lag"]

FEW = 10
"""Points below which a trace says nothing. Below about 40, all but the plainest swings are within
chance, and are not called swings; 100 are enough."""
NEGLIGIBLE = 1e-8
"""Added before logarithms: what is far below it counts as equal."""
SMALL_LOSS = 1e-4
"""A squared error below it is one of less than 1%, and whether it swings does not matter."""
SWING = 0.1
"""Least relative swing: the mean of 256 squared normal errors varies by sqrt(2 / 256) = 9%."""
PERIODIC = 0.4
"""Least autocorrelation after one period, and least negative one after half of it: less than half
of the variance would be regular."""
SURE = 3.5
"""Standard errors by which a correlation must differ from 0, as hundreds of them are looked at."""
FOLLOWS = 0.5
"""Least correlation of cause and effect: below, one explains less than a quarter of the other."""


class Swing(NamedTuple):
    """A regular up and down."""

    size: float
    """Its standard deviation, as a share of the trace."""
    period: int
    """In points."""


class Lag(NamedTuple):
    """One trace follows another."""

    correlation: float
    shift: int
    """Points from the cause to the effect."""


def oscillation(loss: Trace) -> Swing | None:
    """The swing of a loss around its falling course, if it is regular, large, and of any weight.

    Regular: the autocorrelation has a trough after half a period and a peak after a whole one, both
    beyond chance. Noise has neither, and what drifts has no peak.
    """
    n = len(loss)
    if n < FEW or np.median(loss) <= SMALL_LOSS:
        return None
    rest = ripple(loss)
    if rest.std() < SWING:
        return None
    rho = _correlations(rest, rest, n // 3)[n // 3 :]
    half = _first_trough(rho[: n // 6 + 1])
    early, late = max(half + 1, 3 * half // 2), min(n // 3, -(-5 * half // 2))
    period = early + int(np.argmax(rho[early : late + 1]))
    needed = max(PERIODIC, SURE / np.sqrt(n))
    if rho[half] > -needed or rho[period] < needed:
        return None
    return Swing(float(np.expm1(rest.std())), period)


def following(cause: Float[np.ndarray, " _"], effect: Trace) -> Lag | None:
    """How one trace follows the other, if what is left of their falling courses says that it does.

    They are equally long, or one is empty: it was not measured, and there is nothing to say.
    Bartlett's standard error: traces that drift have fewer independent points than points.
    """
    n = len(effect)
    if min(len(cause), n) < FEW:
        return None
    x, y = ripple(cause), ripple(effect)
    if min(x.std(), y.std()) < SWING:
        return None
    x, y = _tamed(x), _tamed(y)
    far = n // 4
    rho = _correlations(x, y, far)
    shared = _correlations(x, x, far)[far + 1 :] * _correlations(y, y, far)[far + 1 :]
    independent = n / max(1.0, 1 + 2 * float(np.sum(shared)))
    shift = int(np.argmax(rho)) - far
    if shift < 0 or rho.max() < max(FOLLOWS, SURE / np.sqrt(independent)):
        return None
    return Lag(float(rho.max()), shift)


def ripple(trace: Trace) -> Trace:
    """What the best curve that never rises leaves of the logarithms of a trace.

    The curve is the isotonic least-squares fit, by pooling adjacent violators; a decay of whatever
    form, steps included, leaves its noise only.
    """
    logs = np.log(trace + NEGLIGIBLE)
    means: list[float] = []
    counts: list[int] = []
    for value in logs:
        mean, count = float(value), 1
        while means and means[-1] < mean:
            n = counts.pop()
            mean, count = (means.pop() * n + mean * count) / (n + count), n + count
        means.append(mean)
        counts.append(count)
    return logs - np.repeat(means, counts)


def _first_trough(rho: Lags) -> int:
    """The first lag from 1 on that is as low as the lowest, or nearly: not 3/2 periods but 1/2."""
    return 1 + int(np.argmax(rho[1:] <= rho[1:].min() + 0.1 * abs(rho[1:].min())))


def _tamed(trace: Trace) -> Trace:
    """Rare leaps cut to 3 times what two thirds of the points do not exceed.

    Otherwise one coincidence of two of them would make a correlation.
    """
    far = 3 * np.quantile(np.abs(trace), 0.68)
    return np.clip(trace, -far, far) if far > 0 else trace


def _correlations(x: Trace, y: Trace, far: int) -> Lags:
    """Correlations of x with y so many points later, for -far ... far; each of what overlaps."""
    n = len(x)
    later = [_correlation(x[: n - k], y[k:]) for k in range(far + 1)]
    earlier = [_correlation(x[k:], y[: n - k]) for k in range(far, 0, -1)]
    return np.array(earlier + later)


def _correlation(x: Trace, y: Trace) -> float:
    """Pearson's, or 0 where one of the two is constant."""
    x, y = x - x.mean(), y - y.mean()
    size = np.sqrt(np.sum(x**2) * np.sum(y**2))
    return float(np.sum(x * y) / size) if size > 0 else 0.0
