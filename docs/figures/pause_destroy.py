"""Draws docs/figures/pause-destroy.png: which buttons the robot leaves to the person.

Run from the project's root: python docs/figures/pause_destroy.py (a few minutes).
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap

import empo
from empo.worlds.document import read_document

X = np.linspace(2, 99, 66)
"""Power of the person without the robot."""
Q = np.logspace(-5, -2, 41)
"""Chance per step that the person destroys the robot by mistake."""
CHOICES = {
    "enable_none": ("neither button", "#e7dcc9"),
    "enable_pause": ("pause", "#8fb8c9"),
    "enable_both": ("pause and destroy", "#31688e"),
}


def world(shipped: dict[str, Any], x: float, q: float) -> dict[str, Any]:
    """The shipped world with other values of x and q."""
    file = copy.deepcopy(shipped)
    for state, power in {"paused": x + 1, "paused_both": x + 2, "destroyed": x}.items():
        file["states"][state]["power"]["person"] = float(power)
    habit = file["humans"]["person"]["habit"]
    habit["both_buttons"] |= {"destroy": float(q), "go_on": float(0.99 - q)}
    habit["paused_both"] = {"destroy": float(q), "unpause": float(1 - q)}
    return file


def regions() -> np.ndarray:
    """The number of the robot's choice for each q and x."""
    shipped = read_document(empo.shipped()["pause-destroy"]).data
    names = list(CHOICES)
    choice = np.empty((len(Q), len(X)))
    for i, q in enumerate(Q):
        for j, x in enumerate(X):
            policy = empo.solve(world(shipped, x, q)).policy("no_button")
            choice[i, j] = names.index(max(policy, key=policy.__getitem__))
    return choice


def draw(choice: np.ndarray, path: Path) -> None:
    """The map of regions."""
    figure, axes = plt.subplots(figsize=(6.4, 4.2), dpi=200, layout="constrained")
    colours = ListedColormap([colour for _, colour in CHOICES.values()])
    axes.pcolormesh(X, Q, choice, cmap=colours, vmin=-0.5, vmax=2.5, shading="nearest")
    axes.set_yscale("log")
    axes.set_xlabel("power without the robot, x (with it: 100)")
    axes.set_ylabel("chance of destroying it by mistake, q per step")
    axes.set_title("Which buttons does the robot leave enabled?", loc="left", fontsize=11)
    for number, (words, _) in enumerate(CHOICES.values()):
        rows, columns = np.nonzero(choice == number)
        place = (float(np.mean(X[columns])), float(np.exp(np.mean(np.log(Q[rows])))))
        colour = "white" if number == 2 else "black"
        axes.annotate(words, place, ha="center", va="center", color=colour, fontsize=11)
    for x, q in [(2, 0.01), (50, 0.01), (90, 0.01), (95, 0.0001)]:
        axes.plot(x, q, "o", color="black", markersize=5, clip_on=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.savefig(path)


if __name__ == "__main__":
    draw(regions(), Path(__file__).with_name("pause-destroy.png"))
