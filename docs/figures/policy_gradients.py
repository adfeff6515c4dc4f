"""Draws docs/figures/clipped-surrogate.png and docs/figures/gradient-variance.png.

Run from the project's root: python docs/figures/policy_gradients.py (under a minute).
"""

from __future__ import annotations

from pathlib import Path

import jax
import jax.numpy as jnp
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from gradient_variance import QUICK, SLOW, by_discount, by_steps, slope
from matplotlib.axes import Axes

from empo.rl.losses import clipped_surrogate

HERE = Path(__file__).parent
CLIP = 0.2
LENGTHS = (2, 4, 8, 16, 32, 64, 128)
N_STEPS = 64
"""Of the trajectories whose rewards are discounted."""
BATCH = 64
"""Trajectories in the mean whose error is drawn."""
GAMMAS = 1 - np.geomspace(0.5, 0.002, 17)
N_SAMPLES = 8_000
COLOURS = {
    "whole return": "#c2500a",
    "rewards to go": "#0072b2",
    "rewards to go less V": "#007d5c",
}


def surrogate(ratio: np.ndarray, advantage: float) -> tuple[np.ndarray, np.ndarray]:
    """PPO's clipped surrogate of one sample and its derivative by the ratio."""

    def of_ratio(ratio: jax.Array) -> jax.Array:
        return clipped_surrogate(jnp.log(ratio)[None], jnp.full(1, advantage), CLIP)

    value, gradient = jax.vmap(jax.value_and_grad(of_ratio))(jnp.asarray(ratio))
    return np.asarray(value), np.asarray(gradient)


def draw_surrogate(path: Path) -> None:
    """A panel for each sign of the advantage."""
    ratio = np.linspace(0.4, 1.6, 600)
    figure, panels = plt.subplots(1, 2, figsize=(7.4, 3.2), dpi=160, layout="constrained")
    for axes, advantage in zip(panels, (1.0, -1.0), strict=True):
        value, gradient = surrogate(ratio, advantage)
        jumps = np.abs(np.diff(gradient, prepend=gradient[0])) > 0.5
        axes.axhline(0, color="#c9ced6", linewidth=1)
        for edge in (1 - CLIP, 1 + CLIP):
            axes.axvline(edge, color="#c9ced6", linewidth=1, linestyle="--")
        axes.plot(ratio, value, color="#0072b2", linewidth=2.4, label="surrogate")
        shown = np.where(jumps, np.nan, gradient)
        axes.plot(ratio, shown, color="#c2500a", linewidth=2, label="its derivative")
        axes.plot(1, advantage, "o", color="#1f2733", markersize=6)
        axes.set_xticks([0.4, 1 - CLIP, 1, 1 + CLIP, 1.6])
        axes.set_yticks(advantage * np.array([0, 0.4, 0.8, 1.2, 1.6]))
        axes.set_xlabel("ratio of new to old probability")
        axes.set_title(f"advantage {advantage:+g}", loc="left", fontsize=11)
        _plain(axes)
    panels[0].legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 0.08))
    figure.savefig(path)


def draw_variance(path: Path) -> None:
    """Left: variance against the number of steps. Right: what a discount does."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.9), dpi=160, layout="constrained")
    for name, variances in by_steps(QUICK, LENGTHS, N_SAMPLES, seed=0).items():
        power = slope(LENGTHS[-3:], variances[-3:])
        label = f"{name} (grows like T$^{{{power:.1f}}}$)"
        left.loglog(LENGTHS, variances, "o-", color=COLOURS[name], label=label, markersize=4)
    left.set_xticks(LENGTHS, [str(n) for n in LENGTHS])
    left.minorticks_off()
    left.set_xlabel("steps of a trajectory, T")
    left.set_title("Variance of one trajectory's gradient", loc="left", fontsize=11)
    _draw_discounts(right)
    for axes in (left, right):
        axes.legend(frameon=False, fontsize=8, loc="upper left")
        _plain(axes)
    figure.savefig(path)


def _draw_discounts(axes: Axes) -> None:
    found = by_discount(SLOW, GAMMAS.tolist(), N_STEPS, N_SAMPLES, seed=0)
    x = 1 / (1 - GAMMAS)
    axes.loglog(x, found.bias, color="#1f2733", label="bias")
    for name, deviation in found.deviation.items():
        spread = deviation / BATCH**0.5
        axes.loglog(x, spread, "--", color=COLOURS[name], label=f"deviation, {name}")
        axes.loglog(x, found.error(name, BATCH), color=COLOURS[name], label=f"error, {name}")
    axes.set_ylim(0.04, 20)
    axes.set_yticks([0.1, 1, 10], ["0.1", "1", "10"])
    ticks = [2, 5, 10, 20, 50, 100, 200, 500]
    axes.set_xticks(ticks, [f"{1 - 1 / tick:g}" for tick in ticks], fontsize=8)
    axes.minorticks_off()
    axes.set_xlabel("discount")
    axes.set_ylabel("in lengths of the true gradient")
    axes.set_title(f"Error of the mean of {BATCH} gradients", loc="left", fontsize=11)


def _plain(axes: Axes) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


if __name__ == "__main__":
    draw_surrogate(HERE / "clipped-surrogate.png")
    draw_variance(HERE / "gradient-variance.png")
