"""The worlds that are measured."""

from __future__ import annotations

from typing import Any


def bush_small() -> dict[str, Any]:
    """3x3, a robot in the middle, a human in the corner."""
    return {
        "kind": "bushworld",
        "map": "Hu 01 01\n01 Ro 01\n01 01 01",
        "B": 1,
        "fill_density": 1,
        "max_steps": 12,
    }


def bush_large(horizon: int) -> dict[str, Any]:
    """7x3, a robot between two humans."""
    side = " ".join(["01"] * 7)
    return {
        "kind": "bushworld",
        "map": f"{side}\nHu 01 Ro 01 01 01 Hu\n{side}",
        "B": 1,
        "fill_density": 1,
        "max_steps": horizon,
    }


def open_room(side: int, n_goals: int) -> dict[str, Any]:
    """An empty square room with one robot and one human, who has goals along the diagonal."""
    cells = [["."] * side for _ in range(side)]
    cells[0][0], cells[-1][-1] = "h", "r"
    places = [round(i * (side - 1) / (n_goals - 1)) for i in range(n_goals)]
    return {
        "kind": "grid",
        "name": f"open-room-{side}",
        "map": "\n".join("".join(line) for line in cells),
        "goals": [{"cell": [x, x]} for x in places],
        "theory": {"gamma_h": 0.95, "gamma_r": 0.95, "beta_r": 5},
    }
